//! Images from a registry that wants to know who asks: fetched once, told to nobody, taken away when nobody uses them.

use std::collections::BTreeMap;
use std::time::Duration;

use zun_domain::container::{Container, ContainerSpec};
use zun_domain::id::HostId;
use zun_domain::image::ImageUse;
use zun_domain::name::ImageRef;
use zun_domain::operation::{Operation, OperationState};
use zun_domain::registry::{Credentials, Password};
use zun_driver::fake::fault::{Verb, When};
use zun_driver::fake::{FakeImage, Script};
use zun_driver::{Class, Error};
use zun_engine::command::DeleteContainer;
use zun_engine::command::registry::CreateRegistry;

use crate::world::{BOUND, World, a_moment, call, create, spec};

const USERNAME: &str = "puller-of-images";
const PASSWORD: &str = "correct-horse-battery";
const IMAGE: &str = "team/app:1";

pub(crate) fn credentials() -> Credentials {
    Credentials {
        domain: "r.example:5000".parse().unwrap(),
        username: USERNAME.to_owned(),
        password: Password::try_from(PASSWORD.to_owned()).unwrap(),
    }
}

fn in_registry() -> ImageRef {
    format!("r.example:5000/{IMAGE}").parse().unwrap()
}

/// The small specification with an image of the registry.
pub(crate) fn from_registry() -> ContainerSpec {
    ContainerSpec {
        image: IMAGE.parse().unwrap(),
        registry: Some("ours".to_owned()),
        ..spec()
    }
}

impl World {
    /// A registry that wants to know who asks, and the project's record of it.
    pub(crate) async fn has_registry(&self) {
        self.host.lock_registry(&credentials());
        self.host
            .push_image(&FakeImage::of(in_registry(), Script::default()));
        let known = credentials();
        let ask = CreateRegistry {
            name: Some("ours".to_owned()),
            domain: known.domain,
            username: Some(known.username),
            password: Some(known.password),
        };
        self.engine.registry_create(&call(), ask).await.unwrap();
    }

    async fn local(&self) -> HostId {
        self.engine.hosts().await.unwrap()[0].host.place.id
    }

    async fn use_of(&self, image: &ImageRef, digest: &str) -> ImageUse {
        let images = self.host.drivers().images;
        images.usage(image, digest).await.unwrap()
    }

    /// What was fetched is noted, what is noted is there, and each wish in force refers to its registry.
    pub(crate) async fn assert_fetched(&self, rows: &[Container], what: &str) {
        let noted = self.store.fetched_image_list(self.local().await).await;
        let noted = noted.unwrap();
        for image in &noted {
            let reference = image.reference.parse().unwrap();
            let used = self.use_of(&reference, &image.digest).await;
            assert_ne!(used, ImageUse::Absent, "{what}: noted and not there");
        }
        let image = FakeImage::of(in_registry(), Script::default());
        let there = self.use_of(&in_registry(), &image.digest.unwrap()).await;
        let known = noted
            .iter()
            .any(|one| one.reference == in_registry().as_str());
        assert_eq!(
            there != ImageUse::Absent,
            known,
            "{what}: fetched and not noted"
        );
        let mut wished: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in rows {
            if let Some(registry) = row.desired.registry {
                wished.entry(registry).or_default().push(row.id);
            }
        }
        for registry in self.store.registry_list(None).await.unwrap() {
            let users = self.store.containers_of_registry(registry.id).await;
            let expected = wished.remove(&registry.id).unwrap_or_default();
            assert_eq!(
                users.unwrap(),
                expected,
                "{what}: who refers to the registry"
            );
        }
        assert!(wished.is_empty(), "{what}: registries that are gone");
    }

    /// Neither the plan nor the log of an operation knows the password.
    async fn assert_secret(&self, operation: &Operation) {
        let work = self.store.operation_work(operation.id).await.unwrap();
        let steps = self.store.step_entries(operation.id).await.unwrap();
        let all = format!(
            "{} {:?} {steps:?} {:?}",
            work.plan, work.target, work.operation
        );
        assert!(all.contains("r.example:5000/team/app"), "{all}");
        assert!(!all.contains(PASSWORD) && !all.contains(USERNAME), "{all}");
    }

    async fn made_from_registry(&self, name: &str) -> Operation {
        let mut ask = create(name);
        ask.spec = from_registry();
        let accepted = self.engine.container_create(&call(), ask).await.unwrap();
        accepted.operation.unwrap()
    }

    async fn progress_of(&self, operation: &Operation) -> String {
        let now = self.engine.operation_get(&call(), operation.id).await;
        now.unwrap().progress
    }

    async fn deleted(&self, name: &str) {
        let stopped = DeleteContainer {
            force: false,
            stop: true,
        };
        let deleted = self.engine.container_delete(&call(), name, stopped).await;
        let ended = self.end_of(&deleted.unwrap().operation.unwrap()).await;
        assert_eq!(ended.failure, None);
    }
}

