//! When a request is sent again: only where asking twice is the same as asking once, only for causes
//! that pass, with growing pauses, and as the server says where it says so.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use crate::error::Cause;

/// How long a call bears with a server that does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Sent once: a second one might do the work twice.
    None,
    /// A few times within two seconds.
    Short,
    /// For a minute: the work goes on at the server, which may just be starting again.
    Long,
}

/// The longest pause a server can ask for.
const LONGEST: Duration = Duration::from_secs(30);

fn passes(cause: &Cause) -> bool {
    match cause {
        Cause::Refused { .. } | Cause::Connection { .. } => true,
        Cause::Refusal(refusal) => matches!(refusal.status, 429 | 502 | 503),
        _ => false,
    }
}

fn asked_pause(cause: &Cause) -> Option<Duration> {
    match cause {
        Cause::Refusal(refusal) => refusal
            .retry_after
            .map(|seconds| Duration::from_secs(seconds).min(LONGEST)),
        _ => None,
    }
}

/// Calls `send` until it succeeds, fails for good, or patience ends.
pub(crate) async fn patiently<T, F>(patience: Patience, send: impl FnMut() -> F) -> Result<T, Cause>
where
    F: Future<Output = Result<T, Cause>>,
{
    let steps = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .with_max_times(match patience {
            Patience::None => 0,
            Patience::Short => 4,
            Patience::Long => 16,
        });
    send.retry(steps)
        .when(passes)
        .adjust(|cause, pause| pause.map(|pause| asked_pause(cause).unwrap_or(pause)))
        .await
}
