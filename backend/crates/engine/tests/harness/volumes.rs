//! Every operation that touches storage: each call failing, its answer lost, a crash at every write of the log, the
//! host going down; and a hundred random sequences of all that. No byte changes, nothing stays mounted that nobody
//! has, nothing is lost that somebody has.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use zun_domain::container::{Container, RestartPolicy, RestartPolicyName};
use zun_domain::operation::Operation;
use zun_domain::runtime::RuntimeName;
use zun_driver::fake::fault::{Verb, When};
use zun_driver::{Class, Error};
use zun_engine::Result;
use zun_engine::command::{Act, DeleteContainer};
use zun_store::ContainerQuery;

use crate::storage::{Bytes, OnVolume, grown, mounting, named, there, usual, with_spare, without};
use crate::world::{BOUND, Crash, World, call, create, each, update};

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    Create,
    MountAnother,
    TakeOut,
    Grow,
    Recreate,
    Start,
    Reboot,
    Delete,
    On(OnVolume),
}

impl Story {
    const ALL: [Self; 15] = [
        Self::Create,
        Self::MountAnother,
        Self::TakeOut,
        Self::Grow,
        Self::Recreate,
        Self::Start,
        Self::Reboot,
        Self::Delete,
        Self::On(OnVolume::Create),
        Self::On(OnVolume::Copy),
        Self::On(OnVolume::Extend),
        Self::On(OnVolume::Delete),
        Self::On(OnVolume::TakeSnapshot),
        Self::On(OnVolume::Restore),
        Self::On(OnVolume::DeleteSnapshot),
    ];

    async fn prepare(self, world: &World) -> Bytes {
        let (_, bytes) = world.with_volumes().await;
        match self {
            Self::Start => {
                let stopped = world
                    .engine
                    .container_act(&call(), "web", Act::Stop(None))
                    .await;
                world.end_of(&stopped.unwrap().operation.unwrap()).await;
                world.host.lose_devices();
            }
            Self::On(on) => on.prepare(world).await,
            _ => {}
        }
        bytes
    }

    async fn ask(self, world: &World) -> Result<Option<Operation>> {
        let engine = &world.engine;
        let edit = |spec| engine.container_update(&CALL, "web", update(spec, None));
        let accepted = match self {
            Self::Create => {
                let mut ask = create("other");
                ask.spec = mounting([
                    named("spare"),
                    crate::storage::sized(1),
                    crate::storage::file("x"),
                ]);
                engine.container_create(&CALL, ask).await
            }
            Self::MountAnother => edit(with_spare()).await,
            Self::TakeOut => edit(without()).await,
            Self::Grow => edit(grown()).await,
            Self::Recreate => {
                let mut spec = usual();
                spec.workdir = Some("/data".to_owned());
                edit(spec).await
            }
            Self::Start => engine.container_act(&CALL, "web", Act::Start).await,
            Self::Reboot => {
                engine
                    .container_act(&CALL, "web", Act::Reboot(Some(1)))
                    .await
            }
            Self::Delete => {
                let ask = DeleteContainer {
                    force: false,
                    stop: true,
                };
                engine.container_delete(&CALL, "web", ask).await
            }
            Self::On(on) => return on.ask(world).await,
        }?;
        Ok(accepted.operation)
    }
}

static CALL: std::sync::LazyLock<zun_engine::Call> = std::sync::LazyLock::new(call);

/// The calls that change something on a host's storage, and those around them.
const CHANGING: [Verb; 16] = [
    Verb::CreateVolume,
    Verb::ConnectVolume,
    Verb::FormatVolume,
    Verb::MountVolume,
    Verb::UnmountVolume,
    Verb::DisconnectVolume,
    Verb::ExtendVolume,
    Verb::DeleteVolume,
    Verb::Snapshot,
    Verb::DeleteSnapshot,
    Verb::WriteFiles,
    Verb::RemoveFiles,
    Verb::Create,
    Verb::Start,
    Verb::Rename,
    Verb::Remove,
];

/// The calls that a story makes when nothing is in its way.
async fn calls_of(story: Story) -> Vec<Verb> {
    let world = World::new(None).await;
    let bytes = story.prepare(&world).await;
    let before = CHANGING.map(|verb| world.host.calls(verb));
    if let Some(operation) = story.ask(&world).await.unwrap() {
        assert_eq!(world.end_of(&operation).await.failure, None, "{story:?}");
    }
    let what = format!("{story:?}, undisturbed");
    world.assert_whole(&what).await;
    world.assert_bytes(&bytes, &what).await;
    let made = CHANGING.iter().zip(before);
    made.filter(|(verb, before)| world.host.calls(**verb) > *before)
        .map(|(verb, _)| *verb)
        .collect()
}

