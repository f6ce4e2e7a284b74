//! Plans for a capsule as lists of their steps.

mod properties;

use uuid::Uuid;
use zun_domain::capsule::Role;
use zun_domain::container::{Phase, Wish};
use zun_domain::id::VolumeId;
use zun_domain::unit::{DiskGib, MemoryMib};
use zun_domain::volume::{FileContent, InjectedFile, MakeVolume, VolumeSource};

use super::*;
use crate::fixture::capsule::{id, kept, make_capsule, make_part, record, seen_part, wish_of};
use crate::fixture::{check, environment, spec, spec_with};
use crate::step::OnFailure;
use crate::storage::Storage;

fn volume(n: u128) -> VolumeId {
    VolumeId(Uuid::from_u128(n))
}

/// A capsule that runs as wished: one init container that has ended, two members.
fn running() -> CapsuleChange {
    let part = |role, n, phase| {
        let second = i64::from(n) + i64::from(role != Role::Sandbox);
        let seen = seen_part(role, &spec(), phase, second);
        let current = record(role, n, spec(), Some(seen));
        kept(role, n, current, (spec(), wish_of(role)), false)
    };
    CapsuleChange {
        sandbox: part(Role::Sandbox, 0, Phase::Running),
        inits: vec![Part::Kept(Box::new(part(Role::Init, 0, Phase::Exited)))],
        members: (0..2)
            .map(|n| Part::Kept(Box::new(part(Role::Member, n, Phase::Running))))
            .collect(),
        removed: Vec::new(),
    }
}

fn of(part: &mut Part) -> &mut Kept {
    match part {
        Part::Kept(kept) => kept,
        Part::Added(_) => panic!("it was there before"),
    }
}

/// The same container, in another phase.
fn in_phase(part: &mut Part, phase: Phase) {
    of(part).current.observed.as_mut().unwrap().phase = phase;
}

/// An edit that needs a new container.
fn painted(role: Role, n: u16, part: &mut Part) {
    let current = of(part).current.clone();
    let edited = spec_with(|spec| spec.environment = Some(environment("blue")));
    *of(part) = kept(role, n, current, (edited, wish_of(role)), true);
}

/// An edit of what all of them share.
fn renamed(change: &mut CapsuleChange) {
    let current = change.sandbox.current.clone();
    let edited = spec_with(|spec| spec.hostname = Some("shop".parse().unwrap()));
    change.sandbox = kept(Role::Sandbox, 0, current, (edited, Wish::Running), true);
    for (role, list) in [
        (Role::Init, &mut change.inits),
        (Role::Member, &mut change.members),
    ] {
        for (n, part) in list.iter_mut().enumerate() {
            let n = u16::try_from(n).unwrap();
            let current = of(part).current.clone();
            *of(part) = kept(role, n, current, (spec(), wish_of(role)), true);
        }
    }
}

#[test]
fn the_sandbox_comes_first_and_everything_is_taken_back() {
    let mut make = make_capsule(1, 2, Wish::Running);
    make.sandbox.storage = Storage {
        make: vec![MakeVolume {
            id: volume(1),
            size: DiskGib(1),
            source: VolumeSource::Blank,
        }],
        fresh: vec![volume(1)],
        ..Storage::default()
    };
    make.members[0].storage.files = vec![InjectedFile {
        index: 0,
        content: FileContent(b"a".to_vec()),
    }];
    for part in make.members.iter_mut().chain(&mut make.inits) {
        part.image.present = false;
    }
    let plan = plan_capsule_create(&make);
    check(
        "a create",
        &plan,
        &[
            "pull web:1",
            "network default",
            "guard",
            "make v1",
            "connect v1 <- disconnect v1",
            "format v1",
            "mount v1 <- unmount v1",
            "write files r1 <- remove files",
            "create sandbox <- remove sandbox",
            "start sandbox",
            "create i0 <- remove i0",
            "start i0",
            "await i0 ended",
            "create m0 <- remove m0",
            "create m1 <- remove m1",
            "start m0",
            "start m1",
            "await sandbox running",
            "await m0 running",
            "await m1 running",
        ],
    );
    assert!(
        plan.steps
            .iter()
            .all(|step| step.on_failure == OnFailure::Undo)
    );
}

#[test]
fn one_that_is_to_be_stopped_is_made_and_never_started() {
    check(
        "a create",
        &plan_capsule_create(&make_capsule(1, 1, Wish::Stopped)),
        &[
            "network default",
            "guard",
            "create sandbox <- remove sandbox",
            "create i0 <- remove i0",
            "create m0 <- remove m0",
        ],
    );
}

