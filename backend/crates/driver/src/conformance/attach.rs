//! Containers on networks: several at once, joined and left while they live, and the names on them.

use std::collections::BTreeMap;

use super::workbench::{Workbench, failed};
use super::{Lab, Program};
use crate::Class;
use crate::runtime::{Attachment, CreateContainer, RuntimeName};

impl<L: Lab> Workbench<'_, L> {
    /// A further network, with both families, ensured.
    async fn further(&self) -> Attachment {
        let network = self.lab.network_v6();
        let ensured = self.drivers.networks.ensure(&network).await;
        ensured.expect("the network can be made");
        self.attachment(&network)
    }

    /// A request for a container on three networks.
    pub(super) async fn on_three(&self, program: &Program) -> CreateContainer {
        let mut request = self.request(program).await;
        for _ in 0..2 {
            request.attachments.push(self.further().await);
        }
        request
    }

    /// It runs, and is on these networks at these addresses and on no other.
    pub(super) async fn must_be_on(&self, name: RuntimeName, attachments: &[Attachment]) {
        let seen = self.must_run(name).await;
        let mut networks: Vec<&String> = attachments.iter().map(|one| &one.network).collect();
        networks.sort();
        assert_eq!(seen.networks.iter().collect::<Vec<_>>(), networks);
        let wanted: BTreeMap<String, Attachment> = attachments
            .iter()
            .map(|one| (one.network.clone(), one.clone()))
            .collect();
        assert_eq!(self.lab.connections(name).await, wanted);
    }
}

/// It has each address it was given, however often it is started, and is made once however often it is asked for.
pub async fn a_container_is_on_several_networks(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let request = bench.on_three(&Program::Runs).await;
    let name = RuntimeName::Current(request.container);
    let runtime = &bench.drivers.runtime;
    let id = runtime.create(&request).await.expect("made");
    assert_eq!(bench.seen(name).await.networks.len(), 3);
    for _ in 0..2 {
        runtime.start(name).await.expect("started");
        bench.must_be_on(name, &request.attachments).await;
        assert_eq!(runtime.create(&request).await, Ok(id.clone()));
        bench.must_be_on(name, &request.attachments).await;
        runtime.stop(name, None).await.expect("stopped");
    }
}

/// The answer of its creation was lost before it was on all of its networks.
pub async fn what_a_container_lacks_comes_with_the_second_create(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let request = bench.on_three(&Program::Runs).await;
    let name = RuntimeName::Current(request.container);
    let runtime = &bench.drivers.runtime;
    let id = runtime.create(&request).await.expect("made");
    for attachment in &request.attachments[1..] {
        lab.disconnect_by_hand(name, &attachment.network).await;
    }
    assert_eq!(bench.seen(name).await.networks.len(), 1);
    assert_eq!(runtime.create(&request).await, Ok(id));
    runtime.start(name).await.expect("started");
    bench.must_be_on(name, &request.attachments).await;
}

/// A network that the host has not, as one of several: nothing is made.
pub async fn every_missing_network_is_named(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let mut request = bench.on_three(&Program::Runs).await;
    let nowhere = lab.network();
    request.attachments[2] = bench.attachment(&nowhere);
    let runtime = &bench.drivers.runtime;
    let refused = runtime.create(&request).await;
    failed(refused, Class::NotFound, &nowhere.runtime_name());
    let name = RuntimeName::Current(request.container);
    assert_eq!(runtime.find(name).await, Ok(None));

    let name = bench.started(&Program::Runs).await;
    let refused = runtime.connect(name, &request.attachments[2]).await;
    failed(refused, Class::NotFound, &nowhere.runtime_name());
    bench.must_run(name).await;
}

/// An IPv6 address is as much its own as the other one.
pub async fn an_ipv6_address_is_kept(lab: &impl Lab) {
    let bench = Workbench::on(lab, lab.network_v6()).await;
    let request = bench.request(&Program::Runs).await;
    assert!(request.attachments[0].ipv6.is_some());
    let runtime = &bench.drivers.runtime;
    let name = bench.start(&request).await.expect("started");
    bench.must_be_on(name, &request.attachments).await;

    let mut other = bench.request(&Program::Runs).await;
    other.attachments[0].ipv6 = request.attachments[0].ipv6;
    let refused = bench.start(&other).await;
    failed(refused, Class::Conflict, "already in use");

    runtime.stop(name, None).await.expect("stopped");
    runtime.start(name).await.expect("started again");
    bench.must_be_on(name, &request.attachments).await;
}

