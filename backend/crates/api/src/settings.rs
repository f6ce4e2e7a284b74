//! What the configuration decides about the API, and where it takes the time and ids from.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zun_domain::time::Clock;
use zun_engine::context::Ids;

/// Settings of the API.
#[derive(Clone)]
pub struct ApiSettings {
    /// Where clients reach this server, such as `https://zun.example:9517`. Without one, links and the
    /// catalog name the host that the request was sent to.
    pub public_url: Option<String>,
    /// The listener speaks TLS.
    pub tls: bool,
    /// Region in the catalog.
    pub region: String,
    /// Longest body that is read.
    pub max_body_bytes: usize,
    /// How long a sender may take for a body.
    pub body_timeout: Duration,
    /// How long a synchronous verb of `/v1`, such as PATCH, waits for its operation.
    pub verb_timeout: Duration,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Ids of requests.
    pub ids: Arc<dyn Ids>,
}

impl ApiSettings {
    /// The defaults, with this clock and these ids.
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self {
            public_url: None,
            tls: false,
            region: "RegionOne".to_owned(),
            max_body_bytes: 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            verb_timeout: Duration::from_mins(1),
            clock,
            ids,
        }
    }
}

impl fmt::Debug for ApiSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiSettings")
            .field("public_url", &self.public_url)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
