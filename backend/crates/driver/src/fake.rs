//! The in-memory twin of a host: containers, images, networks, their firewall and volumes that obey the contracts without an engine.
//!
//! [`FakeHost`] is a handle on one host's state; clones share it. [`FakeHost::drivers`] hands out its
//! drivers. What a test needs beside them: faults of any call ([`fault`]), what a container's process does
//! ([`script`]), what a stranger does with the engine's own client ([`hand`]), and what is left over.
//!
//! Deterministic: ids are counted, and the only time is tokio's, so that a paused clock skips every wait.
//! No call looks at all containers but `list`, so it also carries benchmarks of the API.

mod event;
pub mod fault;
mod firewall;
pub mod hand;
mod image;
mod image_store;
mod life;
mod network;
mod runtime;
pub mod script;
mod state;
mod verb;
mod volume;
mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};
use zun_domain::host::HostFacts;
use zun_domain::id::ContainerId;
use zun_domain::unit::{MemoryMib, Millicpu};

pub use fault::{Gate, Verb, When};
pub use firewall::{Delivered, Origin, Packet};
pub use image::{FakeImage, root_filesystem};
pub use script::{FileUse, Line, Run, Script};

use crate::runtime::RuntimeEvent;
use crate::{Error, HostDrivers, Result};
use fault::{Effect, Fault};
use state::State;

/// The least memory a container may be given, as on Docker.
pub const MINIMUM_MEMORY: MemoryMib = MemoryMib(6);

/// How many events a slow reader may fall behind before it is told to look at everything again.
const EVENT_BACKLOG: usize = 4096;

/// A host without a machine. Clones are the same host.
#[derive(Clone)]
pub struct FakeHost {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    events: broadcast::Sender<RuntimeEvent>,
    /// The sentence of an engine that does not answer; `None` while it does.
    down: watch::Sender<Option<String>>,
    /// Counts up when a timer is set, so that whoever waits for the next one looks again.
    timers: watch::Sender<u64>,
}

impl Default for FakeHost {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeHost {
    /// A host with 4 cores, 16 GiB of memory and nothing on it.
    pub fn new() -> Self {
        Self::with_facts(facts())
    }

    /// A host with these facts and nothing on it.
    pub fn with_facts(facts: HostFacts) -> Self {
        let events = broadcast::channel(EVENT_BACKLOG).0;
        let timers = watch::Sender::new(0);
        let state = State::new(facts, events.clone(), timers.clone());
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                events,
                down: watch::Sender::new(None),
                timers,
            }),
        }
    }

    /// The drivers of this host.
    pub fn drivers(&self) -> HostDrivers {
        HostDrivers {
            runtime: Arc::new(self.clone()),
            images: Arc::new(self.clone()),
            image_store: Arc::new(self.clone()),
            networks: Arc::new(self.clone()),
            firewall: Arc::new(self.clone()),
            volumes: Arc::new(self.clone()),
        }
    }

    /// The containers on it, ours or not: name and id of the container they belong to, by name.
    pub fn containers(&self) -> BTreeMap<String, ContainerId> {
        let state = self.lock();
        let records = state.containers.values();
        records
            .map(|record| (record.name.clone(), record.request.container))
            .collect()
    }

    /// The names of those that are kept aside during a recreate: none once it is over.
    pub fn aside(&self) -> Vec<String> {
        let state = self.lock();
        let mut names: Vec<String> = state
            .containers
            .values()
            .filter(|record| record.name != format!("zun-{}", record.request.container))
            .map(|record| record.name.clone())
            .collect();
        names.sort();
        names
    }

    /// The engine's names of its networks.
    pub fn networks(&self) -> BTreeSet<String> {
        self.lock().networks.names()
    }

    /// How often a verb was called, failed calls included.
    pub fn calls(&self, verb: Verb) -> u64 {
        self.lock().faults.calls(verb)
    }

    /// The call fails before it has done anything.
    pub fn fail(&self, verb: Verb, when: When, error: Error) {
        self.lock()
            .faults
            .add(verb, when, Fault::Before(Effect::Error(error)));
    }

    /// The call does what it should, and its answer is lost: the caller gets this error.
    pub fn lose_reply(&self, verb: Verb, when: When, error: Error) {
        self.lock()
            .faults
            .add(verb, when, Fault::After(Effect::Error(error)));
    }

    /// The call waits at the gate before it does anything.
    pub fn hold(&self, verb: Verb, when: When) -> Gate {
        let gate = Gate::new();
        self.lock()
            .faults
            .add(verb, when, Fault::Before(Effect::Gate(gate.clone())));
        gate
    }

    /// The call does what it should and waits at the gate with its answer.
    pub fn hold_reply(&self, verb: Verb, when: When) -> Gate {
        let gate = Gate::new();
        self.lock()
            .faults
            .add(verb, when, Fault::After(Effect::Gate(gate.clone())));
        gate
    }

    /// Takes every fault back that has not happened yet. A call that waits at a gate goes on waiting.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// What the process of this container does at its next start, whatever its image says.
    pub fn script(&self, container: ContainerId, script: Script) {
        self.lock().scripts.insert(container, script);
    }

    /// From now on no call is answered: `Unavailable` with this sentence. Containers go on running.
    pub fn engine_down(&self, sentence: &str) {
        self.shared.down.send_replace(Some(sentence.to_owned()));
    }

    /// The engine answers again.
    pub fn engine_up(&self) {
        self.shared.down.send_replace(None);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.advance();
        state
    }

    fn answering(&self) -> Result<()> {
        match &*self.shared.down.borrow() {
            Some(sentence) => Err(state::unavailable(sentence)),
            None => Ok(()),
        }
    }

    /// One call of a verb of the engine: its faults, then its effect at one moment.
    async fn call<T>(
        &self,
        verb: Verb,
        effect: impl FnOnce(&mut State) -> Result<T> + Send,
    ) -> Result<T> {
        self.host_call(verb, |state| {
            self.answering()?;
            effect(state)
        })
        .await
    }

    /// One call of a verb that needs no engine.
    async fn host_call<T>(
        &self,
        verb: Verb,
        effect: impl FnOnce(&mut State) -> Result<T> + Send,
    ) -> Result<T> {
        let fault = self.lock().faults.take(verb);
        if let Some(Fault::Before(before)) = &fault {
            before.happen().await?;
        }
        let outcome = effect(&mut self.lock());
        if let Some(Fault::After(after)) = &fault {
            after.happen().await?;
        }
        outcome
    }
}

fn facts() -> HostFacts {
    HostFacts {
        cpus: Millicpu(4000),
        memory: MemoryMib(16 * 1024),
        disk_gib: 100,
        disk_quota: false,
        runtimes: BTreeSet::from(["runc".to_owned()]),
        architecture: "x86_64".to_owned(),
        os: "linux".to_owned(),
        kernel: "0".to_owned(),
        engine_version: "fake".to_owned(),
        labels: BTreeMap::new(),
        minimum_memory: MINIMUM_MEMORY,
    }
}
