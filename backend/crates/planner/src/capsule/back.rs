//! Bringing a capsule back: after its sandbox was started again without us, and after a reboot of its host. Volumes
//! first, then the sandbox, then the members that the engine was to run by itself. What somebody stopped stays stopped.

use std::collections::BTreeMap;

use zun_domain::capsule::{Capsule, Role};
use zun_domain::container::{Observed, Phase, Wish, mount};
use zun_domain::id::ContainerId;
use zun_domain::runtime::RuntimeName;

use super::{alive, cut_off};
use crate::step::{Action, Plan, Step};
use crate::storage::{bring_back, starts_on_return};

/// What an engine says of a container that was to join one which did not run (Docker 20.10,
/// `daemon/container_operations_unix.go`); the id of that one follows.
const NOT_RUNNING: &str = "non running container";

/// The steps; `None` where nothing is to be done. `seen` is what the engine shows now of each container, the records in
/// `capsule` are from before. `mounts` says that the host has lost some of its volumes, which are at `sources` there.
pub fn plan_capsule_back(
    capsule: &Capsule,
    seen: &BTreeMap<ContainerId, Observed>,
    sources: &[String],
    mounts: bool,
) -> Option<Plan> {
    let sandbox = capsule.sandbox()?;
    // One that is gone is made anew by the next update, which mounts first.
    let here = seen.get(&sandbox.id)?;
    let starts = mounts && starts_on_return(sandbox, here, &[]);
    let mut stop = Vec::new();
    let mut start = Vec::new();
    if capsule.desired.wish == Wish::Running && (starts || alive(here)) {
        let mut reasons = sources.to_vec();
        reasons.extend([here.runtime.0.clone(), NOT_RUNNING.to_owned()]);
        for member in capsule.with_role(Role::Member) {
            let Some(shown) = seen.get(&member.id) else {
                continue;
            };
            if alive(shown) && (starts || cut_off(Some(here), shown)) {
                stop.push(member.id);
                start.push(member.id);
            } else if starts_on_return(member, shown, &reasons)
                && (mounts || ended_before(shown, here))
            {
                start.push(member.id);
            }
        }
    }
    if !mounts && start.is_empty() {
        return None;
    }
    let name = RuntimeName::Current;
    let mut steps: Vec<Step> = Vec::new();
    steps.extend(stop.into_iter().rev().map(|id| {
        let timeout = None;
        Step::plain(Action::Stop {
            name: name(id),
            timeout,
        })
    }));
    steps.extend(bring_back(&mount::volumes(&sandbox.desired.mounts)));
    let first = starts.then_some(sandbox.id).into_iter();
    steps.extend(
        first
            .chain(start)
            .map(|id| Step::plain(Action::Start(name(id)))),
    );
    Some(Plan {
        steps: steps.into_iter().map(Step::keeping).collect(),
    })
}

/// Whether the sandbox was started after this one had ended, or could not be started. At a boot the two may come at one
/// time.
fn ended_before(member: &Observed, sandbox: &Observed) -> bool {
    member.phase == Phase::Created
        || match (member.finished_at, sandbox.started_at) {
            (Some(ended), Some(started)) => ended <= started,
            (None, _) | (_, None) => true,
        }
}
