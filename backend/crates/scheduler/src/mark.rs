//! What hosts have in common, as sets of hosts: those with a runtime, with a label, with a port taken.
//! A request that asks for such a thing leaves the others out with a few words of bits.

use std::collections::BTreeMap;

use zun_domain::container::spec::Protocol;

use crate::filter::{Filter, Hint, hints_asked};
use crate::place::Request;
use crate::policy::Policy;
use crate::view::HostView;

/// Something that a host has or has not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    /// It has this name.
    Name(String),
    /// It offers this OCI runtime.
    Runtime(String),
    /// Its engine has this label with this value.
    Label(String, String),
    /// It is of this architecture.
    Architecture(String),
    /// It runs this operating system.
    Os(String),
    /// It can enforce a size of disk.
    DiskQuota,
    /// This host port is taken.
    PortTaken(Protocol, u16),
}

/// Every mark of a host.
pub(crate) fn marks(host: &HostView) -> impl Iterator<Item = Mark> {
    let facts = &host.facts;
    let single = [
        Mark::Name(host.place.name.as_str().to_owned()),
        Mark::Architecture(facts.architecture.clone()),
        Mark::Os(facts.os.clone()),
    ];
    let runtimes = facts.runtimes.iter().cloned().map(Mark::Runtime);
    let labels = facts
        .labels
        .iter()
        .map(|(key, value)| Mark::Label(key.clone(), value.clone()));
    let ports = host
        .ports_taken
        .iter()
        .map(|(protocol, port)| Mark::PortTaken(*protocol, *port));
    single
        .into_iter()
        .chain(facts.disk_quota.then_some(Mark::DiskQuota))
        .chain(runtimes)
        .chain(labels)
        .chain(ports)
}

/// The marks a host must have for this request, as far as the filters that look at them are on.
pub(crate) fn wanted(request: &Request, policy: &Policy) -> Vec<Mark> {
    let on = |filter| policy.filters.contains(&filter);
    let mut wanted = Vec::new();
    if on(Filter::RequestedHost) {
        wanted.extend(request.host.clone().map(Mark::Name));
    }
    if on(Filter::VolumeTopology) {
        let names = request
            .volumes
            .iter()
            .map(|(_, place)| place.name.to_string());
        wanted.extend(names.map(Mark::Name));
    }
    if on(Filter::Runtime) {
        wanted.extend(request.runtime.clone().map(Mark::Runtime));
    }
    if on(Filter::Disk) && request.disk_enforced() {
        wanted.push(Mark::DiskQuota);
    }
    if on(Filter::Label) {
        wanted.extend(hints_asked(request).map(|(hint, _, value)| {
            let value = value.to_owned();
            match hint {
                Hint::Label(key) => Mark::Label(key.to_owned(), value),
                Hint::Runtime => Mark::Runtime(value),
                Hint::Architecture => Mark::Architecture(value),
                Hint::Os => Mark::Os(value),
            }
        }));
    }
    wanted
}

/// The marks a host must not have for this request.
pub(crate) fn unwanted(request: &Request, policy: &Policy) -> Vec<Mark> {
    if !policy.filters.contains(&Filter::Port) {
        return Vec::new();
    }
    let ports = request.ports.iter();
    ports.map(|port| Mark::PortTaken(port.0, port.1)).collect()
}

const BITS: usize = u64::BITS as usize;

/// The hosts that have a mark: words of bits by their place, without those that are zero, so that a mark
/// of one host is as small as a mark of all is quick.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Slots(BTreeMap<usize, u64>);

impl Slots {
    /// Adds a host.
    pub(crate) fn insert(&mut self, slot: usize) {
        *self.0.entry(slot / BITS).or_default() |= 1 << (slot % BITS);
    }

    /// Takes a host away.
    pub(crate) fn remove(&mut self, slot: usize) {
        if let Some(word) = self.0.get_mut(&(slot / BITS)) {
            *word &= !(1 << (slot % BITS));
            if *word == 0 {
                self.0.remove(&(slot / BITS));
            }
        }
    }

    /// There is no host.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The hosts that one request may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mask(Vec<u64>);

impl Mask {
    /// Every host of so many.
    pub(crate) fn all(hosts: usize) -> Self {
        Self(vec![u64::MAX; hosts.div_ceil(BITS)])
    }

    /// Keeps those that have a mark.
    pub(crate) fn keep(&mut self, slots: Option<&Slots>) {
        let mut kept = vec![0; self.0.len()];
        for (place, word) in slots.into_iter().flat_map(|slots| &slots.0) {
            if let (Some(kept), Some(was)) = (kept.get_mut(*place), self.0.get(*place)) {
                *kept = was & word;
            }
        }
        self.0 = kept;
    }

    /// Leaves out those that have a mark.
    pub(crate) fn drop(&mut self, slots: &Slots) {
        for (place, word) in &slots.0 {
            if let Some(was) = self.0.get_mut(*place) {
                *was &= !word;
            }
        }
    }

    /// It has this host.
    pub(crate) fn contains(&self, slot: usize) -> bool {
        self.0
            .get(slot / BITS)
            .is_some_and(|word| word >> (slot % BITS) & 1 == 1)
    }

    /// There are no more than so many hosts.
    pub(crate) fn at_most(&self, count: u32) -> bool {
        self.0.iter().map(|word| word.count_ones()).sum::<u32>() <= count
    }

    /// The hosts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        let words = self.0.iter().enumerate().filter(|(_, word)| **word != 0);
        words.flat_map(|(place, word)| {
            (0..BITS)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| place * BITS + bit)
        })
    }
}
