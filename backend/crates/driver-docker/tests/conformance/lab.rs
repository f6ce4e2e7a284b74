//! A deployment of its own on this machine's engine, with an image of its own: a static busybox.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddrV4;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::NetworkDisconnectRequest;
use bollard::query_parameters::{
    CreateImageOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
    ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder,
};
use futures::TryStreamExt;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use uuid::Uuid;
use zun_domain::firewall::Ruleset;
use zun_domain::id::{ContainerId, NetworkId, ProjectId, VolumeId};
use zun_domain::name::ImageRef;
use zun_domain::runtime::{MakeNetwork, MakeSubnetV6};
use zun_driver::conformance::{Equipment, Lab, LabRegistry, Program, skip};
use zun_driver::runtime::{Attachment, RuntimeName};
use zun_driver::{FirewallDriver, ForeignGuard, HostDrivers, VolumeDriver};
use zun_driver_docker::Docker;
use zun_driver_local::{LocalImages, LocalVolumes};

use crate::registry::Registry;

/// What the shell of the image calls its programs.
const APPLETS: &[&str] = &[
    "sh", "sleep", "dd", "echo", "true", "false", "cat", "nc", "nslookup",
];

/// How often a port is asked before nobody is believed to listen.
const ASKED: u32 = 40;
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(2);

/// What is said to who connects, without its end; `None` where nothing is.
async fn answer(address: SocketAddrV4) -> Option<String> {
    let mut connection = tokio::net::TcpStream::connect(address).await.ok()?;
    let mut said = String::new();
    connection.read_to_string(&mut said).await.ok()?;
    let line = said.lines().next()?;
    Some(line.to_owned())
}

/// The lab of a case, or `None` where this machine cannot run it.
pub(crate) async fn of(case: &str) -> Option<DockerLab> {
    if !skip::machine_allowed(case) {
        return None;
    }
    let Some(busybox) = ["/bin/busybox", "/usr/bin/busybox"]
        .into_iter()
        .find(|path| Path::new(path).is_file())
    else {
        skip::skip(case, "there is no busybox (Debian package busybox-static)");
        return None;
    };
    let busybox = std::fs::read(busybox).unwrap();
    let run = uuid();
    let deployment = format!("conformance-{}", run.simple());
    let image = format!("zun-conformance/{}:1", run.simple());
    let folder = tempfile::tempdir().unwrap();
    let volumes = LocalVolumes::new(folder.path()).unwrap();
    if let Err(refusal) = volumes.facts().await {
        skip::skip(case, &refusal.message);
        return None;
    }
    let lab = DockerLab {
        docker: Docker::connect(None, deployment.clone()).unwrap(),
        deployment,
        image: image.parse().unwrap(),
        volumes: Arc::new(volumes),
        images: Arc::new(LocalImages::new(&folder.path().join("images")).unwrap()),
        _folder: folder,
        // Subnets that no default pool hands out, starting anywhere.
        subnet: AtomicU8::new(run.as_bytes()[0]),
        block: run.as_bytes()[1] % 16,
    };
    import(&image, root(&busybox)).await;
    Some(lab)
}

pub(crate) struct DockerLab {
    pub(crate) docker: Docker,
    pub(crate) deployment: String,
    pub(crate) image: ImageRef,
    volumes: Arc<dyn VolumeDriver>,
    images: Arc<LocalImages>,
    /// Where the volumes are; removed with it.
    _folder: TempDir,
    subnet: AtomicU8,
    block: u8,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of these tests that makes ids"
)]
pub(crate) fn uuid() -> Uuid {
    Uuid::new_v4()
}

/// A client of our own, to look behind the driver's back.
pub(crate) fn client() -> bollard::Docker {
    bollard::Docker::connect_with_unix(
        zun_driver_docker::SOCKET,
        120,
        &bollard::ClientVersion {
            major_version: 1,
            minor_version: 41,
        },
    )
    .unwrap()
}

