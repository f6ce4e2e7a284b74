//! Tokens that were validated a moment ago.
//!
//! Bounded in number and in age. Every change of who may do what empties it; a look-up that began before
//! the change cannot put back what it read, because its epoch is over. The age bounds how long another
//! process on the same database may go on with what was revoked here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zun_domain::time::Timestamp;

use super::TokenInfo;

const MOST: usize = 4096;
const SECONDS: i64 = 10;

type Fingerprint = [u8; 32];

struct Entry {
    info: Arc<TokenInfo>,
    until: Timestamp,
}

#[derive(Default)]
struct State {
    epoch: u64,
    entries: HashMap<Fingerprint, Entry>,
}

#[derive(Default)]
pub(super) struct Cache(Mutex<State>);

impl Cache {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hand this to [`Cache::put`]; ask for it before reading the store.
    pub(super) fn epoch(&self) -> u64 {
        self.state().epoch
    }

    pub(super) fn get(&self, token: &Fingerprint, now: Timestamp) -> Option<Arc<TokenInfo>> {
        let state = self.state();
        let entry = state.entries.get(token)?;
        (now < entry.until).then(|| Arc::clone(&entry.info))
    }

    pub(super) fn put(&self, token: Fingerprint, epoch: u64, info: Arc<TokenInfo>, now: Timestamp) {
        let mut state = self.state();
        if state.epoch != epoch {
            return;
        }
        if state.entries.len() >= MOST {
            state.entries.retain(|_, entry| now < entry.until);
        }
        if state.entries.len() >= MOST {
            state.entries.clear();
        }
        let soon = now
            .checked_add(jiff::SignedDuration::from_secs(SECONDS))
            .unwrap_or(now);
        let until = info.expires_at.min(soon);
        state.entries.insert(token, Entry { info, until });
    }

    /// Forgets everything. Call it after the commit of a change.
    pub(super) fn clear(&self) {
        let mut state = self.state();
        state.epoch += 1;
        state.entries.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.state().entries.len()
    }
}
