//! Everything a fake host knows, and the indexes that keep each call away from looking at all of it.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use zun_domain::container::{Health, Observed, Phase, Protocol, RestartPolicy, RuntimeId};
use zun_domain::host::HostFacts;
use zun_domain::id::ContainerId;
use zun_domain::time::Timestamp;
use zun_domain::unit::{MemoryMib, Millicpu};

use super::fault::Faults;
use super::firewall::Firewall;
use super::image::Images;
use super::image_store::Shelf;
use super::life::Due;
use super::network::Networks;
use super::script::Script;
use super::volume::Volumes;
use crate::runtime::{Attachment, CreateContainer, RuntimeEvent};
use crate::{Class, Error, Result};

/// The moment a fake host is made, for its time stamps: 2026-01-01T00:00:00Z.
const EPOCH_SECONDS: i64 = 1_767_225_600;

/// Which container of the host, for ever.
pub(super) type Key = u64;

/// A container on the host.
pub(super) struct Record {
    pub(super) request: CreateContainer,
    pub(super) name: String,
    pub(super) image_id: String,
    pub(super) command: Vec<String>,
    pub(super) entrypoint: Vec<String>,
    pub(super) phase: Phase,
    pub(super) exit_code: Option<i64>,
    pub(super) oom_killed: bool,
    pub(super) error: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    pub(super) health: Option<Health>,
    pub(super) cpu: Option<Millicpu>,
    pub(super) memory: Option<MemoryMib>,
    pub(super) restart_policy: Option<RestartPolicy>,
    pub(super) networks: BTreeMap<String, Attachment>,
    pub(super) script: Script,
    /// Starts in a row by the restart policy.
    pub(super) restarts: u32,
    /// Somebody stopped it on purpose: the engine's own start leaves it alone.
    pub(super) stopped_on_purpose: bool,
    /// Counts up with each start and each end, so that a timer of an earlier life is void.
    pub(super) life: u64,
    pub(super) log: Vec<(Timestamp, super::script::Line)>,
    pub(super) changed: watch::Sender<()>,
}

impl Record {
    /// Its processes exist, frozen or not.
    pub(super) fn alive(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Paused)
    }

    pub(super) fn observed(&self, key: Key) -> Observed {
        Observed {
            runtime: runtime_id(key),
            revision: self.request.revision,
            phase: self.phase,
            exit_code: self.exit_code,
            oom_killed: self.oom_killed,
            error: self.error.clone(),
            started_at: self.started_at,
            finished_at: self.finished_at,
            health: self.health,
            cpu: self.cpu,
            memory: self.memory,
            restart_policy: self.restart_policy,
            networks: self.networks.keys().cloned().collect(),
            image_id: self.image_id.clone(),
            effective_command: self.command.clone(),
            effective_entrypoint: self.entrypoint.clone(),
        }
    }
}

/// What somebody else takes at the last moment, after it was chosen and before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stranger {
    /// The subnet of the next network that is made.
    Subnet,
    /// The host port in front of this port of the next container that starts.
    Port(u16),
}

pub(super) struct State {
    pub(super) facts: HostFacts,
    pub(super) containers: HashMap<Key, Record>,
    pub(super) names: HashMap<String, Key>,
    pub(super) revisions: HashMap<(ContainerId, u32), Key>,
    pub(super) networks: Networks,
    pub(super) firewall: Firewall,
    pub(super) images: Images,
    pub(super) shelf: Shelf,
    pub(super) ports: Ports,
    pub(super) volumes: Volumes,
    pub(super) scripts: HashMap<ContainerId, Script>,
    pub(super) faults: Faults,
    pub(super) timers: BTreeMap<(Instant, u64), Due>,
    /// A stranger who comes just before the next call that this is about.
    pub(super) stranger: Option<Stranger>,
    next: u64,
    born: Option<Instant>,
    events: broadcast::Sender<RuntimeEvent>,
    timer_set: watch::Sender<u64>,
}

impl State {
    pub(super) fn new(
        facts: HostFacts,
        events: broadcast::Sender<RuntimeEvent>,
        timer_set: watch::Sender<u64>,
    ) -> Self {
        Self {
            facts,
            containers: HashMap::new(),
            names: HashMap::new(),
            revisions: HashMap::new(),
            networks: Networks::default(),
            firewall: Firewall::default(),
            images: Images::default(),
            shelf: Shelf::default(),
            ports: Ports::default(),
            volumes: Volumes::default(),
            scripts: HashMap::new(),
            faults: Faults::default(),
            timers: BTreeMap::new(),
            stranger: None,
            next: 0,
            born: None,
            events,
            timer_set,
        }
    }

    /// A number that was never given before.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The present of this host: its birth plus tokio's time since.
    pub(super) fn now(&mut self) -> Timestamp {
        let now = Instant::now();
        let age = now - *self.born.get_or_insert(now);
        let millis = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(EPOCH_SECONDS.saturating_mul(1000).saturating_add(millis))
            .unwrap_or(Timestamp::MAX)
    }

