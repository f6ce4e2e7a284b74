//! The plan of a delete. It has no undo: what was to be deleted is not brought back.

use zun_domain::id::{ContainerId, VolumeId};
use zun_domain::runtime::RuntimeName;

use crate::step::{Action, Plan, Step, VolumeAction};
use crate::storage::give_back;

/// How the container ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Asked to stop first, with its own signal and timeout.
    Stopped,
    /// Removed as it is.
    Killed,
}

/// What goes with the container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Belongings {
    /// The revision that a recreate, cancelled by this delete, may have kept aside.
    pub aside: Option<u32>,
    /// Volumes that it has and nobody else.
    pub released: Vec<VolumeId>,
    /// Volumes that it asked for by size: they go with it.
    pub owned: Vec<VolumeId>,
    /// It has files.
    pub files: bool,
}

/// Stops and removes the current container, gives its volumes back and deletes those that are its own.
pub fn plan_delete(id: ContainerId, belongings: &Belongings, ending: Ending) -> Plan {
    let current = RuntimeName::Current(id);
    let mut steps = Vec::new();
    if ending == Ending::Stopped {
        steps.push(Step::plain(Action::Stop {
            name: current,
            timeout: None,
        }));
    }
    steps.push(Step::plain(Action::Remove(current)));
    if let Some(revision) = belongings.aside {
        steps.push(Step::plain(Action::Remove(RuntimeName::Aside(
            id, revision,
        ))));
    }
    steps.extend(give_back(&belongings.released));
    if belongings.files {
        steps.push(Step::plain(Action::Volume(VolumeAction::RemoveFiles {
            container: id,
            keep: None,
        })));
    }
    for owned in &belongings.owned {
        steps.push(Step::plain(Action::Volume(VolumeAction::Delete(*owned))));
    }
    Plan { steps }
}

#[cfg(test)]
mod tests;
