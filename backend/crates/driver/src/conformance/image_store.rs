//! The data of the image service: kept, told apart, loaded into the engine and saved from it.

mod sample;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use zun_domain::container::PullPolicy;
use zun_domain::id::ImageId;
use zun_domain::image::{ArchiveKind, CommitContainer, SaveSource};
use zun_domain::name::ImageRef;
use zun_domain::runtime::RuntimeName;

use super::workbench::{Workbench, failed};
use super::{Lab, Program};
use crate::Class;
use crate::content::{Content, whole};

/// Bytes that no sample comes near.
const MOST: u64 = 1 << 24;

fn id(lab: &impl Lab) -> ImageId {
    ImageId(lab.container().0)
}

async fn gathered(content: Content) -> Vec<u8> {
    let pieces: Vec<Bytes> = content.try_collect().await.expect("read to its end");
    pieces.concat()
}

/// Every kind, plain and compressed: the id is known before, comes back as it was, and is what the engine says.
pub async fn archives_of_every_kind_are_loaded(lab: &impl Lab) {
    let drivers = lab.drivers();
    let salt = lab.container().to_string();
    let (docker, docker_id) = sample::docker(&salt, "zun-conformance/archive:1");
    let (oci, oci_id) = sample::oci(&format!("{salt} oci"));
    let root = sample::root(&format!("{salt} root"));
    for (kind, data, expected) in [
        (
            ArchiveKind::Docker,
            sample::gzip(&docker),
            Some(docker_id.clone()),
        ),
        (ArchiveKind::Docker, docker, Some(docker_id)),
        (ArchiveKind::Oci, sample::gzip(&oci), Some(oci_id.clone())),
        (ArchiveKind::Oci, oci, Some(oci_id)),
        (ArchiveKind::Rootfs, sample::gzip(&root), None),
        (ArchiveKind::Rootfs, root, None),
    ] {
        let image = id(lab);
        let facts = drivers
            .image_store
            .put(image, whole(data.clone()), MOST)
            .await;
        let facts = facts.expect("an image");
        assert_eq!((facts.kind, facts.size), (kind, data.len() as u64));
        assert_eq!((facts.md5.len(), facts.sha512.len()), (32, 128));
        if let Some(expected) = expected {
            assert_eq!(facts.docker_id, expected);
        }
        let found = drivers.image_store.find(image).await;
        assert_eq!(found, Ok(Some(facts.clone())));
        let back = drivers.image_store.read(image).await.expect("data");
        assert!(gathered(back).await == data, "{kind:?} came back changed");
        for _ in 0..2 {
            let archive = drivers.image_store.loadable(image).await.expect("data");
            drivers
                .images
                .load(&facts.docker_id, archive)
                .await
                .expect("loaded");
        }
        let there = drivers.images.find(&facts.docker_id).await.expect("answer");
        assert_eq!(there.expect("an image").id, facts.docker_id);
        for _ in 0..2 {
            drivers
                .images
                .forget(&facts.docker_id)
                .await
                .expect("forgotten");
        }
        let gone = drivers.images.find(&facts.docker_id).await;
        assert_eq!(gone, Ok(None));
        drivers.image_store.remove(image).await.expect("removed");
    }
}

/// What is wrong is named, and nothing is kept.
pub async fn what_is_no_image_leaves_nothing(lab: &impl Lab) {
    let store = lab.drivers().image_store;
    for (data, words) in sample::refused() {
        let image = id(lab);
        let answer = store.put(image, whole(data), MOST).await;
        failed(answer, Class::Refused, words);
        assert_eq!(store.find(image).await, Ok(None));
    }
    let image = id(lab);
    let root = sample::root("large");
    let answer = store.put(image, whole(root.clone()), 100).await;
    failed(answer, Class::Exhausted, "larger than the 100 bytes");
    let packed = sample::gzip(&root);
    let bound = packed.len() as u64;
    let answer = store.put(image, whole(packed), bound).await;
    failed(
        answer,
        Class::Exhausted,
        "larger unpacked than an image may be",
    );
    assert_eq!(store.find(image).await, Ok(None));
}

/// The sender ends early, or is gone: there is nothing, and the next upload works.
pub async fn an_interrupted_upload_leaves_nothing(lab: &impl Lab) {
    let store = lab.drivers().image_store;
    let image = id(lab);
    let root = sample::root(&image.to_string());
    let begun = stream::once(async { Ok(Bytes::from_static(b"half")) });
    let cut = stream::once(async { Err(std::io::Error::other("the line is cut")) });
    let broken = begun.chain(cut).boxed();
    let answer = store.put(image, broken, MOST).await;
    failed(answer, Class::Unavailable, "the line is cut");
    let begun = stream::once(async { Ok(Bytes::from_static(b"half")) });
    let silent = begun.chain(stream::pending()).boxed();
    let bound = std::time::Duration::from_millis(20);
    let left = tokio::time::timeout(bound, store.put(image, silent, MOST)).await;
    assert!(left.is_err());
    assert_eq!(store.find(image).await, Ok(None));
    let facts = store.put(image, whole(root), MOST).await.expect("an image");
    assert_eq!(store.find(image).await, Ok(Some(facts)));
    store.remove(image).await.expect("removed");
}

