//! The floor of the API: a server of the same library that answers constants.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::load::Server;

/// It ends when this goes out of scope.
#[derive(Debug)]
pub struct Constant {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Constant {
    /// Answers every GET with this body, and every POST with 202 and the same.
    pub fn start(body: &[u8]) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("cannot start a runtime for the floor")?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.context("cannot listen for the floor")?;
        let address = listener.local_addr().context("the floor has no address")?;
        let router = router(body);
        // Nothing to drain: it ends with its runtime.
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self {
            address,
            _runtime: runtime,
        })
    }

    /// How to ask it.
    pub fn server(&self) -> Server {
        Server::open(self.address)
    }
}

fn router(body: &[u8]) -> Router {
    let json = || [(header::CONTENT_TYPE, "application/json")];
    let (shown, made) = (body.to_vec(), body.to_vec());
    Router::new()
        .route("/show", get(move || async move { (json(), shown) }))
        .route(
            "/make",
            post(move |_: String| async move { (StatusCode::ACCEPTED, json(), made) }),
        )
}
