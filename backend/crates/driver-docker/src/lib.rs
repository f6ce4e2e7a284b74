//! The drivers of a host that runs Docker: containers, images and networks of one Docker Engine.
//!
//! [`Docker`] is all three. It talks to the engine's Unix socket only, through bollard, and
//! knows Engine 20.10 (API 1.41) and later. `runtime` holds the container verbs, `convert` the two translations
//! between our words and Docker's, `error` the one place that knows what its status codes and sentences mean.
//!
//! Everything made here carries the labels of [`label`] from the create call on; nothing without
//! `zun.deployment` of this deployment is ever listed, changed or removed.

mod convert;
mod error;
mod image;
mod label;
mod network;
mod runtime;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bollard::BollardRequest;
use zun_domain::id::ContainerId;
use zun_domain::registry::RegistryDomain;
use zun_driver::{Class, Error, FirewallDriver, HostDrivers, ImageStore, Result, VolumeDriver};

/// Where the engine listens where nothing else is said.
pub const SOCKET: &str = "/var/run/docker.sock";

/// How long the engine may take to begin an answer. Pulls and waits answer at once and go on for as long as
/// they need; a stop gets its own time on top.
const ANSWER_SECONDS: u64 = 120;

/// How long after our start a call of a former process may still be at work in the engine: killing the caller does
/// not end it.
const STILL_AT_WORK: Duration = Duration::from_secs(10);

/// One Docker Engine, as seen by one deployment. Clones share the connection and what is remembered.
#[derive(Clone)]
pub struct Docker {
    inner: Arc<Inner>,
}

struct Inner {
    socket: PathBuf,
    deployment: String,
    /// Registries that may be asked without TLS.
    insecure_registries: BTreeSet<RegistryDomain>,
    client: tokio::sync::Mutex<Option<bollard::Docker>>,
    memory: Mutex<Memory>,
    /// Held while a network is made: Engine 20.10 makes two of one name when asked twice at once.
    making_network: tokio::sync::Mutex<()>,
    /// When this process began: see [`STILL_AT_WORK`].
    since: tokio::time::Instant,
    /// Held while the ports are read: those who ask meanwhile share the answer.
    busy_ports: tokio::sync::Mutex<runtime::LastRead>,
}

/// What saves a question to the engine. All of it may be forgotten at any moment.
#[derive(Default)]
struct Memory {
    /// Networks known to be there, and what they are like.
    networks: HashMap<String, network::Shape>,
    /// Digests that are an image's own id, not a registry's.
    image_ids: HashSet<String>,
    /// Our containers by the engine's id, and whether they run: network events name nothing else.
    containers: HashMap<String, Seen>,
    /// The storage driver enforces a size per container.
    disk_quota: Option<bool>,
}

#[derive(Clone, Copy)]
struct Seen {
    container: ContainerId,
    running: bool,
}

impl Docker {
    /// The engine behind a Unix socket, [`SOCKET`] where none is given. It need not answer yet: each call
    /// connects where there is no connection, and says `Unavailable` while there can be none.
    ///
    /// `deployment` becomes the label that tells our containers and networks from everybody else's.
    pub fn connect(socket_path: Option<&Path>, deployment: String) -> Result<Self> {
        Self::connect_allowing(socket_path, deployment, BTreeSet::new())
    }

    /// The same, where these registries may be asked without TLS.
    pub fn connect_allowing(
        socket_path: Option<&Path>,
        deployment: String,
        insecure_registries: BTreeSet<RegistryDomain>,
    ) -> Result<Self> {
        let socket = socket_path.unwrap_or(Path::new(SOCKET)).to_path_buf();
        if socket.to_str().is_none() || !socket.is_absolute() {
            return Err(Error::new(
                Class::Refused,
                format!(
                    "the Docker socket {} is not an absolute path, such as {SOCKET}",
                    socket.display()
                ),
            ));
        }
        Ok(Self {
            inner: Arc::new(Inner {
                socket,
                deployment,
                insecure_registries,
                client: tokio::sync::Mutex::new(None),
                memory: Mutex::default(),
                making_network: tokio::sync::Mutex::default(),
                since: tokio::time::Instant::now(),
                busy_ports: tokio::sync::Mutex::default(),
            }),
        })
    }

    /// The drivers of this engine, beside the data of the image service, the firewall of its host and the volumes that
    /// its containers mount.
    pub fn drivers(
        &self,
        image_store: Arc<dyn ImageStore>,
        firewall: Arc<dyn FirewallDriver>,
        volumes: Arc<dyn VolumeDriver>,
    ) -> HostDrivers {
        HostDrivers {
            runtime: Arc::new(self.clone()),
            images: Arc::new(self.clone()),
            image_store,
            networks: Arc::new(self.clone()),
            firewall,
            volumes,
        }
    }

    fn deployment(&self) -> &str {
        &self.inner.deployment
    }

    /// What is in the way may be a call of a former process that goes away by itself.
    fn may_be_at_work(&self) -> bool {
        self.inner.since.elapsed() < STILL_AT_WORK
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.inner
            .memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, made and agreed on an API version at the first call that finds the engine answering.
    async fn client(&self) -> Result<bollard::Docker> {
        let mut client = self.inner.client.lock().await;
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let made = self.reach().await?;
        *client = Some(made.clone());
        Ok(made)
    }

    /// The same with another time to begin the answer.
    async fn patient_client(&self, seconds: u32) -> Result<bollard::Docker> {
        let patience = Duration::from_secs(ANSWER_SECONDS.saturating_add(u64::from(seconds)));
        Ok(self.client().await?.with_timeout(patience))
    }

    async fn reach(&self) -> Result<bollard::Docker> {
        let socket = self.inner.socket.to_string_lossy();
        let client = bollard::Docker::connect_with_unix(
            &socket,
            ANSWER_SECONDS,
            bollard::API_DEFAULT_VERSION,
        );
        let client = client.map_err(|error| self.told("connect to the engine", error))?;
        let client = client.negotiate_version().await;
        let client = client.map_err(|error| self.told("connect to the engine", error))?;
        Ok(client.with_request_modifier(with_legible_credentials))
    }

    /// Forgets the connection and what was remembered: the engine that answers next may be another one.
    async fn forget(&self) {
        *self.inner.client.lock().await = None;
        let mut memory = self.memory();
        memory.networks.clear();
        memory.disk_quota = None;
    }

    /// Our error for one of bollard's, with what was tried.
    fn told(&self, tried: &str, error: bollard::errors::Error) -> Error {
        error::told(&self.inner.socket, tried, error)
    }
}

/// The engine reads credentials as base64 for URLs and takes what it cannot read for none; bollard 0.21 writes plain
/// base64, which differs for some passwords.
fn with_legible_credentials(mut request: BollardRequest) -> BollardRequest {
    const HEADER: &str = "x-registry-auth";
    let given = request.headers().get(HEADER);
    let legible = given
        .and_then(|value| value.to_str().ok())
        .map(|text| text.replace('+', "-").replace('/', "_"));
    if let Some(Ok(value)) = legible.map(|text| text.parse()) {
        request.headers_mut().insert(HEADER, value);
    }
    request
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pause between two questions to an engine that gives no sign of the answer's change"
)]
async fn wait_a_little(pause: Duration) {
    tokio::time::sleep(pause).await;
}
