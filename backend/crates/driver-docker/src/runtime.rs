//! The container verbs on a Docker Engine. Each is the call, and the answers that count as done.

mod connect;
mod create;
mod event;
mod exec;
mod fact;
mod limit;
mod look;
mod port;
mod wait;

pub(crate) use port::LastRead;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use bollard::query_parameters::{
    KillContainerOptionsBuilder, RemoveContainerOptionsBuilder, ResizeContainerTTYOptionsBuilder,
    StopContainerOptionsBuilder,
};
use futures::stream::BoxStream;
use zun_domain::container::{Observed, Protocol, RuntimeId};
use zun_domain::host::HostFacts;
use zun_domain::id::ContainerId;
use zun_domain::name::Signal;
use zun_driver::runtime::{
    Attachment, CreateContainer, Found, Limits, LogQuery, Ran, RuntimeEvent, RuntimeName, Stats,
    Top,
};
use zun_driver::{Class, ContainerRuntime, Error, Result};

use crate::{Docker, error};

/// A stop by the container's own timeout, which we do not know here, may take as long as anybody would set.
const OWN_TIMEOUT_PATIENCE_SECONDS: u32 = 86_400;

#[async_trait]
impl ContainerRuntime for Docker {
    async fn facts(&self) -> Result<HostFacts> {
        self.host_facts().await
    }

    async fn busy_ports(&self) -> Result<BTreeSet<(Protocol, u16)>> {
        self.ports().await
    }

    async fn create(&self, request: &CreateContainer) -> Result<RuntimeId> {
        self.create_container(request).await
    }

    async fn start(&self, name: RuntimeName) -> Result<()> {
        self.start_container(&name.to_string()).await
    }

    async fn stop(&self, name: RuntimeName, timeout: Option<u32>) -> Result<()> {
        let name = name.to_string();
        let mut options = StopContainerOptionsBuilder::new();
        if let Some(seconds) = timeout {
            options = options.t(i32::try_from(seconds).unwrap_or(i32::MAX));
        }
        let client = self
            .patient_client(timeout.unwrap_or(OWN_TIMEOUT_PATIENCE_SECONDS))
            .await?;
        let stopped = client.stop_container(&name, Some(options.build())).await;
        self.absent_is_fine(stopped, &format!("stop container {name}"))
    }

    async fn kill(&self, name: RuntimeName, signal: Option<&Signal>) -> Result<()> {
        let name = name.to_string();
        let signal = signal.map_or("KILL", Signal::as_str);
        let options = KillContainerOptionsBuilder::new().signal(signal).build();
        let killed = self
            .client()
            .await?
            .kill_container(&name, Some(options))
            .await;
        killed.map_err(|error| self.told(&format!("send {signal} to container {name}"), error))
    }

    async fn pause(&self, name: RuntimeName) -> Result<()> {
        let name = name.to_string();
        match self.client().await?.pause_container(&name).await {
            Err(error) if error::sentence(&error).contains("already paused") => Ok(()),
            paused => paused.map_err(|error| self.told(&format!("pause container {name}"), error)),
        }
    }

    async fn unpause(&self, name: RuntimeName) -> Result<()> {
        let name = name.to_string();
        match self.client().await?.unpause_container(&name).await {
            Err(error) if error::sentence(&error).contains("is not paused") => Ok(()),
            thawed => {
                thawed.map_err(|error| self.told(&format!("unpause container {name}"), error))
            }
        }
    }

    async fn update(&self, name: RuntimeName, limits: Limits) -> Result<()> {
        self.set_limits(&name.to_string(), limits).await
    }

    async fn rename(&self, container: ContainerId, revision: u32, to: RuntimeName) -> Result<()> {
        self.give_name(container, revision, &to.to_string()).await
    }

    async fn remove(&self, name: RuntimeName) -> Result<()> {
        let name = name.to_string();
        let options = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        let removed = self
            .client()
            .await?
            .remove_container(&name, Some(options))
            .await;
        match removed {
            // Somebody else's removal is under way: it counts once it is done.
            Err(error) if error::sentence(&error).contains("already in progress") => {
                match self.wait_for(&name, "removed").await {
                    Err(error) if error.class == Class::NotFound => Ok(()),
                    done => done,
                }
            }
            removed => self.absent_is_fine(removed, &format!("remove container {name}")),
        }
    }

    async fn find(&self, name: RuntimeName) -> Result<Option<Observed>> {
        self.inspect(name).await
    }

    async fn list(&self) -> Result<Vec<Found>> {
        self.list_ours().await
    }

    async fn connect(&self, name: RuntimeName, attachment: &Attachment) -> Result<()> {
        self.connect_network(&name.to_string(), attachment).await
    }

    async fn disconnect(&self, name: RuntimeName, network: &str) -> Result<()> {
        self.disconnect_network(&name.to_string(), network).await
    }

    async fn wait_started(
        &self,
        name: RuntimeName,
        settle_ms: u64,
        healthy: bool,
    ) -> Result<Observed> {
        self.settled(name, Duration::from_millis(settle_ms), healthy)
            .await
    }

    async fn wait_exited(&self, name: RuntimeName) -> Result<Observed> {
        self.ended(name).await
    }

    async fn logs(&self, name: RuntimeName, query: LogQuery) -> Result<String> {
        self.printed(&name.to_string(), query).await
    }

    async fn top(&self, name: RuntimeName, arguments: Option<&str>) -> Result<Top> {
        self.processes(&name.to_string(), arguments).await
    }

    async fn stats(&self, name: RuntimeName) -> Result<Stats> {
        self.measured(&name.to_string()).await
    }

    async fn exec(&self, name: RuntimeName, command: &[String]) -> Result<Ran> {
        self.run(&name.to_string(), command).await
    }

    async fn resize_tty(&self, name: RuntimeName, height: u16, width: u16) -> Result<()> {
        let name = name.to_string();
        let options = ResizeContainerTTYOptionsBuilder::new()
            .h(i32::from(height))
            .w(i32::from(width))
            .build();
        let resized = self
            .client()
            .await?
            .resize_container_tty(&name, options)
            .await;
        resized
            .map_err(|error| self.told(&format!("resize the terminal of container {name}"), error))
    }

    fn events(&self) -> BoxStream<'static, RuntimeEvent> {
        event::stream(self.clone())
    }
}

impl Docker {
    pub(crate) fn absent_is_fine(
        &self,
        answer: std::result::Result<(), bollard::errors::Error>,
        tried: &str,
    ) -> Result<()> {
        match answer {
            Err(error) if error::is_absent(&error) => Ok(()),
            answer => answer.map_err(|error| self.told(tried, error)),
        }
    }

    fn no_container(name: &str) -> Error {
        Error::new(
            Class::NotFound,
            format!("the engine has no container {name}"),
        )
    }
}
