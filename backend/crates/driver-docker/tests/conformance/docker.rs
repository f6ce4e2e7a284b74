//! What the driver promises of Docker beyond the contracts: labels and safe settings on everything.

use std::collections::BTreeMap;

use bollard::models::{ContainerConfig, HostConfig};
use bollard::query_parameters::InspectContainerOptions;
use zun_domain::container::{
    Container, ContainerSpec, Protocol, Published, PullPolicy, spec::Environment,
};
use zun_domain::network::mac_of;
use zun_domain::runtime::MakeNetwork;
use zun_domain::unit::{MemoryMib, Millicpu};
use zun_driver::conformance::{Lab, Program};
use zun_driver::image::pinned;
use zun_driver::runtime::{Attachment, CreateContainer, RuntimeName};

use crate::lab::{self, DockerLab};

pub(crate) async fn request(lab: &DockerLab, network: &MakeNetwork) -> CreateContainer {
    let drivers = lab.drivers();
    drivers.networks.ensure(network).await.unwrap();
    let container = lab.container();
    let equipment = lab.equip(container, &Program::Runs);
    let resolved = drivers
        .images
        .resolve(&equipment.image, PullPolicy::Never, None)
        .await
        .unwrap();
    let mut spec = ContainerSpec::of(equipment.image.clone());
    spec.command = Some(equipment.command);
    let ip = network.subnet.hosts().nth(6).unwrap();
    CreateContainer {
        container,
        project: network.project,
        revision: 7,
        spec,
        image: pinned(&equipment.image, &resolved.digest),
        hostname: Container::default_hostname(container),
        joins: None,
        attachments: vec![Attachment {
            network: network.runtime_name(),
            ip,
            ipv6: None,
            mac: mac_of(ip),
            aliases: Vec::new(),
        }],
        dns: Vec::new(),
        published: Vec::new(),
        mounts: Vec::new(),
    }
}

#[tokio::test]
async fn everything_is_labelled_limited_and_safe() {
    let Some(lab) = lab::of("everything_is_labelled_limited_and_safe").await else {
        return;
    };
    let network = lab.network();
    let mut request = request(&lab, &network).await;
    let port = lab.free_port();
    request.published = vec![Published {
        internal: 80,
        external: port,
        protocol: Protocol::Tcp,
        ip: None,
    }];
    request.spec.cpu = Some(Millicpu(250));
    request.spec.memory = Some(MemoryMib(32));
    request.spec.labels = Some(BTreeMap::from([("app".parse().unwrap(), "web".to_owned())]));
    let environment = BTreeMap::from([("A".parse().unwrap(), "1".to_owned())]);
    request.spec.environment = Some(Environment(environment));
    request.spec.tmpfs = Some(BTreeMap::from([(
        "/run".parse().unwrap(),
        "size=1m".to_owned(),
    )]));
    request.spec.init = Some(true);
    let name = RuntimeName::Current(request.container);
    let runtime = lab.drivers().runtime;
    runtime.create(&request).await.unwrap();
    runtime.start(name).await.unwrap();

    let shown = lab::client();
    let shown = shown
        .inspect_container(&name.to_string(), None::<InspectContainerOptions>)
        .await
        .unwrap();
    carries_our_labels(&lab, &request, shown.config.unwrap());
    is_limited_and_safe(shown.host_config.unwrap(), &network);
    let networks = shown.network_settings.unwrap().networks.unwrap();
    let endpoint = &networks[&network.runtime_name()];
    let [wanted] = request.attachments.as_slice() else {
        panic!("one network was asked for")
    };
    assert_eq!(endpoint.ip_address, Some(wanted.ip.to_string()));
    assert_eq!(endpoint.mac_address, Some(wanted.mac.clone()));
}

fn carries_our_labels(lab: &DockerLab, request: &CreateContainer, config: ContainerConfig) {
    let labels = config.labels.unwrap();
    for (key, value) in [
        ("zun.deployment", lab.deployment.clone()),
        ("zun.container", request.container.to_string()),
        ("zun.project", request.project.to_string()),
        ("zun.revision", "7".to_owned()),
        ("app", "web".to_owned()),
    ] {
        assert_eq!(labels.get(key), Some(&value), "{key}");
    }
    assert_eq!(config.hostname.as_deref(), Some(request.hostname.as_str()));
    assert!(config.env.unwrap().contains(&"A=1".to_owned()));
}

fn is_limited_and_safe(host: HostConfig, network: &MakeNetwork) {
    assert_eq!(host.nano_cpus, Some(250_000_000));
    assert_eq!(
        (host.memory, host.memory_swap),
        (Some(32 << 20), Some(32 << 20))
    );
    assert_eq!(host.pids_limit, Some(4096));
    assert_eq!(
        (host.privileged, host.auto_remove, host.init),
        (Some(false), Some(false), Some(true))
    );
    assert_eq!(
        host.security_opt.as_deref(),
        Some(["no-new-privileges".to_owned()].as_slice())
    );
    assert_eq!(
        (host.binds, host.network_mode),
        (None, Some(network.runtime_name()))
    );
    let log = host.log_config.unwrap();
    assert_eq!(log.typ.as_deref(), Some("json-file"));
    assert_eq!(log.config.unwrap().len(), 2);
}

#[tokio::test]
async fn another_deployment_s_containers_are_not_seen() {
    let Some(lab) = lab::of("another_deployment_s_containers_are_not_seen").await else {
        return;
    };
    let request = request(&lab, &lab.network()).await;
    lab.drivers().runtime.create(&request).await.unwrap();
    let other = zun_driver_docker::Docker::connect(None, lab::uuid().to_string())
        .unwrap()
        .drivers(
            lab.drivers().image_store,
            lab.drivers().firewall,
            lab.drivers().volumes,
        );
    assert_eq!(other.runtime.list().await, Ok(Vec::new()));
    let aside = RuntimeName::Aside(request.container, 7);
    other
        .runtime
        .rename(request.container, 7, aside)
        .await
        .unwrap();
    assert_eq!(other.runtime.find(aside).await, Ok(None));
    let error = other.runtime.create(&request).await.unwrap_err();
    assert_eq!(error.class, zun_driver::Class::Conflict, "{error}");
}
