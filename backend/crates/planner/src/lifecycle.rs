//! Plans of the single verbs of `/v1`: start, stop, reboot, pause, unpause, kill.

use zun_domain::id::{ContainerId, VolumeId};
use zun_domain::name::Signal;
use zun_domain::runtime::RuntimeName;

use crate::step::{Action, Plan, Step};
use crate::storage::plan_return;

fn one(action: Action) -> Plan {
    Plan {
        steps: vec![Step::plain(action).keeping()],
    }
}

/// Mounts its volumes and starts it. A start that fails leaves them mounted, and changes none of them.
pub fn plan_start(id: ContainerId, volumes: &[VolumeId]) -> Plan {
    plan_return(id, volumes, true)
}

/// Stops it within `timeout` seconds.
pub fn plan_stop(id: ContainerId, timeout: Option<u32>) -> Plan {
    one(Action::Stop {
        name: RuntimeName::Current(id),
        timeout,
    })
}

/// Stops and starts it.
pub fn plan_reboot(id: ContainerId, volumes: &[VolumeId], timeout: Option<u32>) -> Plan {
    let mut plan = plan_stop(id, timeout);
    plan.steps.extend(plan_start(id, volumes).steps);
    plan
}

/// Freezes it.
pub fn plan_pause(id: ContainerId) -> Plan {
    one(Action::Pause(RuntimeName::Current(id)))
}

/// Thaws it.
pub fn plan_unpause(id: ContainerId) -> Plan {
    one(Action::Unpause(RuntimeName::Current(id)))
}

/// Sends it a signal.
pub fn plan_kill(id: ContainerId, signal: Option<Signal>) -> Plan {
    one(Action::Kill {
        name: RuntimeName::Current(id),
        signal,
    })
}

#[cfg(test)]
mod tests;
