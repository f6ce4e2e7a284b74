//! One request: sent, answered, judged.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::stream::try_unfold;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, RequestBuilder};
use serde::Serialize;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use url::Url;

use crate::connection::{Connection, Secret};
use crate::error::Cause;
use crate::reply::{Reply, cause_of};
use crate::tls::Clients;

/// The longest a request may take that waits for nothing.
pub(crate) const USUAL: Duration = Duration::from_mins(1);

/// Bytes of a file that are read at once.
const CHUNK: usize = 1 << 18;

/// What is sent with a request.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// As it is.
    Bytes(Vec<u8>),
    /// What this file holds when the request is sent; read while it is sent, never held as a whole.
    File(PathBuf),
}

/// A request, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, Secret)>,
    pub(crate) body: Option<Payload>,
    pub(crate) content_type: &'static str,
    pub(crate) timeout: Duration,
}

impl Ask {
    /// Without a body.
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: None,
            content_type: "application/json",
            timeout: USUAL,
        }
    }

    /// With a JSON body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, Cause> {
        let body = serde_json::to_vec(body).map_err(|error| Cause::Settings {
            message: format!("the request cannot be written: {error}"),
        })?;
        self.body = Some(Payload::Bytes(body));
        Ok(self)
    }

    /// With a header whose value is not printed.
    pub(crate) fn header(mut self, name: &'static str, value: Secret) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Sends requests of one connection.
#[derive(Debug, Default)]
pub(crate) struct Transport {
    clients: Clients,
}

impl Transport {
    /// Sends a request once. Any status is an answer.
    pub(crate) async fn send(&self, connection: &Connection, ask: &Ask) -> Result<Reply, Cause> {
        let client = self.clients.of(connection, &ask.url)?;
        let shown = shown(&ask.url);
        let mut request = client
            .request(ask.method.clone(), ask.url.clone())
            .timeout(ask.timeout)
            .header("accept", "application/json");
        for (name, value) in &ask.headers {
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_| Cause::Settings {
                message: format!(
                    "the value of the header {name} holds characters that a header cannot carry"
                ),
            })?;
            value.set_sensitive(true);
            request = request.header(*name, value);
        }
        if let Some(payload) = &ask.body {
            request = with_payload(request.header(CONTENT_TYPE, ask.content_type), payload).await?;
        }
        let answer = request
            .send()
            .await
            .map_err(|error| cause_of(&shown, &error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer
            .bytes()
            .await
            .map_err(|error| cause_of(&shown, &error))?;
        Ok(Reply {
            url: shown,
            status,
            headers,
            body: body.to_vec(),
        })
    }
}

async fn with_payload(request: RequestBuilder, payload: &Payload) -> Result<RequestBuilder, Cause> {
    match payload {
        Payload::Bytes(bytes) => Ok(request.body(bytes.clone())),
        Payload::File(path) => {
            let (length, body) = opened(path).await.map_err(|error| Cause::Settings {
                message: format!("the file {} cannot be read: {error}", path.display()),
            })?;
            Ok(request.header(CONTENT_LENGTH, length).body(body))
        }
    }
}

/// A file as a body: its length in bytes, which the server is told beforehand, and what it holds.
async fn opened(path: &Path) -> std::io::Result<(u64, Body)> {
    let file = File::open(path).await?;
    let length = file.metadata().await?.len();
    let chunks = try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((chunk, file)))
    });
    Ok((length, Body::wrap_stream(chunks)))
}

/// The address as it may be shown: without a password in it, and without the query.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    if url.username() != "" || url.password().is_some() {
        // Both calls fail only for addresses without a host, which cannot be asked anyway.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    url.to_string()
}
