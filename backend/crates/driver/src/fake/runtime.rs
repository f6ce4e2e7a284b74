//! The container verbs of a fake host.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::watch;
use zun_domain::container::{Health, Observed, Phase, Protocol, RestartPolicy, RuntimeId};
use zun_domain::host::HostFacts;
use zun_domain::id::ContainerId;
use zun_domain::name::Signal;
use zun_domain::unit::{MemoryMib, Millicpu};

use super::fault::Verb;
use super::script::{Run, Script};
use super::state::{Record, State, runtime_id};
use super::{FakeHost, event};
use crate::runtime::{
    Attachment, ContainerRuntime, CreateContainer, Found, Limits, LogQuery, RuntimeEvent,
    RuntimeName, Stats, Top,
};
use crate::{Class, Error, Result};

/// Exit code of a process that was ended by KILL.
const KILLED: i64 = 137;

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

impl State {
    fn create(&mut self, request: &CreateContainer) -> Result<RuntimeId> {
        let name = RuntimeName::Current(request.container).to_string();
        if let Some(key) = self.key(&name) {
            let there = &self.record(key)?.request;
            if (there.container, there.revision) == (request.container, request.revision) {
                return Ok(runtime_id(key));
            }
            return Err(Error::new(
                Class::Conflict,
                format!(
                    "cannot create container {name}: the name is in use by container {}",
                    runtime_id(key).0
                ),
            ));
        }
        let image = self.images.runnable(&request.image)?;
        if !self.networks.has(&request.attachment.network) {
            return Err(Error::new(
                Class::NotFound,
                format!("the engine has no network {}", request.attachment.network),
            ));
        }
        self.check_limits(&name, request.spec.cpu, request.spec.memory)?;
        if let Some(runtime) = &request.spec.runtime
            && !self.facts.runtimes.contains(runtime)
        {
            return Err(Error::new(
                Class::Refused,
                format!("cannot create container {name}: unknown runtime {runtime}"),
            ));
        }
        let record = Record {
            request: request.clone(),
            name,
            image_id: image.id,
            command: request.spec.command.clone().unwrap_or(image.command),
            entrypoint: request.spec.entrypoint.clone().unwrap_or(image.entrypoint),
            phase: Phase::Created,
            exit_code: None,
            oom_killed: false,
            error: None,
            started_at: None,
            finished_at: None,
            health: request.spec.healthcheck.as_ref().map(|_| Health::Starting),
            cpu: request.spec.cpu,
            memory: request.spec.memory,
            restart_policy: request.spec.restart_policy.map(RestartPolicy::for_engine),
            networks: BTreeMap::from([(
                request.attachment.network.clone(),
                request.attachment.clone(),
            )]),
            script: Script::default(),
            restarts: 0,
            stopped_on_purpose: false,
            life: 0,
            log: Vec::new(),
            changed: watch::Sender::new(()),
        };
        let key = self.insert(record);
        self.changed(key);
        Ok(runtime_id(key))
    }

    fn check_limits(
        &self,
        name: &str,
        cpu: Option<Millicpu>,
        memory: Option<MemoryMib>,
    ) -> Result<()> {
        if let Some(cpu) = cpu.filter(|cpu| *cpu > self.facts.cpus) {
            return Err(Error::new(
                Class::Refused,
                format!(
                    "cannot give container {name} {cpu} cores: the host has {}",
                    self.facts.cpus
                ),
            ));
        }
        if let Some(memory) = memory.filter(|memory| *memory < self.facts.minimum_memory) {
            return Err(Error::new(
                Class::Refused,
                format!(
                    "cannot give container {name} {memory} MiB of memory: the least is {} MiB",
                    self.facts.minimum_memory
                ),
            ));
        }
        Ok(())
    }

    /// Changes limits, by the name in the engine.
    pub(super) fn limit(&mut self, name: &str, limits: Limits) -> Result<()> {
        let key = self.existing(name)?;
        self.check_limits(name, limits.cpu, limits.memory)?;
        let record = self.record(key)?;
        let used = record.script.memory_used;
        if let Some(memory) = limits.memory
            && record.alive()
            && memory < used
        {
            return Err(Error::new(
                Class::Refused,
                format!(
                    "cannot lower the memory of container {name} to {memory} MiB: it uses {used} MiB now"
                ),
            ));
        }
        record.cpu = limits.cpu.or(record.cpu);
        record.memory = limits.memory.or(record.memory);
        let policy = limits.restart_policy.map(RestartPolicy::for_engine);
        record.restart_policy = policy.or(record.restart_policy);
        self.changed(key);
        Ok(())
    }

