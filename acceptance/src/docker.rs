//! The Docker Engine as a bystander sees it: look at what zund made, meddle with it, and sweep it up at the end.
//!
//! Everything goes by label. What does not carry the label of the deployment under test is never touched.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use bollard::exec::StartExecResults;
use bollard::models::{ContainerInspectResponse, ContainerSummary, ExecConfig, Network};
use bollard::query_parameters::{
    InspectContainerOptions, KillContainerOptionsBuilder, ListContainersOptionsBuilder,
    ListNetworksOptions, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
};
use futures::TryStreamExt;
use tokio::runtime::Runtime;

/// The label that zund puts on everything it creates, with the id of its data directory's deployment.
pub const DEPLOYMENT: &str = "zun.deployment";

/// A connection to the engine of this machine.
#[derive(Debug)]
pub struct Engine {
    runtime: Runtime,
    client: bollard::Docker,
}

impl Engine {
    /// Connects over the engine's socket; fails when nothing answers.
    pub fn connect() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("cannot start a runtime for the Docker client")?;
        let client = runtime
            .block_on(async {
                bollard::Docker::connect_with_socket_defaults()?
                    .negotiate_version()
                    .await
            })
            .context("no Docker Engine answers on its socket: `./dev up` starts one")?;
        Ok(Self { runtime, client })
    }

    /// The client itself, for what is not wrapped here; drive it with [`Engine::block_on`].
    pub fn client(&self) -> &bollard::Docker {
        &self.client
    }

    /// Runs a future of [`Engine::client`] to its end.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// All containers, in whatever state, that carry `label`: a key, or `key=value`.
    pub fn containers(&self, label: &str) -> Result<Vec<ContainerSummary>> {
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&by_label(label))
            .build();
        self.block_on(self.client.list_containers(Some(options)))
            .with_context(|| format!("cannot list containers labelled {label}"))
    }

    /// All networks that carry `label`.
    pub fn networks(&self, label: &str) -> Result<Vec<Network>> {
        let options = ListNetworksOptionsBuilder::new()
            .filters(&by_label(label))
            .build();
        self.block_on(self.client.list_networks(Some(options)))
            .with_context(|| format!("cannot list networks labelled {label}"))
    }

    /// The prefixes of all its networks, whosever they are.
    pub fn subnets(&self) -> Result<Vec<String>> {
        let networks = self
            .block_on(self.client.list_networks(None::<ListNetworksOptions>))
            .context("cannot list networks")?;
        let configs = networks
            .into_iter()
            .filter_map(|network| network.ipam?.config);
        Ok(configs
            .flatten()
            .filter_map(|config| config.subnet)
            .collect())
    }

    /// The one container of this resource id: zund names it `zun-<uuid>`.
    pub fn inspect(&self, uuid: &str) -> Result<ContainerInspectResponse> {
        let name = format!("zun-{uuid}");
        self.block_on(
            self.client
                .inspect_container(&name, None::<InspectContainerOptions>),
        )
        .with_context(|| format!("cannot inspect {name}"))
    }

    /// The engine's own id of the container of this resource: another one after a recreate, the same after a live edit.
    pub fn engine_id(&self, uuid: &str) -> Result<String> {
        self.inspect(uuid)?
            .id
            .with_context(|| format!("zun-{uuid} has no id"))
    }

    /// Kills a container by the engine's id. One that does not run is dead already, and so is one that is gone: what a
    /// killed zund had asked for goes on.
    pub fn kill(&self, id: &str) -> Result<()> {
        let options = KillContainerOptionsBuilder::new().signal("KILL").build();
        match self.block_on(self.client.kill_container(id, Some(options))) {
            Err(bollard::errors::Error::DockerResponseServerError {
                status_code: 404 | 409,
                ..
            })
            | Ok(()) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("cannot kill {id}")),
        }
    }

    /// Runs a program inside the container of this resource: what it prints, where it ends well.
    pub fn exec(&self, uuid: &str, command: &[&str]) -> Result<String> {
        self.exec_in(&format!("zun-{uuid}"), command)
    }

    /// The same, inside a container by its name in the engine.
    pub fn exec_in(&self, name: &str, command: &[&str]) -> Result<String> {
        let shown = format!("`{}` in {name}", command.join(" "));
        let config = ExecConfig {
            cmd: Some(command.iter().map(ToString::to_string).collect()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..ExecConfig::default()
        };
        let ran = self.block_on(async {
            let exec = self.client.create_exec(name, config).await?;
            let mut text = String::new();
            let options = None::<bollard::exec::StartExecOptions>;
            if let StartExecResults::Attached { mut output, .. } =
                self.client.start_exec(&exec.id, options).await?
            {
                while let Some(part) = output.try_next().await? {
                    text += &part.to_string();
                }
            }
            let code = self.client.inspect_exec(&exec.id).await?.exit_code;
            Ok::<_, bollard::errors::Error>((code, text))
        });
        let (code, text) = ran.with_context(|| format!("cannot run {shown}"))?;
        ensure!(code == Some(0), "{shown} ended with {code:?}: {text}");
        Ok(text)
    }

    /// Removes every container and network that carries `label`. A network that the engine will not give up is left
    /// (semantics of Engine 20.10: it miscounts endpoints) and named.
    pub fn sweep(&self, label: &str) -> Result<()> {
        for container in self.containers(label)? {
            let Some(id) = container.id else { continue };
            let options = RemoveContainerOptionsBuilder::new()
                .force(true)
                .v(true)
                .build();
            if let Err(error) = self.block_on(self.client.remove_container(&id, Some(options))) {
                eprintln!("container {id} could not be removed: {error}");
            }
        }
        for network in self.networks(label)? {
            let Some(id) = network.id else { continue };
            if let Err(error) = self.block_on(self.client.remove_network(&id)) {
                eprintln!("network {id} could not be removed: {error}");
            }
        }
        Ok(())
    }
}

fn by_label(label: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![label.to_owned()])])
}

/// Sweeps up by label when it goes out of scope, also when the test has failed.
#[derive(Debug)]
pub struct Sweeper<'a> {
    engine: &'a Engine,
    label: String,
}

impl<'a> Sweeper<'a> {
    /// Sweeps what carries `label` at the end of the scope.
    pub fn new(engine: &'a Engine, label: String) -> Self {
        Self { engine, label }
    }
}

impl Drop for Sweeper<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.engine.sweep(&self.label) {
            eprintln!("cannot sweep {}: {error:#}", self.label);
        }
    }
}
