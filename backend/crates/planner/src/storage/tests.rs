//! What volumes and files need, in which order, and what takes it back.

use uuid::Uuid;
use zun_domain::container::{Container, Observed, Phase, RestartPolicyName, WaitFor, Wish};
use zun_domain::id::{SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{FileContent, InjectedFile, MakeVolume, VolumeSource};

use super::{
    Storage, plan_return, plan_snapshot_create, plan_snapshot_delete, plan_volume_create,
    plan_volume_delete, plan_volume_extend, starts_on_return,
};
use crate::create::plan_create;
use crate::delete::{Belongings, Ending, plan_delete};
use crate::fixture::model::Model;
use crate::fixture::{change, check, environment, id, in_phase, make, policy, spec, spec_with};
use crate::update::{Change, plan_update};

fn volume(number: u128) -> VolumeId {
    VolumeId(Uuid::from_u128(number))
}

fn blank(number: u128) -> MakeVolume {
    MakeVolume {
        id: volume(number),
        size: DiskGib(1),
        source: VolumeSource::Blank,
    }
}

fn files() -> Vec<InjectedFile> {
    let content = FileContent(b"listen 80".to_vec());
    vec![InjectedFile { index: 0, content }]
}

/// Makes volume 1, takes volume 2, writes a file.
fn storage() -> Storage {
    Storage {
        make: vec![blank(1)],
        fresh: vec![volume(1), volume(2)],
        files: files(),
        ..Storage::default()
    }
}

#[test]
fn a_create_mounts_before_it_makes_and_starts() {
    let mut first = make(spec(), Wish::Running, WaitFor::Running, 1);
    first.storage = storage();
    let expected = [
        "network default",
        "guard",
        "make v1",
        "connect v1 <- disconnect v1",
        "format v1",
        "mount v1 <- unmount v1",
        "connect v2 <- disconnect v2",
        "format v2",
        "mount v2 <- unmount v2",
        "write files r1 <- remove files",
        "create r1 <- remove current",
        "start current",
        "await current running (keep)",
    ];
    check("create", &plan_create(&first), &expected);
}

/// Whatever step of a create fails, with or without its effect: every volume is there still, none is mounted,
/// and no file is left.
#[test]
fn a_create_that_is_taken_back_keeps_every_volume() {
    let mut first = make(spec(), Wish::Running, WaitFor::Running, 1);
    first.storage = storage();
    let plan = plan_create(&first);
    for failing in 0..plan.steps.len() {
        for lost in [false, true] {
            let mut model = Model::default();
            model
                .shelf
                .volumes
                .insert(volume(2), crate::fixture::shelf::Shelved::default());
            let undone = model.run_failing(&plan, failing, lost).unwrap();
            if !undone {
                continue;
            }
            assert!(model.containers.is_empty(), "{failing}: {model:?}");
            assert!(model.shelf.volumes.contains_key(&volume(2)), "{failing}");
            let idle = model
                .shelf
                .volumes
                .values()
                .all(|v| !v.mounted && !v.connected);
            assert!(
                idle && model.shelf.files.is_empty(),
                "{failing}, {lost}: {model:?}"
            );
        }
    }
}

fn recreated(storage: Storage) -> (Container, Change) {
    let current = in_phase(Phase::Running, Wish::Running);
    let edited = spec_with(|spec| spec.environment = Some(environment("blue")));
    let mut change = change(&current, edited, Wish::Running, WaitFor::Running, false);
    change.make.storage = storage;
    (current, change)
}

#[test]
fn a_recreate_takes_what_is_new_first_and_gives_back_what_is_not_needed_last() {
    let (current, change) = recreated(Storage {
        held: vec![volume(1)],
        fresh: vec![volume(2)],
        released: vec![volume(3)],
        files: files(),
        former_files: Some(1),
        ..Storage::default()
    });
    let expected = [
        "network default",
        "guard",
        "connect v1",
        "format v1",
        "mount v1",
        "connect v2 <- disconnect v2",
        "format v2",
        "mount v2 <- unmount v2",
        "write files r2 <- remove files but r1",
        "name r1 aside-1 <- name r1 current",
        "create r2 <- remove current",
        "stop aside-1 <- start aside-1",
        "start current <- remove current",
        "await current running <- remove current",
        "remove aside-1 (go on)",
        "unmount v3 (go on)",
        "disconnect v3 (go on)",
        "remove files but r2 (go on)",
    ];
    check("recreate", &plan_update(&current, &change), &expected);
}

#[test]
fn a_volume_grows_while_its_container_runs() {
    let current = in_phase(Phase::Running, Wish::Running);
    let mut change = change(&current, spec(), Wish::Running, WaitFor::Running, false);
    change.make.storage.grow = vec![(volume(1), DiskGib(2))];
    change.make.storage.held = vec![volume(1)];
    check("grow", &plan_update(&current, &change), &["extend v1 to 2"]);
}

#[test]
fn what_stood_still_is_mounted_before_it_is_started() {
    let current = in_phase(Phase::Exited, Wish::Stopped);
    let mut change = change(&current, spec(), Wish::Running, WaitFor::None, false);
    change.make.storage.held = vec![volume(1)];
    let expected = ["connect v1", "mount v1", "start current <- stop current"];
    check("start", &plan_update(&current, &change), &expected);
    let started = crate::lifecycle::plan_start(id(), &[volume(1)]);
    let expected = [
        "connect v1 (keep)",
        "mount v1 (keep)",
        "start current (keep)",
    ];
    check("start", &started, &expected);
}

#[test]
fn a_delete_gives_volumes_back_and_takes_its_own_along() {
    let belongings = Belongings {
        aside: None,
        released: vec![volume(1), volume(2)],
        owned: vec![volume(1)],
        files: true,
    };
    let expected = [
        "remove current",
        "unmount v1",
        "disconnect v1",
        "unmount v2",
        "disconnect v2",
        "remove files",
        "delete v1",
    ];
    check(
        "delete",
        &plan_delete(id(), &belongings, Ending::Killed),
        &expected,
    );
}

#[test]
fn volumes_and_snapshots_alone() {
    let snapshot = SnapshotId(Uuid::from_u128(9));
    check("create", &plan_volume_create(&blank(1)), &["make v1"]);
    check(
        "extend",
        &plan_volume_extend(volume(1), DiskGib(3)),
        &["extend v1 to 3"],
    );
    let expected = ["unmount v1", "disconnect v1", "delete v1"];
    check("delete", &plan_volume_delete(volume(1)), &expected);
    let taken = plan_snapshot_create(volume(1), snapshot);
    check(
        "snapshot",
        &taken,
        &["snapshot v1 as 9 <- delete snapshot 9"],
    );
    check(
        "its delete",
        &plan_snapshot_delete(snapshot),
        &["delete snapshot 9"],
    );
    let expected = ["connect v1 (keep)", "mount v1 (keep)"];
    check("return", &plan_return(id(), &[volume(1)], false), &expected);
}

#[test]
fn only_what_the_engine_was_to_start_itself_is_started_on_return() {
    let sources = ["/var/lib/zun/volumes/v1/mnt/data".to_owned()];
    let with = |name: Option<RestartPolicyName>, wish, phase| {
        let mut container = in_phase(phase, wish);
        container.desired.spec.restart_policy = name.map(policy);
        container
    };
    let always = Some(RestartPolicyName::Always);
    let running = with(always, Wish::Running, Phase::Running);
    let stood = with(always, Wish::Running, Phase::Exited);
    let seen = |phase, error: Option<&str>| Observed {
        phase,
        error: error.map(str::to_owned),
        ..running.observed.clone().unwrap()
    };
    let lacking = "bind source path does not exist: /var/lib/zun/volumes/v1/mnt/data";
    let exited = seen(Phase::Exited, None);
    let cases = [
        ("it ran before", running.clone(), exited.clone(), true),
        (
            "its mount was lacking",
            stood.clone(),
            seen(Phase::Exited, Some(lacking)),
            true,
        ),
        ("it had been stopped", stood, exited.clone(), false),
        (
            "it runs",
            running.clone(),
            seen(Phase::Running, None),
            false,
        ),
        (
            "no restarts",
            with(None, Wish::Running, Phase::Running),
            exited.clone(),
            false,
        ),
        (
            "not wished",
            with(always, Wish::Stopped, Phase::Running),
            exited,
            false,
        ),
    ];
    for (what, container, seen, expected) in cases {
        assert_eq!(
            starts_on_return(&container, &seen, &sources),
            expected,
            "{what}"
        );
    }
}
