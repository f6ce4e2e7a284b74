//! Containers as the last commit left them, so that a read need not ask SQLite's thread, decrypt and parse.
//!
//! Every commit that has changed a row of [`SHOWN`] empties it, before anybody is told of that commit; a read that
//! began before cannot put back what it found, because its epoch is over. Only on SQLite, which one process owns: on
//! PostgreSQL another process may have changed any row a moment ago.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zun_domain::id::ContainerId;

use super::ContainerEntry;

/// The tables that an entry is read from.
const SHOWN: [&str; 6] = [
    "containers",
    "networks",
    "ports",
    "fixed_ips",
    "port_security_groups",
    "operations",
];
/// Entries at most; each takes some KiB.
const MOST: usize = 4096;

#[derive(Default)]
struct State {
    epoch: u64,
    entries: HashMap<ContainerId, ContainerEntry>,
}

#[derive(Default)]
pub(crate) struct Cache(Mutex<State>);

impl Cache {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a change of this table empties it.
    pub(crate) fn shows(table: &str) -> bool {
        SHOWN.contains(&table)
    }

    /// Hand this to [`Cache::put`] and [`Cache::all`]; ask for it before reading the store.
    pub(crate) fn epoch(&self) -> u64 {
        self.state().epoch
    }

    pub(crate) fn get(&self, id: ContainerId) -> Option<ContainerEntry> {
        self.state().entries.get(&id).cloned()
    }

    /// All of these, if all are here and nothing was committed since `epoch`.
    pub(crate) fn all(&self, ids: &[ContainerId], epoch: u64) -> Option<Vec<ContainerEntry>> {
        let state = self.state();
        if state.epoch != epoch {
            return None;
        }
        ids.iter()
            .map(|id| state.entries.get(id).cloned())
            .collect()
    }

    /// Keeps what was read, unless something was committed since `epoch`.
    pub(crate) fn put(&self, found: &[ContainerEntry], epoch: u64) {
        let mut state = self.state();
        if state.epoch != epoch {
            return;
        }
        if state.entries.len() + found.len() > MOST {
            state.entries.clear();
        }
        let entries = found.iter().take(MOST);
        state
            .entries
            .extend(entries.map(|entry| (entry.container.id, entry.clone())));
    }

    /// Forgets everything. Call it after a commit, before anybody is told of it.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.epoch += 1;
        state.entries.clear();
    }
}
