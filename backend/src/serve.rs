//! `zund serve`: take the data directory, listen, open the store, start the engine, serve, drain.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use zun_engine::Engine;
use zun_store::Store;

use crate::config::{Config, Loaded};
use crate::place::Place;
use crate::{bootstrap, cli, compose, listener, lock, telemetry};

/// Holds the URL while zund listens.
pub(crate) const ENDPOINT: &str = "endpoint";
/// Open files wanted: connections, the database, one per followed container.
const OPEN_FILES: u64 = 16_384;
/// Threads that serve requests. Few, since what is slow runs elsewhere and each costs memory.
const THREADS: usize = 4;

/// Serves until told to stop.
pub(crate) fn run(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let config = &loaded.config;
    telemetry::start(config)?;
    raise_open_files();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, THREADS))
        .max_blocking_threads(32)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let done = runtime.block_on(serve(config));
    // What still blocks must not hold up the end: its steps go on from their log at the next start.
    runtime.shutdown_background();
    done
}

async fn serve(config: &Config) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let renewals = Renewals::listen(config)?;
    let place = Place::ensure(&config.data_dir)?;
    let _lock = lock::take(&place)?;
    let tls = listener::tls(config)?;
    let socket = listener::bind(config.listen)?;
    let address = socket
        .local_addr()
        .context("cannot ask for the listening address")?;
    let url = listener::url(address, tls.is_some());

    let key = bootstrap::key(&place, config)?;
    let ids = compose::ids();
    let deployment = bootstrap::deployment(&place, ids.as_ref())?;
    let store = compose::store(config, &place, key).await?;
    let identity = compose::identity(config, &store);
    let shown = config.public_url.clone().unwrap_or_else(|| url.clone());
    let first = bootstrap::administrator(&place, &identity, &shown, &config.region).await?;
    let engine = compose::engine(config, store.clone(), identity, deployment).await?;
    engine.start().await.context("cannot start the engine")?;
    let router = compose::router(config, engine.clone());

    let handle = Handle::new();
    let mut server = std::pin::pin!(listen(socket, tls.clone(), handle.clone(), router));
    place.write(ENDPOINT, format!("{url}\n").as_bytes())?;
    announce(config, &place, &url, first)?;
    tokio::select! {
        ended = &mut server => ended.context("the listener failed")?,
        never = renewals.follow(config, tls.as_ref()) => match never {},
        name = signals.next() => {
            tracing::info!("{name}: no new requests; waiting at most {} seconds for what is being done", config.drain_seconds);
        }
    }
    place.remove(ENDPOINT);
    let drained = drain(config, &handle, server, &engine, &store);
    tokio::select! {
        () = drained => Ok(ExitCode::SUCCESS),
        name = signals.next() => {
            tracing::warn!("{name} again: ending at once");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn listen(
    socket: TcpListener,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    router: Router,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    match tls {
        Some(tls) => {
            axum_server::from_tcp_rustls(socket, tls)?
                .handle(handle)
                .serve(service)
                .await
        }
        None => {
            axum_server::from_tcp(socket)?
                .handle(handle)
                .serve(service)
                .await
        }
    }
}

/// Ends the listener and the engine side by side: a request that follows an operation ends with it.
async fn drain(
    config: &Config,
    handle: &Handle<SocketAddr>,
    server: impl Future<Output = std::io::Result<()>>,
    engine: &Engine,
    store: &Store,
) {
    let bound = Duration::from_secs(config.drain_seconds);
    handle.graceful_shutdown(Some(bound));
    let (_, ended) = tokio::join!(server, engine.drain(bound));
    if !ended {
        tracing::warn!(
            "steps are still being done; their operations go on from their log at the next start"
        );
    }
    // A transaction that hangs must not hold up the end: what was not committed was not promised.
    if tokio::time::timeout(Duration::from_secs(5), store.close())
        .await
        .is_err()
    {
        tracing::warn!("the database did not close in time");
    }
    tracing::info!("ended");
}

fn announce(config: &Config, place: &Place, url: &str, first: bool) -> anyhow::Result<()> {
    tracing::info!(url, data_dir = %config.data_dir.display(), "listening on {url}");
    let mut text = format!("listening on {url}\n");
    if first {
        let openrc = place.file("openrc");
        let openrc = openrc.display();
        text = format!(
            "{text}first start: the user admin was made, its password is in {openrc}\n\
             next: . {openrc} && openstack appcontainer list\n"
        );
    }
    cli::print(&text)?;
    Ok(())
}

/// Each connection is an open file, and the usual limit of 1,024 is soon used up by a few hundred.
fn raise_open_files() {
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.unwrap_or(OPEN_FILES).min(OPEN_FILES);
    if now.current.is_some_and(|current| current < most) {
        let wanted = Rlimit {
            current: Some(most),
            maximum: now.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, wanted) {
            tracing::warn!("cannot raise the limit of open files to {most}: {error}");
        }
    }
    if most < 1024 {
        tracing::warn!("this process may open {most} files only; 500 connections take about 1024");
    }
}

/// The signals that end zund.
struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            term: listen(SignalKind::terminate())?,
            int: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
        }
    }
}

/// SIGHUP: the certificate was renewed. Without TLS the signal keeps its meaning, the terminal is gone.
struct Renewals(Option<Signal>);

impl Renewals {
    fn listen(config: &Config) -> anyhow::Result<Self> {
        let wanted = config.tls_certificate.is_some();
        let listen = || signal(SignalKind::hangup()).context("cannot listen for signals");
        Ok(Self(wanted.then(listen).transpose()?))
    }

    /// Reads the certificate at each signal, for as long as it is polled.
    async fn follow(self, config: &Config, tls: Option<&RustlsConfig>) -> Infallible {
        let (Some(mut signal), Some(tls)) = (self.0, tls) else {
            return std::future::pending().await;
        };
        loop {
            if signal.recv().await.is_none() {
                return std::future::pending().await;
            }
            match listener::reload(config, tls) {
                Ok(()) => {
                    tracing::info!("SIGHUP: new connections get the certificate as it is now");
                }
                Err(error) => {
                    tracing::error!("SIGHUP: the certificate in use stays: {error:#}");
                }
            }
        }
    }
}
