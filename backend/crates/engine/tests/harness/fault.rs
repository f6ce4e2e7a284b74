//! Each driver call failing, with and without its effect, and an engine that is away for a while.

use zun_domain::host::Reachability;
use zun_domain::operation::OperationState;
use zun_domain::runtime::RuntimeName;
use zun_driver::fake::fault::{Verb, When};
use zun_driver::{Class, Error};

use crate::story::Story;
use crate::world::{BOUND, World, a_moment, call, create, each, spec, update};

/// The calls that change something; the others are tried by the conformance suite.
const CHANGING: [Verb; 15] = [
    Verb::Pull,
    Verb::EnsureNetwork,
    Verb::ApplyFirewall,
    Verb::Connect,
    Verb::Disconnect,
    Verb::Create,
    Verb::Start,
    Verb::Stop,
    Verb::Kill,
    Verb::Pause,
    Verb::Unpause,
    Verb::Update,
    Verb::Rename,
    Verb::Remove,
    Verb::WaitStarted,
];

async fn with_fault(story: Story, verb: Verb, lose_reply: bool) {
    let world = World::new(None).await;
    story.prepare(&world).await;
    let before = world.engine.container_get(&call(), "web").await.ok();
    let error = Error::new(Class::Internal, "planted fault");
    if lose_reply {
        world.host.lose_reply(verb, When::Nth(1), error);
    } else {
        world.host.fail(verb, When::Nth(1), error);
    }
    let what = format!("{story:?}, {verb:?} failing, reply lost: {lose_reply}");
    let Some(operation) = story.ask(&world).await.unwrap() else {
        return;
    };
    let ended = world.end_of(&operation).await;
    world.host.clear_faults();
    world.assert_whole(&what).await;
    if ended.state == OperationState::Failed {
        let failure = ended.failure.unwrap();
        // Nothing is chosen anew where the fault keeps something from being taken back.
        assert!(
            failure.message.contains("planted fault") || failure.conflict,
            "{what}: {failure:?}"
        );
        let after = world.engine.container_get(&call(), "web").await.unwrap();
        if let Some(before) = before {
            assert_eq!(
                after.desired, before.desired,
                "{what}: the old wish is in force"
            );
        }
    }
}

/// Whatever call fails, nothing is left over, and the old wish stays in force.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_may_fail_with_or_without_its_effect() {
    each(Story::ALL, |story| async move {
        for verb in CHANGING {
            for lose_reply in [false, true] {
                with_fault(story, verb, lose_reply).await;
            }
        }
    })
    .await;
}

/// While the engine is away an operation waits and says so; then it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_operation_waits_for_an_engine_that_is_away() {
    let world = World::new(None).await;
    let gate = world.host.hold(Verb::Create, When::Nth(1));
    let accepted = world
        .engine
        .container_create(&call(), create("web"))
        .await
        .unwrap();
    gate.reached().await;
    world.host.engine_down("the engine is being upgraded");
    gate.release();
    world
        .until(|row| {
            row.status_reason
                .as_deref()
                .is_some_and(|r| r.contains("being upgraded"))
        })
        .await;
    world.host.engine_up();
    let ended = world.end_of(&accepted.operation.unwrap()).await;
    assert_eq!(ended.failure, None);
    world.assert_whole("after the engine came back").await;
}

/// An engine that is back is used at once, not when it is next looked at.
#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_back_is_used() {
    let world = World::looking_every(3600, None).await;
    world.running().await;
    world.host.engine_down("the engine is being upgraded");
    let world = world.crash_and_restart().await;
    let recorded = async |so: fn(&Reachability) -> bool| {
        let look = async {
            while !so(&world.engine.hosts().await.unwrap()[0].host.reachability) {
                crate::world::a_moment().await;
            }
        };
        tokio::time::timeout(BOUND, look).await.unwrap();
    };
    recorded(|reachability| *reachability != Reachability::Up).await;
    world.host.engine_up();
    recorded(|reachability| *reachability == Reachability::Up).await;
    let accepted = world
        .engine
        .container_create(&call(), create("other"))
        .await;
    let ended = world.end_of(&accepted.unwrap().operation.unwrap()).await;
    assert_eq!(ended.failure, None);
}