async fn import(image: &str, archive: Vec<u8>) {
    let (repository, tag) = image.rsplit_once(':').unwrap();
    let options = CreateImageOptionsBuilder::new()
        .from_src("-")
        .repo(repository)
        .tag(tag)
        .build();
    let archive = bollard::body_full(archive.into());
    client()
        .create_image(Some(options), Some(archive), None)
        .try_collect::<Vec<_>>()
        .await
        .unwrap();
}

/// A root filesystem as a tar archive: busybox and its names.
fn root(busybox: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    entry(&mut archive, "bin/", b'5', "", &[]);
    entry(&mut archive, "bin/busybox", b'0', "", busybox);
    for applet in APPLETS {
        entry(&mut archive, &format!("bin/{applet}"), b'2', "busybox", &[]);
    }
    archive.extend([0; 1024]);
    archive
}

/// One entry of a tar archive in the ustar format (POSIX.1-1988).
fn entry(archive: &mut Vec<u8>, name: &str, kind: u8, link: &str, content: &[u8]) {
    let mut header = [0_u8; 512];
    let mut put =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000755");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{:011o}", content.len()));
    put(136, "00000000000");
    put(148, "        ");
    put(157, link);
    put(257, "ustar");
    put(263, "00");
    header[156] = kind;
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    archive.extend(header);
    archive.extend(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

#[async_trait]
impl Lab for DockerLab {
    fn drivers(&self) -> HostDrivers {
        self.docker
            .drivers(self.images.clone(), Arc::new(Open), self.volumes.clone())
    }

    fn container(&self) -> ContainerId {
        ContainerId(uuid())
    }

    fn network(&self) -> MakeNetwork {
        let third = self.subnet.fetch_add(1, Ordering::Relaxed);
        MakeNetwork {
            id: NetworkId(uuid()),
            project: ProjectId(uuid()),
            name: "default".to_owned(),
            subnet: format!("10.{}.{third}.0/24", 208 + self.block)
                .parse()
                .unwrap(),
            gateway: None,
            v6: None,
            mtu: None,
            runtime_name: None,
            routed: false,
        }
    }

    fn network_v6(&self) -> MakeNetwork {
        let network = self.network();
        let [_, second, third, _] = network.subnet.network().octets();
        let v6 = MakeSubnetV6 {
            subnet: format!("fd7a:{second:x}:{third:x}::/64").parse().unwrap(),
            gateway: format!("fd7a:{second:x}:{third:x}::1").parse().unwrap(),
        };
        MakeNetwork {
            v6: Some(v6),
            ..network
        }
    }

    fn free_port(&self) -> u16 {
        let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        listener.local_addr().unwrap().port()
    }

    fn volume(&self) -> VolumeId {
        VolumeId(uuid())
    }

    async fn registry(&self) -> Option<LabRegistry> {
        Registry::locked(self).await
    }

    fn is_there(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn equip(&self, _container: ContainerId, program: &Program) -> Equipment {
        let until_term = "trap 'exit 0' TERM; sleep 1000 & wait";
        let script = match program {
            Program::Runs | Program::Healthy | Program::Unhealthy => until_term.to_owned(),
            Program::IgnoresTerm => "trap '' TERM; sleep 1000".to_owned(),
            Program::Exits(code) => format!("exit {code}"),
            Program::Missing => String::new(),
            Program::Writes { path, line } => format!("echo '{line}' >'{path}'"),
            // Where every container of a network of our own asks for names.
            Program::Finds(name) => format!("nslookup '{name}' 127.0.0.11"),
            Program::Shows(path) => format!("cat '{path}'"),
            Program::Listens { port, says } => format!(
                "trap 'exit 0' TERM; (while true; do echo '{says}' | nc -l -p {port}; done) & wait"
            ),
            Program::Prints(lines) => format!("printf '{}\\n'; {until_term}", lines.join("\\n")),
            Program::Holds(mib) => format!(
                "dd if=/dev/zero of=/dev/shm/held bs=1048576 count={mib} 2>/dev/null; echo ready; {until_term}"
            ),
        };
        let command = match program {
            Program::Missing => vec!["/no/such/program".to_owned()],
            _ => vec!["sh".to_owned(), "-c".to_owned(), script],
        };
        let check = match program {
            Program::Healthy => Some("true"),
            Program::Unhealthy => Some("false"),
            _ => None,
        };
        Equipment {
            image: self.image.clone(),
            command,
            check: check.map(str::to_owned),
        }
    }

    async fn disconnect_by_hand(&self, name: RuntimeName, network: &str) {
        let request = NetworkDisconnectRequest {
            container: name.to_string(),
            force: Some(false),
        };
        client().disconnect_network(network, request).await.unwrap();
    }

    async fn ask(&self, address: SocketAddrV4) -> Option<String> {
        let mut again = tokio::time::interval(Duration::from_millis(50));
        for _ in 0..ASKED {
            again.tick().await;
            if let Ok(Some(line)) = tokio::time::timeout(ANSWER, answer(address)).await {
                return Some(line);
            }
        }
        None
    }

    async fn connections(&self, name: RuntimeName) -> BTreeMap<String, Attachment> {
        let shown = client()
            .inspect_container(&name.to_string(), None::<InspectContainerOptions>)
            .await
            .unwrap();
        // The engine adds both to the aliases that were asked for.
        let (id, hostname) = (shown.id.unwrap(), shown.config.unwrap().hostname.unwrap());
        let asked_for = |alias: &String| *alias != hostname && !id.starts_with(alias);
        let networks = shown.network_settings.unwrap().networks.unwrap();
        let shown = networks.into_iter().map(|(network, endpoint)| {
            let aliases = endpoint.aliases.unwrap_or_default().into_iter();
            let attachment = Attachment {
                network: network.clone(),
                ip: endpoint.ip_address.unwrap().parse().unwrap(),
                ipv6: endpoint.global_ipv6_address.and_then(|ip| ip.parse().ok()),
                mac: endpoint.mac_address.unwrap(),
                aliases: aliases.filter(asked_for).collect(),
            };
            (network, attachment)
        });
        shown.collect()
    }
}

/// These cases are about the engine: nothing is filtered.
struct Open;

#[async_trait]
impl FirewallDriver for Open {
    async fn apply(&self, _ruleset: &Ruleset) -> zun_driver::Result<()> {
        Ok(())
    }

    async fn mend(&self) -> zun_driver::Result<bool> {
        Ok(false)
    }

    async fn tie(&self) -> zun_driver::Result<()> {
        Ok(())
    }

    async fn foreign_guards(&self) -> zun_driver::Result<Vec<ForeignGuard>> {
        Ok(Vec::new())
    }

    async fn clear(&self) -> zun_driver::Result<()> {
        Ok(())
    }
}

impl Drop for DockerLab {
    /// Removes everything of this deployment, on a thread of its own: the test's runtime may be ending.
    fn drop(&mut self) {
        let label = format!("zun.deployment={}", self.deployment);
        let image = self.image.to_string();
        let volumes = Arc::clone(&self.volumes);
        let sweep = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(sweep(&label, &image, volumes.as_ref()));
        });
        if sweep.join().is_err() {
            eprintln!(
                "what carries the label of {} could not be removed",
                self.deployment
            );
        }
    }
}

async fn sweep(label: &str, image: &str, volumes: &dyn VolumeDriver) {
    let client = client();
    let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    for container in client.list_containers(Some(options)).await.unwrap() {
        let options = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        report(
            client
                .remove_container(&container.id.unwrap(), Some(options))
                .await,
        );
    }
    for volume in volumes.list().await.unwrap() {
        report(volumes.unmount(volume.id).await);
        report(volumes.disconnect(volume.id).await);
    }
    let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
    for network in client.list_networks(Some(options)).await.unwrap() {
        report(client.remove_network(&network.id.unwrap()).await);
    }
    let options = RemoveImageOptionsBuilder::new().force(true).build();
    report(client.remove_image(image, Some(options), None).await);
}

/// A leftover is told, not taken for a failure: Engine 20.10 does not give up every network.
fn report<T, E: std::fmt::Display>(removed: Result<T, E>) {
    if let Err(error) = removed {
        eprintln!("left over: {error}");
    }
}
