//! What a network is on a Docker host: its bridge, what an earlier build made of it, what a stranger calls like it.

use std::collections::HashMap;
use std::path::Path;

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest, NetworkInspect};
use bollard::query_parameters::InspectNetworkOptions;
use zun_domain::runtime::MakeNetwork;
use zun_driver::conformance::{Lab, Program};
use zun_driver::runtime::{LogQuery, RuntimeName};
use zun_driver::{ContainerRuntime, NetworkDriver};
use zun_driver_docker::Docker;

use crate::docker;
use crate::lab::{self, DockerLab};

async fn seen(network: &MakeNetwork) -> NetworkInspect {
    let name = network.runtime_name();
    let client = lab::client();
    let seen = client.inspect_network(&name, None::<InspectNetworkOptions>);
    seen.await.unwrap()
}

/// With the right name and subnet, and a bridge of the engine's choice.
async fn of_an_earlier_build(network: &MakeNetwork, labels: HashMap<String, String>) {
    let request = NetworkCreateRequest {
        name: network.runtime_name(),
        ipam: Some(Ipam {
            config: Some(vec![IpamConfig {
                subnet: Some(network.subnet.to_string()),
                gateway: Some(network.gateway().to_string()),
                ..IpamConfig::default()
            }]),
            ..Ipam::default()
        }),
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    };
    lab::client().create_network(request).await.unwrap();
}

fn labels(lab: &DockerLab) -> HashMap<String, String> {
    HashMap::from([("zun.deployment".to_owned(), lab.deployment.clone())])
}

#[tokio::test]
async fn a_bridge_has_our_name_and_its_packets_our_size() {
    let Some(lab) = lab::of("a_bridge_has_our_name_and_its_packets_our_size").await else {
        return;
    };
    let network = MakeNetwork {
        mtu: Some(1400),
        gateway: None,
        routed: true,
        ..lab.network_v6()
    };
    let mut request = docker::request(&lab, &network).await;
    let shows = Program::Shows("/sys/class/net/eth0/mtu".to_owned());
    request.spec.command = Some(lab.equip(request.container, &shows).command);
    let name = RuntimeName::Current(request.container);
    lab.docker.create(&request).await.unwrap();
    lab.docker.start(name).await.unwrap();
    lab.docker.wait_exited(name).await.unwrap();
    let everything = LogQuery {
        stdout: true,
        stderr: true,
        timestamps: false,
        tail: None,
        since: None,
    };
    assert_eq!(lab.docker.logs(name, everything).await.unwrap(), "1400\n");

    let bridge = format!("/sys/class/net/{}/bridge", network.bridge());
    assert!(Path::new(&bridge).is_dir(), "{bridge}");
    let shown = seen(&network).await;
    assert_eq!(shown.enable_ipv6, Some(true));
    let options = shown.options.unwrap();
    assert_eq!(
        options["com.docker.network.bridge.enable_ip_masquerade"],
        "false"
    );
}

#[tokio::test]
async fn an_earlier_build_s_network_gets_its_bridge_when_nobody_is_on_it() {
    let case = "an_earlier_build_s_network_gets_its_bridge_when_nobody_is_on_it";
    let Some(lab) = lab::of(case).await else {
        return;
    };
    let network = lab.network();
    of_an_earlier_build(&network, labels(&lab)).await;
    let former = seen(&network).await.id;
    let earlier = Docker::connect(None, lab.deployment.clone()).unwrap();
    // Made on it as it is: the name alone is what the earlier build knew.
    let mut request = docker::request(&lab, &lab.network()).await;
    request.attachments[0].network = network.runtime_name();
    request.attachments[0].ip = network.subnet.hosts().nth(6).unwrap();
    let name = RuntimeName::Current(request.container);
    earlier.create(&request).await.unwrap();
    earlier.start(name).await.unwrap();
    for _ in 0..2 {
        lab.docker.ensure(&network).await.unwrap();
        assert_eq!(seen(&network).await.id, former, "somebody is on it");
    }
    lab.docker.stop(name, Some(0)).await.unwrap();
    lab.docker.ensure(&network).await.unwrap();
    assert_ne!(seen(&network).await.id, former);
    assert!(Path::new(&format!("/sys/class/net/{}", network.bridge())).exists());
    lab.docker.start(name).await.unwrap();
    let on = lab.connections(name).await;
    let there: Vec<_> = on.values().map(|attachment| attachment.ip).collect();
    assert_eq!(there, [request.attachments[0].ip]);
}

#[tokio::test]
async fn a_stranger_s_network_is_left_alone() {
    let Some(lab) = lab::of("a_stranger_s_network_is_left_alone").await else {
        return;
    };
    let network = lab.network();
    // Of the deployment, so that it goes with the lab; the driver below is of another one.
    of_an_earlier_build(&network, labels(&lab)).await;
    let other = Docker::connect(None, lab::uuid().to_string()).unwrap();
    NetworkDriver::remove(&other, &network.runtime_name())
        .await
        .unwrap();
    assert_eq!(NetworkDriver::list(&other).await, Ok(Vec::new()));
    assert!(seen(&network).await.id.is_some());
}

/// The engine takes no address of ours on a network whose subnet was its own choice.
#[tokio::test]
async fn a_container_that_cannot_be_connected_is_not_left() {
    let Some(lab) = lab::of("a_container_that_cannot_be_connected_is_not_left").await else {
        return;
    };
    let mut request = docker::request(&lab, &lab.network()).await;
    let odd = lab.network();
    let made = NetworkCreateRequest {
        name: odd.runtime_name(),
        labels: Some(labels(&lab)),
        ..NetworkCreateRequest::default()
    };
    lab::client().create_network(made).await.unwrap();
    let mut second = request.attachments[0].clone();
    second.network = odd.runtime_name();
    request.attachments.push(second);
    let error = lab.docker.create(&request).await.unwrap_err();
    assert!(error.message.contains(&odd.runtime_name()), "{error}");
    assert_eq!(ContainerRuntime::list(&lab.docker).await, Ok(Vec::new()));
    request.attachments.pop();
    lab.docker.create(&request).await.unwrap();
}
