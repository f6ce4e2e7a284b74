//! What a person does to a container with `docker`, behind zund's back.

use anyhow::{Context, Result};
use bollard::models::{
    ContainerUpdateBody, NetworkDisconnectRequest, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder, StartContainerOptions,
    StopContainerOptionsBuilder,
};

use crate::backend::signal;
use crate::docker::Engine;

/// One such deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// `docker stop`
    Stop,
    /// `docker start`
    Start,
    /// `docker pause`
    Pause,
    /// `docker unpause`
    Unpause,
    /// `docker rm -f`
    Remove,
    /// `docker rename`
    Rename,
    /// `docker update --memory`, MiB.
    Memory(i64),
    /// `docker update --cpus`, thousandths of a core.
    Cpu(i64),
    /// `docker update --restart always`
    Restart,
    /// `docker network disconnect`, of every network
    Disconnect,
    /// `kill -9` of its first process, from the host.
    Kill,
}

impl Hand {
    /// Does it to the container of this resource id.
    pub fn lay(self, engine: &Engine, uuid: &str) -> Result<()> {
        let name = format!("zun-{uuid}");
        if self == Self::Kill {
            let state = engine.inspect(uuid)?.state.context("no state")?;
            let pid = u32::try_from(state.pid.context("no process")?)?;
            return signal(pid, "KILL");
        }
        let networks = match self {
            Self::Disconnect => networks(engine, uuid)?,
            _ => Vec::new(),
        };
        engine
            .block_on(self.ask(engine.client(), &name, networks))
            .with_context(|| format!("cannot {self:?} {name}"))
    }

    async fn ask(
        self,
        client: &bollard::Docker,
        name: &str,
        networks: Vec<String>,
    ) -> Result<(), bollard::errors::Error> {
        match self {
            Self::Stop => {
                let options = StopContainerOptionsBuilder::new().t(2).build();
                client.stop_container(name, Some(options)).await
            }
            Self::Start => {
                let options = None::<StartContainerOptions>;
                client.start_container(name, options).await
            }
            Self::Pause => client.pause_container(name).await,
            Self::Unpause => client.unpause_container(name).await,
            Self::Remove => {
                let options = RemoveContainerOptionsBuilder::new().force(true).build();
                client.remove_container(name, Some(options)).await
            }
            Self::Rename => {
                let other = format!("{name}-renamed");
                let options = RenameContainerOptionsBuilder::new().name(&other).build();
                client.rename_container(name, options).await
            }
            Self::Memory(_) | Self::Cpu(_) | Self::Restart => {
                client.update_container(name, self.update()).await
            }
            Self::Disconnect => {
                for network in networks {
                    let body = NetworkDisconnectRequest {
                        container: name.to_owned(),
                        force: None,
                    };
                    client.disconnect_network(&network, body).await?;
                }
                Ok(())
            }
            Self::Kill => Ok(()),
        }
    }

    fn update(self) -> ContainerUpdateBody {
        let mut body = ContainerUpdateBody::default();
        match self {
            Self::Memory(mib) => {
                body.memory = Some(mib << 20);
                body.memory_swap = Some(mib << 20);
            }
            Self::Cpu(thousandths) => body.nano_cpus = Some(thousandths * 1_000_000),
            Self::Restart => {
                body.restart_policy = Some(RestartPolicy {
                    name: Some(RestartPolicyNameEnum::ALWAYS),
                    maximum_retry_count: None,
                });
            }
            _ => {}
        }
        body
    }
}

fn networks(engine: &Engine, uuid: &str) -> Result<Vec<String>> {
    let settings = engine.inspect(uuid)?.network_settings;
    let networks = settings.and_then(|settings| settings.networks);
    Ok(networks.unwrap_or_default().into_keys().collect())
}
