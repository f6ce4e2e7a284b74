//! What a failure shows its user: exit code, whether memory ran out, the last lines of the log.

use zun_domain::capsule::Role;
use zun_domain::id::{CapsuleId, ContainerId};
use zun_domain::operation::{Failure, Subject};
use zun_domain::runtime::RuntimeName;
use zun_driver::runtime::LogQuery;
use zun_planner::Action;

use super::Work;
use crate::context::Engine;

/// Lines of the log that a failure carries.
const LAST_LINES: u64 = 20;

impl Engine {
    /// Adds what the container that the step names has to say itself, while it is still there.
    pub(crate) async fn with_evidence(
        &self,
        work: &Work,
        action: &Action,
        mut failure: Failure,
    ) -> Failure {
        let (Action::Start(name)
        | Action::AwaitStarted { name, .. }
        | Action::AwaitExited { name }) = action
        else {
            return failure;
        };
        let RuntimeName::Current(container) = *name else {
            return failure;
        };
        let name = RuntimeName::Current(container);
        if let Subject::Capsule(capsule) = work.operation.subject {
            failure.message = self.naming(capsule, container, failure.message).await;
        }
        let Ok(drivers) = self.drivers(work.host) else {
            return failure;
        };
        if failure.exit_code.is_none()
            && let Ok(Some(seen)) = drivers.runtime.find(name).await
        {
            failure.exit_code = seen.exit_code;
            failure.oom_killed = seen.oom_killed;
        }
        let query = LogQuery {
            stdout: true,
            stderr: true,
            timestamps: false,
            tail: Some(LAST_LINES),
            since: None,
        };
        if let Ok(text) = drivers.runtime.logs(name, query).await {
            failure.last_log = text.lines().map(str::to_owned).collect();
        }
        failure
    }

    /// Which of a capsule's containers has failed, in front of how.
    async fn naming(&self, capsule: CapsuleId, container: ContainerId, message: String) -> String {
        let Ok(Some(record)) = self.store.container_find(container).await else {
            return message;
        };
        match record.membership.map(|membership| membership.role) {
            Some(Role::Sandbox) => format!("the sandbox of capsule {capsule}: {message}"),
            Some(Role::Init) => format!("init container {}: {message}", record.desired.name),
            Some(Role::Member) | None => format!("container {}: {message}", record.desired.name),
        }
    }
}