    pub(super) fn find(&self, name: RuntimeName) -> Option<Observed> {
        let key = self.key(&name.to_string())?;
        self.containers.get(&key).map(|record| record.observed(key))
    }

    fn running_record(&mut self, name: RuntimeName) -> Result<&mut Record> {
        let key = self.existing(&name.to_string())?;
        let record = self.record(key)?;
        if record.alive() {
            Ok(record)
        } else {
            Err(Error::new(
                Class::Conflict,
                format!("container {name} is not running"),
            ))
        }
    }

    /// Sends the stop signal. Where the process ignores it: how to follow it, and the seconds it gets.
    fn ask_to_stop(
        &mut self,
        name: RuntimeName,
        timeout: Option<u32>,
    ) -> Option<(watch::Receiver<()>, u32)> {
        let key = self.key(&name.to_string())?;
        let record = self.containers.get(&key)?;
        if record.phase == Phase::Restarting {
            let code = record.exit_code.unwrap_or_default();
            self.put_to_rest(key, code);
            return None;
        }
        if !record.alive() {
            return None;
        }
        match &record.script.run {
            Run::UntilTerm => {
                self.put_to_rest(key, 0);
                None
            }
            Run::UntilKill | Run::Exits { .. } | Run::CannotStart(_) => {
                let seconds = timeout.or(record.request.spec.stop_timeout).unwrap_or(10);
                Some((record.changed.subscribe(), seconds))
            }
        }
    }

    /// Ends it, whatever its process would like.
    pub(super) fn end(&mut self, name: RuntimeName, code: i64) {
        if let Some(key) = self.key(&name.to_string())
            && self.containers.get(&key).is_some_and(Record::alive)
        {
            self.put_to_rest(key, code);
        }
    }

    fn kill(&mut self, name: RuntimeName, signal: Option<&Signal>) -> Result<()> {
        let key = self.existing(&name.to_string())?;
        let run = self.running_record(name)?.script.run.clone();
        let signal = signal.map_or("KILL".to_owned(), |signal| {
            signal.as_str().to_ascii_uppercase()
        });
        let bare = signal.strip_prefix("SIG").unwrap_or(&signal);
        match (bare, run) {
            ("KILL" | "9", _) => self.put_to_rest(key, KILLED),
            ("TERM" | "15" | "INT" | "2" | "QUIT" | "3", Run::UntilTerm) => {
                self.put_to_rest(key, 0);
            }
            _ => {}
        }
        Ok(())
    }

    /// Freezes or thaws it.
    pub(super) fn freeze(&mut self, name: RuntimeName, frozen: bool) -> Result<()> {
        let key = self.existing(&name.to_string())?;
        let record = self.record(key)?;
        match (record.phase, frozen) {
            (Phase::Paused, false) => record.phase = Phase::Running,
            (Phase::Paused, true) | (_, false) => return Ok(()),
            (Phase::Running, true) => record.phase = Phase::Paused,
            (Phase::Created | Phase::Restarting | Phase::Exited | Phase::Dead, true) => {
                return Err(Error::new(
                    Class::Conflict,
                    format!("container {name} is not running"),
                ));
            }
        }
        self.changed(key);
        Ok(())
    }

    fn connect(&mut self, name: RuntimeName, attachment: &Attachment) -> Result<()> {
        let key = self.existing(&name.to_string())?;
        if !self.networks.has(&attachment.network) {
            return Err(Error::new(
                Class::NotFound,
                format!("the engine has no network {}", attachment.network),
            ));
        }
        if self.record(key)?.networks.contains_key(&attachment.network) {
            return Ok(());
        }
        if self.record(key)?.alive() {
            self.networks.occupy(attachment, key)?;
        }
        let record = self.record(key)?;
        record
            .networks
            .insert(attachment.network.clone(), attachment.clone());
        self.changed(key);
        Ok(())
    }

    fn logs(&mut self, name: RuntimeName, query: LogQuery) -> Result<String> {
        let key = self.existing(&name.to_string())?;
        let log = &self.record(key)?.log;
        let wanted: Vec<_> = log
            .iter()
            .filter(|(at, line)| {
                let stream = if line.stderr {
                    query.stderr
                } else {
                    query.stdout
                };
                stream && query.since.is_none_or(|since| *at >= since)
            })
            .collect();
        let tail = query.tail.map_or(wanted.len(), |tail| {
            usize::try_from(tail).unwrap_or(usize::MAX)
        });
        let lines = wanted.iter().skip(wanted.len().saturating_sub(tail));
        Ok(lines
            .map(|(at, line)| {
                if query.timestamps {
                    format!("{at} {}\n", line.text)
                } else {
                    format!("{}\n", line.text)
                }
            })
            .collect())
    }
}
