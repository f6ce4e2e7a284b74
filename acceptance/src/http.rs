//! One GET, for health and for pages that containers serve.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::process;

/// The status and the body of a page.
pub fn get(url: &str) -> Result<(u16, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start a runtime for one request")?;
    runtime.block_on(async {
        let response = client()?
            .get(url)
            .send()
            .await
            .with_context(|| format!("cannot get {url}"))?;
        let status = response.status().as_u16();
        let body = response
            .text()
            .await
            .with_context(|| format!("cannot read {url}"))?;
        Ok((status, body))
    })
}

/// A page that is there by this time, for what listens a moment after its container has started.
pub fn page(url: &str, deadline: Duration) -> Result<String> {
    let mut last = None;
    let page = process::poll(deadline, || match get(url) {
        Ok((200, body)) => Some(body),
        other => {
            last = Some(other);
            None
        }
    });
    page.with_context(|| {
        format!(
            "{url} gave no page within {} seconds; its last answer: {last:?}",
            deadline.as_secs()
        )
    })
}

/// A client for plain HTTP on this machine, past any proxy.
pub fn client() -> Result<reqwest::Client> {
    // reqwest asks for the process's crypto library even where it will not be used; a second call changes nothing.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::builder()
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .build()
        .context("cannot make an HTTP client")
}
