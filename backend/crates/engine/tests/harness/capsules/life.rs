//! What a capsule is from its create to its delete, undisturbed or by hand.

use zun_domain::capsule::{CapsuleSpec, ContainerEdit, Role};
use zun_domain::container::{Effect, Life, Status, WaitFor, Wish};
use zun_domain::operation::OperationState;
use zun_domain::unit::MemoryMib;
use zun_driver::fake::fault::{Verb, When};
use zun_engine::Error;
use zun_engine::command::Act;
use zun_engine::command::capsule::CapsuleAsk;

use super::story::{CALL, STOPPED, Story, create, edited, part, statuses, update, usual};
use crate::world::World;

/// With everything in it that is always in force.
fn filled(spec: CapsuleSpec) -> CapsuleSpec {
    spec.with_defaults(&zun_engine::settings::Settings::default().defaults)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capsule_runs_and_its_parts_are_seen() {
    let world = World::new(None).await;
    let capsule = world.running_capsule().await;
    let expected = [
        ("shop", Status::Running),
        ("fill", Status::Stopped),
        ("web", Status::Running),
        ("log", Status::Running),
    ];
    assert_eq!(
        statuses(&capsule),
        expected.map(|(name, status)| (name.to_owned(), status))
    );
    assert_eq!(capsule.status(), Status::Running);
    let volume = capsule.desired.volumes["data"];
    let files = world.host.volume_files(volume).unwrap();
    assert_eq!(files["seed"], b"sown", "the init container has filled it");
    let usage = world.store.claims_total().await.unwrap();
    assert_eq!((usage.containers, usage.amounts.memory.0), (1, 128));
    world.assert_whole("after the create").await;
}

/// "A member that fails takes the create down with its reason and last log lines, and nothing stays behind."
#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_fails_takes_the_create_down() {
    let world = World::new(None).await;
    Story::CreateFailing.prepare(&world).await;
    let operation = Story::CreateFailing.ask(&world).await.unwrap().unwrap();
    let ended = world.end_of(&operation).await;
    let failure = ended.failure.unwrap();
    assert!(
        failure.message.starts_with("container log: "),
        "{failure:?}"
    );
    assert_eq!(failure.exit_code, Some(3));
    assert_eq!(
        failure.last_log.first().map(String::as_str),
        Some("no configuration")
    );
    let capsule = world.capsule().await;
    assert!(matches!(capsule.life, Life::Failed { .. }), "{capsule:?}");
    assert_eq!(world.host.containers().len(), 0);
    world.assert_whole("after the failed create").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_made_anew_alone() {
    let world = World::new(None).await;
    let before = world.running_capsule().await;
    let operation = Story::EditMember.ask(&world).await.unwrap().unwrap();
    assert_eq!(world.end_of(&operation).await.failure, None);
    let after = world.capsule().await;
    for (old, new) in before.containers.iter().zip(&after.containers) {
        let same = old.observed.as_ref().map(|seen| &seen.runtime)
            == new.observed.as_ref().map(|seen| &seen.runtime);
        let edited = new.desired.name.as_str() == "web";
        assert_eq!(same, !edited, "{}", new.desired.name);
        assert_eq!(new.desired.revision, if edited { 2 } else { 1 });
    }
    assert_eq!(
        after.sandbox().unwrap().addresses,
        before.sandbox().unwrap().addresses
    );
    assert_eq!(after.desired.spec, filled(edited()));
    world.assert_whole("after the edit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_wish_needs_nothing() {
    let world = World::new(None).await;
    let before = world.running_capsule().await;
    let accepted = world
        .engine
        .capsule_update(&CALL, "shop", update(usual(), None))
        .await
        .unwrap();
    assert_eq!(accepted.operation, None);
    assert_eq!(accepted.capsule.generation, before.generation + 1);
    assert_eq!(accepted.capsule.desired, before.desired);
    let mut spec = usual();
    spec.labels = Some([("of".parse().unwrap(), "us".to_owned())].into());
    let accepted = world
        .engine
        .capsule_update(&CALL, "shop", update(spec.clone(), None))
        .await
        .unwrap();
    assert_eq!(accepted.operation, None);
    assert_eq!(accepted.capsule.desired.spec, filled(spec));
    world.assert_whole("after the edits").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_changed_and_is_unique() {
    let world = World::new(None).await;
    let first = world.running_capsule().await;
    let mut ask = update(usual(), None);
    ask.name = Some("store".parse().unwrap());
    let accepted = world
        .engine
        .capsule_update(&CALL, "shop", ask.clone())
        .await;
    let accepted = accepted.unwrap();
    assert_eq!(accepted.operation, None);
    assert_eq!(accepted.capsule.desired.name.as_str(), "store");
    world.running_capsule().await;
    let taken = world
        .engine
        .capsule_update(&CALL, "shop", ask.clone())
        .await;
    let expected = format!(
        "a capsule named store exists already in this project: {}",
        first.id
    );
    assert_eq!(taken.unwrap_err().to_string(), expected);
    ask.generation = Some(1);
    let stale = world.engine.capsule_update(&CALL, "store", ask).await;
    let expected = format!(
        "capsule {} is at generation 2, not 1: it was changed by someone else; read it again",
        first.id
    );
    assert_eq!(stale.unwrap_err().to_string(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_run_in_each_of_them() {
    let world = World::new(None).await;
    let capsule = world.running_capsule().await;
    let id = part(&capsule, "web").id.to_string();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let ran = world
        .engine
        .container_exec(&CALL, &id, words("echo hello"))
        .await;
    let ran = ran.unwrap();
    assert_eq!((ran.output.trim_end(), ran.exit_code), ("hello", 0));
    let none = world.engine.container_exec(&CALL, &id, Vec::new()).await;
    assert_eq!(
        none.unwrap_err().to_string(),
        "command: give at least the program to run"
    );
    let stopped = super::story::act(&world, "web", Act::Stop(None)).await;
    world.end_of(&stopped.unwrap().unwrap()).await;
    let refused = world.engine.container_exec(&CALL, &id, words("true")).await;
    let expected = format!("cannot run a command in container {id} in Stopped state");
    assert_eq!(refused.unwrap_err().to_string(), expected);
}

fn asking(capsule: Option<&str>, spec: CapsuleSpec) -> CapsuleAsk {
    CapsuleAsk {
        capsule: capsule.map(str::to_owned),
        name: Some("shop".parse().unwrap()),
        spec,
        wish: None,
        wait_for: WaitFor::Running,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_would_happen() {
    let world = World::new(None).await;
    world.has_capsule_images();
    let engine = &world.engine;
    let made = engine
        .capsule_preview(&CALL, asking(None, usual()))
        .await
        .unwrap();
    assert_eq!((made.problems.as_slice(), made.effect), (&[][..], None));
    assert_eq!(made.image_digests.len(), 3);
    assert!(made.host.is_some() && !made.steps.is_empty());
    let before = world.running_capsule().await;

    let taken = engine
        .capsule_preview(&CALL, asking(None, usual()))
        .await
        .unwrap();
    let expected = format!(
        "a capsule named shop exists already in this project: {}",
        before.id
    );
    assert_eq!(taken.problems, [("name", expected)]);

    let same = engine
        .capsule_preview(&CALL, asking(Some("shop"), usual()))
        .await
        .unwrap();
    assert_eq!(
        (same.problems.as_slice(), same.steps.as_slice()),
        (&[][..], &[][..])
    );
    assert_eq!(same.effect.unwrap().effect(), Effect::Nothing);

    let one = engine
        .capsule_preview(&CALL, asking(Some("shop"), edited()))
        .await
        .unwrap();
    let effect = one.effect.unwrap();
    assert_eq!(effect.whole, Effect::Nothing);
    let web = (
        "web".parse().unwrap(),
        ContainerEdit::Changed(Effect::Recreate),
    );
    assert_eq!(effect.containers, [web].into());
    assert_eq!(one.image_digests.len(), 1);

    assert_eq!(world.capsule().await, before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_decides_the_host_needs_another_capsule() {
    let world = World::new(None).await;
    let before = world.running_capsule().await;
    let engine = &world.engine;
    let mut elsewhere = usual();
    elsewhere.availability_zone = Some("moon".to_owned());
    let none = engine
        .capsule_preview(&CALL, asking(Some("shop"), elsewhere.clone()))
        .await;
    let none = none.unwrap();
    assert_eq!(none.effect.unwrap().whole, Effect::Replace);
    assert_eq!((none.host, none.problems[0].0), (None, "placement"));
    let refused = engine
        .capsule_update(&CALL, "shop", update(elsewhere, None))
        .await;
    let expected = "availability_zone: cannot be changed in place: it decides the host; delete the capsule and create it \
                    anew";
    assert_eq!(refused.unwrap_err().to_string(), expected);
    assert_eq!(world.capsule().await, before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_its_field() {
    let world = World::new(None).await;
    world.has_capsule_images();
    let ask = |change: &dyn Fn(&mut zun_engine::command::capsule::CreateCapsule)| {
        let mut ask = create(usual());
        change(&mut ask);
        ask
    };
    let cases = [
        (
            ask(&|ask| ask.wait_for = WaitFor::Exited),
            "wait_for: the containers of a capsule run side by side: use \"running\", \"healthy\" or \"none\", and \
             init_containers for what has to end",
        ),
        (
            ask(&|ask| ask.wait_for = WaitFor::Healthy),
            "wait_for: \"healthy\" needs a healthcheck of one of its containers",
        ),
        (
            ask(&|ask| ask.wish = Some(Wish::Paused)),
            "state: a capsule is \"running\" or \"stopped\"; its containers can be paused one by one",
        ),
        (
            ask(&|ask| ask.spec.containers[1].spec.memory = Some(MemoryMib(1))),
            "containers[1].spec.memory: 1 MiB is below the engine's minimum of 6 MiB",
        ),
        (
            ask(&|ask| {
                let volume = &mut ask.spec.volumes.as_mut().unwrap()[0];
                (volume.volume, volume.size) = (Some("lost".to_owned()), None);
            }),
            "volumes: there is no volume lost in this project; give the id or the name of one",
        ),
    ];
    for (ask, expected) in cases {
        let refused = world.engine.capsule_create(&CALL, ask).await;
        assert_eq!(refused.unwrap_err().to_string(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_can_be_stopped_and_started_alone() {
    let world = World::new(None).await;
    let before = world.running_capsule().await;
    for (verb, status) in [
        (Act::Stop(None), Status::Stopped),
        (Act::Start, Status::Running),
        (Act::Pause, Status::Paused),
        (Act::Unpause, Status::Running),
        (Act::Reboot(None), Status::Running),
    ] {
        let operation = super::story::act(&world, "web", verb.clone()).await;
        let ended = world.end_of(&operation.unwrap().unwrap()).await;
        assert_eq!(ended.failure, None, "{verb:?}");
        assert_eq!(ended.subject, before.id.into());
        let capsule = world.capsule().await;
        assert_eq!(part(&capsule, "web").status(), status, "{verb:?}");
        let log = |capsule| part(capsule, "log").observed.clone();
        assert_eq!(log(&capsule), log(&before), "{verb:?}");
    }
    world.assert_whole("after the verbs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_the_sandbox_is_done_to_all() {
    let world = World::new(None).await;
    world.running_capsule().await;
    for (verb, status) in [
        (Act::Stop(None), Status::Stopped),
        (Act::Start, Status::Running),
        (Act::Reboot(None), Status::Running),
    ] {
        let operation = super::story::act(&world, "shop", verb.clone()).await;
        let ended = world.end_of(&operation.unwrap().unwrap()).await;
        assert_eq!(ended.failure, None, "{verb:?}");
        let capsule = world.capsule().await;
        for name in ["shop", "web", "log"] {
            assert_eq!(part(&capsule, name).status(), status, "{verb:?}: {name}");
        }
        assert_eq!(capsule.status(), status, "{verb:?}");
    }
    let refused = super::story::act(&world, "shop", Act::Pause).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("only holds the network of capsule"),
        "{refused}"
    );
    world.assert_whole("after the verbs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_not_changed_or_deleted_alone() {
    let world = World::new(None).await;
    let capsule = world.running_capsule().await;
    let id = part(&capsule, "web").id.to_string();
    let engine = &world.engine;
    let name = "other".parse().unwrap();
    let spec = capsule.containers[2].desired.spec.clone();
    let refusals = [
        engine
            .container_delete(&CALL, &id, STOPPED)
            .await
            .unwrap_err(),
        engine
            .container_rename(&CALL, &id, name, true)
            .await
            .unwrap_err(),
        engine
            .container_update(&CALL, &id, crate::world::update(spec, None))
            .await
            .unwrap_err(),
    ];
    for (error, verb) in refusals.iter().zip(["delete", "rename", "update"]) {
        let expected = format!(
            "cannot {verb} container {id}: it is a part of capsule {}; change or delete the capsule instead",
            capsule.id
        );
        assert_eq!(error.to_string(), expected);
    }
    let by_name = engine.container_get(&CALL, "web").await.unwrap_err();
    assert!(matches!(by_name, Error::NotFound { .. }), "{by_name}");
    let listed = engine.container_list(
        &CALL,
        zun_engine::query::ContainerFilter {
            limit: 10,
            ..Default::default()
        },
    );
    assert_eq!(listed.await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_sent_again_is_taken_over_until_it_is_confirmed() {
    let world = World::new(None).await;
    let first = world.running_capsule().await;
    let again = world
        .engine
        .capsule_create(&CALL, create(usual()))
        .await
        .unwrap();
    assert_eq!((again.capsule.id, again.operation), (first.id, None));
    world.engine.capsule_confirm(&CALL, "shop").await.unwrap();
    let refused = world.engine.capsule_create(&CALL, create(usual())).await;
    let expected = format!(
        "a capsule named shop exists already in this project: {}",
        first.id
    );
    assert_eq!(refused.unwrap_err().to_string(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_create_nobody_knows_of_is_replaced() {
    let world = World::new(None).await;
    Story::CreateFailing.prepare(&world).await;
    let operation = Story::CreateFailing.ask(&world).await.unwrap().unwrap();
    assert_eq!(world.end_of(&operation).await.state, OperationState::Failed);
    let first = world.capsule().await;
    let volume = first.desired.volumes["data"];
    let second = world.running_capsule().await;
    assert_ne!(first.id, second.id);
    assert_eq!(second.desired.volumes["data"], volume, "made once");
    world.assert_whole("after the second create").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_operation_at_a_time() {
    let world = World::new(None).await;
    let capsule = world.running_capsule().await;
    let gate = world.host.hold(Verb::Create, When::Nth(1));
    let edit = Story::EditMember.ask(&world).await.unwrap().unwrap();
    gate.reached().await;
    let stopped = super::story::act(&world, "log", Act::Stop(None)).await;
    let expected = format!(
        "capsule {} is busy: operation {} (update) has not ended; wait for it or delete the capsule",
        capsule.id, edit.id
    );
    assert_eq!(stopped.unwrap_err().to_string(), expected);
    let again = Story::LimitMember.ask(&world).await;
    assert_eq!(again.unwrap_err().to_string(), expected);
    gate.release();
    assert_eq!(world.end_of(&edit).await.failure, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_ends_a_create_or_an_update() {
    for story in [
        Story::Create,
        Story::EditMember,
        Story::AddMember,
        Story::EditPorts,
    ] {
        let world = World::new(None).await;
        story.prepare(&world).await;
        let gate = world.host.hold(Verb::Create, When::Nth(1));
        let ended = story.ask(&world).await.unwrap().unwrap();
        gate.reached().await;
        let deleted = Story::Delete.ask(&world).await.unwrap().unwrap();
        gate.release();
        assert_eq!(world.end_of(&deleted).await.failure, None);
        assert_eq!(world.end_of(&ended).await.state, OperationState::Cancelled);
        assert_eq!(world.host.containers().len(), 0, "{story:?}");
        assert_eq!(world.host.volumes(), [], "{story:?}");
        world.assert_whole("after the delete").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_is_to_be_kept_outlives_the_capsule() {
    let world = World::new(None).await;
    world.has_capsule_images();
    let mut spec = usual();
    spec.volumes.as_mut().unwrap()[0].auto_remove = Some(false);
    let accepted = world
        .engine
        .capsule_create(&CALL, create(spec))
        .await
        .unwrap();
    let ended = world.end_of(&accepted.operation.unwrap()).await;
    assert_eq!(ended.failure, None);
    let deleted = Story::Delete.ask(&world).await.unwrap().unwrap();
    assert_eq!(world.end_of(&deleted).await.failure, None);
    let volume = accepted.capsule.desired.volumes["data"];
    let kept = world.store.volume_get(volume).await.unwrap();
    assert_eq!((kept.owner, kept.attachments.len()), (None, 0));
    world.assert_whole("after the delete").await;
}

/// A reboot of the host, and a sandbox that somebody restarted: members are brought back.
#[tokio::test(flavor = "multi_thread")]
async fn members_come_back_after_their_sandbox() {
    let world = World::new(None).await;
    let capsule = world.running_capsule().await;
    let runs = |capsule: &zun_domain::capsule::Capsule| {
        let mut members = capsule.with_role(Role::Member);
        capsule.status() == Status::Running && members.all(|one| one.status() == Status::Running)
    };
    let sandbox = zun_domain::runtime::RuntimeName::Current(capsule.sandbox().unwrap().id);
    world.host.stop_by_hand(sandbox).unwrap();
    world.host.start_by_hand(sandbox).unwrap();
    world
        .until_capsule_mended("after the restart of the sandbox")
        .await;
    world.until_capsule(runs).await;

    world.host.reboot();
    world.until_capsule_mended("after the reboot").await;
    world.until_capsule(runs).await;
    world.assert_whole("after the reboot").await;
}
