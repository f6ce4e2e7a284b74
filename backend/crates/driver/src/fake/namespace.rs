//! Namespaces that containers share: who holds them, who has joined which life of it, what is reached through them.

use std::net::SocketAddrV4;

use super::FakeHost;
use super::state::{Key, Record, State, no_container, runtime_id};
use crate::runtime::CreateContainer;
use crate::{Class, Error, Result};

impl State {
    /// The container to be joined, as it is called now.
    pub(super) fn to_join(&self, request: &CreateContainer) -> Result<Option<(Key, u64)>> {
        let name = request.joins.map(|name| name.to_string());
        name.map(|name| Ok((self.existing(&name)?, 0))).transpose()
    }

    /// Enters the namespaces of the container it shares them with, as that one runs now.
    pub(super) fn join(&mut self, key: Key) -> Result<()> {
        let Some((holder, _)) = self.record(key)?.joined else {
            return Ok(());
        };
        let id = runtime_id(holder).0;
        let sandbox = self
            .containers
            .get(&holder)
            .ok_or_else(|| no_container(&id))?;
        if !sandbox.alive() {
            let sentence = format!("cannot join network of a non running container: {id}");
            return Err(Error::new(Class::Conflict, sentence));
        }
        if !sandbox.request.shareable {
            let sentence = format!("cannot join IPC of a container {id}: non-shareable IPC");
            return Err(Error::new(Class::Refused, sentence));
        }
        let life = sandbox.life;
        self.record(key)?.joined = Some((holder, life));
        Ok(())
    }

    /// Whose shared memory it sees, and of which life of that one.
    pub(super) fn memory_of(&mut self, key: Key) -> Result<(Key, u64)> {
        let record = self.record(key)?;
        Ok(record.joined.unwrap_or((key, record.life)))
    }

    /// Whether it is in the network of this container, as that one runs now.
    fn is_in(record: &Record, key: Key, holder: Key, life: u64) -> bool {
        record.alive() && (key == holder || record.joined == Some((holder, life)))
    }

    /// What answers on this port in the network of a container.
    fn answer(&self, holder: Key, port: u16) -> Option<String> {
        let life = self.containers.get(&holder)?.life;
        let there = self
            .containers
            .iter()
            .filter(|(key, record)| Self::is_in(record, **key, holder, life));
        let mut answers = there.filter_map(|(_, record)| record.script.listens.as_ref());
        answers
            .find(|(listens, _)| *listens == port)
            .map(|(_, says)| says.clone())
    }
}

impl FakeHost {
    /// What a process of the host reads that connects to this address: one of a container, or one of the host's own
    /// with a published port. `None` where nobody answers.
    pub fn ask(&self, address: SocketAddrV4) -> Option<String> {
        let state = self.lock();
        let running = |(_, record): &(&Key, &Record)| record.alive();
        let mut all = state.containers.iter().filter(running);
        if !address.ip().is_loopback() {
            let (holder, _) = all.find(|(_, record)| {
                let mut networks = record.networks.values();
                networks.any(|attachment| attachment.ip == *address.ip())
            })?;
            return state.answer(*holder, address.port());
        }
        let found = all.find_map(|(key, record)| {
            let mut published = record.request.published.iter();
            let port = published.find(|port| port.external == address.port())?;
            Some((*key, port.internal))
        });
        let (holder, internal) = found?;
        state.answer(holder, internal)
    }
}
