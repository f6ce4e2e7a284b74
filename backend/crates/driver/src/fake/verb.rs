//! What the verbs do to the state of a fake host.

use tokio::sync::watch;
use zun_domain::container::{
    ContainerSpec, Health, Observed, Phase, RestartPolicy, RestartPolicyName, RuntimeId,
};
use zun_domain::name::Signal;
use zun_domain::unit::{MemoryMib, Millicpu};

use super::FakeImage;
use super::runtime::KILLED;
use super::script::{Run, Script};
use super::state::{Key, Record, State, runtime_id};
use crate::runtime::{Attachment, CreateContainer, Limits, LogQuery, RuntimeName};
use crate::{Class, Error, Result};

/// The policy the engine follows; it tells `no` and none not apart.
fn in_force(policy: RestartPolicy) -> Option<RestartPolicy> {
    Some(policy.for_engine()).filter(|policy| policy.name != RestartPolicyName::No)
}

/// Command and entrypoint in force. As in Docker, an entrypoint of its own makes the image's command void.
fn program(spec: &ContainerSpec, image: &FakeImage) -> (Vec<String>, Vec<String>) {
    let given = |part: &Option<Vec<String>>| part.clone().filter(|words| !words.is_empty());
    match given(&spec.entrypoint) {
        Some(entrypoint) => (given(&spec.command).unwrap_or_default(), entrypoint),
        None => (
            given(&spec.command).unwrap_or_else(|| image.command.clone()),
            image.entrypoint.clone(),
        ),
    }
}

/// The record of a container that was just made.
fn made(request: &CreateContainer, name: String, image: FakeImage) -> Record {
    let (command, entrypoint) = program(&request.spec, &image);
    Record {
        request: request.clone(),
        name,
        image_id: image.id,
        command,
        entrypoint,
        phase: Phase::Created,
        exit_code: None,
        oom_killed: false,
        error: None,
        started_at: None,
        finished_at: None,
        health: request.spec.healthcheck.as_ref().map(|_| Health::Starting),
        cpu: request.spec.cpu,
        memory: request.spec.memory,
        restart_policy: request.spec.restart_policy.and_then(in_force),
        networks: request
            .attachments
            .iter()
            .map(|attachment| (attachment.network.clone(), attachment.clone()))
            .collect(),
        joined: None,
        script: Script::default(),
        restarts: 0,
        stopped_on_purpose: false,
        life: 0,
        log: Vec::new(),
        changed: watch::Sender::new(()),
    }
}

impl State {
    pub(super) fn create(&mut self, request: &CreateContainer) -> Result<RuntimeId> {
        let current = RuntimeName::Current(request.container);
        let name = current.to_string();
        if let Some(key) = self.key(&name) {
            let there = &self.record(key)?.request;
            if (there.container, there.revision) == (request.container, request.revision) {
                for attachment in &request.attachments {
                    self.connect(current, attachment)?;
                }
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
        for attachment in &request.attachments {
            self.networks.existing(&attachment.network)?;
        }
        self.check_limits(&name, request.spec.cpu, request.spec.memory)?;
        self.volumes.check(&request.mounts)?;
        if let Some(runtime) = &request.spec.runtime
            && !self.facts.runtimes.contains(runtime)
        {
            return Err(Error::new(
                Class::Refused,
                format!("cannot create container {name}: unknown runtime {runtime}"),
            ));
        }
        let mut record = made(request, name, image);
        record.joined = self.to_join(request)?;
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
        if let Some(policy) = limits.restart_policy {
            record.restart_policy = in_force(policy);
        }
        self.changed(key);
        Ok(())
    }

    pub(super) fn find(&self, name: RuntimeName) -> Option<Observed> {
        let key = self.key(&name.to_string())?;
        self.containers.get(&key).map(|record| record.observed(key))
    }

    pub(super) fn running_record(&mut self, name: RuntimeName) -> Result<&mut Record> {
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
    pub(super) fn ask_to_stop(
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

    pub(super) fn kill(&mut self, name: RuntimeName, signal: Option<&Signal>) -> Result<()> {
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

    pub(super) fn connect(&mut self, name: RuntimeName, attachment: &Attachment) -> Result<()> {
        let key = self.existing(&name.to_string())?;
        if self.record(key)?.networks.contains_key(&attachment.network) {
            return Ok(());
        }
        self.networks.existing(&attachment.network)?;
        if self.record(key)?.alive() {
            self.networks.occupy(attachment, key)?;
            self.firewall.watch(&name.to_string(), [attachment]);
        }
        let record = self.record(key)?;
        record
            .networks
            .insert(attachment.network.clone(), attachment.clone());
        self.changed(key);
        Ok(())
    }

    /// Takes it off a network; whether it was on it.
    pub(super) fn disconnect(&mut self, key: Key, network: &str) -> bool {
        let record = self.containers.get_mut(&key);
        let Some(attachment) = record.and_then(|record| record.networks.remove(network)) else {
            return false;
        };
        self.networks.vacate(&attachment, key);
        self.changed(key);
        true
    }

    pub(super) fn logs(&mut self, name: RuntimeName, query: LogQuery) -> Result<String> {
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
