//! Every API that zund serves, on one router: Zun's at `/v1`, the identity service's at `/identity/v3`, block
//! storage's at `/volume/v3`, the image service's at `/image/v2`, networking's at `/network/v2.0`, our own at `/zund/v1`.
//!
//! A request passes through `frame` (its id, its log line, the body of a refusal), is routed by the table
//! of [`router`], is let in by `admit` (token, version, right), is taken apart by `extract`, and a handler
//! turns it into one call of `zun-engine` and the answer into the shape of its API. Start with the table.
//!
//! Not here: deciding anything but who may ask; SQL; Docker. `error` alone knows which error has which
//! status.

mod address;
mod admit;
mod container;
mod error;
mod extension;
mod extract;
mod frame;
mod identity;
mod image;
mod metrics;
mod microversion;
mod network;
mod page;
mod router;
mod settings;
mod volume;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use zun_engine::Engine;

pub use frame::Api;
pub use microversion::Microversion;
pub use router::{Right, Route, router, routes};
pub use settings::ApiSettings;

/// What handlers work with. Cloning is cheap.
#[derive(Clone)]
struct App {
    engine: Engine,
    settings: Arc<ApiSettings>,
    metrics: Arc<metrics::Metrics>,
}

impl App {
    fn new(engine: Engine, settings: ApiSettings) -> Self {
        Self {
            engine,
            settings: Arc::new(settings),
            metrics: Arc::new(metrics::Metrics::new()),
        }
    }
}