async fn until(so: impl AsyncFn() -> bool) {
    let looking = async {
        while !so().await {
            a_moment().await;
        }
    };
    let in_time = tokio::time::timeout(BOUND, looking).await;
    in_time.expect("it never came to be so");
}

/// Twenty containers of one image: one download, and each operation tells how far it is.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_creates_share_one_download() {
    let world = World::new(None).await;
    world.has_registry().await;
    let gate = world.host.hold(Verb::Pull, When::Nth(1));
    let mut operations = Vec::new();
    for number in 0..20 {
        operations.push(world.made_from_registry(&format!("web-{number}")).await);
    }
    gate.reached().await;
    for operation in &operations {
        until(async || {
            let progress = world.progress_of(operation).await;
            progress == "pulling r.example:5000/team/app:1 (0 of 2 layers, 0 of 0 MiB)"
        })
        .await;
    }
    gate.release();
    for operation in &operations {
        assert_eq!(world.end_of(operation).await.failure, None);
        world.assert_secret(operation).await;
    }
    assert_eq!(world.host.calls(Verb::Pull), 1);
    world.assert_whole("after twenty creates").await;
}

/// The download goes on for the others when the one who began it gives up, and ends with the last one.
#[tokio::test(flavor = "multi_thread")]
async fn a_download_outlives_who_began_it() {
    let world = World::new(None).await;
    world.has_registry().await;
    let gate = world.host.hold(Verb::Pull, When::Nth(1));
    let first = world.made_from_registry("web-1").await;
    gate.reached().await;
    let second = world.made_from_registry("web-2").await;
    until(async || world.progress_of(&second).await.contains("0 of 2 layers")).await;
    world.deleted("web-1").await;
    assert_eq!(world.end_of(&first).await.state, OperationState::Cancelled);
    gate.release();
    assert_eq!(world.end_of(&second).await.failure, None);
    assert_eq!(world.host.calls(Verb::Pull), 1);
    world.assert_whole("after the first gave up").await;
}

/// A download that fails fails all who wait for it, says why to each, and leaves nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_download_fails_for_all() {
    let world = World::new(None).await;
    world.has_registry().await;
    let gate = world.host.hold(Verb::Pull, When::Nth(1));
    let operations = [
        world.made_from_registry("web-1").await,
        world.made_from_registry("web-2").await,
    ];
    gate.reached().await;
    until(async || world.progress_of(&operations[1]).await.contains("0 of 2")).await;
    let error = Error::new(Class::Refused, "planted fault");
    world.host.refuse_image(&in_registry(), &error.message);
    gate.release();
    for operation in &operations {
        let failure = world.end_of(operation).await.failure.unwrap();
        assert!(failure.message.contains("planted fault"), "{failure:?}");
        world.assert_secret(operation).await;
    }
    world.assert_whole("after the failure").await;
}

/// Taken away when no container has used it for as long as the configuration says, and not before; what was there
/// before us stays.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_uses_is_taken_away() {
    let world = World::collecting(Duration::from_millis(300)).await;
    world.has_registry().await;
    let theirs = FakeImage::of("theirs:1".parse().unwrap(), Script::default());
    world.host.add_image(&theirs);
    let made = world.made_from_registry("web").await;
    assert_eq!(world.end_of(&made).await.failure, None);
    let web = world.engine.container_get(&call(), "web").await.unwrap();
    let digest = web.desired.image_digest;
    let sweeps = async |count| {
        let before = world.host.calls(Verb::ImageUse);
        until(async || world.host.calls(Verb::ImageUse) >= before + count).await;
    };
    sweeps(3).await;
    assert_eq!(world.use_of(&in_registry(), &digest).await, ImageUse::InUse);
    assert_eq!(world.host.calls(Verb::RemoveFetched), 0);
    world.deleted("web").await;
    until(async || world.use_of(&in_registry(), &digest).await == ImageUse::Absent).await;
    let host = world.local().await;
    until(async || {
        world
            .store
            .fetched_image_list(host)
            .await
            .unwrap()
            .is_empty()
    })
    .await;
    let kept = world
        .use_of(&theirs.reference, &theirs.digest.unwrap())
        .await;
    assert_eq!(kept, ImageUse::Unused);
    let again = world.made_from_registry("web").await;
    assert_eq!(
        world.end_of(&again).await.failure,
        None,
        "it is fetched again"
    );
    assert_eq!(world.host.calls(Verb::Pull), 2);
}

/// Nothing is taken away where the configuration does not say so.
#[tokio::test(flavor = "multi_thread")]
async fn images_stay_where_nothing_is_said() {
    let world = World::new(None).await;
    world.has_registry().await;
    let made = world.made_from_registry("web").await;
    assert_eq!(world.end_of(&made).await.failure, None);
    world.deleted("web").await;
    let looks = world.host.calls(Verb::List);
    until(async || world.host.calls(Verb::List) >= looks + 2).await;
    assert_eq!(world.host.calls(Verb::RemoveFetched), 0);
    world.assert_whole("after the delete").await;
}
