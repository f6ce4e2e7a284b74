//! Waiting for what is not ours to hurry: a store that cannot be written, an engine that is away.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::step::Stopped;

/// How long until the next look at something that gives no sign when it is back.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Waits a moment before asking again; ends at once when the process stops.
pub(crate) async fn backoff(stop: &CancellationToken) -> Result<(), Stopped> {
    match tokio::time::timeout(LOOK_AGAIN, stop.cancelled()).await {
        Ok(()) => Err(Stopped::Interrupted),
        Err(_) => Ok(()),
    }
}
