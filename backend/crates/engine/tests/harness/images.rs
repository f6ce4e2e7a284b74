//! Every operation that moves an image: each call failing, its answer lost, a crash at every write of the log. After
//! each: data is kept of the active images and of no others, nothing committed is left in the engine, no record waits
//! for what nobody does.

use std::collections::BTreeSet;

use zun_domain::container::spec::ImageSource;
use zun_domain::id::ImageId;
use zun_domain::image::{Image, ImageLife};
use zun_domain::operation::Operation;
use zun_driver::content::whole;
use zun_driver::fake::fault::{Verb, When};
use zun_driver::fake::{FakeImage, Script, root_filesystem};
use zun_driver::{Class, Error};
use zun_engine::command::image::{CreateImage, ImageEdit};
use zun_engine::{Engine, Result};

use crate::world::{BOUND, Crash, World, a_moment, call, create, each, spec};

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    Run,
    Rebuild,
    Commit,
    PushCommit,
    Pull,
    Delete,
    PullToHost,
    RemoveFromHost,
}

static CALL: std::sync::LazyLock<zun_engine::Call> = std::sync::LazyLock::new(call);

/// What the registry has.
const REFERENCE: &str = "r.test/web:1";

impl Story {
    const ALL: [Self; 8] = [
        Self::Run,
        Self::Rebuild,
        Self::Commit,
        Self::PushCommit,
        Self::Pull,
        Self::Delete,
        Self::PullToHost,
        Self::RemoveFromHost,
    ];

    async fn prepare(self, world: &World) {
        let image = FakeImage::of(REFERENCE.parse().unwrap(), Script::default());
        world.host.push_image(&image);
        world.stored("base").await;
        match self {
            Self::Commit | Self::Rebuild => {
                world.running().await;
            }
            Self::PushCommit => {
                world.has_registry().await;
                world.running().await;
            }
            Self::RemoveFromHost => {
                let operation = Self::PullToHost.ask(world).await.unwrap();
                assert_eq!(world.end_of(&operation).await.failure, None);
            }
            Self::Run | Self::Pull | Self::Delete | Self::PullToHost => {}
        }
    }

    async fn ask(self, world: &World) -> Result<Operation> {
        let engine = &world.engine;
        let reference = || REFERENCE.parse().unwrap();
        let (base, glance) = ("base".parse().unwrap(), Some(ImageSource::Glance));
        let accepted = match self {
            Self::Run => {
                let mut ask = create("other");
                ask.spec = spec();
                (ask.spec.image, ask.spec.image_driver) = (base, glance);
                engine.container_create(&CALL, ask).await
            }
            Self::Rebuild => {
                engine
                    .container_rebuild(&CALL, "web", Some(base), glance)
                    .await
            }
            Self::Commit => {
                let named = ("shop".to_owned(), "v1".to_owned());
                let commit = engine.container_commit(&CALL, "web", named.0, named.1);
                return commit.await.map(|accepted| accepted.operation);
            }
            Self::PushCommit => {
                let repository = format!("{}/shop", crate::registry::credentials().domain.as_str());
                let commit = engine.container_commit(&CALL, "web", repository, "v1".to_owned());
                return commit.await.map(|accepted| accepted.operation);
            }
            Self::Pull => {
                let edits = vec![ImageEdit::Name("pulled".to_owned())];
                let pull = engine.image_pull(&CALL, reference(), None, edits);
                return pull.await.map(|(_, operation)| operation);
            }
            Self::Delete => return engine.image_delete(&CALL, "base").await,
            Self::PullToHost => {
                let pull = engine.host_image_pull(&CALL, "localhost", reference());
                return pull.await.map(|(_, operation)| operation);
            }
            Self::RemoveFromHost => return engine.host_image_delete(&CALL, REFERENCE).await,
        }?;
        Ok(accepted.operation.unwrap())
    }
}

impl World {
    /// An image of the service with data.
    async fn stored(&self, name: &str) -> Image {
        let ask = CreateImage {
            id: None,
            edits: vec![ImageEdit::Name(name.to_owned())],
        };
        let image = self.engine.image_create(&call(), ask).await.unwrap();
        let data = whole(root_filesystem(name));
        let id = image.id.to_string();
        self.engine.image_upload(&call(), &id, data).await.unwrap()
    }

    /// The images whose data is kept are the active ones, and everything has an end.
    pub(crate) async fn assert_images(&self, what: &str) {
        for image in self.store.pulled_image_list().await.unwrap() {
            let settled = matches!(image.life, ImageLife::Active | ImageLife::Failed { .. });
            assert!(settled, "{what}: {image:?}");
        }
        let images = self.store.image_list(None).await.unwrap();
        for image in &images {
            let settled = !matches!(image.life, ImageLife::Saving | ImageLife::Deleting);
            assert!(settled, "{what}: {image:?}");
        }
        let active = images
            .iter()
            .filter(|image| image.life == ImageLife::Active);
        let active: BTreeSet<ImageId> = active.map(|image| image.id).collect();
        let clean = async {
            while self.host.image_data() != active || !self.host.committed().is_empty() {
                a_moment().await;
            }
        };
        let in_time = tokio::time::timeout(BOUND, clean).await.is_ok();
        let (kept, committed) = (self.host.image_data(), self.host.committed());
        assert!(
            in_time,
            "{what}: kept {kept:?} of {active:?}, committed {committed:?}"
        );
    }
}

