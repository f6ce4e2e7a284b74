//! The only place that picks the database, the drivers, the clock and the source of ids.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use uuid::Uuid;
use zun_api::ApiSettings;
use zun_domain::time::{Clock, Timestamp};
use zun_driver::fake::FakeHost;
use zun_driver::{FirewallDriver, HostDrivers, VolumeDriver};
use zun_driver_docker::Docker;
use zun_driver_local::{DirectoryVolumes, LocalImages, LocalVolumes};
use zun_engine::Engine;
use zun_engine::context::{Ids, Parts};
use zun_engine::identity::{Identity, IdentitySettings};
use zun_store::{Store, StoreConfig};

use crate::bootstrap::DATABASE;
use crate::config::{Config, Firewall, Runtime, VolumeDriverName};
use crate::firewall;
use crate::place::Place;

/// Where volumes are in the data directory.
const VOLUMES: &str = "volumes";

/// Where the data of images is in the data directory.
const IMAGES: &str = "images";

/// The clock of the machine.
struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the present is asked for"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Random ids.
struct RandomIds;

impl Ids for RandomIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where ids are made"
    )]
    fn uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}

/// The clock of the machine.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Random ids.
pub(crate) fn ids() -> Arc<dyn Ids> {
    Arc::new(RandomIds)
}

/// Opens the database, and makes it at the first start.
pub(crate) async fn store(config: &Config, place: &Place, key: [u8; 32]) -> anyhow::Result<Store> {
    let (url, shown) = if let Some(url) = &config.database {
        let shown = "the database that the setting `database` names";
        (url.clone(), shown.to_owned())
    } else {
        let file = place.file(DATABASE);
        let url = format!("sqlite://{}", file.display());
        (url, format!("the database {}", file.display()))
    };
    Store::open(&StoreConfig { url, key })
        .await
        .with_context(|| format!("cannot open {shown}"))
}

/// Wires the logins.
pub(crate) fn identity(config: &Config, store: &Store) -> Identity {
    let settings = IdentitySettings {
        token_seconds: config.token_seconds,
    };
    Identity::new(store.clone(), clock(), ids(), settings)
}

/// Wires the engine. Nothing runs yet.
pub(crate) async fn engine(
    config: &Config,
    store: Store,
    identity: Identity,
    deployment: String,
) -> anyhow::Result<Engine> {
    let parts = Parts {
        store,
        local: drivers(config, deployment).await?,
        clock: clock(),
        ids: ids(),
        identity,
        settings: config.engine.clone(),
        interrupt: None,
    };
    Engine::open(parts).await.context("cannot start the engine")
}

async fn drivers(config: &Config, deployment: String) -> anyhow::Result<HostDrivers> {
    match config.runtime {
        Runtime::Docker => {
            let docker = Docker::connect_allowing(
                config.docker_socket.as_deref(),
                deployment.clone(),
                config.insecure_registries.clone(),
            )?;
            let firewall: Arc<dyn FirewallDriver> = match config.firewall {
                Firewall::Nftables => Arc::new(firewall::nftables(config, deployment)?),
                Firewall::None => {
                    tracing::warn!(
                        "firewall = none: security groups do not hold, and networks reach each other as Docker lets them"
                    );
                    Arc::new(firewall::Unguarded)
                }
            };
            let images = Arc::new(LocalImages::new(&folder(config, IMAGES)?)?);
            Ok(docker.drivers(images, firewall, volumes(config).await?))
        }
        Runtime::Fake => {
            tracing::warn!(
                "runtime = fake: containers are only pretended, and gone when zund ends"
            );
            let host = FakeHost::new();
            host.any_image();
            Ok(host.drivers())
        }
    }
}

/// A folder of the data directory, as drivers want it.
fn folder(config: &Config, name: &str) -> anyhow::Result<PathBuf> {
    let root = std::path::absolute(&config.data_dir);
    Ok(root
        .context("cannot tell where the data directory is")?
        .join(name))
}

/// The volumes of this machine. Where they cannot work, containers without volumes still do.
async fn volumes(config: &Config) -> anyhow::Result<Arc<dyn VolumeDriver>> {
    let folder = folder(config, VOLUMES)?;
    let volumes: Arc<dyn VolumeDriver> = match config.volume_driver {
        VolumeDriverName::Local => Arc::new(LocalVolumes::new(&folder)?),
        VolumeDriverName::Directory => Arc::new(DirectoryVolumes::new(&folder)?),
    };
    if let Err(refusal) = volumes.facts().await {
        tracing::warn!("there are no volumes on this host: {refusal}");
    }
    Ok(volumes)
}

/// The API on top of the engine.
pub(crate) fn router(config: &Config, engine: Engine) -> axum::Router {
    let settings = ApiSettings {
        public_url: config.public_url.clone(),
        tls: config.tls_certificate.is_some(),
        region: config.region.clone(),
        ..ApiSettings::new(clock(), ids())
    };
    zun_api::router(engine, settings)
}
