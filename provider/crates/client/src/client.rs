//! The client: logs in when first needed, keeps the token, sends calls to the right place.

use std::path::PathBuf;

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OnceCell, RwLock};
use url::Url;
use zun_api_types::features::Features;

use crate::catalog::{base_of, block_storage_of, images_of, networking_of, without_version};
use crate::connection::{Connection, Secret};
use crate::error::{Cause, Error};
use crate::identity::log_in;
use crate::reply::Reply;
use crate::retry::{Patience, patiently};
use crate::transport::{Ask, Payload, Transport};

/// A deployment as one user sees it. Cheap to make; share it.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    transport: Transport,
    session: RwLock<Option<Session>>,
    pub(crate) features: OnceCell<Features>,
}

/// A token, and where the service is.
#[derive(Debug, Clone)]
struct Session {
    token: Secret,
    base: Url,
    /// Of the block storage service, with its version and project, where the catalog names it.
    block_storage: Option<Url>,
    /// Of the network service, with its version, where the catalog names it.
    networking: Option<Url>,
    /// Of the image service, with its version, where the catalog names it.
    images: Option<Url>,
    /// How many logins came before; tells a refused token from the one that followed it.
    number: u64,
}

/// Whose address a path is below.
#[derive(Debug, Clone)]
enum Service {
    /// The container service.
    Container,
    /// The block storage of this project.
    BlockStorage(String),
    /// Networking.
    Networking,
    /// Images.
    Images,
}

/// A call: method, path below the service's address, and the body as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    tried: String,
    method: Method,
    service: Service,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Result<serde_json::Value, String>>,
    file: Option<PathBuf>,
    content_type: Option<&'static str>,
    headers: Vec<(&'static str, &'static str)>,
    patience: Patience,
    wait: std::time::Duration,
}

impl Call {
    /// A call of the extension API; `tried` is an infinitive.
    pub(crate) fn extension(tried: impl Into<String>, method: Method, path: &[&str]) -> Self {
        Self::at(&["zund", "v1"], tried, method, path)
    }

    /// A call of the container API.
    pub(crate) fn container_api(tried: impl Into<String>, method: Method, path: &[&str]) -> Self {
        Self::at(&["v1"], tried, method, path)
    }

    /// A call of the block storage API of a project.
    pub(crate) fn block_storage(
        tried: impl Into<String>,
        method: Method,
        project: &str,
        path: &[&str],
    ) -> Self {
        Self {
            service: Service::BlockStorage(project.to_owned()),
            ..Self::at(&[], tried, method, path)
        }
    }

    /// A call of the networking API.
    pub(crate) fn networking(tried: impl Into<String>, method: Method, path: &[&str]) -> Self {
        Self {
            service: Service::Networking,
            ..Self::at(&[], tried, method, path)
        }
    }

    /// A call of the image API.
    pub(crate) fn images(tried: impl Into<String>, method: Method, path: &[&str]) -> Self {
        Self {
            service: Service::Images,
            ..Self::at(&[], tried, method, path)
        }
    }

    fn at(root: &[&str], tried: impl Into<String>, method: Method, path: &[&str]) -> Self {
        let patience = if method == Method::GET || method == Method::DELETE {
            Patience::Short
        } else {
            Patience::None
        };
        Self {
            tried: tried.into(),
            method,
            service: Service::Container,
            path: root.iter().chain(path).map(ToString::to_string).collect(),
            query: Vec::new(),
            body: None,
            file: None,
            content_type: None,
            headers: Vec::new(),
            patience,
            wait: std::time::Duration::ZERO,
        }
    }

