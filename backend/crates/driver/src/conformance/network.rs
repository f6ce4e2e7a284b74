//! Networks, addresses and host ports.

use ipnet::IpNet;
use zun_domain::container::Protocol;
use zun_domain::runtime::MakeNetwork;

use super::workbench::{Workbench, failed, published};
use super::{Lab, Program};
use crate::Class;
use crate::runtime::RuntimeName;

/// Made once however often it is asked for, removed once.
pub async fn networks_are_ensured(lab: &impl Lab) {
    let networks = lab.drivers().networks;
    let network = lab.network();
    let name = network.runtime_name();
    networks.remove(&name).await.expect("it is not there");
    for _ in 0..2 {
        networks.ensure(&network).await.expect("ensured");
    }
    for _ in 0..2 {
        networks.remove(&name).await.expect("removed");
    }
    networks.ensure(&network).await.expect("made anew");
    let (one, other) =
        futures::future::join(networks.ensure(&network), networks.ensure(&network)).await;
    one.and(other).expect("ensured twice at once");
    networks.remove(&name).await.expect("removed");
}

/// A sweep sees ours, and nothing of anybody else's.
pub async fn our_networks_are_listed(lab: &impl Lab) {
    let networks = lab.drivers().networks;
    assert_eq!(networks.list().await, Ok(Vec::new()));
    let (one, other) = (lab.network(), lab.network_v6());
    let mut names = vec![one.runtime_name(), other.runtime_name()];
    names.sort();
    for network in [&one, &other] {
        networks.ensure(network).await.expect("ensured");
    }
    assert_eq!(networks.list().await, Ok(names));
    networks.remove(&one.runtime_name()).await.expect("removed");
    assert_eq!(networks.list().await, Ok(vec![other.runtime_name()]));
}

/// Both of its subnets are its own, and follow its record.
pub async fn a_network_has_both_families(lab: &impl Lab) {
    let networks = lab.drivers().networks;
    let network = lab.network_v6();
    for _ in 0..2 {
        networks.ensure(&network).await.expect("ensured");
    }
    let v6 = |network: &MakeNetwork| network.v6.map(|v6| IpNet::V6(v6.subnet));
    let wanted = [Some(IpNet::V4(network.subnet)), v6(&network)];
    let subnets = networks.subnets().await.expect("subnets");
    for subnet in wanted.into_iter().flatten() {
        assert!(subnets.contains(&subnet), "{subnet} in {subnets:?}");
    }
    let other = MakeNetwork {
        v6: network.v6,
        ..lab.network()
    };
    failed(networks.ensure(&other).await, Class::Conflict, "overlap");

    let former = v6(&network).expect("it has one");
    let moved = MakeNetwork {
        v6: lab.network_v6().v6,
        ..network
    };
    networks.ensure(&moved).await.expect("moved");
    let subnets = networks.subnets().await.expect("subnets");
    assert!(!subnets.contains(&former), "{subnets:?}");
    networks.ensure(&other).await.expect("it is free now");
}

/// Two networks cannot share addresses.
pub async fn overlapping_networks_conflict(lab: &impl Lab) {
    let networks = lab.drivers().networks;
    let network = lab.network();
    networks.ensure(&network).await.expect("ensured");
    let other = MakeNetwork {
        subnet: network.subnet,
        ..lab.network()
    };
    failed(networks.ensure(&other).await, Class::Conflict, "overlap");
}

/// The record has another subnet since: the network follows it, unless a container is on it.
pub async fn an_unused_network_follows_its_record(lab: &impl Lab) {
    let networks = lab.drivers().networks;
    let former = lab.network();
    networks.ensure(&former).await.expect("ensured");
    let moved = MakeNetwork {
        subnet: lab.network().subnet,
        ..former.clone()
    };
    networks.ensure(&moved).await.expect("moved");
    let subnets = networks.subnets().await.expect("subnets");
    assert!(subnets.contains(&IpNet::V4(moved.subnet)), "{subnets:?}");
    assert!(!subnets.contains(&IpNet::V4(former.subnet)), "{subnets:?}");

    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    let elsewhere = MakeNetwork {
        subnet: lab.network().subnet,
        ..bench.network.clone()
    };
    let refused = networks.ensure(&elsewhere).await;
    failed(refused, Class::Conflict, "is there with");
    bench.must_run(name).await;
}

/// A network is not taken from under a running container.
pub async fn a_network_in_use_stays(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    bench.must_run(name).await;
    failed(
        bench
            .drivers
            .networks
            .remove(&bench.network.runtime_name())
            .await,
        Class::Conflict,
        "",
    );
    bench.must_run(name).await;
}

/// A host port has one holder, and is seen as busy.
pub async fn a_taken_port_is_a_conflict(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let port = lab.free_port();
    let mut first = bench.request(&Program::Runs).await;
    first.published = published(port);
    let holder = bench.start(&first).await.expect("started");
    let busy = bench.drivers.runtime.busy_ports().await.expect("ports");
    assert!(busy.contains(&(Protocol::Tcp, port)));

    let mut second = bench.request(&Program::Runs).await;
    second.published = published(port);
    failed(
        bench.start(&second).await,
        Class::Conflict,
        &port.to_string(),
    );
    let name = RuntimeName::Current(second.container);
    let told = bench
        .seen(name)
        .await
        .error
        .expect("the container carries the cause");
    assert!(told.contains("already"), "{told}");

    bench
        .drivers
        .runtime
        .stop(holder, None)
        .await
        .expect("stopped");
    bench
        .drivers
        .runtime
        .start(name)
        .await
        .expect("the port is free now");
    assert_eq!(bench.must_run(name).await.error, None);
}

/// An address has one holder.
pub async fn a_taken_address_is_a_conflict(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let first = bench.request(&Program::Runs).await;
    let holder = bench.start(&first).await.expect("started");
    let mut second = bench.request(&Program::Runs).await;
    second.attachments.clone_from(&first.attachments);
    failed(
        bench.start(&second).await,
        Class::Conflict,
        "already in use",
    );
    bench.drivers.runtime.remove(holder).await.expect("removed");
    let name = RuntimeName::Current(second.container);
    bench
        .drivers
        .runtime
        .start(name)
        .await
        .expect("the address is free now");
    bench.must_run(name).await;
}

/// What a stranger disconnected comes back at its address.
pub async fn a_cut_container_is_connected_again(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let request = bench.request(&Program::Runs).await;
    let name = bench.start(&request).await.expect("started");
    bench.must_run(name).await;
    let network = request.attachments[0].network.clone();
    lab.disconnect_by_hand(name, &network).await;
    assert_eq!(bench.seen(name).await.networks, [""; 0]);
    bench
        .drivers
        .runtime
        .connect(name, &request.attachments[0])
        .await
        .expect("connected");
    assert_eq!(bench.seen(name).await.networks, [network]);
    let mut other = bench.request(&Program::Runs).await;
    other.attachments.clone_from(&request.attachments);
    failed(bench.start(&other).await, Class::Conflict, "already in use");
}
