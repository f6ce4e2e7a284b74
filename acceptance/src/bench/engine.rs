//! The floor of apply and destroy: the same containers by the engine's own API, and when the engine was at work.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HostConfig, HostConfigLogConfig,
    Ipam, IpamConfig, Mount, MountType, NetworkCreateRequest, NetworkingConfig, PortBinding,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, EventsOptionsBuilder, InspectNetworkOptions,
    RemoveContainerOptionsBuilder, StartContainerOptions, StopContainerOptions,
};
use futures::{StreamExt, TryStreamExt};

use super::apply::{CPU_NANOS, MEMORY_BYTES};
use crate::docker::Engine;
use crate::image;

const LABEL: &str = "zun-bench.run";
const CONCURRENCY: usize = 10;
const PORTS: RangeInclusive<u16> = 30_000..=32_000;
/// The gateway has the first address.
const FIRST_ADDRESS: u32 = 2;

/// A user-defined bridge, and containers on it. Swept up when it goes out of scope.
#[derive(Debug)]
pub struct Bare<'a> {
    engine: &'a Engine,
    network: String,
    base: u32,
    image: String,
}

impl<'a> Bare<'a> {
    /// Makes the bridge.
    pub fn new(engine: &'a Engine) -> Result<Self> {
        Self::of(engine, image::TEST)
    }

    /// The same for containers of this image.
    pub fn of(engine: &'a Engine, image: &str) -> Result<Self> {
        let network = format!("zun-bench-{}", std::process::id());
        let base = engine
            .block_on(bridge(engine, &network))
            .context("cannot make a bridge for the floor")?;
        Ok(Self {
            engine,
            network,
            base,
            image: image.to_owned(),
        })
    }

    /// Creates and starts containers, ten at a time.
    pub fn start(&self, ports: &[u16]) -> Result<()> {
        let client = self.engine.client();
        let work = futures::stream::iter(self.bodies(ports)).map(|(name, body)| async move {
            let options = CreateContainerOptionsBuilder::new().name(&name).build();
            client.create_container(Some(options), body).await?;
            client
                .start_container(&name, None::<StartContainerOptions>)
                .await
        });
        self.engine
            .block_on(work.buffer_unordered(CONCURRENCY).try_collect::<Vec<_>>())
            .context("cannot start the containers of the floor")?;
        Ok(())
    }

    /// Creates and starts one without ports, with this folder of the host where there is one.
    pub fn start_one(&self, folder: Option<&Path>) -> Result<()> {
        let mut body = self.body(0, None, self.address(0));
        if let (Some(host), Some(folder)) = (&mut body.host_config, folder) {
            host.mounts = Some(vec![Mount {
                typ: Some(MountType::BIND),
                source: folder.to_str().map(str::to_owned),
                target: Some("/data".to_owned()),
                ..Mount::default()
            }]);
        }
        self.start_body(0, body)
    }

    /// The same, with this command and so much processing time.
    pub fn start_with(&self, index: u8, command: &[String], cpu_nanos: i64) -> Result<()> {
        let mut body = self.body(index.into(), None, self.address(index));
        body.cmd = Some(command.to_vec());
        if let Some(host) = &mut body.host_config {
            host.nano_cpus = Some(cpu_nanos);
        }
        self.start_body(index, body)
    }

    /// Starts one, and two more that join its network and its IPC, as a capsule's members do.
    pub fn start_joined(&self) -> Result<()> {
        let mut first = self.body(0, None, self.address(0));
        if let Some(host) = &mut first.host_config {
            host.ipc_mode = Some("shareable".to_owned());
        }
        self.start_body(0, first)?;
        let joined = format!("container:{}", self.name(0));
        for index in [1, 2] {
            let mut body = self.body(index.into(), None, self.address(index));
            (body.hostname, body.networking_config) = (None, None);
            if let Some(host) = &mut body.host_config {
                (host.network_mode, host.ipc_mode) = (Some(joined.clone()), Some(joined.clone()));
            }
            self.start_body(index, body)?;
        }
        Ok(())
    }