    pub(super) fn set_timer(&mut self, after_ms: u64, due: Due) {
        let number = self.number();
        let at = Instant::now() + Duration::from_millis(after_ms);
        self.timers.insert((at, number), due);
        self.timer_set.send_modify(|count| *count += 1);
    }

    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.timers.keys().next().map(|(at, _)| *at)
    }

    /// The container of that name.
    pub(super) fn key(&self, name: &str) -> Option<Key> {
        self.names.get(name).copied()
    }

    /// The container of that name, or the error every verb answers for one that is gone.
    pub(super) fn existing(&self, name: &str) -> Result<Key> {
        self.key(name).ok_or_else(|| no_container(name))
    }

    pub(super) fn record(&mut self, key: Key) -> Result<&mut Record> {
        self.containers
            .get_mut(&key)
            .ok_or_else(|| no_container(&runtime_id(key).0))
    }

    /// Tells those who wait for this container and those who read the events.
    pub(super) fn changed(&self, key: Key) {
        if let Some(record) = self.containers.get(&key) {
            record.changed.send_replace(());
            self.tell(RuntimeEvent::Changed(record.request.container));
        }
    }

    pub(super) fn tell(&self, event: RuntimeEvent) {
        // Nobody listening is no failure.
        drop(self.events.send(event));
    }

    pub(super) fn insert(&mut self, record: Record) -> Key {
        let key = self.number();
        let revision = (record.request.container, record.request.revision);
        self.names.insert(record.name.clone(), key);
        self.revisions.insert(revision, key);
        self.containers.insert(key, record);
        key
    }

    /// Takes it out of every index; its processes, addresses and ports are gone with it.
    pub(super) fn drop_container(&mut self, key: Key) {
        self.release(key);
        let Some(record) = self.containers.remove(&key) else {
            return;
        };
        let (container, revision) = (record.request.container, record.request.revision);
        self.names.remove(&record.name);
        if self.revisions.get(&(container, revision)) == Some(&key) {
            self.revisions.remove(&(container, revision));
        }
        record.changed.send_replace(());
        self.tell(RuntimeEvent::Changed(container));
    }

    pub(super) fn give_name(&mut self, key: Key, name: String) -> Result<()> {
        match self.key(&name) {
            Some(holder) if holder == key => return Ok(()),
            Some(holder) => {
                return Err(Error::new(
                    Class::Conflict,
                    format!(
                        "the name {name} is in use by container {}",
                        runtime_id(holder).0
                    ),
                ));
            }
            None => {}
        }
        let former = std::mem::replace(&mut self.record(key)?.name, name.clone());
        self.names.remove(&former);
        self.names.insert(name, key);
        self.changed(key);
        Ok(())
    }
}

/// Where somebody listens, and which container it is; `None` for another process.
type Listener = (Option<IpAddr>, Option<Key>);

/// Host ports in use: by running containers, and by others of the host.
#[derive(Default)]
pub(super) struct Ports {
    held: BTreeMap<(Protocol, u16), Vec<Listener>>,
}

impl Ports {
    /// Somebody listens on that port at that address, or at every one.
    pub(super) fn taken(&self, protocol: Protocol, port: u16, ip: Option<IpAddr>) -> bool {
        let everywhere = |ip: Option<IpAddr>| ip.is_none_or(|ip| ip.is_unspecified());
        self.held.get(&(protocol, port)).is_some_and(|holders| {
            holders
                .iter()
                .any(|(held, _)| everywhere(ip) || everywhere(*held) || *held == ip)
        })
    }

    pub(super) fn take(
        &mut self,
        protocol: Protocol,
        port: u16,
        ip: Option<IpAddr>,
        holder: Option<Key>,
    ) {
        self.held
            .entry((protocol, port))
            .or_default()
            .push((ip, holder));
    }

    pub(super) fn release(&mut self, protocol: Protocol, port: u16, holder: Option<Key>) {
        if let Some(holders) = self.held.get_mut(&(protocol, port)) {
            holders.retain(|(_, by)| *by != holder);
            if holders.is_empty() {
                self.held.remove(&(protocol, port));
            }
        }
    }

    pub(super) fn busy(&self) -> impl Iterator<Item = (Protocol, u16)> {
        self.held.keys().copied()
    }
}

/// The id the host gives to its n-th thing: 64 hexadecimal digits, as Docker's.
pub(super) fn runtime_id(key: Key) -> RuntimeId {
    RuntimeId(format!("{key:064x}"))
}

pub(super) fn no_container(name: &str) -> Error {
    Error::new(
        Class::NotFound,
        format!("the engine has no container {name}"),
    )
}

pub(super) fn unavailable(sentence: &str) -> Error {
    Error::new(Class::Unavailable, sentence)
}
