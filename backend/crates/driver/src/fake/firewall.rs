//! The packet filter of a fake host: which ruleset is in force, what it says about packets ([`verdict`]), and who was
//! started without one.

mod verdict;

use std::collections::BTreeSet;

use async_trait::async_trait;
use ipnet::IpNet;
use zun_domain::firewall::Ruleset;
use zun_domain::network::bridge_of;

use super::FakeHost;
use super::fault::Verb;
use super::network::addresses;
use crate::Result;
use crate::firewall::{FirewallDriver, ForeignGuard};
use crate::runtime::Attachment;

pub use verdict::{Delivered, Origin, Packet};

#[derive(Default)]
pub(super) struct Firewall {
    /// The last one that was applied, kept for the next boot.
    applied: Option<Ruleset>,
    in_force: Option<Ruleset>,
    unguarded: BTreeSet<String>,
    tied: bool,
    foreign: Vec<ForeignGuard>,
}

impl Firewall {
    /// The container gets these addresses now: notes it where no port in force has one of them.
    pub(super) fn watch<'a>(
        &mut self,
        container: &str,
        attachments: impl IntoIterator<Item = &'a Attachment>,
    ) {
        let guarded = |attachment: &Attachment| {
            let bridge = bridge_of(&attachment.network);
            addresses(attachment).all(|address| {
                let mut ports = self.in_force.iter().flat_map(|rules| rules.ports.values());
                ports.any(|port| port.bridge == bridge && port.addresses.contains(&address))
            })
        };
        if !attachments.into_iter().all(guarded) {
            self.unguarded.insert(container.to_owned());
        }
    }

    /// What was kept is in force before the engine starts anything.
    pub(super) fn boot(&mut self) {
        self.in_force.clone_from(&self.applied);
    }
}

impl FakeHost {
    /// What is in force; `None` where nothing is.
    pub fn rules(&self) -> Option<Ruleset> {
        self.lock().firewall.in_force.clone()
    }

    /// Whether somebody has asked for every link to send as its own port only.
    pub fn tied(&self) -> bool {
        self.lock().firewall.tied
    }

    /// `nft flush ruleset`: nothing is in force until it is mended.
    pub fn flush_by_hand(&self) {
        self.lock().firewall.in_force = None;
    }

    /// Somebody changes the rules, so that everything passes until they are mended.
    pub fn open_by_hand(&self) {
        self.lock().firewall.in_force = Some(Ruleset::default());
    }

    /// Another deployment has rules on this host, which guard this prefix.
    pub fn guard_as_another(&self, subnet: IpNet) {
        self.lock().firewall.foreign.push(ForeignGuard {
            table: "zun_another".to_owned(),
            subnet,
        });
    }

    /// The names of the containers that ever got, by a start or a live connect, an address that no port in force had
    /// at that moment: none where rules come before packets.
    pub fn unguarded(&self) -> Vec<String> {
        self.lock().firewall.unguarded.iter().cloned().collect()
    }
}

#[async_trait]
impl FirewallDriver for FakeHost {
    async fn apply(&self, ruleset: &Ruleset) -> Result<()> {
        self.host_call(Verb::ApplyFirewall, |state| {
            state.firewall.applied = Some(ruleset.clone());
            state.firewall.boot();
            Ok(())
        })
        .await
    }

    async fn mend(&self) -> Result<bool> {
        self.host_call(Verb::MendFirewall, |state| {
            let broken = state.firewall.in_force != state.firewall.applied;
            state.firewall.boot();
            Ok(broken)
        })
        .await
    }

    async fn tie(&self) -> Result<()> {
        let firewall = &mut self.lock().firewall;
        firewall.tied = firewall.applied.is_some();
        Ok(())
    }

    async fn foreign_guards(&self) -> Result<Vec<ForeignGuard>> {
        Ok(self.lock().firewall.foreign.clone())
    }

    async fn clear(&self) -> Result<()> {
        self.host_call(Verb::ClearFirewall, |state| {
            state.firewall.tied = false;
            state.firewall.applied = None;
            state.firewall.boot();
            Ok(())
        })
        .await
    }
}