    /// The address of a container that is started alone.
    pub fn address(&self, index: u8) -> Ipv4Addr {
        Ipv4Addr::from(self.base + FIRST_ADDRESS + u32::from(index))
    }

    /// The name of a container in the engine.
    pub fn name(&self, index: usize) -> String {
        format!("{}-{index}", self.network)
    }

    fn start_body(&self, index: u8, body: ContainerCreateBody) -> Result<()> {
        let (client, name) = (self.engine.client(), self.name(index.into()));
        let work = async {
            let options = CreateContainerOptionsBuilder::new().name(&name).build();
            client.create_container(Some(options), body).await?;
            client
                .start_container(&name, None::<StartContainerOptions>)
                .await
        };
        self.engine
            .block_on(work)
            .context("cannot start the container of the floor")
    }

    /// Stops and removes as many, ten at a time.
    pub fn remove(&self, count: usize) -> Result<()> {
        let client = self.engine.client();
        let work = futures::stream::iter(0..count).map(|index| async move {
            let name = self.name(index);
            client
                .stop_container(&name, None::<StopContainerOptions>)
                .await?;
            let options = RemoveContainerOptionsBuilder::new()
                .force(true)
                .v(true)
                .build();
            client.remove_container(&name, Some(options)).await
        });
        self.engine
            .block_on(work.buffer_unordered(CONCURRENCY).try_collect::<Vec<_>>())
            .context("cannot remove the containers of the floor")?;
        Ok(())
    }

    fn bodies(&self, ports: &[u16]) -> Vec<(String, ContainerCreateBody)> {
        (FIRST_ADDRESS..)
            .zip(ports)
            .enumerate()
            .map(|(index, (offset, port))| {
                let address = Ipv4Addr::from(self.base + offset);
                (self.name(index), self.body(index, Some(*port), address))
            })
            .collect()
    }

    /// What zund asks of the engine for the same container.
    fn body(&self, index: usize, port: Option<u16>, address: Ipv4Addr) -> ContainerCreateBody {
        let inside = "80/tcp".to_owned();
        let binding = port.map(|port| PortBinding {
            host_ip: None,
            host_port: Some(port.to_string()),
        });
        let host = HostConfig {
            nano_cpus: Some(CPU_NANOS),
            memory: Some(MEMORY_BYTES),
            memory_swap: Some(MEMORY_BYTES),
            pids_limit: Some(4096),
            log_config: Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(HashMap::from([
                    ("max-size".to_owned(), "10m".to_owned()),
                    ("max-file".to_owned(), "3".to_owned()),
                ])),
            }),
            network_mode: Some(self.network.clone()),
            port_bindings: binding
                .map(|binding| HashMap::from([(inside.clone(), Some(vec![binding]))])),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            ..HostConfig::default()
        };
        let [_, b, c, d] = address.octets();
        let endpoint = EndpointSettings {
            ipam_config: Some(EndpointIpamConfig {
                ipv4_address: Some(address.to_string()),
                ..EndpointIpamConfig::default()
            }),
            mac_address: Some(format!("02:42:0a:{b:02x}:{c:02x}:{d:02x}")),
            ..EndpointSettings::default()
        };
        ContainerCreateBody {
            hostname: Some(format!("bench-{index}")),
            image: Some(self.image.clone()),
            labels: Some(labels(&self.network)),
            exposed_ports: port.map(|_| vec![inside]),
            host_config: Some(host),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some(HashMap::from([(self.network.clone(), endpoint)])),
            }),
            ..ContainerCreateBody::default()
        }
    }
}

impl Drop for Bare<'_> {
    fn drop(&mut self) {
        let label = format!("{LABEL}={}", self.network);
        if let Err(error) = self.engine.sweep(&label) {
            eprintln!("cannot sweep {label}: {error:#}");
        }
    }
}

