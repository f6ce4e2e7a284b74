//! Whether what a wait has shown is what was wanted. A failure carries what helps to mend it.

use zun_domain::container::{Health, Observed, Phase};
use zun_domain::operation::Failure;

/// The exit code of a process that SIGKILL has ended.
const KILLED: i64 = 137;

fn failure(message: String, seen: &Observed) -> Failure {
    Failure {
        message,
        exit_code: seen.exit_code,
        oom_killed: seen.oom_killed,
        conflict: false,
        last_log: Vec::new(),
    }
}

fn ending(seen: &Observed) -> String {
    if seen.oom_killed {
        return "was ended by the kernel: it used more memory than its limit; raise memory"
            .to_owned();
    }
    match (&seen.error, seen.exit_code) {
        (Some(error), _) if !error.is_empty() => format!("could not run: {error}"),
        (_, Some(KILLED)) => killed(seen),
        (_, Some(code)) => format!("ended with exit code {code}"),
        (_, None) => "ended".to_owned(),
    }
}

/// The engine does not always hear that the kernel was short of memory: seen 8 times in 120 with Engine 20.10.
fn killed(seen: &Observed) -> String {
    let why = match seen.memory {
        Some(limit) => format!("for more memory than its limit of {limit} MiB"),
        None => "on a host short of memory".to_owned(),
    };
    format!(
        "ended with exit code {KILLED} (SIGKILL: sent by hand, or by the kernel's OOM killer {why})"
    )
}

/// After a wait for running (and healthy): running is right, everything else a failure.
pub fn judge_started(seen: &Observed, healthy: bool) -> Result<(), Failure> {
    match seen.phase {
        Phase::Running | Phase::Paused => match seen.health {
            Some(Health::Unhealthy) if healthy => Err(failure(
                "the container runs, but its health check fails; see the last lines of its log".to_owned(),
                seen,
            )),
            _ => Ok(()),
        },
        Phase::Exited if seen.exit_code == Some(0) => Err(failure(
            "the container ended with exit code 0 right after its start; for a command that is meant to end set \
             wait_for = \"exited\""
                .to_owned(),
            seen,
        )),
        Phase::Exited | Phase::Dead => {
            Err(failure(format!("the container {} right after its start", ending(seen)), seen))
        }
        Phase::Restarting => Err(failure(
            format!("the container {} right after its start and its restart policy starts it again and again", ending(seen)),
            seen,
        )),
        Phase::Created => Err(failure("the container was not started".to_owned(), seen)),
    }
}

/// After a wait for the end: exit code 0 is right.
pub fn judge_exited(seen: &Observed) -> Result<(), Failure> {
    match (seen.phase, seen.exit_code) {
        (Phase::Exited, Some(0)) => Ok(()),
        (Phase::Exited | Phase::Dead, _) => Err(failure(format!("the job {}", ending(seen)), seen)),
        (Phase::Created | Phase::Running | Phase::Restarting | Phase::Paused, _) => {
            Err(failure("the job has not ended".to_owned(), seen))
        }
    }
}

#[cfg(test)]
mod tests;
