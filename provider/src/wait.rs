//! Follows an operation to its end, or waits for a condition, within the time the user gives and until the user stops the run.

use std::time::Duration;

use tfplugin::CancellationToken;
use tokio::time::{Instant, timeout_at};
use zun_api_types::operation::Operation;
use zun_client::{Client, Error};

/// The longest one request waits.
const POLL: Duration = Duration::from_secs(30);

/// The pauses between two questions, of what cannot be waited for at the server.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// So many answers in a row may be missing: a server that is being started again is borne with. Each was
/// asked for several times.
const MISSING: u32 = 20;

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

/// What was seen when it was asked for.
#[derive(Debug)]
pub(crate) enum Seen<T> {
    /// What was waited for.
    Done(T),
    /// How far it is, in a word.
    Still(String),
}

/// A condition that was not waited for any longer.
#[derive(Debug)]
pub(crate) struct Unmet {
    /// Why.
    pub(crate) why: Why,
    /// How far it was when it was last seen; empty before that.
    pub(crate) progress: String,
}

/// Why a condition was not waited for any longer.
#[derive(Debug)]
pub(crate) enum Why {
    /// The user stopped the run.
    Stopped,
    /// The time was up.
    TimedOut(Duration),
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

    /// Asks until it is done, more and more rarely.
    pub(crate) async fn until<T, F>(&self, mut ask: impl FnMut() -> F) -> Result<T, Unmet>
    where
        F: Future<Output = Result<Seen<T>, Error>>,
    {
        let (mut pause, longest) = PAUSES;
        let mut missing = 0;
        let mut progress = String::new();
        let why = loop {
            match timeout_at(self.deadline, ask()).await {
                Ok(Ok(Seen::Done(result))) => return Ok(result),
                Ok(Ok(Seen::Still(seen))) => (progress, missing) = (seen, 0),
                Ok(Err(error)) if error.is_transient() && missing < MISSING => missing += 1,
                Ok(Err(error)) => break Why::Lost(error),
                Err(_) => break Why::TimedOut(self.timeout),
            }
            let next = Instant::now() + pause;
            if next >= self.deadline {
                break Why::TimedOut(self.timeout);
            }
            if timeout_at(next, self.cancel.cancelled()).await.is_ok() {
                break Why::Stopped;
            }
            pause = (pause * 2).min(longest);
        };
        Err(Unmet { why, progress })
    }
}