/// Networks come and go while it runs, each as often as it is asked for.
pub async fn networks_are_joined_and_left_live(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let request = bench.request(&Program::Runs).await;
    let first = request.attachments[0].clone();
    let second = bench.further().await;
    let name = bench.start(&request).await.expect("started");
    let former = bench.must_run(name).await;
    let runtime = &bench.drivers.runtime;
    for _ in 0..2 {
        runtime.connect(name, &second).await.expect("joined");
    }
    bench
        .must_be_on(name, &[first.clone(), second.clone()])
        .await;
    for _ in 0..2 {
        let left = runtime.disconnect(name, &first.network).await;
        left.expect("left");
    }
    bench.must_be_on(name, std::slice::from_ref(&second)).await;
    let holder = bench.request(&Program::Runs).await;
    let taken = CreateContainer {
        joins: None,
        shareable: false,
        attachments: vec![first.clone()],
        ..holder
    };
    bench.start(&taken).await.expect("the address is free now");
    let refused = runtime.connect(name, &first).await;
    failed(refused, Class::Conflict, "already in use");
    assert_eq!(
        bench.must_run(name).await.started_at,
        former.started_at,
        "it was never started anew"
    );
}

/// Networks come and go while it does not run, and what is gone is no obstacle to leaving.
pub async fn networks_are_joined_and_left_at_rest(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let request = bench.request(&Program::Runs).await;
    let first = request.attachments[0].clone();
    let second = bench.further().await;
    let runtime = &bench.drivers.runtime;
    let name = bench.start(&request).await.expect("started");
    runtime.stop(name, None).await.expect("stopped");
    for _ in 0..2 {
        runtime.connect(name, &second).await.expect("joined");
    }
    for _ in 0..2 {
        let left = runtime.disconnect(name, &first.network).await;
        left.expect("left");
    }
    runtime.start(name).await.expect("started again");
    bench.must_be_on(name, &[second]).await;
    let nowhere = lab.network().runtime_name();
    let nobody = RuntimeName::Current(lab.container());
    for (name, network) in [
        (name, &nowhere),
        (nobody, &first.network),
        (nobody, &nowhere),
    ] {
        let left = runtime.disconnect(name, network).await;
        left.expect("there is nothing to leave");
    }
}

/// The engine knows a network by more than its name; a container that rests does not mind.
pub async fn a_network_made_anew_is_found_by_its_name(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let request = bench.request(&Program::Runs).await;
    let name = bench.start(&request).await.expect("started");
    let runtime = &bench.drivers.runtime;
    runtime.stop(name, None).await.expect("stopped");
    let networks = &bench.drivers.networks;
    let network = bench.network.runtime_name();
    networks.remove(&network).await.expect("nobody runs on it");
    let refused = runtime.start(name).await;
    failed(refused, Class::NotFound, "network");
    let ensured = networks.ensure(&bench.network).await;
    ensured.expect("made anew");
    runtime.start(name).await.expect("started again");
    bench.must_be_on(name, &request.attachments).await;
}

/// On a network its containers find each other by their aliases; from elsewhere nobody does.
pub async fn names_are_found_on_their_network(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let mut named = bench.request(&Program::Runs).await;
    let mut elsewhere = bench.further().await;
    elsewhere.aliases = vec!["backend".to_owned()];
    named.attachments[0].aliases = vec!["web".to_owned(), "www".to_owned()];
    named.attachments.push(elsewhere);
    bench.start(&named).await.expect("started");
    for (alias, code) in [("web", 0), ("www", 0), ("backend", 1)] {
        let mut asks = bench.request(&Program::Finds(alias.to_owned())).await;
        // Nobody serves names there, so that no question leaves the container.
        asks.dns = vec![std::net::Ipv4Addr::LOCALHOST.into()];
        let name = bench.start(&asks).await.expect("started");
        let ended = bench.ended(name).await;
        assert_eq!(ended.exit_code, Some(code), "{alias}");
    }
}

/// The first network takes a MAC that is not derived from the address, and keeps it.
pub async fn a_mac_of_its_own_is_kept(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let mut request = bench.on_three(&Program::Runs).await;
    "02:42:5e:00:53:01".clone_into(&mut request.attachments[0].mac);
    let name = bench.start(&request).await.expect("started");
    bench.must_be_on(name, &request.attachments).await;
    let runtime = &bench.drivers.runtime;
    runtime.stop(name, None).await.expect("stopped");
    runtime.start(name).await.expect("started again");
    bench.must_be_on(name, &request.attachments).await;
}