/// A delete ends a create that is still at work, and nothing of it is left.
#[tokio::test(flavor = "multi_thread")]
async fn a_delete_cancels_a_create() {
    let world = World::new(None).await;
    let gate = world.host.hold(Verb::Create, When::Nth(1));
    let created = world
        .engine
        .container_create(&call(), create("web"))
        .await
        .unwrap();
    gate.reached().await;
    let deleted = Story::Delete.ask(&world).await.unwrap().unwrap();
    gate.release();
    assert_eq!(world.end_of(&deleted).await.failure, None);
    assert_eq!(
        world.end_of(&created.operation.unwrap()).await.state,
        OperationState::Cancelled
    );
    world.assert_whole("after the delete").await;
}

/// A create that failed before anybody learnt of it does not keep the name from the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_create_nobody_knows_of_is_replaced() {
    let world = World::new(None).await;
    let error = Error::new(Class::Internal, "planted fault");
    world.host.fail(Verb::EnsureNetwork, When::Nth(1), error);
    let first = Story::Create.ask(&world).await.unwrap().unwrap();
    assert_eq!(world.end_of(&first).await.state, OperationState::Failed);
    let second = Story::Create.ask(&world).await.unwrap().unwrap();
    assert_eq!(world.end_of(&second).await.failure, None);
    assert_ne!(first.subject, second.subject);
    world.assert_whole("after the second create").await;
}

/// A delete that ends a recreate leaves neither the new nor the former container.
#[tokio::test(flavor = "multi_thread")]
async fn a_delete_cancels_a_recreate() {
    let world = World::new(None).await;
    world.running().await;
    let gate = world.host.hold(Verb::Create, When::Nth(1));
    let recreated = Story::UpdateRecreate.ask(&world).await.unwrap().unwrap();
    gate.reached().await;
    let deleted = Story::Delete.ask(&world).await.unwrap().unwrap();
    gate.release();
    assert_eq!(world.end_of(&deleted).await.failure, None);
    assert_eq!(
        world.end_of(&recreated).await.state,
        OperationState::Cancelled
    );
    assert!(
        world.host.containers().is_empty(),
        "{:?}",
        world.host.containers()
    );
    world.assert_whole("after the delete").await;
}

/// A second operation on a busy container is refused with the name of the first.
#[tokio::test(flavor = "multi_thread")]
async fn one_operation_at_a_time() {
    let world = World::new(None).await;
    world.running().await;
    let gate = world.host.hold(Verb::Stop, When::Nth(1));
    let first = Story::Stop.ask(&world).await.unwrap().unwrap();
    gate.reached().await;
    let refused = world
        .engine
        .container_update(&call(), "web", update(crate::world::spec(), None))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains(&first.id.to_string()),
        "{refused}"
    );
    gate.release();
    world.end_of(&first).await;
}

/// What a look has listed may have handed its name on by the time it is removed: whoever has the name now keeps it.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_list_removes_nothing_new() {
    let world = World::new(None).await;
    let web = world.running().await;
    let gate = world.host.hold_reply(Verb::List, When::Nth(1));
    gate.reached().await;
    let mut edit = spec();
    edit.workdir = Some("/data".to_owned());
    let accepted = world
        .engine
        .container_update(&call(), "web", update(edit, None))
        .await;
    let ended = world.end_of(&accepted.unwrap().operation.unwrap()).await;
    assert_eq!(ended.failure, None);
    let looks = world.host.calls(Verb::List);
    gate.release();
    // The next look begins when the one with the old list is through.
    while world.host.calls(Verb::List) == looks {
        a_moment().await;
    }
    let shown = world.host.look_at(RuntimeName::Current(web.id));
    assert_eq!(shown.map(|seen| seen.revision), Some(2));
    world.assert_whole("after a look at an old list").await;
}
