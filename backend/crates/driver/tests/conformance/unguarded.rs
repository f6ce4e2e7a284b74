//! What only a fake host shows of its firewall and its networks: who was unguarded, what it would not give up.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use zun_domain::container::{Container, ContainerSpec};
use zun_domain::firewall::{GuardedPort, Ruleset};
use zun_domain::id::PortId;
use zun_domain::network::mac_of;
use zun_driver::conformance::{Lab, Program};
use zun_driver::runtime::{Attachment, CreateContainer, RuntimeName};
use zun_driver::{Class, ContainerRuntime, FirewallDriver, NetworkDriver};

use super::{FakeLab, lab};

async fn attachment(lab: &FakeLab) -> Attachment {
    let network = lab.network_v6();
    lab.host.ensure(&network).await.unwrap();
    let ip = network.subnet.hosts().nth(1).unwrap();
    Attachment {
        network: network.runtime_name(),
        ip,
        ipv6: network.v6.unwrap().subnet.hosts().nth(1),
        mac: mac_of(ip),
        aliases: Vec::new(),
    }
}

async fn made(lab: &FakeLab, attachment: &Attachment) -> RuntimeName {
    let container = lab.container();
    let image = lab.equip(container, &Program::Runs).image;
    let request = CreateContainer {
        container,
        project: lab.id(),
        revision: 1,
        spec: ContainerSpec::of(image.clone()),
        image: image.to_string(),
        hostname: Container::default_hostname(container),
        joins: None,
        shareable: false,
        attachments: vec![attachment.clone()],
        dns: Vec::new(),
        published: Vec::new(),
        mounts: Vec::new(),
    };
    lab.host.create(&request).await.unwrap();
    RuntimeName::Current(container)
}

fn ruleset(lab: &FakeLab, attachments: &[&Attachment]) -> Ruleset {
    let guarded = attachments.iter().map(|attachment| {
        let v6 = attachment.ipv6.map(IpAddr::V6);
        let port = GuardedPort {
            bridge: zun_domain::network::bridge_of(&attachment.network),
            mac: attachment.mac.clone(),
            addresses: std::iter::once(IpAddr::V4(attachment.ip))
                .chain(v6)
                .collect(),
            groups: BTreeSet::new(),
            opened: BTreeSet::new(),
        };
        (lab.id::<PortId>(), port)
    });
    Ruleset {
        ports: guarded.collect::<BTreeMap<_, _>>(),
        ..Ruleset::default()
    }
}

#[tokio::test]
async fn who_starts_without_rules_is_seen() {
    let lab = lab("").await.unwrap();
    let (first, second) = (attachment(&lab).await, attachment(&lab).await);
    let name = made(&lab, &first).await;
    lab.host.apply(&ruleset(&lab, &[&first])).await.unwrap();
    lab.host.start(name).await.unwrap();
    assert_eq!(lab.host.unguarded(), [""; 0]);

    lab.host.connect(name, &second).await.unwrap();
    assert_eq!(lab.host.unguarded(), [name.to_string()]);

    let mut half = ruleset(&lab, &[&second]);
    for port in half.ports.values_mut() {
        port.addresses.retain(IpAddr::is_ipv4);
    }
    lab.host.apply(&half).await.unwrap();
    lab.host.disconnect(name, &second.network).await.unwrap();
    let other = made(&lab, &second).await;
    lab.host.start(other).await.unwrap();
    assert_eq!(lab.host.unguarded().len(), 2);
}

#[tokio::test]
async fn what_a_hand_flushed_is_mended() {
    let lab = lab("").await.unwrap();
    assert_eq!(lab.host.mend().await, Ok(false));
    assert_eq!(lab.host.rules(), None);
    let rules = ruleset(&lab, &[&attachment(&lab).await]);
    lab.host.apply(&rules).await.unwrap();
    assert_eq!(lab.host.mend().await, Ok(false));
    for reboot in [false, true] {
        lab.host.flush_by_hand();
        assert_eq!(lab.host.rules(), None);
        if reboot {
            lab.host.reboot();
        }
        assert_eq!(lab.host.mend().await, Ok(!reboot));
        assert_eq!(lab.host.rules(), Some(rules.clone()));
    }
    lab.host.clear().await.unwrap();
    assert_eq!(lab.host.mend().await, Ok(false));
    assert_eq!(lab.host.rules(), None);
}

#[tokio::test]
async fn a_network_is_kept_until_the_engine_gives_it_up() {
    let lab = lab("").await.unwrap();
    let network = lab.network();
    let name = network.runtime_name();
    lab.host.ensure(&network).await.unwrap();
    lab.host.keep_network(&name);
    let error = NetworkDriver::remove(&lab.host, &name).await.unwrap_err();
    assert_eq!(error.class, Class::Conflict);
    assert!(error.message.contains("has active endpoints"), "{error}");
    lab.host.give_up_networks();
    NetworkDriver::remove(&lab.host, &name).await.unwrap();
    assert_eq!(NetworkDriver::list(&lab.host).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_stranger_s_network_is_not_ours() {
    let lab = lab("").await.unwrap();
    let network = lab.network();
    lab.host.snatch_subnet();
    let error = lab.host.ensure(&network).await.unwrap_err();
    assert_eq!(error.class, Class::Conflict);
    assert_eq!(NetworkDriver::list(&lab.host).await, Ok(Vec::new()));
    NetworkDriver::remove(&lab.host, "stranger").await.unwrap();
    assert!(lab.host.networks().contains("stranger"));
}
