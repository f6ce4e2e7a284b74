//! The cluster at one moment: what each host has, what is taken, and whether it may be used.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::container::spec::Protocol;
use zun_domain::host::{HostFacts, HostPlace};
use zun_domain::id::HostId;
use zun_domain::unit::Amounts;

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
    slots: BTreeMap<HostId, usize>,
    policy: Policy,
}

impl ClusterView {
    /// A view of these hosts. Of two with one id the later counts.
    pub fn new(hosts: Vec<HostView>, policy: Policy) -> Self {
        let mut view = Self {
            hosts: Vec::with_capacity(hosts.len()),
            slots: BTreeMap::new(),
            policy,
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
        self.slots.get(&id).and_then(|slot| self.hosts.get(*slot))
    }

    /// Adds a host, or puts a newer view of it in place of the one that is here.
    pub fn put(&mut self, host: HostView) {
        match self.slots.get(&host.place.id) {
            Some(slot) => self.hosts[*slot] = host,
            None => {
                self.slots.insert(host.place.id, self.hosts.len());
                self.hosts.push(host);
            }
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

    fn change(&mut self, id: HostId, change: impl FnOnce(&mut HostView)) {
        if let Some(host) = self
            .slots
            .get(&id)
            .and_then(|slot| self.hosts.get_mut(*slot))
        {
            change(host);
        }
    }
}
