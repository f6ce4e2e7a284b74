//! On start: goes on with every operation that a stop or a crash has interrupted, from its log. An action
//! without an outcome is done again, which every driver allows.

use crate::context::Engine;
use crate::error::Result;

impl Engine {
    /// Starts the work on what had not ended. Their order is that of their acceptance.
    pub(crate) async fn recover(&self) -> Result<()> {
        let unfinished = self.store.operations_unfinished().await?;
        if !unfinished.is_empty() {
            tracing::info!("going on with {} interrupted operations", unfinished.len());
        }
        self.end_interrupted_uploads(&unfinished).await?;
        for operation in unfinished {
            self.nudge(&operation);
        }
        Ok(())
    }
}