const CHANGING: [Verb; 12] = [
    Verb::Pull,
    Verb::Load,
    Verb::Forget,
    Verb::RemoveImage,
    Verb::Commit,
    Verb::DropCommit,
    Verb::Save,
    Verb::Push,
    Verb::RemoveFetched,
    Verb::PutImage,
    Verb::RemoveData,
    Verb::FindData,
];

/// The calls that a story makes when nothing is in its way.
async fn calls_of(story: Story) -> Vec<Verb> {
    let world = World::new(None).await;
    story.prepare(&world).await;
    let before = CHANGING.map(|verb| world.host.calls(verb));
    let operation = story.ask(&world).await.unwrap();
    assert_eq!(world.end_of(&operation).await.failure, None, "{story:?}");
    world.assert_whole(&format!("{story:?}, undisturbed")).await;
    let made = CHANGING.iter().zip(before);
    let made = made.filter(|(verb, before)| world.host.calls(**verb) > *before);
    made.map(|(verb, _)| *verb).collect()
}

async fn with_fault(story: Story, verb: Verb, times: u64, lose_reply: bool) {
    let world = World::new(None).await;
    story.prepare(&world).await;
    for nth in 1..=times {
        let error = Error::new(Class::Internal, "planted fault");
        if lose_reply {
            world.host.lose_reply(verb, When::Nth(nth), error);
        } else {
            world.host.fail(verb, When::Nth(nth), error);
        }
    }
    let what = format!("{story:?}, {verb:?} failing {times} times, reply lost: {lose_reply}");
    let operation = story.ask(&world).await.unwrap();
    let ended = world.end_of(&operation).await;
    let planted = |message: &str| message.contains("planted fault");
    assert!(ended.failure.is_none_or(|f| planted(&f.message)), "{what}");
    world.host.clear_faults();
    world.assert_whole(&what).await;
}

/// Each call of each story fails, once and twice, with and without its effect.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_may_fail() {
    each(Story::ALL, |story| async move {
        let calls = calls_of(story).await;
        assert!(!calls.is_empty(), "{story:?} calls nothing");
        for verb in calls {
            for (times, lose_reply) in [(1, false), (1, true), (2, false)] {
                with_fault(story, verb, times, lose_reply).await;
            }
        }
    })
    .await;
}

/// A crash before and after each write of the log.
#[tokio::test(flavor = "multi_thread")]
async fn every_operation_survives_a_crash_at_every_place() {
    each(Story::ALL, |story| async move {
        let mut place = 1;
        while crash_at(story, place).await {
            place += 1;
        }
        assert!(place > 3, "{story:?} has {place} places to crash at");
    })
    .await;
}

/// Whether there was such a place.
async fn crash_at(story: Story, place: u64) -> bool {
    let world = World::new(None).await;
    story.prepare(&world).await;
    let crash = Crash::at(place);
    let world = world.restart_with(Some(crash.hand())).await;
    crash.reset();
    let operation = story.ask(&world).await.unwrap();
    let reached = crash.comes(&world, Some(&operation)).await;
    let world = world.crash_and_restart().await;
    let what = format!("{story:?}, crashed at place {place}");
    assert_eq!(world.end_of(&operation).await.failure, None, "{what}");
    world.assert_whole(&what).await;
    reached
}

/// What an upload leaves when its call fails, with and without its effect, or when the process ends meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_leaves_all_or_nothing() {
    for lose_reply in [false, true] {
        let world = World::new(None).await;
        let image = world.stored("first").await;
        let error = Error::new(Class::Internal, "planted fault");
        if lose_reply {
            world.host.lose_reply(Verb::PutImage, When::Nth(1), error);
        } else {
            world.host.fail(Verb::PutImage, When::Nth(1), error);
        }
        let second = world.queued().await;
        let data = whole(root_filesystem("second"));
        let id = second.id.to_string();
        let failed = world.engine.image_upload(&call(), &id, data).await;
        assert!(failed.is_err());
        world
            .assert_whole(&format!("upload, reply lost: {lose_reply}"))
            .await;
        let data = whole(root_filesystem("second"));
        world.engine.image_upload(&call(), &id, data).await.unwrap();
        let kept = world.host.image_data();
        assert_eq!(kept, BTreeSet::from([image.id, second.id]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_ends_with_its_process() {
    let world = World::new(None).await;
    let image = world.queued().await;
    let gate = world.host.hold(Verb::PutImage, When::Nth(1));
    let engine = Engine::clone(&world.engine);
    let id = image.id.to_string();
    let upload = tokio::spawn(async move {
        let data = whole(root_filesystem("lost"));
        engine.image_upload(&call(), &id, data).await
    });
    gate.reached().await;
    let world = world.crash_and_restart().await;
    assert!(upload.await.unwrap().is_err());
    gate.release();
    world.assert_whole("upload, process ended").await;
    let found = world.store.image_get(image.id).await.unwrap();
    assert_eq!(found.life, ImageLife::Queued);
}

impl World {
    async fn queued(&self) -> Image {
        let ask = CreateImage::default();
        self.engine.image_create(&call(), ask).await.unwrap()
    }
}
