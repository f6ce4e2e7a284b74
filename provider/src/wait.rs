//! Follows an operation to its end, within the time the user gives and until the user stops the run.

use std::time::Duration;

use tfplugin::CancellationToken;
use tokio::time::{Instant, timeout_at};
use zun_api_types::operation::Operation;
use zun_client::{Client, Error};

/// The longest one request waits.
const POLL: Duration = Duration::from_secs(30);

/// Why an operation was not followed to its end. It goes on at the server.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// The user stopped the run.
    Stopped(Operation),
    /// The time was up.
    TimedOut(Operation, Duration),
    /// The server could not be asked.
    Lost(Error),
}

/// How long to follow, and when to stop.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    deadline: Instant,
    timeout: Duration,
    cancel: CancellationToken,
}

impl Patience {
    /// From now on.
    pub(crate) fn new(timeout: Duration, cancel: &CancellationToken) -> Self {
        Self {
            deadline: Instant::now() + timeout,
            timeout,
            cancel: cancel.clone(),
        }
    }

    /// Follows `operation` until it has ended, however it ended.
    pub(crate) async fn follow(
        &self,
        client: &Client,
        mut operation: Operation,
    ) -> Result<Operation, Unfinished> {
        while !operation.state.is_final() {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let wait = left.min(POLL).max(Duration::from_secs(1));
            let ask = client.operation_wait(&operation.id, operation.steps_done, wait);
            let answer = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Unfinished::Stopped(operation)),
                answer = timeout_at(self.deadline, ask) => answer,
            };
            operation = match answer {
                Ok(Ok(operation)) => operation,
                Ok(Err(error)) => return Err(Unfinished::Lost(error)),
                Err(_) => return Err(Unfinished::TimedOut(operation, self.timeout)),
            };
        }
        Ok(operation)
    }
}
