//! The order and the marks of all hosts, kept up to date with every change of one of them.

use std::cmp::Reverse;
use std::collections::HashMap;

use zun_domain::unit::Amounts;

use crate::filter::{Filter, usable};
use crate::mark::{Mark, Mask, Slots, marks, unwanted, wanted};
use crate::place::Request;
use crate::policy::Policy;
use crate::ranking::{Entry, Rank, Ranking};
use crate::score::{ring, score};
use crate::view::HostView;

/// Where to find hosts without looking at all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    everywhere: Ranking,
    zones: HashMap<String, Ranking>,
    marks: HashMap<Mark, Slots>,
}

/// The place of a host in the order; none where the policy leaves it out for every request.
pub(crate) fn entry(slot: usize, host: &HostView, policy: &Policy) -> Option<Entry> {
    if policy.filters.contains(&Filter::Compute) && !usable(host) {
        return None;
    }
    Some(Entry {
        rank: Rank {
            score: Reverse(score(host, &policy.weights)),
            ring: ring(host.place.id),
            slot,
        },
        room: room(host),
    })
}

/// The most that one request can get of a host.
pub(crate) fn room(host: &HostView) -> Amounts {
    let free = host.free();
    Amounts {
        cpu: free.cpu,
        ..free
    }
}

impl Index {
    /// Adds a host.
    pub(crate) fn add(&mut self, slot: usize, host: &HostView, policy: &Policy) {
        self.rerank(&host.place.zone, None, entry(slot, host, policy));
        for mark in marks(host) {
            self.marks.entry(mark).or_default().insert(slot);
        }
    }

    /// Takes away a host as it was added.
    pub(crate) fn remove(&mut self, slot: usize, host: &HostView, policy: &Policy) {
        self.rerank(&host.place.zone, entry(slot, host, policy), None);
        for mark in marks(host) {
            self.unmark(slot, &mark);
        }
    }

    /// Gives a host a mark.
    pub(crate) fn mark(&mut self, slot: usize, mark: Mark) {
        self.marks.entry(mark).or_default().insert(slot);
    }

    /// Takes a mark from a host.
    pub(crate) fn unmark(&mut self, slot: usize, mark: &Mark) {
        if let Some(slots) = self.marks.get_mut(mark) {
            slots.remove(slot);
            if slots.is_empty() {
                self.marks.remove(mark);
            }
        }
    }

    /// Moves a host of a zone from one place in the order to another.
    pub(crate) fn rerank(&mut self, zone: &str, before: Option<Entry>, after: Option<Entry>) {
        if before == after {
            return;
        }
        if !self.zones.contains_key(zone) {
            self.zones.insert(zone.to_owned(), Ranking::default());
        }
        let of_zone = self.zones.get_mut(zone);
        for ranking in [&mut self.everywhere].into_iter().chain(of_zone) {
            if let Some(entry) = before {
                ranking.remove(&entry.rank);
            }
            if let Some(entry) = after {
                ranking.insert(entry);
            }
        }
        if self.zones.get(zone).is_some_and(Ranking::is_empty) {
            self.zones.remove(zone);
        }
    }

    /// The order in which a request looks at hosts; none where there is no host in the zone it asks for.
    pub(crate) fn ranking(&self, request: &Request, policy: &Policy) -> Option<&Ranking> {
        match request.zone_asked() {
            Some(zone) if policy.filters.contains(&Filter::AvailabilityZone) => {
                self.zones.get(zone)
            }
            Some(_) | None => Some(&self.everywhere),
        }
    }

    /// The hosts, of so many, that have the marks a request asks for; `None` where it asks for none.
    pub(crate) fn mask(&self, request: &Request, policy: &Policy, hosts: usize) -> Option<Mask> {
        let wanted = wanted(request, policy);
        let unwanted: Vec<&Slots> = unwanted(request, policy)
            .iter()
            .filter_map(|mark| self.marks.get(mark))
            .collect();
        if wanted.is_empty() && unwanted.is_empty() {
            return None;
        }
        let mut mask = Mask::all(hosts);
        for mark in &wanted {
            mask.keep(self.marks.get(mark));
        }
        for slots in unwanted {
            mask.drop(slots);
        }
        Some(mask)
    }
}

/// What an index holds, however it was come by, in a form that can be compared.
#[cfg(test)]
#[derive(Debug, PartialEq)]
pub(crate) struct Content<'a> {
    everywhere: Vec<Entry>,
    zones: HashMap<&'a str, Vec<Entry>>,
    marks: &'a HashMap<Mark, Slots>,
}

#[cfg(test)]
impl Index {
    /// All of it.
    pub(crate) fn content(&self) -> Content<'_> {
        let zones = self.zones.iter();
        Content {
            everywhere: self.everywhere.entries(),
            zones: zones
                .map(|(zone, ranking)| (zone.as_str(), ranking.entries()))
                .collect(),
            marks: &self.marks,
        }
    }

    /// How many blocks the order of all hosts has.
    pub(crate) fn blocks(&self) -> usize {
        self.everywhere.blocks()
    }
}
