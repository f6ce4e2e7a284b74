//! Capsules: two members, an init container, a volume by size and a published port; each call failing, its answer
//! lost, a crash at every write of the log, the host going down with it. Nothing leaks, claims are whole.

mod life;
mod story;

use zun_driver::fake::fault::{Verb, When};
use zun_driver::{Class, Error};

use crate::world::{Crash, World, each};
use story::Story;

/// The calls that change something.
const CHANGING: [Verb; 19] = [
    Verb::EnsureNetwork,
    Verb::ApplyFirewall,
    Verb::CreateVolume,
    Verb::ConnectVolume,
    Verb::FormatVolume,
    Verb::MountVolume,
    Verb::UnmountVolume,
    Verb::DisconnectVolume,
    Verb::DeleteVolume,
    Verb::WriteFiles,
    Verb::RemoveFiles,
    Verb::Create,
    Verb::Start,
    Verb::Stop,
    Verb::Update,
    Verb::Rename,
    Verb::Remove,
    Verb::WaitStarted,
    Verb::WaitExited,
];

/// The calls that a story makes when nothing is in its way, and how often each.
async fn calls_of(story: Story) -> Vec<(Verb, u64)> {
    let world = World::new(None).await;
    story.prepare(&world).await;
    let before = CHANGING.map(|verb| world.host.calls(verb));
    if let Some(operation) = story.ask(&world).await.unwrap() {
        let ended = world.end_of(&operation).await;
        assert_eq!(
            ended.failure.is_some(),
            story.fails(),
            "{story:?}: {ended:?}"
        );
    }
    let made = CHANGING.map(|verb| world.host.calls(verb));
    world.assert_whole(&format!("{story:?}, undisturbed")).await;
    let times = CHANGING.iter().zip(made.iter().zip(before));
    times
        .map(|(verb, (after, before))| (*verb, after - before))
        .filter(|(_, times)| *times > 0)
        .collect()
}

/// The calls of this verb from the `nth` on fail, `times` of them.
async fn with_fault(story: Story, verb: Verb, (nth, times): (u64, u64), lose_reply: bool) {
    let world = World::new(None).await;
    story.prepare(&world).await;
    let before = world.capsule_if_any().await;
    for nth in nth..nth + times {
        let error = Error::new(Class::Internal, "planted fault");
        if lose_reply {
            world.host.lose_reply(verb, When::Nth(nth), error);
        } else {
            world.host.fail(verb, When::Nth(nth), error);
        }
    }
    let what = format!(
        "{story:?}, {verb:?} failing {times} times from {nth} on, reply lost: {lose_reply}"
    );
    let Some(operation) = story.ask(&world).await.unwrap() else {
        return;
    };
    let ended = world.end_of(&operation).await;
    world.host.clear_faults();
    world.until_capsule_mended(&what).await;
    world.assert_whole(&what).await;
    let Some(failure) = ended.failure else { return };
    let planted = failure.message.contains("planted fault") || failure.conflict;
    assert!(planted || story.fails(), "{what}: {failure:?}");
    if let (Some(before), Some(after)) = (before, world.capsule_if_any().await) {
        assert_eq!(
            after.desired, before.desired,
            "{what}: the old wish is in force"
        );
        let ids = |capsule: &zun_domain::capsule::Capsule| -> Vec<_> {
            let parts = capsule.containers.iter();
            parts.map(|one| (one.id, one.desired.clone())).collect()
        };
        assert_eq!(ids(&after), ids(&before), "{what}: its containers");
    }
}

/// Each call of each story fails, once and twice, with and without its effect.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_may_fail() {
    each(Story::ALL, |story| async move {
        for (verb, calls) in calls_of(story).await {
            for nth in 1..=calls {
                let ways = [(1, false), (1, true), (2, false), (2, true)];
                let trials = ways
                    .map(|(times, lose_reply)| with_fault(story, verb, (nth, times), lose_reply));
                futures::future::join_all(trials).await;
            }
        }
    })
    .await;
}

/// A crash before and after each write of the log, and a reboot of the host with it.
#[tokio::test(flavor = "multi_thread")]
async fn every_operation_survives_a_crash_and_a_reboot_at_every_place() {
    /// Places tried side by side: a world mostly waits.
    const WAVE: u64 = 4;
    let cases = Story::ALL.map(|story| [(story, false), (story, true)]);
    each(cases.into_iter().flatten(), |(story, reboots)| async move {
        let mut places = 0;
        loop {
            let wave = (1..=WAVE).map(|next| crash_at(story, places + next, reboots));
            let reached = futures::future::join_all(wave).await;
            let more = !reached.contains(&false);
            places += reached.into_iter().map(u64::from).sum::<u64>();
            if !more {
                break;
            }
        }
        assert!(places >= 3, "{story:?} has {places} places to crash at");
    })
    .await;
}

/// Whether there was such a place.
async fn crash_at(story: Story, place: u64, reboots: bool) -> bool {
    let world = World::new(None).await;
    story.prepare(&world).await;
    let crash = Crash::at(place);
    let world = world.restart_with(Some(crash.hand())).await;
    crash.reset();
    let operation = loop {
        match story.ask(&world).await {
            Err(zun_engine::Error::Busy { .. }) if !crash.came() => crate::world::a_moment().await,
            Err(zun_engine::Error::Busy { .. }) => break None,
            asked => break asked.unwrap(),
        }
    };
    let reached = crash.comes(&world, operation.as_ref()).await;
    if reboots {
        world.host.reboot();
    }
    let world = world.crash_and_restart().await;
    let what = format!("{story:?}, crashed at place {place}, host rebooted: {reboots}");
    if let Some(operation) = operation {
        let ended = world.end_of(&operation).await;
        assert_eq!(ended.failure.is_some(), story.fails(), "{what}: {ended:?}");
    }
    world.until_capsule_runs(&what).await;
    world.until_capsule_mended(&what).await;
    world.assert_whole(&what).await;
    reached
}
