//! From what is seen of a capsule to what is wished of it: edits, starts, stops and repairs alike.
//!
//! Where what all of it shares is changed, or its sandbox is gone, the whole is made anew in place (`anew`). Else each
//! container gets the mildest that reaches its wish (`live`): an init container that is new or edited runs at once,
//! before any member is touched, and the others do not run again.

mod anew;
mod live;

use zun_domain::capsule::Role;
use zun_domain::container::change::Effect;
use zun_domain::container::{Container, ContainerSpec, Observed, Phase, Wish};
use zun_domain::runtime::RuntimeName;

use super::alive;
use crate::create::Make;
use crate::step::{Action, Plan, Step};
use crate::update::{Change, edited, effect};

/// A container that was there before and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its record.
    pub current: Container,
    /// What is to become of it. One that gets a new Docker container counts one revision more.
    pub change: Change,
}

/// A container of the capsule as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// One that was there before.
    Kept(Box<Kept>),
    /// One that is made.
    Added(Box<Make>),
}

/// A container that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Its record.
    pub current: Container,
    /// It has files.
    pub files: bool,
}

/// What is to become of a capsule. All volumes are in the storage of the sandbox's [`Make`]; its wish is that of the
/// whole: while it is to be stopped nobody is started, whatever is wished of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapsuleChange {
    /// Its sandbox.
    pub sandbox: Kept,
    /// Its init containers, in their new order.
    pub inits: Vec<Part>,
    /// Its members, in their new order.
    pub members: Vec<Part>,
    /// The containers that it has no more.
    pub removed: Vec<Removed>,
}

/// Whether the whole has to be made anew: what its sandbox is to be, from
/// [`zun_domain::capsule::CapsuleSpec::sandbox`] with the image that it has now, needs another one, or it is gone.
pub fn whole_recreates(sandbox: &Container, spec: &ContainerSpec) -> bool {
    effect(sandbox, spec, false) >= Effect::Recreate
}

/// Whether one of its other containers gets a new Docker container where the whole does not: by its fields, or because
/// a member is gone. An init container that has gone after its work is not missed.
pub fn part_recreates(current: &Container, spec: &ContainerSpec, disk_enforced: bool) -> bool {
    let init = role(current) == Some(Role::Init);
    let effect = if init {
        edited(&current.desired.spec, spec, disk_enforced)
    } else {
        effect(current, spec, disk_enforced)
    };
    effect >= Effect::Recreate
}

/// The steps. Empty where nothing in the engine has to change.
pub fn plan_capsule_update(change: &CapsuleChange) -> Plan {
    let Kept {
        current,
        change: own,
    } = &change.sandbox;
    match &current.observed {
        Some(seen) if !counted(&change.sandbox) && !whole_recreates(current, &own.target.spec) => {
            live::plan(change, seen)
        }
        seen => anew::plan(change, seen.as_ref()),
    }
}

fn role(container: &Container) -> Option<Role> {
    container.membership.map(|membership| membership.role)
}

/// Whether its target counts one revision more.
fn counted(kept: &Kept) -> bool {
    kept.change.target.revision != kept.current.desired.revision
}

impl CapsuleChange {
    /// Whether it is to run.
    fn runs(&self) -> bool {
        self.sandbox.change.target.wish != Wish::Stopped
    }
}

impl Kept {
    fn current_name(&self) -> RuntimeName {
        RuntimeName::Current(self.current.id)
    }

    /// The former one's name while the new one proves itself; `None` where there is none.
    fn aside(&self) -> Option<RuntimeName> {
        let seen = self.current.observed.as_ref()?;
        Some(RuntimeName::Aside(self.current.id, seen.revision))
    }
}

impl Part {
    fn make(&self) -> &Make {
        match self {
            Self::Kept(kept) => &kept.change.make,
            Self::Added(make) => make,
        }
    }

    pub(super) fn kept(&self) -> Option<&Kept> {
        match self {
            Self::Kept(kept) => Some(kept),
            Self::Added(_) => None,
        }
    }
}

/// The former one makes room for the name.
fn set_aside(kept: &Kept) -> Option<Step> {
    let (seen, aside) = (kept.current.observed.as_ref()?, kept.aside()?);
    let rename = |to| Action::Rename {
        container: kept.current.id,
        revision: seen.revision,
        to,
    };
    Some(Step::undone_by(
        rename(aside),
        vec![rename(kept.current_name())],
    ))
}

/// Ends the processes behind a name. They can be brought back while there is a sandbox to join.
fn stop(name: RuntimeName, seen: &Observed, joinable: bool) -> Option<Step> {
    let mut undo = Vec::new();
    if joinable {
        undo.push(Action::Start(name));
        if seen.phase == Phase::Paused {
            undo.push(Action::Pause(name));
        }
    }
    let timeout = None;
    alive(seen).then(|| Step::undone_by(Action::Stop { name, timeout }, undo))
}

/// The first of these starts the new container: taken back, that one gives way before the former one is started.
fn giving_way(mut steps: Vec<Step>, name: RuntimeName) -> Vec<Step> {
    if let Some(first) = steps.first_mut() {
        first.undo.push(Action::Remove(name));
    }
    steps
}

/// What is no longer needed once all is proved; without it the work is done all the same.
fn gone(name: RuntimeName) -> Step {
    Step::plain(Action::Remove(name)).dispensable()
}

/// The former files of one that was made anew, and for the sandbox the volumes that nobody has any more.
fn cleared(make: &Make) -> Vec<Step> {
    let request = &make.request;
    make.storage.clear(request.container, request.revision)
}
