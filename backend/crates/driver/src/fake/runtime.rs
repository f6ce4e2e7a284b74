//! The container verbs of a fake host.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use zun_domain::container::{Observed, Phase, Protocol, RuntimeId};
use zun_domain::host::HostFacts;
use zun_domain::id::ContainerId;
use zun_domain::name::Signal;

use super::fault::Verb;
use super::{FakeHost, event};
use crate::runtime::{
    Attachment, ContainerRuntime, CreateContainer, Found, Limits, LogQuery, Ran, RuntimeEvent,
    RuntimeName, Stats, Top,
};
use crate::{Class, Error, Result};

/// Exit code of a process that was ended by KILL.
pub(super) const KILLED: i64 = 137;

#[async_trait]
impl ContainerRuntime for FakeHost {
    async fn facts(&self) -> Result<HostFacts> {
        self.call(Verb::Facts, |state| Ok(state.facts.clone()))
            .await
    }

    async fn busy_ports(&self) -> Result<BTreeSet<(Protocol, u16)>> {
        self.call(Verb::BusyPorts, |state| Ok(state.ports.busy().collect()))
            .await
    }

    async fn create(&self, request: &CreateContainer) -> Result<RuntimeId> {
        self.call(Verb::Create, |state| state.create(request)).await
    }

    async fn start(&self, name: RuntimeName) -> Result<()> {
        self.call(Verb::Start, |state| {
            let key = state.existing(&name.to_string())?;
            if state.record(key)?.phase == Phase::Paused {
                return Err(Error::new(
                    Class::Conflict,
                    format!("cannot start a paused container {name}: unpause it"),
                ));
            }
            // As on Docker, this refusal leaves no trace on the container.
            let mounts = state.record(key)?.request.mounts.clone();
            state.volumes.check(&mounts)?;
            state.start(key)
        })
        .await
    }

    async fn stop(&self, name: RuntimeName, timeout: Option<u32>) -> Result<()> {
        let patience = self
            .call(Verb::Stop, |state| Ok(state.ask_to_stop(name, timeout)))
            .await?;
        if let Some((mut changed, seconds)) = patience {
            let ended = self.ended(name, &mut changed);
            let patience = Duration::from_secs(u64::from(seconds));
            if tokio::time::timeout(patience, ended).await.is_err() {
                self.answering()?;
                self.lock().end(name, KILLED);
            }
        }
        Ok(())
    }

    async fn kill(&self, name: RuntimeName, signal: Option<&Signal>) -> Result<()> {
        self.call(Verb::Kill, |state| state.kill(name, signal))
            .await
    }

    async fn pause(&self, name: RuntimeName) -> Result<()> {
        self.call(Verb::Pause, |state| state.freeze(name, true))
            .await
    }

    async fn unpause(&self, name: RuntimeName) -> Result<()> {
        self.call(Verb::Unpause, |state| state.freeze(name, false))
            .await
    }

    async fn update(&self, name: RuntimeName, limits: Limits) -> Result<()> {
        self.call(Verb::Update, |state| state.limit(&name.to_string(), limits))
            .await
    }

    async fn rename(&self, container: ContainerId, revision: u32, to: RuntimeName) -> Result<()> {
        self.call(Verb::Rename, |state| {
            match state.revisions.get(&(container, revision)).copied() {
                Some(key) => state.give_name(key, to.to_string()),
                None => Ok(()),
            }
        })
        .await
    }

    async fn remove(&self, name: RuntimeName) -> Result<()> {
        self.call(Verb::Remove, |state| {
            if let Some(key) = state.key(&name.to_string()) {
                state.drop_container(key);
            }
            Ok(())
        })
        .await
    }

    async fn find(&self, name: RuntimeName) -> Result<Option<Observed>> {
        self.call(Verb::Find, |state| Ok(state.find(name))).await
    }

    async fn list(&self) -> Result<Vec<Found>> {
        self.call(Verb::List, |state| {
            let found = state.containers.iter().map(|(key, record)| Found {
                container: record.request.container,
                name: record.name.clone(),
                observed: record.observed(*key),
            });
            Ok(found.collect())
        })
        .await
    }

    async fn connect(&self, name: RuntimeName, attachment: &Attachment) -> Result<()> {
        self.call(Verb::Connect, |state| state.connect(name, attachment))
            .await
    }

    async fn disconnect(&self, name: RuntimeName, network: &str) -> Result<()> {
        self.call(Verb::Disconnect, |state| {
            let key = state.key(&name.to_string());
            if let Some(key) = key {
                state.disconnect(key, network);
            }
            Ok(())
        })
        .await
    }

    async fn wait_started(
        &self,
        name: RuntimeName,
        settle_ms: u64,
        healthy: bool,
    ) -> Result<Observed> {
        self.call(Verb::WaitStarted, |_| Ok(())).await?;
        self.started(name, Duration::from_millis(settle_ms), healthy)
            .await
    }

    async fn wait_exited(&self, name: RuntimeName) -> Result<Observed> {
        self.call(Verb::WaitExited, |_| Ok(())).await?;
        self.exited(name).await
    }

    async fn logs(&self, name: RuntimeName, query: LogQuery) -> Result<String> {
        self.call(Verb::Logs, |state| state.logs(name, query)).await
    }

    async fn top(&self, name: RuntimeName, _arguments: Option<&str>) -> Result<Top> {
        self.call(Verb::Top, |state| {
            state.running_record(name)?;
            Ok(Top {
                titles: vec!["PID".to_owned(), "CMD".to_owned()],
                processes: vec![vec!["1".to_owned(), "fake".to_owned()]],
            })
        })
        .await
    }

    async fn stats(&self, name: RuntimeName) -> Result<Stats> {
        self.call(Verb::Stats, |state| {
            let limit = state.facts.memory;
            let record = state.running_record(name)?;
            Ok(Stats {
                cpu_percent: 0.0,
                memory_bytes: record.script.memory_used.bytes(),
                memory_limit_bytes: record.memory.unwrap_or(limit).bytes(),
                block_read_bytes: 0,
                block_write_bytes: 0,
                net_rx_bytes: 0,
                net_tx_bytes: 0,
            })
        })
        .await
    }

    async fn exec(&self, name: RuntimeName, command: &[String]) -> Result<Ran> {
        self.call(Verb::Exec, |state| state.exec(name, command))
            .await
    }

    async fn resize_tty(&self, name: RuntimeName, _height: u16, _width: u16) -> Result<()> {
        self.call(Verb::ResizeTty, |state| {
            state.running_record(name).map(|_| ())
        })
        .await
    }

    fn events(&self) -> BoxStream<'static, RuntimeEvent> {
        event::stream(self.clone())
    }
}