async fn with_fault(story: Story, verb: Verb, times: u64, lose_reply: bool) {
    let world = World::new(None).await;
    let bytes = story.prepare(&world).await;
    for nth in 1..=times {
        let error = Error::new(Class::Internal, "planted fault");
        if lose_reply {
            world.host.lose_reply(verb, When::Nth(nth), error);
        } else {
            world.host.fail(verb, When::Nth(nth), error);
        }
    }
    let what = format!("{story:?}, {verb:?} failing {times} times, reply lost: {lose_reply}");
    if let Some(operation) = story.ask(&world).await.unwrap() {
        let ended = world.end_of(&operation).await;
        let planted = |message: &str| message.contains("planted fault");
        assert!(ended.failure.is_none_or(|f| planted(&f.message)), "{what}");
    }
    world.host.clear_faults();
    world.until_mended(&what).await;
    world.assert_whole(&what).await;
    world.assert_bytes(&bytes, &what).await;
}

/// Each call of each story fails, once and twice, with and without its effect.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_may_fail() {
    each(Story::ALL, |story| async move {
        for verb in calls_of(story).await {
            for (times, lose_reply) in [(1, false), (1, true), (2, false)] {
                with_fault(story, verb, times, lose_reply).await;
            }
        }
    })
    .await;
}

/// A crash before and after each write of the log, and a reboot of the host with it.
#[tokio::test(flavor = "multi_thread")]
async fn every_operation_survives_a_crash_and_a_reboot_at_every_place() {
    each(Story::ALL, |story| async move {
        for reboots in [false, true] {
            let mut place = 1;
            while crash_at(story, place, reboots).await {
                place += 1;
            }
            assert!(place > 3, "{story:?} has {place} places to crash at");
        }
    })
    .await;
}

/// Whether there was such a place.
async fn crash_at(story: Story, place: u64, reboots: bool) -> bool {
    let world = World::new(None).await;
    let bytes = story.prepare(&world).await;
    let crash = Crash::at(place);
    let world = world.restart_with(Some(crash.hand())).await;
    crash.reset();
    let operation = ask_when_idle(story, &world, &crash).await;
    let reached = crash.comes(&world, operation.as_ref()).await;
    if reboots {
        world.host.reboot();
    }
    let world = world.crash_and_restart().await;
    let what = format!("{story:?}, crashed at place {place}, host rebooted: {reboots}");
    if let Some(operation) = operation {
        assert_eq!(world.end_of(&operation).await.failure, None, "{what}");
    }
    world.until_mended(&what).await;
    world.assert_whole(&what).await;
    world.assert_bytes(&bytes, &what).await;
    reached
}

/// Asks, after what the new process mends by itself, unless that has come to the place of the crash.
async fn ask_when_idle(story: Story, world: &World, crash: &Crash) -> Option<Operation> {
    loop {
        match story.ask(world).await {
            Err(zun_engine::Error::Busy { .. }) if !crash.came() => crate::world::a_moment().await,
            Err(zun_engine::Error::Busy { .. }) => return None,
            asked => return asked.unwrap(),
        }
    }
}

impl World {
    /// Waits until the loops have mended what a fault or a reboot left: every container has its volumes, nothing is
    /// mounted that nobody has, and the records say what the engine shows.
    async fn until_mended(&self, what: &str) {
        let mut wrong = None;
        let mended = async {
            loop {
                wrong = self.not_mended().await;
                if wrong.is_none() {
                    return;
                }
                crate::world::a_moment().await;
            }
        };
        let in_time = tokio::time::timeout(BOUND, mended).await.is_ok();
        assert!(in_time, "{what}: {wrong:?}, {:?}", self.host.volumes());
    }

    /// The first thing that has to be mended yet.
    pub(crate) async fn not_mended(&self) -> Option<String> {
        let query = ContainerQuery {
            limit: 10,
            ..ContainerQuery::default()
        };
        let rows = self.store.container_list(&query).await.unwrap();
        let shown = self.host.volumes();
        for volume in self.store.volume_list(None).await.unwrap() {
            let had = volume.attachments.iter().any(|a| there(&rows, a.container));
            let found = shown.iter().find(|found| found.id == volume.id);
            let kept = found.is_some_and(|found| found.mounted || found.connected);
            let mounted = found.is_some_and(|found| found.mounted);
            // What a failed delete has not given back yet stays its container's, mounted or not.
            if (had && !mounted) || (kept && volume.attachments.is_empty()) {
                return Some(format!("volume {}, had: {had}", volume.name));
            }
        }
        let shows = |row: &Container| self.host.look_at(RuntimeName::Current(row.id));
        if let Some(row) = rows.iter().find(|row| row.observed != shows(row)) {
            return Some(format!(
                "the record of {:?} is an old one",
                row.desired.name
            ));
        }
        let unfinished = self.store.operations_unfinished().await.unwrap();
        unfinished.first().map(|operation| format!("{operation:?}"))
    }
}