#[test]
fn members_end_before_their_sandbox() {
    let leaving = |role, n, aside| Leaving {
        id: id(role, n),
        aside,
        files: role == Role::Member,
    };
    let all = [
        leaving(Role::Sandbox, 0, Some(1)),
        leaving(Role::Init, 0, None),
        leaving(Role::Member, 0, Some(1)),
    ];
    check(
        "a delete",
        &plan_capsule_delete(&all, &[volume(1), volume(2)], &[volume(2)], Ending::Stopped),
        &[
            "stop m0",
            "remove m0",
            "stop i0",
            "remove i0",
            "stop sandbox",
            "remove sandbox",
            "remove m0-aside",
            "remove sandbox-aside",
            "unmount v1",
            "disconnect v1",
            "unmount v2",
            "disconnect v2",
            "remove files",
            "delete v2",
        ],
    );
    check(
        "by force",
        &plan_capsule_delete(&all[..1], &[], &[], Ending::Killed),
        &["remove sandbox", "remove sandbox-aside"],
    );
}

#[test]
fn a_reboot_starts_members_after_their_sandbox() {
    check(
        "a reboot",
        &plan_capsule_reboot(
            id(Role::Sandbox, 0),
            &[id(Role::Member, 0), id(Role::Member, 1)],
            &[volume(1)],
            Some(3),
        ),
        &[
            "stop m1 within 3 s (keep)",
            "stop m0 within 3 s (keep)",
            "stop sandbox within 3 s (keep)",
            "connect v1 (keep)",
            "mount v1 (keep)",
            "start sandbox (keep)",
            "start m0 (keep)",
            "start m1 (keep)",
        ],
    );
}

#[test]
fn an_edited_member_is_made_anew_alone() {
    let mut change = running();
    painted(Role::Member, 1, &mut change.members[1]);
    check(
        "an edit",
        &plan_capsule_update(&change),
        &[
            "name m1 m1-aside <- name m1 m1",
            "create m1 <- remove m1",
            "stop m1-aside <- start m1-aside",
            "start m1 <- remove m1",
            "await m1 running",
            "remove m1-aside (go on)",
        ],
    );
}

#[test]
fn an_edited_init_container_runs_before_anybody_is_touched() {
    let mut change = running();
    painted(Role::Init, 0, &mut change.inits[0]);
    painted(Role::Member, 0, &mut change.members[0]);
    check(
        "an edit",
        &plan_capsule_update(&change),
        &[
            "name i0 i0-aside <- name i0 i0",
            "create i0 <- remove i0",
            "start i0 <- remove i0",
            "await i0 ended",
            "name m0 m0-aside <- name m0 m0",
            "create m0 <- remove m0",
            "stop m0-aside <- start m0-aside",
            "start m0 <- remove m0",
            "await m0 running",
            "remove i0-aside (go on)",
            "remove m0-aside (go on)",
        ],
    );
}

#[test]
fn members_come_go_and_get_new_limits() {
    let mut change = running();
    let gone = of(&mut change.members[1]).current.clone();
    change.removed = vec![Removed {
        current: gone,
        files: true,
    }];
    change.members[1] = Part::Added(Box::new(make_part(
        Role::Member,
        2,
        spec(),
        Wish::Running,
        1,
    )));
    let current = of(&mut change.members[0]).current.clone();
    let edited = spec_with(|spec| spec.memory = Some(MemoryMib(64)));
    *of(&mut change.members[0]) = kept(Role::Member, 0, current, (edited, Wish::Running), false);
    change.sandbox.change.make.storage.held = vec![volume(1)];
    check(
        "an edit",
        &plan_capsule_update(&change),
        &[
            "connect v1",
            "format v1",
            "mount v1",
            "limit m0: memory 64 <- limit m0: memory 512",
            "create m2 <- remove m2",
            "stop m1 <- start m1",
            "start m2 <- remove m2",
            "await m2 running",
            "remove m1 (go on)",
            "remove files (go on)",
        ],
    );
}