/// As many as zund gives a container.
fn labels(run: &str) -> HashMap<String, String> {
    [
        (LABEL, run),
        ("zun-bench.container", "container"),
        ("zun-bench.project", "project"),
        ("zun-bench.revision", "1"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// A bridge with a subnet of its own, so that addresses on it can be fixed; the first address of that subnet. The engine
/// picks the subnet, clear of what the machine uses, and then is told what it has picked.
async fn bridge(engine: &Engine, name: &str) -> Result<u32> {
    let request = |subnet: Option<String>| NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        labels: Some(labels(name)),
        ipam: subnet.map(|subnet| Ipam {
            config: Some(vec![IpamConfig {
                subnet: Some(subnet),
                ..IpamConfig::default()
            }]),
            ..Ipam::default()
        }),
        ..NetworkCreateRequest::default()
    };
    let client = engine.client();
    client.create_network(request(None)).await?;
    let picked = client
        .inspect_network(name, None::<InspectNetworkOptions>)
        .await?;
    client.remove_network(name).await?;
    let subnet = picked
        .ipam
        .and_then(|ipam| ipam.config?.into_iter().find_map(|config| config.subnet))
        .context("the engine gave the bridge no subnet")?;
    client.create_network(request(Some(subnet.clone()))).await?;
    let base = subnet.split('/').next().unwrap_or_default();
    let base: Ipv4Addr = base
        .parse()
        .with_context(|| format!("the bridge has no IPv4 subnet, but {subnet}"))?;
    Ok(base.into())
}

/// So many ports of this machine that are free now, clear of those that zund picks and of outgoing connections.
pub fn free_ports(count: usize) -> Result<Vec<u16>> {
    let free: Vec<u16> = PORTS
        .filter(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok())
        .take(count)
        .collect();
    ensure!(
        free.len() == count,
        "there are no {count} free ports from {} to {}",
        PORTS.start(),
        PORTS.end()
    );
    Ok(free)
}

/// When the engine began and ended with the containers of a label.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Before its first step.
    pub before: f64,
    /// From its first step to its last.
    pub during: f64,
    /// After its last step.
    pub after: f64,
}

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "held against the times of the engine's events, which are the machine's"
)]
pub fn now() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

/// Splits the time from `begin` to `end` at the first event of kind `first` and the last of kind `last`.
pub fn window(
    engine: &Engine,
    label: &str,
    (begin, end): (f64, f64),
    [first, last]: [&str; 2],
) -> Result<Window> {
    let filters = HashMap::from([
        ("type".to_owned(), vec!["container".to_owned()]),
        ("label".to_owned(), vec![label.to_owned()]),
        ("event".to_owned(), vec![first.to_owned(), last.to_owned()]),
    ]);
    let options = EventsOptionsBuilder::new()
        .since(&format!("{begin:.6}"))
        .until(&format!("{end:.6}"))
        .filters(&filters)
        .build();
    let events: Vec<_> = engine
        .block_on(engine.client().events(Some(options)).try_collect())
        .context("cannot read the engine's events")?;
    let times = |kind: &str| -> Vec<f64> {
        let of_kind = events
            .iter()
            .filter(|event| event.action.as_deref() == Some(kind));
        of_kind
            .filter_map(|event| event.time_nano)
            .map(seconds)
            .collect()
    };
    let (starts, ends) = (times(first), times(last));
    ensure!(
        !starts.is_empty() && !ends.is_empty(),
        "the engine has forgotten its events"
    );
    let began = starts.into_iter().fold(f64::INFINITY, f64::min);
    let ended = ends.into_iter().fold(f64::NEG_INFINITY, f64::max);
    Ok(Window {
        before: began - begin,
        during: ended - began,
        after: end - ended,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds are enough, and far above what is lost"
)]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}
