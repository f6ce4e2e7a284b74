//! What a capsule is doing, from what its containers do.

use uuid::Uuid;

use crate::capsule::sample::capsule;
use crate::capsule::{Capsule, CapsuleDesired, Membership, Role};
use crate::container::{Container, Desired, Life, Observed, Phase, RuntimeId, Status, Wish};
use crate::host::HostPlace;
use crate::id::{CapsuleId, ContainerId, HostId, ProjectId, UserId};
use crate::time::Timestamp;

fn place() -> HostPlace {
    HostPlace {
        id: HostId(Uuid::nil()),
        name: "host-1".parse().unwrap(),
        zone: "az1".to_owned(),
    }
}

fn seen(phase: Phase, exit_code: Option<i64>) -> Observed {
    Observed {
        runtime: RuntimeId("r".to_owned()),
        revision: 1,
        phase,
        exit_code,
        oom_killed: false,
        error: None,
        started_at: None,
        finished_at: None,
        health: None,
        cpu: None,
        memory: None,
        restart_policy: None,
        networks: Vec::new(),
        image_id: String::new(),
        effective_command: Vec::new(),
        effective_entrypoint: Vec::new(),
    }
}

fn container(role: Role, name: &str, observed: Option<Observed>) -> Container {
    let id = ContainerId(Uuid::nil());
    Container {
        id,
        membership: Some(Membership {
            capsule: CapsuleId(Uuid::nil()),
            role,
            position: 0,
        }),
        project: ProjectId(Uuid::nil()),
        user: UserId(Uuid::nil()),
        place: place(),
        generation: 1,
        desired: Desired {
            name: name.parse().unwrap(),
            spec: crate::container::ContainerSpec::of("web:1".parse().unwrap()),
            wish: if role == Role::Init {
                Wish::Finished
            } else {
                Wish::Running
            },
            revision: 1,
            image_digest: String::new(),
            hostname: Container::default_hostname(id),
            published: Vec::new(),
            mounts: Vec::new(),
            ports: Vec::new(),
            security_groups: Vec::new(),
            registry: None,
        },
        addresses: Vec::new(),
        life: Life::Live,
        observed,
        status_reason: None,
        task: None,
        confirmed: true,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

/// A capsule whose sandbox, init container `seed` and members `web` and `log` are seen so.
fn whole(phases: [Option<(Phase, Option<i64>)>; 4]) -> Capsule {
    let names = [
        (Role::Sandbox, "sandbox"),
        (Role::Init, "seed"),
        (Role::Member, "web"),
        (Role::Member, "log"),
    ];
    let containers = names.iter().zip(phases).map(|((role, name), phase)| {
        container(*role, name, phase.map(|(phase, code)| seen(phase, code)))
    });
    Capsule {
        id: CapsuleId(Uuid::nil()),
        project: ProjectId(Uuid::nil()),
        user: UserId(Uuid::nil()),
        place: place(),
        generation: 1,
        desired: CapsuleDesired {
            name: "shop".parse().unwrap(),
            spec: capsule(r#"{"containers": []}"#),
            wish: Wish::Running,
            volumes: std::collections::BTreeMap::new(),
        },
        life: Life::Live,
        status_reason: None,
        task: None,
        confirmed: true,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
        containers: containers.collect(),
    }
}

const RUNS: Option<(Phase, Option<i64>)> = Some((Phase::Running, None));
const DONE: Option<(Phase, Option<i64>)> = Some((Phase::Exited, Some(0)));
const FAILED: Option<(Phase, Option<i64>)> = Some((Phase::Exited, Some(3)));

#[test]
fn the_worst_of_the_members_is_the_capsules() {
    let cases = [
        ([RUNS, DONE, RUNS, RUNS], Status::Running, None),
        ([RUNS, None, RUNS, RUNS], Status::Running, None),
        (
            [RUNS, FAILED, RUNS, RUNS],
            Status::Error,
            Some("its init container seed ended with exit code 3"),
        ),
        (
            [RUNS, DONE, RUNS, FAILED],
            Status::Stopped,
            Some("its container log ended with exit code 3"),
        ),
        (
            [RUNS, DONE, RUNS, Some((Phase::Restarting, Some(1)))],
            Status::Restarting,
            Some("its container log ended with exit code 1 and is started again and again"),
        ),
        (
            [RUNS, DONE, Some((Phase::Paused, None)), RUNS],
            Status::Paused,
            Some("its container web is paused"),
        ),
        (
            [None, DONE, RUNS, FAILED],
            Status::Missing,
            Some("its sandbox is gone from the engine"),
        ),
        (
            [RUNS, DONE, None, None],
            Status::Missing,
            Some("its container web is gone from the engine"),
        ),
        (
            [DONE, DONE, DONE, Some((Phase::Created, None))],
            Status::Stopped,
            Some("its sandbox ended with exit code 0"),
        ),
    ];
    for (phases, status, reason) in cases {
        let capsule = whole(phases);
        assert_eq!(
            (capsule.status(), capsule.reason().as_deref()),
            (status, reason),
            "{phases:?}"
        );
    }
}

#[test]
fn a_stop_on_purpose_needs_no_reason() {
    let mut capsule = whole([DONE, DONE, DONE, DONE]);
    capsule.desired.wish = Wish::Stopped;
    assert_eq!(
        (capsule.status(), capsule.reason()),
        (Status::Stopped, None)
    );
}

#[test]
fn its_life_comes_before_its_containers() {
    let mut capsule = whole([RUNS, DONE, RUNS, RUNS]);
    let failed = Life::Failed {
        reason: "no".to_owned(),
    };
    for (life, status) in [
        (Life::Creating, Status::Creating),
        (failed, Status::Error),
        (Life::Deleting, Status::Deleting),
    ] {
        capsule.life = life;
        assert_eq!(capsule.status(), status);
    }
    capsule.status_reason = Some("container web: no".to_owned());
    assert_eq!(capsule.reason().as_deref(), Some("container web: no"));
}

#[test]
fn the_reason_of_a_container_is_told_with_its_name() {
    let mut capsule = whole([RUNS, DONE, RUNS, FAILED]);
    capsule.containers[3].status_reason = Some("no room".to_owned());
    let told = "its container log ended with exit code 3: no room";
    assert_eq!(capsule.reason().as_deref(), Some(told));
}
