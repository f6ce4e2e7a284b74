//! What the author of a data source writes.

use async_trait::async_trait;

use crate::diagnostic::Diagnostics;
use crate::provider::Context;
use crate::schema::Schema;
use crate::value::{ToValue, Value};

/// A kind of object that is looked up, never managed. `C` is the provider's client.
#[async_trait]
pub trait DataSource<C: Send + Sync + 'static>: Send + Sync {
    /// The full name of the type, the provider's own included.
    fn type_name(&self) -> &str;

    /// What it accepts and returns. Called at most once per process, when first needed.
    fn schema(&self) -> Schema;

    /// Checks a configuration beyond its validators. Values may be unknown.
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Looks it up. The response begins as the configuration, defaults filled in; every
    /// configured value has to stay as it is.
    async fn read(
        &self,
        context: &Context<C>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics>;
}

/// What was found.
#[derive(Debug, Clone)]
pub struct DataResponse {
    /// The result.
    pub state: Value,
    /// Warnings, and errors beside the returned one.
    pub diagnostics: Diagnostics,
}

impl DataResponse {
    /// Sets one attribute.
    pub fn set(&mut self, name: impl Into<String>, value: impl ToValue) {
        self.state.set(name, value);
    }

    /// Sets the whole result, from a model or a value.
    pub fn set_state(&mut self, state: impl ToValue) {
        self.state = state.to_value();
    }
}