    pub(crate) fn body(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_value(body).map_err(|error| error.to_string()));
        self
    }

    /// Sends what a file holds.
    pub(crate) fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// What the body is, where it is not plain JSON.
    pub(crate) fn content_type(mut self, kind: &'static str) -> Self {
        self.content_type = Some(kind);
        self
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The server may take this long on top of the usual time.
    pub(crate) fn waiting(mut self, wait: std::time::Duration) -> Self {
        self.wait = wait;
        self
    }

    /// The address and what comes below it before the path.
    fn root<'a>(&'a self, session: &'a Session) -> (&'a Url, Vec<&'a str>) {
        // A server whose catalog does not say, or that was named by its address alone.
        let below_base = |path| (&session.base, path);
        match &self.service {
            Service::Container => below_base(Vec::new()),
            Service::BlockStorage(project) => match &session.block_storage {
                Some(url) => (url, Vec::new()),
                None => below_base(vec!["volume", "v3", project]),
            },
            Service::Networking => match &session.networking {
                Some(url) => (url, Vec::new()),
                None => below_base(vec!["network", "v2.0"]),
            },
            Service::Images => match &session.images {
                Some(url) => (url, Vec::new()),
                None => below_base(vec!["image", "v2"]),
            },
        }
    }

    fn ask(&self, session: &Session) -> Result<Ask, Cause> {
        let (base, below) = self.root(session);
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| Cause::Settings {
                message: format!("{base} is no address of a server"),
            })?
            .pop_if_empty()
            .extend(below)
            .extend(&self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut ask =
            Ask::new(self.method.clone(), url).header("x-auth-token", session.token.clone());
        for (name, value) in &self.headers {
            ask = ask.header(name, Secret::new(*value));
        }
        ask.timeout += self.wait;
        if let Some(kind) = self.content_type {
            ask.content_type = kind;
        }
        if let Some(path) = &self.file {
            ask.body = Some(Payload::File(path.clone()));
            return Ok(ask);
        }
        match &self.body {
            None => Ok(ask),
            Some(Ok(body)) => ask.json(body),
            Some(Err(message)) => Err(Cause::Settings {
                message: format!("the request cannot be written: {message}"),
            }),
        }
    }
}

impl Client {
    /// A client that has not asked anything yet.
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            transport: Transport::default(),
            session: RwLock::new(None),
            features: OnceCell::new(),
        }
    }

    /// Sends a call and reads its answer.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let reply = self.reply(&call).await?;
        reply.parse().map_err(|cause| Error::new(call.tried, cause))
    }

    /// Sends a call whose answer has no body.
    pub(crate) async fn call_empty(&self, call: Call) -> Result<(), Error> {
        self.reply(&call).await.map(|_| ())
    }

    /// Sends a call; a status of 400 and above is an error.
    async fn reply(&self, call: &Call) -> Result<Reply, Error> {
        let reply = self.any_reply(call).await?;
        if reply.status.as_u16() >= 400 {
            return Err(Error::new(&call.tried, Cause::Refusal(reply.refusal())));
        }
        Ok(reply)
    }

    /// Sends a call, again after a new login where the token is refused; any status is an answer.
    pub(crate) async fn any_reply(&self, call: &Call) -> Result<Reply, Error> {
        let failed = |cause| Error::new(&call.tried, cause);
        let session = self.session(None).await.map_err(failed)?;
        let reply = self.send(call, &session).await.map_err(failed)?;
        if reply.status.as_u16() != 401 {
            return Ok(reply);
        }
        let session = self.session(Some(session.number)).await.map_err(failed)?;
        self.send(call, &session).await.map_err(failed)
    }

    async fn send(&self, call: &Call, session: &Session) -> Result<Reply, Cause> {
        let ask = call.ask(session)?;
        let last = patiently(call.patience, || async {
            let reply = self.transport.send(&self.connection, &ask).await?;
            if matches!(reply.status.as_u16(), 429 | 502 | 503) {
                return Err(Cause::Refusal(reply.refusal()));
            }
            Ok(reply)
        });
        last.await
    }

    /// The session, after a login if there is none, or only the one whose token was refused.
    async fn session(&self, refused: Option<u64>) -> Result<Session, Cause> {
        let usable = |session: &Session| refused != Some(session.number);
        if let Some(session) = self.session.read().await.as_ref().filter(|s| usable(s)) {
            return Ok(session.clone());
        }
        let mut place = self.session.write().await;
        if let Some(session) = place.as_ref().filter(|s| usable(s)) {
            return Ok(session.clone());
        }
        let login = log_in(&self.transport, &self.connection).await?;
        let region = self.connection.region.as_deref();
        let (base, block_storage, networking, images) = match &self.connection.endpoint {
            Some(endpoint) => (without_version(endpoint.clone()), None, None, None),
            None => (
                base_of(&login.catalog, region)?,
                block_storage_of(&login.catalog, region),
                networking_of(&login.catalog, region),
                images_of(&login.catalog, region),
            ),
        };
        let session = Session {
            token: login.token,
            base,
            block_storage,
            networking,
            images,
            number: refused.map_or(0, |number| number + 1),
        };
        *place = Some(session.clone());
        Ok(session)
    }
}

#[cfg(test)]
#[path = "client/tests.rs"]
mod tests;
