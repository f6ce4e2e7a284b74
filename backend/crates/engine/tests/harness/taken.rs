//! A choice of ours that a stranger takes before it is used: another one is made, and the user's operation
//! succeeds. A choice of the user's stays an error.

use std::collections::BTreeSet;

use zun_domain::container::PortMapping;
use zun_domain::network::Network;
use zun_domain::operation::OperationState;

use crate::story::Story;
use crate::world::{World, call, create};

/// Another deployment on the same engine was faster with the subnet of the project's first network.
#[tokio::test(flavor = "multi_thread")]
async fn a_subnet_that_another_deployment_takes_is_chosen_anew() {
    let world = World::new(None).await;
    world.host.snatch_subnet();
    let mut operations = Vec::new();
    for name in ["web", "db", "cache"] {
        let accepted = world.engine.container_create(&call(), create(name)).await;
        operations.push(accepted.unwrap().operation.unwrap());
    }
    for operation in &operations {
        assert_eq!(world.end_of(operation).await.failure, None);
    }
    let networks = world.own_networks().await;
    let cidr = |network: &Network| network.v4().unwrap().cidr.to_string();
    let subnets: Vec<String> = networks.iter().map(cidr).collect();
    assert_eq!(subnets, ["10.224.16.0/20"], "the one after the stranger's");
    let web = world.engine.container_get(&call(), "web").await.unwrap();
    assert_eq!(web.addresses[0].mac, "02:42:0a:e0:10:02");
    world.assert_whole("after the second choice").await;
}

/// Rules that another deployment left on the host would drop all that containers in its prefix send.
#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_that_another_deployment_guards_is_not_chosen() {
    let world = World::new(None).await;
    let guarded = "10.224.0.0/20".parse().unwrap();
    world.host.guard_as_another(guarded);
    world.running().await;
    let networks = world.own_networks().await;
    assert_eq!(networks[0].v4().unwrap().cidr.to_string(), "10.224.16.0/20");
    world.assert_whole("beside another deployment").await;
}

/// A network that containers live on keeps its subnet: the conflict is theirs to hear of.
#[tokio::test(flavor = "multi_thread")]
async fn a_subnet_in_use_is_never_changed() {
    let world = World::new(None).await;
    let web = world.running().await;
    let before = world.own_networks().await;
    let name = zun_domain::runtime::RuntimeName::Current(web.id);
    world.host.remove_by_hand(name).unwrap();
    world.until(|row| row.observed.is_none()).await;
    world.host.remove_network_by_hand(&before[0].runtime_name);
    world.host.snatch_subnet();
    let accepted = world.engine.container_create(&call(), create("db")).await;
    let ended = world.end_of(&accepted.unwrap().operation.unwrap()).await;
    assert_eq!(ended.state, OperationState::Failed);
    assert_eq!(world.own_networks().await, before);
}

/// Somebody listens on the port we picked by the time the container starts.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_somebody_takes_is_picked_anew() {
    let world = World::new(None).await;
    world.host.snatch_port(80);
    let accepted = world.engine.container_create(&call(), create("web")).await;
    let accepted = accepted.unwrap();
    let ended = world.end_of(&accepted.operation.unwrap()).await;
    assert_eq!(ended.failure, None);
    let web = world.engine.container_get(&call(), "web").await.unwrap();
    assert_ne!(
        web.desired.published, accepted.container.desired.published,
        "another port than the one that was taken"
    );
    world.assert_whole("after the second choice").await;
}

/// The port the user asked for is the user's choice: the error names it and says what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_was_asked_for_is_not_exchanged() {
    let world = World::new(None).await;
    world.host.snatch_port(80);
    let mut ask = create("web");
    ask.spec.ports = Some(BTreeSet::from([PortMapping {
        internal: std::num::NonZeroU16::new(80).unwrap(),
        external: std::num::NonZeroU16::new(28_080),
        protocol: None,
        ip: None,
    }]));
    let accepted = world.engine.container_create(&call(), ask).await.unwrap();
    let failure = world
        .end_of(&accepted.operation.unwrap())
        .await
        .failure
        .unwrap();
    for words in ["28080/tcp", "choose another external port"] {
        assert!(failure.message.contains(words), "{}", failure.message);
    }
    world.assert_whole("after the failure").await;
}

/// Somebody who takes each port we pick wins in the end, and nothing is left over.
#[tokio::test(flavor = "multi_thread")]
async fn choosing_anew_has_an_end() {
    use zun_driver::fake::fault::{Verb, When};
    use zun_driver::{Class, Error};
    let world = World::new(None).await;
    let taken = Error::new(Class::Conflict, "overlaps with another network");
    world.host.fail(Verb::EnsureNetwork, When::Every, taken);
    let operation = Story::Create.ask(&world).await.unwrap().unwrap();
    let ended = world.end_of(&operation).await;
    assert_eq!(ended.state, OperationState::Failed);
    assert_eq!(world.host.calls(Verb::EnsureNetwork), 4);
    world.assert_whole("after the last failure").await;
}
