//! What a stranger does on a fake host with the engine's own client, behind the back of the product.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use zun_domain::container::{Health, Observed, Phase, Protocol, Published, RestartPolicyName};

use super::state::{Key, State, Stranger};
use super::{FakeHost, life};
use crate::runtime::{Attachment, Limits, RuntimeName};
use crate::{Class, Error, Result};

impl FakeHost {
    /// What a container of that name shows, without counting as a call.
    pub fn look_at(&self, name: RuntimeName) -> Option<Observed> {
        self.lock().find(name)
    }

    /// Its IPv4 address on the first of its networks, for tests that compare it.
    pub fn address_of(&self, name: RuntimeName) -> Option<Ipv4Addr> {
        let state = self.lock();
        let record = state.containers.get(&state.key(&name.to_string())?)?;
        let mut asked_for = record.request.attachments.iter();
        let first = asked_for.find_map(|asked| record.networks.get(&asked.network));
        let first = first.or_else(|| record.networks.values().next());
        first.map(|attachment| attachment.ip)
    }

    /// How it is connected now, by the network's name in the engine; empty for one that is gone.
    pub fn connections(&self, name: RuntimeName) -> BTreeMap<String, Attachment> {
        let state = self.lock();
        let key = state.key(&name.to_string());
        let record = key.and_then(|key| state.containers.get(&key));
        record
            .map(|record| record.networks.clone())
            .unwrap_or_default()
    }

    /// Its process ends by itself with this code; the restart policy decides what follows.
    pub fn exit(&self, name: RuntimeName, code: i64) -> Result<()> {
        self.by_hand(name, |state, key| {
            state.exit(key, code, false);
            Ok(())
        })
    }

    /// The kernel ends it for lack of memory.
    pub fn run_out_of_memory(&self, name: RuntimeName) -> Result<()> {
        self.by_hand(name, |state, key| {
            state.exit(key, 137, true);
            Ok(())
        })
    }

    /// `docker start`.
    pub fn start_by_hand(&self, name: RuntimeName) -> Result<()> {
        self.by_hand(name, State::start)
    }

    /// `docker stop`, ended by TERM.
    pub fn stop_by_hand(&self, name: RuntimeName) -> Result<()> {
        self.by_hand(name, |state, key| {
            if state.record(key)?.alive() {
                state.put_to_rest(key, 0);
            }
            Ok(())
        })
    }

    /// `docker kill`.
    pub fn kill_by_hand(&self, name: RuntimeName) -> Result<()> {
        self.by_hand(name, |state, key| {
            state.put_to_rest(key, 137);
            Ok(())
        })
    }

    /// `docker pause` and `docker unpause`.
    pub fn pause_by_hand(&self, name: RuntimeName, frozen: bool) -> Result<()> {
        self.lock().freeze(name, frozen)
    }

    /// `docker rm -f`.
    pub fn remove_by_hand(&self, name: RuntimeName) -> Result<()> {
        self.by_hand(name, |state, key| {
            state.drop_container(key);
            Ok(())
        })
    }

    /// `docker update`.
    pub fn update_by_hand(&self, name: RuntimeName, limits: Limits) -> Result<()> {
        self.lock().limit(&name.to_string(), limits)
    }

    /// `docker rename`.
    pub fn rename_by_hand(&self, name: RuntimeName, to: &str) -> Result<()> {
        self.by_hand(name, |state, key| state.give_name(key, to.to_owned()))
    }

    /// `docker network disconnect`.
    pub fn disconnect_by_hand(&self, name: RuntimeName, network: &str) -> Result<()> {
        self.by_hand(name, |state, key| {
            if state.disconnect(key, network) {
                return Ok(());
            }
            Err(Error::new(
                Class::NotFound,
                format!("container {name} is not connected to {network}"),
            ))
        })
    }

    /// `docker network rm`, even under running containers.
    pub fn remove_network_by_hand(&self, network: &str) {
        self.lock().networks.drop_network(network);
    }

    /// A health check gives another verdict.
    pub fn verdict(&self, name: RuntimeName, health: Health) -> Result<()> {
        self.by_hand(name, |state, key| {
            state.record(key)?.health = Some(health);
            state.changed(key);
            Ok(())
        })
    }

    /// Another process of the host listens on this port.
    pub fn occupy_port(&self, protocol: Protocol, port: u16) {
        let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        self.lock()
            .ports
            .take(protocol, port, Some(everywhere), None);
    }

    /// That process is gone.
    pub fn vacate_port(&self, protocol: Protocol, port: u16) {
        self.lock().ports.release(protocol, port, None);
    }

    /// Another deployment makes a network with the subnet of the next one that is made here, just before.
    pub fn snatch_subnet(&self) {
        self.lock().stranger = Some(Stranger::Subnet);
    }

    /// Another process takes the host port in front of `internal`, just before the next start of a
    /// container that publishes it.
    pub fn snatch_port(&self, internal: u16) {
        self.lock().stranger = Some(Stranger::Port(internal));
    }

    /// The machine went down and came up: every process ended, no volume has a device, and the engine started again what its
    /// restart policy says and nobody had stopped.
    pub fn reboot(&self) {
        let mut state = self.lock();
        let mut keys: Vec<Key> = state.containers.keys().copied().collect();
        keys.sort_unstable();
        for key in &keys {
            state.power_cut(*key);
        }
        state.volumes.lose_devices();
        state.firewall.boot();
        // The engine knows no order among them. Who joins another one comes first here, and cannot start.
        keys.sort_by_key(|key| {
            let record = state.containers.get(key);
            (record.is_some_and(|record| record.joined.is_none()), *key)
        });
        for key in keys {
            let Some(record) = state.containers.get(&key) else {
                continue;
            };
            let again = record
                .restart_policy
                .is_some_and(|policy| match policy.name {
                    RestartPolicyName::Always => true,
                    RestartPolicyName::UnlessStopped => !record.stopped_on_purpose,
                    RestartPolicyName::No | RestartPolicyName::OnFailure => false,
                });
            if again && record.phase != Phase::Created {
                // A container that cannot start shows it by itself.
                drop(state.start(key));
            }
        }
        drop(state);
        self.engine_down("the machine restarts");
        self.engine_up();
    }

    fn by_hand<T>(
        &self,
        name: RuntimeName,
        act: impl FnOnce(&mut State, Key) -> Result<T>,
    ) -> Result<T> {
        let mut state = self.lock();
        let key = state.existing(&name.to_string())?;
        act(&mut state, key)
    }
}

impl State {
    /// The stranger of [`FakeHost::snatch_port`], where this container is the one.
    pub(super) fn let_stranger_listen(&mut self, published: &[Published]) {
        let Some(Stranger::Port(internal)) = self.stranger else {
            return;
        };
        if let Some(port) = published.iter().find(|port| port.internal == internal) {
            self.stranger = None;
            let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            self.ports
                .take(port.protocol, port.external, Some(everywhere), None);
        }
    }

    fn power_cut(&mut self, key: Key) {
        let Some(record) = self.containers.get_mut(&key) else {
            return;
        };
        let alive = record.alive() || record.phase == Phase::Restarting;
        let wanted = !record.stopped_on_purpose;
        if alive {
            self.put_to_rest(key, life::POWER_CUT);
        }
        if let Ok(record) = self.record(key) {
            record.stopped_on_purpose = !wanted;
        }
    }
}
