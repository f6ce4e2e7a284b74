//! An engine that is away: each call says so, events tell the loss and the return.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use zun_domain::container::Phase;
use zun_domain::network::mac_of;
use zun_driver::conformance::{Lab, skip};
use zun_driver::runtime::{RuntimeEvent, RuntimeName};
use zun_driver::{Class, ContainerRuntime};
use zun_driver_docker::{Docker, SOCKET};

use crate::{docker, lab};

/// A socket that leads to the engine until it is cut.
struct Wire {
    path: PathBuf,
    traffic: JoinSet<()>,
    /// Connections made: bollard makes one for each call.
    calls: Arc<AtomicUsize>,
}

impl Wire {
    fn lay(path: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let mut traffic = JoinSet::new();
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        traffic.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                connections.spawn(async move {
                    if let Ok(mut far) = UnixStream::connect(SOCKET).await {
                        // How a connection ends is the matter of those at its ends.
                        drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                    }
                });
            }
        });
        Self {
            path: path.to_path_buf(),
            traffic,
            calls,
        }
    }

    async fn cut(mut self) {
        self.traffic.shutdown().await;
        std::fs::remove_file(&self.path).unwrap();
    }
}

#[tokio::test]
async fn an_absent_engine_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let docker = Docker::connect(Some(&socket), "nobody".to_owned()).unwrap();
    let error = docker.facts().await.unwrap_err();
    assert_eq!(error.class, Class::Unavailable);
    let text = socket.display().to_string();
    assert!(
        error.message.contains(&text) && error.message.contains("start it"),
        "{error}"
    );

    // A socket file that nobody serves is the same.
    drop(UnixListener::bind(&socket).unwrap());
    let error = docker.facts().await.unwrap_err();
    assert_eq!(error.class, Class::Unavailable, "{error}");
    assert!(error.message.contains("refused"), "{error}");
    assert!(matches!(
        docker.events().next().await,
        Some(RuntimeEvent::Lost(_))
    ));
}

#[test]
fn a_relative_socket_is_refused() {
    let refused = Docker::connect(Some(Path::new("docker.sock")), "nobody".to_owned());
    assert_eq!(refused.err().map(|error| error.class), Some(Class::Refused));
}

#[tokio::test]
async fn the_driver_outlives_the_engine() {
    if !skip::machine_allowed("the_driver_outlives_the_engine") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let docker = Docker::connect(Some(&socket), format!("conformance-{}", lab::uuid())).unwrap();
    let mut events = docker.events();
    assert!(
        matches!(events.next().await, Some(RuntimeEvent::Lost(_))),
        "not there yet"
    );
    let wire = Wire::lay(&socket);
    assert_eq!(events.next().await, Some(RuntimeEvent::Resync));
    assert_eq!(docker.list().await, Ok(Vec::new()));
    wire.cut().await;
    assert!(matches!(events.next().await, Some(RuntimeEvent::Lost(_))));
    assert_eq!(docker.list().await.unwrap_err().class, Class::Unavailable);
    let _wire = Wire::lay(&socket);
    assert_eq!(events.next().await, Some(RuntimeEvent::Resync));
    assert_eq!(docker.list().await, Ok(Vec::new()));
}

/// What a start costs decides how fast a stack comes up: create, start, wait, look.
#[tokio::test]
async fn a_start_costs_four_calls() {
    let Some(mut lab) = lab::of("a_start_costs_four_calls").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let wire = Wire::lay(&socket);
    lab.docker = Docker::connect(Some(&socket), lab.deployment.clone()).unwrap();
    let network = lab.network();
    let mut requests = Vec::new();
    for (_, ip) in (0..10).zip(network.subnet.hosts().skip(10)) {
        let mut request = docker::request(&lab, &network).await;
        request.attachments[0].ip = ip;
        request.attachments[0].mac = mac_of(ip);
        requests.push(request);
    }
    let before = wire.calls.load(Ordering::Relaxed);
    let runtime = &lab.docker;
    let started = stream::iter(requests).map(|request| async move {
        let name = RuntimeName::Current(request.container);
        runtime.create(&request).await?;
        runtime.start(name).await?;
        runtime.wait_started(name, 300, false).await
    });
    let seen: Vec<_> = started.buffer_unordered(10).try_collect().await.unwrap();
    assert!(seen.iter().all(|seen| seen.phase == Phase::Running));
    assert_eq!(wire.calls.load(Ordering::Relaxed) - before, 40);
    assert_eq!(runtime.list().await.unwrap().len(), 10);
    assert_eq!(wire.calls.load(Ordering::Relaxed) - before, 51);
}