#[test]
fn what_all_share_makes_all_anew_in_place() {
    let mut change = running();
    renamed(&mut change);
    check(
        "an edit",
        &plan_capsule_update(&change),
        &[
            "network default",
            "guard",
            "name m1 m1-aside <- name m1 m1",
            "name m0 m0-aside <- name m0 m0",
            "name i0 i0-aside <- name i0 i0",
            "name sandbox sandbox-aside <- name sandbox sandbox",
            "create sandbox <- remove sandbox",
            "create i0 <- remove i0",
            "create m0 <- remove m0",
            "create m1 <- remove m1",
            "stop m1-aside <- start m1-aside",
            "stop m0-aside <- start m0-aside",
            "stop sandbox-aside <- start sandbox-aside",
            "start sandbox <- remove sandbox",
            "start i0 <- remove i0",
            "await i0 ended",
            "start m0 <- remove m0",
            "start m1 <- remove m1",
            "await sandbox running",
            "await m0 running",
            "await m1 running",
            "remove m1-aside (go on)",
            "remove m0-aside (go on)",
            "remove i0-aside (go on)",
            "remove sandbox-aside (go on)",
        ],
    );
}

#[test]
fn a_sandbox_that_is_gone_makes_all_anew_and_nothing_can_be_brought_back() {
    let mut change = running();
    renamed(&mut change);
    change.sandbox.current.observed = None;
    let plan = plan_capsule_update(&change);
    let lines = crate::fixture::lines(&plan);
    assert!(lines.contains(&"stop m1-aside".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("sandbox-aside")));
}

#[test]
fn who_is_cut_off_is_started_again_and_nobody_else() {
    check("nothing differs", &plan_capsule_update(&running()), &[]);

    let mut change = running();
    let sandbox = change.sandbox.current.observed.as_mut().unwrap();
    sandbox.started_at = zun_domain::time::Timestamp::from_second(1).ok();
    let member = of(&mut change.members[0])
        .current
        .observed
        .as_mut()
        .unwrap();
    member.started_at = zun_domain::time::Timestamp::from_second(0).ok();
    let again = [
        "stop m0 <- start m0",
        "start m0 <- stop m0",
        "await m0 running",
    ];
    check(
        "a sandbox started again",
        &plan_capsule_update(&change),
        &again,
    );

    let mut change = running();
    change.sandbox.current.observed.as_mut().unwrap().phase = Phase::Exited;
    check(
        "a sandbox that has ended",
        &plan_capsule_update(&change),
        &[
            "start sandbox <- stop sandbox",
            "stop m1 <- start m1",
            "stop m0 <- start m0",
            "start m0 <- stop m0",
            "start m1 <- stop m1",
            "await sandbox running",
            "await m0 running",
            "await m1 running",
        ],
    );

    let mut change = running();
    in_phase(&mut change.members[1], Phase::Exited);
    check(
        "a member that has ended",
        &plan_capsule_update(&change),
        &["start m1 <- stop m1", "await m1 running"],
    );
}

#[test]
fn after_a_reboot_volumes_come_before_the_sandbox() {
    let mut change = running();
    change.sandbox.current.observed.as_mut().unwrap().phase = Phase::Exited;
    change.sandbox.change.make.storage.held = vec![volume(1)];
    for part in &mut change.members {
        in_phase(part, Phase::Exited);
    }
    check(
        "all down",
        &plan_capsule_update(&change),
        &[
            "connect v1",
            "mount v1",
            "start sandbox <- stop sandbox",
            "start m0 <- stop m0",
            "start m1 <- stop m1",
            "await sandbox running",
            "await m0 running",
            "await m1 running",
        ],
    );
}

#[test]
fn a_stop_ends_with_the_sandbox() {
    let mut change = running();
    change.sandbox.change.target.wish = Wish::Stopped;
    check(
        "a stop",
        &plan_capsule_update(&change),
        &[
            "stop m1 <- start m1",
            "stop m0 <- start m0",
            "stop sandbox <- start sandbox",
        ],
    );
}

#[test]
fn an_init_container_that_never_ran_does_so_at_the_first_start() {
    let mut change = running();
    change.sandbox.current.observed.as_mut().unwrap().phase = Phase::Created;
    in_phase(&mut change.inits[0], Phase::Created);
    for part in &mut change.members {
        in_phase(part, Phase::Created);
    }
    check(
        "a first start",
        &plan_capsule_update(&change),
        &[
            "start sandbox <- stop sandbox",
            "start i0 <- stop i0",
            "await i0 ended",
            "start m0 <- stop m0",
            "start m1 <- stop m1",
            "await sandbox running",
            "await m0 running",
            "await m1 running",
        ],
    );
}

#[test]
fn a_finished_init_container_is_not_missed() {
    let mut change = running();
    of(&mut change.inits[0]).current.observed = None;
    check("a repair", &plan_capsule_update(&change), &[]);
    of(&mut change.members[0]).current.observed = None;
    let lines = crate::fixture::lines(&plan_capsule_update(&change));
    assert_eq!(lines[0], "create m0 <- remove m0");
}