/// What the engine restarts by itself is started by us when its volume was not there in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_reboot_mounts_first_and_then_starts() {
    let world = World::new(None).await;
    let (_, bytes) = world.with_volumes().await;
    let mut spec = usual();
    spec.restart_policy = Some(RestartPolicy {
        name: RestartPolicyName::UnlessStopped,
        maximum_retry_count: None,
    });
    let edited = world
        .engine
        .container_update(&call(), "web", update(spec, None))
        .await;
    let ended = edited.unwrap().operation.unwrap();
    assert_eq!(world.end_of(&ended).await.failure, None);
    world.host.fail_mounts(3, "the disk is not there yet");
    let world = world.restart_with(None).await;
    world.host.reboot();
    let world = world.crash_and_restart().await;
    world.until_mended("after the reboot").await;
    world
        .until(|row| {
            let phase = row.observed.as_ref().map(|seen| seen.phase);
            phase == Some(zun_domain::container::Phase::Running)
        })
        .await;
    assert!(
        world.host.calls(Verb::MountVolume) > 3,
        "the failing mounts were tried again"
    );
    assert_eq!(world.host.calls(Verb::DeleteVolume), 0);
    world.assert_whole("after the reboot").await;
    world.assert_bytes(&bytes, "after the reboot").await;
}

/// A start that fails keeps every volume, mounted and unharmed; so does one on a foreign filesystem.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_start_keeps_its_volumes() {
    let world = World::new(None).await;
    let bytes = Story::Start.prepare(&world).await;
    let error = Error::new(Class::Internal, "planted fault");
    world.host.fail(Verb::Start, When::Nth(1), error);
    let operation = Story::Start.ask(&world).await.unwrap().unwrap();
    assert!(world.end_of(&operation).await.failure.is_some());
    world.assert_whole("after the failed start").await;
    world.assert_bytes(&bytes, "after the failed start").await;
    let data = world.volume("data").await;
    assert_eq!(data.attachments.len(), 1, "{data:?}");
}

/// What somebody else has put on a device is never formatted over.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_filesystem_is_left_alone() {
    let world = World::new(None).await;
    world.with_volumes().await;
    let spare = world.volume("spare").await;
    world.host.put_signature(spare.id, "xfs");
    let operation = Story::MountAnother.ask(&world).await.unwrap().unwrap();
    let failure = world.end_of(&operation).await.failure.unwrap();
    assert!(failure.message.contains("xfs"), "{failure:?}");
    assert_eq!(world.host.signature(spare.id).as_deref(), Some("xfs"));
    world.assert_whole("after the refusal").await;
}

/// A hundred sequences of edits, verbs, faults, crashes and reboots, none of which changes a byte.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_random_sequences_lose_no_byte() {
    each(0..100, |seed| async move {
        let mut chance = SmallRng::seed_from_u64(seed);
        let mut world = World::new(None).await;
        let (_, bytes) = world.with_volumes().await;
        for turn in 0..6 {
            let what = format!("sequence {seed}, turn {turn}");
            world = one_turn(world, &mut chance, &what).await;
            world.host.clear_faults();
            world.until_mended(&what).await;
            world.assert_bytes(&bytes, &what).await;
        }
        world.assert_whole(&format!("sequence {seed}")).await;
    })
    .await;
}

/// One of the stories that a container survives, disturbed.
async fn one_turn(world: World, chance: &mut SmallRng, what: &str) -> World {
    const STORIES: [Story; 8] = [
        Story::MountAnother,
        Story::Grow,
        Story::Recreate,
        Story::Start,
        Story::Reboot,
        Story::On(OnVolume::Extend),
        Story::On(OnVolume::TakeSnapshot),
        Story::On(OnVolume::Copy),
    ];
    let story = *STORIES.choose(chance).unwrap();
    if chance.random_bool(0.6) {
        let verb = *CHANGING.choose(chance).unwrap();
        let error = Error::new(Class::Internal, "planted fault");
        if chance.random_bool(0.5) {
            world.host.lose_reply(verb, When::Nth(1), error);
        } else {
            world.host.fail(verb, When::Nth(1), error);
        }
    }
    let crashes = chance.random_bool(0.5);
    let crash = Crash::at(if crashes {
        chance.random_range(1..20)
    } else {
        u64::MAX
    });
    let world = world.restart_with(Some(crash.hand())).await;
    // Refusals are fine: what cannot be asked now is not.
    if let Ok(Some(operation)) = story.ask(&world).await
        && !crash.comes(&world, Some(&operation)).await
    {
        assert!(world.end_of(&operation).await.state.is_final(), "{what}");
    }
    if chance.random_bool(0.3) {
        world.engine.drain(BOUND).await;
        world.host.reboot();
    }
    world.crash_and_restart().await
}
