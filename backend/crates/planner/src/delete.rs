//! The plan of a delete. It has no undo: what was to be deleted is not brought back.

use zun_domain::id::ContainerId;
use zun_domain::runtime::RuntimeName;

use crate::step::{Action, Plan, Step};

/// How the container ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Asked to stop first, with its own signal and timeout.
    Stopped,
    /// Removed as it is.
    Killed,
}

/// Stops and removes the current container. `aside` is the revision that a recreate, cancelled by this
/// delete, may have kept aside.
pub fn plan_delete(id: ContainerId, aside: Option<u32>, ending: Ending) -> Plan {
    let current = RuntimeName::Current(id);
    let mut steps = Vec::new();
    if ending == Ending::Stopped {
        steps.push(Step::plain(Action::Stop {
            name: current,
            timeout: None,
        }));
    }
    steps.push(Step::plain(Action::Remove(current)));
    if let Some(revision) = aside {
        steps.push(Step::plain(Action::Remove(RuntimeName::Aside(
            id, revision,
        ))));
    }
    Plan { steps }
}

#[cfg(test)]
mod tests;
