//! What users read when a container does not do what was wished, and what the message carries.

use super::{judge_exited, judge_started};
use crate::fixture::{PHASES, distinct, seen, spec};
use zun_domain::container::{Health, Observed, Phase};
use zun_domain::unit::MemoryMib;

fn ended(phase: Phase, exit_code: i64) -> Observed {
    Observed {
        exit_code: Some(exit_code),
        ..seen(&spec(), phase, 1)
    }
}

fn out_of_memory(phase: Phase) -> Observed {
    Observed {
        oom_killed: true,
        ..ended(phase, 137)
    }
}

fn not_run(error: &str) -> Observed {
    Observed {
        error: Some(error.to_owned()),
        ..ended(Phase::Exited, 127)
    }
}

fn health(health: Option<Health>) -> Observed {
    Observed {
        health,
        ..seen(&spec(), Phase::Running, 1)
    }
}

/// The message of a failure, which carries what was seen; `fine` where it is none.
fn started(seen: &Observed, healthy: bool) -> String {
    told(judge_started(seen, healthy), seen)
}

fn exited(seen: &Observed) -> String {
    told(judge_exited(seen), seen)
}

fn told(verdict: Result<(), zun_domain::operation::Failure>, seen: &Observed) -> String {
    let Err(failure) = verdict else {
        return "fine".to_owned();
    };
    let carried = (failure.exit_code, failure.oom_killed);
    assert_eq!(carried, (seen.exit_code, seen.oom_killed));
    assert_eq!(
        failure.last_log,
        Vec::<String>::new(),
        "the executor adds it"
    );
    failure.message
}

#[test]
fn running_is_right_and_frozen_by_a_hand_meanwhile_too() {
    assert_eq!(started(&health(None), false), "fine");
    assert_eq!(started(&seen(&spec(), Phase::Paused, 1), false), "fine");
}

#[test]
fn health_counts_only_where_it_was_asked_for() {
    let unhealthy = "the container runs, but its health check fails; see the last lines of its log";
    let cases = [
        (Some(Health::Healthy), true, "fine"),
        (Some(Health::Unhealthy), true, unhealthy),
        (Some(Health::Unhealthy), false, "fine"),
        (None, true, "fine"),
    ];
    for (verdict, healthy, expected) in cases {
        assert_eq!(started(&health(verdict), healthy), expected);
    }
}

#[test]
fn what_did_not_start_says_why() {
    let cases = [
        (
            ended(Phase::Exited, 0),
            "the container ended with exit code 0 right after its start; for a command that is meant to end set \
             wait_for = \"exited\"",
        ),
        (
            ended(Phase::Exited, 3),
            "the container ended with exit code 3 right after its start",
        ),
        (
            out_of_memory(Phase::Exited),
            "the container was ended by the kernel: it used more memory than its limit; raise memory right after its \
             start",
        ),
        (
            not_run("exec: \"nope\": not found"),
            "the container could not run: exec: \"nope\": not found right after its start",
        ),
        (
            not_run(""),
            "the container ended with exit code 127 right after its start",
        ),
        (
            ended(Phase::Restarting, 1),
            "the container ended with exit code 1 right after its start and its restart policy starts it again and again",
        ),
        (
            Observed {
                exit_code: None,
                ..ended(Phase::Dead, 0)
            },
            "the container ended right after its start",
        ),
        (
            seen(&spec(), Phase::Created, 1),
            "the container was not started",
        ),
    ];
    for (seen, expected) in &cases {
        assert_eq!(started(seen, false), *expected);
    }
}

#[test]
fn a_job_has_ended_with_zero_or_has_failed() {
    let cases = [
        (ended(Phase::Exited, 0), "fine"),
        (ended(Phase::Exited, 2), "the job ended with exit code 2"),
        (
            out_of_memory(Phase::Exited),
            "the job was ended by the kernel: it used more memory than its limit; raise memory",
        ),
        (
            Observed {
                memory: Some(MemoryMib(8)),
                ..ended(Phase::Exited, 137)
            },
            "the job ended with exit code 137 (SIGKILL: sent by hand, or by the kernel's OOM killer for more memory than \
             its limit of 8 MiB)",
        ),
        (
            Observed {
                memory: None,
                ..ended(Phase::Exited, 137)
            },
            "the job ended with exit code 137 (SIGKILL: sent by hand, or by the kernel's OOM killer on a host short of \
             memory)",
        ),
        (
            not_run("no such file"),
            "the job could not run: no such file",
        ),
        (ended(Phase::Dead, 1), "the job ended with exit code 1"),
        (seen(&spec(), Phase::Created, 1), "the job has not ended"),
        (seen(&spec(), Phase::Running, 1), "the job has not ended"),
        (seen(&spec(), Phase::Paused, 1), "the job has not ended"),
        (ended(Phase::Restarting, 1), "the job has not ended"),
    ];
    for (seen, expected) in &cases {
        assert_eq!(exited(seen), *expected, "{:?}", seen.phase);
    }
    assert_eq!(distinct(cases.map(|(seen, _)| seen.phase)), PHASES.len());
}
