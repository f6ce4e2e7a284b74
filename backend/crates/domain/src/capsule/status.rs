//! What a capsule is doing, from what its containers are doing.

use super::{Capsule, Role};
use crate::container::{Container, Life, Status, Wish};

impl Capsule {
    /// What it is doing, as users read it: the worst that is true of its sandbox and its members. A finished init
    /// container or job is as it should be.
    pub fn status(&self) -> Status {
        match self.life {
            Life::Creating => Status::Creating,
            Life::Failed { .. } => Status::Error,
            Life::Deleting => Status::Deleting,
            Life::Live => self.worst().map_or(Status::Missing, |(status, _)| status),
        }
    }

    /// Why it is not as wished, naming the container: its own reason where it has one.
    pub fn reason(&self) -> Option<String> {
        if self.status_reason.is_some() {
            return self.status_reason.clone();
        }
        if self.life != Life::Live {
            return None;
        }
        let (status, container) = self.worst()?;
        let expected = match self.desired.wish {
            Wish::Stopped => status == Status::Stopped,
            Wish::Running | Wish::Paused | Wish::Finished => status == Status::Running,
        };
        (!expected).then(|| sentence(status, container))
    }

    /// The container that decides, and what it is doing.
    fn worst(&self) -> Option<(Status, &Container)> {
        let shown = |one| Some((shown(one)?, one));
        let all = self.containers.iter().filter_map(shown);
        // Of equals the first: the sandbox says more than those that depend on it.
        all.reduce(|worst, next| {
            if rank(next.0) > rank(worst.0) {
                next
            } else {
                worst
            }
        })
    }

    /// Its sandbox, once it is recorded.
    pub fn sandbox(&self) -> Option<&Container> {
        self.with_role(Role::Sandbox).next()
    }

    /// Its containers of one role, in their order.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Container> {
        self.containers
            .iter()
            .filter(move |one| role_of(one) == Some(role))
    }
}

fn role_of(container: &Container) -> Option<Role> {
    container.membership.map(|membership| membership.role)
}

/// What a container adds to the picture; `None` for one whose work is done, or has not begun while all of it is
/// stopped.
fn shown(container: &Container) -> Option<Status> {
    let status = container.status();
    if role_of(container) == Some(Role::Init) || container.desired.wish == Wish::Finished {
        let seen = container.observed.as_ref();
        let failed = seen.is_some_and(|seen| seen.exit_code.is_some_and(|code| code != 0));
        return match status {
            // It is not needed any more: only an end that was not right is worth a word.
            Status::Stopped if failed => Some(Status::Error),
            Status::Created | Status::Stopped | Status::Missing => None,
            Status::Creating
            | Status::Running
            | Status::Restarting
            | Status::Paused
            | Status::Dead
            | Status::Error
            | Status::Deleting => Some(status),
        };
    }
    // Never started and stopped are the same to who looks at the whole.
    Some(if status == Status::Created {
        Status::Stopped
    } else {
        status
    })
}

/// How much a status says about the whole: what has to be mended first is told first.
fn rank(status: Status) -> u8 {
    match status {
        Status::Running => 0,
        Status::Paused => 1,
        Status::Created | Status::Stopped => 2,
        Status::Restarting => 3,
        Status::Creating | Status::Deleting => 4,
        Status::Dead => 5,
        Status::Error => 6,
        Status::Missing => 7,
    }
}

fn sentence(status: Status, container: &Container) -> String {
    let who = match role_of(container) {
        Some(Role::Sandbox) => "its sandbox".to_owned(),
        Some(Role::Init) => format!("its init container {}", container.desired.name),
        Some(Role::Member) | None => format!("its container {}", container.desired.name),
    };
    let seen = container.observed.as_ref();
    let code = seen.and_then(|seen| seen.exit_code);
    let what = match (status, code) {
        (Status::Missing, _) => "is gone from the engine".to_owned(),
        (Status::Error | Status::Stopped, Some(code)) => format!("ended with exit code {code}"),
        (Status::Stopped, None) => "was not started".to_owned(),
        (Status::Restarting, Some(code)) => {
            format!("ended with exit code {code} and is started again and again")
        }
        (Status::Restarting, None) => "is started again and again".to_owned(),
        (Status::Paused, _) => "is paused".to_owned(),
        (
            Status::Creating
            | Status::Created
            | Status::Running
            | Status::Dead
            | Status::Error
            | Status::Deleting,
            _,
        ) => format!("is {status}"),
    };
    match &container.status_reason {
        Some(reason) => format!("{who} {what}: {reason}"),
        None => format!("{who} {what}"),
    }
}

#[cfg(test)]
mod tests;
