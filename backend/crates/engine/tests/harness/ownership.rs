//! Whose a volume is: what is refused, what goes with a container, and what several share.

use zun_domain::container::Wish;
use zun_domain::unit::DiskGib;
use zun_engine::Error;
use zun_engine::command::DeleteContainer;

use crate::storage::{grown, mounting, named, usual, without};
use crate::world::{World, call, create, update};

/// Sizes only grow, and only for those who may have them.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_by_field() {
    let world = World::new(None).await;
    world.with_volumes().await;
    let refused = |spec| async {
        let edit = world
            .engine
            .container_update(&call(), "web", update(spec, None))
            .await;
        edit.unwrap_err().to_string()
    };
    let edit = world
        .engine
        .container_update(&call(), "web", update(grown(), None))
        .await;
    world.end_of(&edit.unwrap().operation.unwrap()).await;
    let text = refused(usual()).await;
    assert!(
        text.contains("mounts") && text.contains("cannot shrink"),
        "{text}"
    );
    let text = refused(mounting([named("nowhere")])).await;
    assert!(text.contains("there is no volume nowhere"), "{text}");
    let mut taken = create("second");
    taken.spec = mounting([named("data")]);
    let text = world
        .engine
        .container_create(&call(), taken)
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("is attached to container"), "{text}");
    let text = world
        .engine
        .volume_delete(&call(), "data")
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("attached to container web"), "{text}");
    let text = world
        .engine
        .volume_extend(&call(), "data", DiskGib(1))
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("cannot shrink"), "{text}");
    let mut huge = crate::storage::blank("huge");
    huge.size = Some(DiskGib(1_000_000));
    let text = world
        .engine
        .volume_create(&call(), huge)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("GiB for volumes on host") && text.contains("volume_overcommit"),
        "{text}"
    );
    assert_eq!(world.volume("data").await.status().as_str(), "in-use");
    world.assert_whole("after the refusals").await;
}

/// The volume by size goes with its container, but stays when its entry is taken out first.
#[tokio::test(flavor = "multi_thread")]
async fn a_volume_by_size_goes_with_its_container_only() {
    for taken_out in [false, true] {
        let world = World::new(None).await;
        let (web, _) = world.with_volumes().await;
        let cache = web
            .desired
            .mounts
            .iter()
            .find(|m| m.destination.as_str() == "/cache");
        let cache = cache.unwrap().volume().unwrap();
        if taken_out {
            let edited = world
                .engine
                .container_update(&call(), "web", update(without(), None))
                .await;
            let operation = edited.unwrap().operation.unwrap();
            assert_eq!(world.end_of(&operation).await.failure, None);
        }
        let ask = DeleteContainer {
            force: false,
            stop: true,
        };
        let deleted = world.engine.container_delete(&call(), "web", ask).await;
        let operation = deleted.unwrap().operation.unwrap();
        assert_eq!(world.end_of(&operation).await.failure, None);
        let left = world.store.volume_find(cache).await.unwrap();
        assert_eq!(left.is_some(), taken_out, "{left:?}");
        assert_eq!(world.host.volume_files(cache).is_some(), taken_out);
        assert_eq!(world.volume("data").await.status().as_str(), "available");
        world.assert_whole("after the delete").await;
        let wished = web.desired.wish;
        assert_eq!(wished, Wish::Running);
    }
}

/// A new volume is formatted once, whoever comes to it first; and whoever has it is edited without asking the others.
#[tokio::test(flavor = "multi_thread")]
async fn several_containers_share_a_volume() {
    let world = World::new(None).await;
    let shared = zun_engine::command::volume::CreateVolume {
        volume_type: zun_domain::volume::VolumeType::Multiattach,
        ..crate::storage::blank("shared")
    };
    let (_, operation) = world.engine.volume_create(&call(), shared).await.unwrap();
    assert_eq!(world.end_of(&operation).await.failure, None);
    let names = ["web-1", "web-2", "web-3", "web-4"];
    let mut operations = Vec::new();
    for name in names {
        let mut ask = create(name);
        ask.spec = mounting([named("shared")]);
        let accepted = world.engine.container_create(&call(), ask).await.unwrap();
        operations.push(accepted.operation.unwrap());
    }
    for operation in operations.drain(..) {
        assert_eq!(world.end_of(&operation).await.failure, None);
    }
    for name in names {
        let mut spec = mounting([named("shared")]);
        spec.workdir = Some("/shared".to_owned());
        let edited = world
            .engine
            .container_update(&call(), name, update(spec, None))
            .await;
        operations.push(edited.unwrap().operation.unwrap());
    }
    for operation in operations {
        assert_eq!(world.end_of(&operation).await.failure, None);
    }
    assert_eq!(world.volume("shared").await.attachments.len(), names.len());
    world.assert_whole("after the edits of all who share").await;
}

/// Where the kernel lets no mounted filesystem grow, that is said before anything is begun; at rest it grows.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_grow_where_it_is_is_refused() {
    let world = World::new(None).await;
    world.with_volumes().await;
    world.host.grow_at_rest_only();
    let size = DiskGib(3);
    let refused = world.engine.volume_extend(&call(), "data", size).await;
    let sentence = refused.unwrap_err().to_string();
    assert!(sentence.contains("CAP_SYS_RESOURCE"), "{sentence}");
    let larger = update(grown(), None);
    let refused = world.engine.container_update(&call(), "web", larger).await;
    let refused = refused.unwrap_err();
    let field = matches!(&refused, Error::Invalid { field, .. } if field == "mounts");
    assert!(field, "{refused:?}");
    let operation = world.engine.volume_extend(&call(), "spare", size).await;
    let ended = world.end_of(&operation.unwrap()).await;
    assert_eq!(ended.failure, None);
    assert_eq!(world.volume("spare").await.size, size);
    world.assert_whole("after the refusals").await;
}
