//! Runs a provider as the process Terraform talks to.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::handshake::{Environment, Identity, Socket, line, listen, reattach, watch};
use crate::log;
use crate::proto::plugin::Empty;
use crate::proto::plugin::grpc_controller_server::{GrpcController, GrpcControllerServer};
use crate::proto::tfplugin6::provider_server::ProviderServer;
use crate::provider::Provider;
use crate::server::{Server, guard};

/// The largest message either way, as with providers written in Go.
const LARGEST_MESSAGE: usize = 256 << 20;

/// How long open connections may delay the end of the process. Terraform kills after 2 s.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Terraform calls ten methods at a time, and they wait for the network.
const WORKERS: usize = 2;

/// Why a provider cannot be served.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("no socket")]
    Socket(#[source] io::Error),
    #[error("no encryption")]
    Tls(#[from] crate::handshake::tls::TlsError),
    #[error("no output")]
    Output(#[source] io::Error),
    #[error("no runtime")]
    Runtime(#[source] io::Error),
    #[error("the server failed")]
    Server(#[from] tonic::transport::Error),
}

/// How the process was started, which decides what ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// By Terraform: ends when it says so, or is gone.
    Plugin,
    /// By hand: ends when interrupted.
    Debug,
}

/// Serves a provider until Terraform is done with it. The whole of a provider's `main`:
///
/// ```no_run
/// # fn main_of<P: tfplugin::Provider>(provider: P) -> std::process::ExitCode {
/// tfplugin::serve(provider)
/// # }
/// ```
///
/// Started by hand with `--debug` it prints the environment variable by which Terraform finds
/// it, and runs until interrupted.
pub fn serve<P: Provider>(provider: P) -> ExitCode {
    let parent = watch::parent();
    let short = provider.address().rsplit('/').next().unwrap_or_default();
    let environment = Environment::read(short);
    let debug = std::env::args()
        .skip(1)
        .any(|argument| argument == "--debug");
    let mode = if debug { Mode::Debug } else { Mode::Plugin };
    if mode == Mode::Plugin && !environment.from_terraform {
        say(
            "This program is a provider for Terraform and OpenTofu, which start it themselves.\n\
             Start it with --debug to attach it to them by hand.\n",
        );
        return ExitCode::FAILURE;
    }
    guard::install_hook();
    if let Some(level) = environment.log {
        log::install(level, short);
    }
    match run(provider, &environment, mode, parent) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("[ERROR] {}\n", chain(&error)));
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard error; if nobody listens there is nobody to tell.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn run<P: Provider>(
    provider: P,
    environment: &Environment,
    mode: Mode,
    parent: Option<rustix::process::Pid>,
) -> Result<(), ServeError> {
    let directory = environment.socket_directory.clone();
    let directory = directory.unwrap_or_else(std::env::temp_dir);
    let mut socket = Socket::bind(&directory).map_err(ServeError::Socket)?;
    let address = socket.path().to_string_lossy().into_owned();
    let identity = match (&environment.client_certificate, mode) {
        (Some(certificate), Mode::Plugin) => Some(Identity::new(certificate)?),
        _ => None,
    };
    let certificate = identity.as_ref().map_or("", |i| i.certificate.as_str());
    let text = match mode {
        Mode::Plugin => line(&address, certificate, environment.multiplex_asked),
        Mode::Debug => reattach(provider.address(), std::process::id(), &address),
    };
    let mut out = io::stdout();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(ServeError::Output)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(ServeError::Runtime)?;
    let listener = socket.take_listener().map_err(ServeError::Socket)?;
    let ended = runtime.block_on(async {
        let listener = UnixListener::from_std(listener).map_err(ServeError::Socket)?;
        let tls = identity.map(|identity| identity.config);
        let shutdown = CancellationToken::new();
        let ending = end(mode, parent, shutdown.clone());
        converse(Server::new(provider), listener, tls, shutdown, ending).await
    });
    runtime.shutdown_background();
    ended
}

/// Waits for what ends the process. Until then an interrupt is ignored when Terraform started
/// it: it reaches both, and Terraform then asks the provider to stop.
async fn end(
    mode: Mode,
    parent: Option<rustix::process::Pid>,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let mut interrupts = signal(SignalKind::interrupt()).map_err(ServeError::Runtime)?;
    let mut terminations = signal(SignalKind::terminate()).map_err(ServeError::Runtime)?;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = watch::orphaned(parent), if mode == Mode::Plugin => return Ok(()),
            _ = terminations.recv() => return Ok(()),
            _ = interrupts.recv() => {
                if mode == Mode::Debug {
                    return Ok(());
                }
            }
        }
    }
}

/// Answers calls until `ending` is done; then gives open connections a moment.
async fn converse<P: Provider>(
    server: Server<P>,
    listener: UnixListener,
    tls: Option<Arc<ServerConfig>>,
    shutdown: CancellationToken,
    ending: impl Future<Output = Result<(), ServeError>>,
) -> Result<(), ServeError> {
    let (connections, accepted) = mpsc::channel(4);
    let provider = ProviderServer::new(server)
        .max_decoding_message_size(LARGEST_MESSAGE)
        .max_encoding_message_size(LARGEST_MESSAGE);
    let controller = GrpcControllerServer::new(Controller {
        shutdown: shutdown.clone(),
    });
    let serving = tonic::transport::Server::builder()
        .add_service(provider)
        .add_service(controller)
        .serve_with_incoming_shutdown(ReceiverStream::new(accepted), shutdown.cancelled());
    tokio::pin!(serving);
    let accepting = listen::accept(listener, tls, connections);
    tokio::select! {
        served = &mut serving => return Ok(served?),
        () = accepting => return Ok(()),
        ended = ending => ended?,
    }
    shutdown.cancel();
    match tokio::time::timeout(LAST_WORDS, serving).await {
        Ok(served) => Ok(served?),
        Err(_) => Ok(()),
    }
}

/// The service by which Terraform ends a provider.
struct Controller {
    shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[cfg(test)]
#[path = "serve/tests.rs"]
mod tests;
