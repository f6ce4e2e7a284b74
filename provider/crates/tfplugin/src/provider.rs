//! What the author of a provider writes, and what each call is given.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::data_source::DataSource;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::value::Value;

/// A provider.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// What configuring makes: usually the client of an API. Shared by all calls.
    type Client: Send + Sync + 'static;

    /// The address users write in `required_providers`, in full:
    /// `registry.terraform.io/example/example`.
    fn address(&self) -> &str;

    /// The schema of the provider's own configuration.
    fn schema(&self) -> Schema;

    /// Checks the provider's configuration beyond its validators. Values may be unknown.
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Makes the client. Values may be unknown while planning; None then leaves the provider
    /// without a client, and plans go on without asking the remote side.
    async fn configure(
        &self,
        request: ConfigureRequest,
        diagnostics: &mut Diagnostics,
    ) -> Result<Option<Self::Client>, Diagnostics>;

    /// The managed resources. Called once, when first needed.
    fn resources(&self) -> Vec<Box<dyn Resource<Self::Client>>>;

    /// The data sources. Called once, when first needed.
    fn data_sources(&self) -> Vec<Box<dyn DataSource<Self::Client>>> {
        Vec::new()
    }
}

/// Asks a provider to get ready.
#[derive(Debug, Clone)]
pub struct ConfigureRequest {
    /// The provider's configuration.
    pub config: Value,
    /// The version of the program that runs the provider, without its name: `1.11.4`.
    pub terraform_version: String,
    /// Fires when the user wants the run to stop.
    pub cancel: CancellationToken,
}

/// What a call may use besides its request.
#[derive(Debug)]
pub struct Context<C> {
    pub(crate) client: Option<Arc<C>>,
    /// Fires when the user wants the run to stop: return what has been achieved, with an error.
    pub cancel: CancellationToken,
    /// How long the operation may take, by the configuration's `timeouts` or the schema's
    /// defaults.
    pub timeout: Duration,
}

impl<C> Context<C> {
    /// A context for tests of single resources.
    pub fn new(client: Option<Arc<C>>, cancel: CancellationToken, timeout: Duration) -> Self {
        Self {
            client,
            cancel,
            timeout,
        }
    }

    /// The provider's client, or an error for the user if the provider has not been configured
    /// or its configuration is not known yet.
    pub fn client(&self) -> Result<&Arc<C>, Diagnostics> {
        self.client.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "Provider not configured",
                "This operation needs the provider's configuration, and some of it is not known yet.",
            )
            .into()
        })
    }

    /// The provider's client, if there is one.
    pub fn try_client(&self) -> Option<&Arc<C>> {
        self.client.as_ref()
    }
}
