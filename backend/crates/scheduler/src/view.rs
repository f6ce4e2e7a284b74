//! The cluster at one moment: what each host has, what is taken, and whether it may be used.

use std::collections::{BTreeSet, HashMap};

use zun_domain::container::spec::Protocol;
use zun_domain::host::{HostFacts, HostPlace};
use zun_domain::id::HostId;
use zun_domain::unit::Amounts;

use crate::index::{Index, entry};
use crate::mark::Mark;
use crate::policy::Policy;

/// One host as the scheduler sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct HostView {
    /// Identity, name, zone.
    pub place: HostPlace,
    /// What the machine and its engine are.
    pub facts: HostFacts,
    /// What may be allocated: the facts after overcommit.
    pub capacity: Amounts,
    /// What is allocated.
    pub allocated: Amounts,
    /// How many containers that is.
    pub containers: u64,
    /// It does not answer; what was seen.
    pub down: Option<String>,
    /// An administrator took it out of scheduling; the reason given.
    pub disabled: Option<String>,
    /// Containers that failed on it lately.
    pub recent_failures: u32,
    /// It has the image of the request.
    pub has_image: bool,
    /// Host ports that are taken.
    pub ports_taken: BTreeSet<(Protocol, u16)>,
}

impl HostView {
    /// What may still be allocated; nothing in a part that is overfull.
    pub fn free(&self) -> Amounts {
        self.capacity.minus(self.allocated)
    }
}

/// All hosts, and the policy under which they are chosen.
#[derive(Debug, Clone)]
pub struct ClusterView {
    hosts: Vec<HostView>,
    slots: HashMap<HostId, usize>,
    policy: Policy,
    index: Index,
}

impl ClusterView {
    /// A view of these hosts. Of two with one id the later counts.
    pub fn new(hosts: Vec<HostView>, policy: Policy) -> Self {
        let mut view = Self {
            hosts: Vec::with_capacity(hosts.len()),
            slots: HashMap::with_capacity(hosts.len()),
            policy,
            index: Index::default(),
        };
        for host in hosts {
            view.put(host);
        }
        view
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Every host, in no particular order.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &HostView> {
        self.hosts.iter()
    }

    /// One host.
    pub fn host(&self, id: HostId) -> Option<&HostView> {
        self.hosts.get(*self.slots.get(&id)?)
    }

    /// Adds a host, or puts a newer view of it in place of the one that is here.
    pub fn put(&mut self, host: HostView) {
        let slot = *self.slots.entry(host.place.id).or_insert(self.hosts.len());
        if let Some(before) = self.hosts.get(slot) {
            self.index.remove(slot, before, &self.policy);
        }
        self.index.add(slot, &host, &self.policy);
        match self.hosts.get_mut(slot) {
            Some(here) => *here = host,
            None => self.hosts.push(host),
        }
    }

    /// Takes the amounts of one more container on a host. Nothing happens where the host is not here.
    pub fn allocate(&mut self, id: HostId, amounts: Amounts) {
        self.change(id, |host| {
            host.allocated = host.allocated.plus(amounts);
            host.containers = host.containers.saturating_add(1);
        });
    }

    /// Gives back the amounts of one container. Nothing happens where the host is not here.
    pub fn release(&mut self, id: HostId, amounts: Amounts) {
        self.change(id, |host| {
            host.allocated = host.allocated.minus(amounts);
            host.containers = host.containers.saturating_sub(1);
        });
    }

    /// Takes a port of a host. Nothing happens where the host is not here.
    pub fn take_port(&mut self, id: HostId, port: (Protocol, u16)) {
        if let Some((slot, host)) = self.host_mut(id) {
            host.ports_taken.insert(port);
            self.index.mark(slot, Mark::PortTaken(port.0, port.1));
        }
    }

    /// Gives back a port of a host. Nothing happens where the host is not here.
    pub fn free_port(&mut self, id: HostId, port: (Protocol, u16)) {
        if let Some((slot, host)) = self.host_mut(id) {
            host.ports_taken.remove(&port);
            self.index.unmark(slot, &Mark::PortTaken(port.0, port.1));
        }
    }

    /// What a search looks at: the policy, the hosts, and the index whose slots count them.
    pub(crate) fn parts(&self) -> (&Policy, &[HostView], &Index) {
        (&self.policy, &self.hosts, &self.index)
    }

    fn host_mut(&mut self, id: HostId) -> Option<(usize, &mut HostView)> {
        let slot = *self.slots.get(&id)?;
        Some((slot, self.hosts.get_mut(slot)?))
    }

    /// A change that moves a host in the order and leaves its zone and its marks.
    fn change(&mut self, id: HostId, change: impl FnOnce(&mut HostView)) {
        let Some(slot) = self.slots.get(&id).copied() else {
            return;
        };
        if let Some(host) = self.hosts.get_mut(slot) {
            let before = entry(slot, host, &self.policy);
            change(host);
            let after = entry(slot, host, &self.policy);
            self.index.rerank(&host.place.zone, before, after);
        }
    }
}

#[cfg(test)]
mod tests;