/// A second put reads nothing; what was removed is gone from the list too.
pub async fn data_is_removed_for_good(lab: &impl Lab) {
    let store = lab.drivers().image_store;
    let image = id(lab);
    let root = sample::root(&image.to_string());
    let facts = store.put(image, whole(root), MOST).await.expect("an image");
    let again = store
        .put(image, whole(Bytes::from_static(b"other")), MOST)
        .await;
    assert_eq!(again, Ok(facts));
    assert!(store.list().await.expect("a list").contains(&image));
    for _ in 0..2 {
        store.remove(image).await.expect("removed");
    }
    assert!(!store.list().await.expect("a list").contains(&image));
    let words = image.to_string();
    failed(store.read(image).await.map(drop), Class::NotFound, &words);
    failed(
        store.loadable(image).await.map(drop),
        Class::NotFound,
        &words,
    );
}

async fn committed(drivers: &crate::HostDrivers, image: ImageId) -> bool {
    let commits = drivers.images.commits().await.expect("a list");
    commits.iter().any(|(id, _)| *id == image)
}

/// A running container is committed, saved, dropped, and its image loads again.
pub async fn a_container_becomes_an_image(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let drivers = lab.drivers();
    let name = bench.started(&Program::Runs).await;
    bench.must_run(name).await;
    let image = id(lab);
    let commit = CommitContainer { name, image };
    for _ in 0..2 {
        drivers.images.commit(&commit).await.expect("committed");
    }
    assert!(committed(&drivers, image).await);
    bench.must_run(name).await;
    let archive = drivers.images.save(image, &SaveSource::Commit).await;
    let archive = archive.expect("an archive");
    let facts = drivers.image_store.put(image, archive, MOST * 16).await;
    let facts = facts.expect("an image");
    assert_eq!(facts.kind, ArchiveKind::Docker);
    for _ in 0..2 {
        drivers.images.drop_commit(image).await.expect("dropped");
    }
    assert!(!committed(&drivers, image).await);
    let gone = drivers.images.save(image, &SaveSource::Commit).await;
    failed(gone.map(drop), Class::NotFound, &image.to_string());
    let archive = drivers.image_store.loadable(image).await.expect("data");
    let loaded = drivers.images.load(&facts.docker_id, archive).await;
    loaded.expect("loaded");
    drivers
        .images
        .forget(&facts.docker_id)
        .await
        .expect("forgotten");
    drivers.image_store.remove(image).await.expect("removed");
    let nobody = CommitContainer {
        name: RuntimeName::Current(lab.container()),
        image: id(lab),
    };
    let answer = drivers.images.commit(&nobody).await;
    failed(answer, Class::NotFound, &nobody.name.to_string());
}

/// An image that the host has is saved under an image of the service.
pub async fn an_image_of_the_host_is_saved(lab: &impl Lab) {
    let drivers = lab.drivers();
    let reference = lab.equip(lab.container(), &Program::Runs).image;
    let resolved = drivers
        .images
        .resolve(&reference, PullPolicy::Never, None)
        .await
        .expect("resolved");
    let image = id(lab);
    let archive = drivers
        .images
        .save(image, &SaveSource::Host(resolved))
        .await;
    let archive = archive.expect("an archive");
    let facts = drivers.image_store.put(image, archive, MOST * 16).await;
    assert_eq!(facts.expect("an image").kind, ArchiveKind::Docker);
    drivers.image_store.remove(image).await.expect("removed");
}

/// Neither forgotten nor removed while a container is made of it; forgotten leaves what has a name.
pub async fn an_image_in_use_is_kept(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let images = lab.drivers().images;
    bench.started(&Program::Runs).await;
    let reference = lab.equip(lab.container(), &Program::Runs).image;
    let pinned = images.find(&reference.with_tag()).await.expect("answer");
    let found = pinned.expect("an image");
    images.forget(&found.id).await.expect("left alone");
    assert_eq!(images.find(&found.id).await, Ok(Some(found)));
    let answer = images.remove(&reference).await;
    failed(answer, Class::Conflict, reference.as_str());
    let nothing: ImageRef = "zun-conformance/nothing:1".parse().expect("a reference");
    images.remove(&nothing).await.expect("it is gone");
}

/// A tag in an archive of a user's is not made on the host.
pub async fn nobodys_tag_is_moved(lab: &impl Lab) {
    let drivers = lab.drivers();
    let salt = lab.container().to_string();
    let tag: ImageRef = format!("zun-conformance/{salt}:stolen")
        .parse()
        .expect("a reference");
    let (data, docker_id) = sample::docker(&salt, tag.as_str());
    let image = id(lab);
    drivers
        .image_store
        .put(image, whole(data), MOST)
        .await
        .expect("an image");
    let archive = drivers.image_store.loadable(image).await.expect("data");
    drivers
        .images
        .load(&docker_id, archive)
        .await
        .expect("loaded");
    let answer = drivers.images.resolve(&tag, PullPolicy::Never, None).await;
    failed(answer, Class::NotFound, tag.as_str());
    drivers.images.forget(&docker_id).await.expect("forgotten");
    drivers.image_store.remove(image).await.expect("removed");
}
