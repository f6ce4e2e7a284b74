//! Plans of the single verbs of `/v1`: start, stop, reboot, pause, unpause, kill.

use zun_domain::id::ContainerId;
use zun_domain::name::Signal;
use zun_domain::runtime::RuntimeName;

use crate::step::{Action, Plan, Step};

fn one(action: Action) -> Plan {
    Plan {
        steps: vec![Step::plain(action).keeping()],
    }
}

/// Starts it.
pub fn plan_start(id: ContainerId) -> Plan {
    one(Action::Start(RuntimeName::Current(id)))
}

/// Stops it within `timeout` seconds.
pub fn plan_stop(id: ContainerId, timeout: Option<u32>) -> Plan {
    one(Action::Stop {
        name: RuntimeName::Current(id),
        timeout,
    })
}

/// Stops and starts it.
pub fn plan_reboot(id: ContainerId, timeout: Option<u32>) -> Plan {
    let name = RuntimeName::Current(id);
    Plan {
        steps: vec![
            Step::plain(Action::Stop { name, timeout }).keeping(),
            Step::plain(Action::Start(name)).keeping(),
        ],
    }
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
