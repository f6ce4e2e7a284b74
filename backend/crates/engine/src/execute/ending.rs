//! What a failure shows its user: exit code, whether memory ran out, the last lines of the log.

use zun_domain::operation::Failure;
use zun_domain::runtime::RuntimeName;
use zun_driver::runtime::LogQuery;
use zun_planner::Action;

use super::Work;
use crate::context::Engine;

/// Lines of the log that a failure carries.
const LAST_LINES: u64 = 20;

impl Engine {
    /// Adds what the container itself has to say, while it is still there.
    pub(crate) async fn with_evidence(
        &self,
        work: &Work,
        action: &Action,
        mut failure: Failure,
    ) -> Failure {
        let Some(container) = work.operation.subject.container() else {
            return failure;
        };
        let name = RuntimeName::Current(container);
        let tells = matches!(
            action,
            Action::Start(n) | Action::AwaitStarted { name: n, .. } | Action::AwaitExited { name: n } if *n == name
        );
        let Ok(drivers) = self.drivers(work.host) else {
            return failure;
        };
        if !tells {
            return failure;
        }
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
}
