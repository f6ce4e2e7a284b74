//! What every firewall driver promises: packets are sent, and arrive or do not.

mod address;
mod hand;
mod rule;
mod way;
mod yard;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipnet::IpNet;
use zun_domain::firewall::Bridge;

pub use address::*;
pub use hand::*;
pub use rule::*;
pub use way::*;

use crate::FirewallDriver;

/// The ports on which every machine answers, TCP and UDP.
pub const PORTS: [u16; 4] = [80, 81, 90, 443];

/// A machine outside, beyond the host, which knows a way to every one of our prefixes through it.
pub const OUTSIDE_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);
/// The same in IPv6.
pub const OUTSIDE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xff, 0, 0, 0, 0, 2);
/// The host's own address towards the machine outside, with a prefix of 24 bits.
pub const HOST_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// The same in IPv6, with 64 bits.
pub const HOST_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xff, 0, 0, 0, 0, 1);

/// A container as the kernel sees it: a link on a bridge.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Tells it from the lab's other machines.
    pub number: u8,
    /// The bridge it is on.
    pub bridge: String,
    /// Its MAC.
    pub mac: String,
    /// Its addresses, in whichever prefix of the bridge they lie; it sends from the first of a family.
    pub addresses: Vec<IpAddr>,
}

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The machine of this number.
    Machine(u8),
    /// The host itself.
    Host,
    /// The machine outside.
    Outside,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// A connection to this port.
    Tcp(u16),
    /// A packet to this port, and its answer.
    Udp(u16),
    /// An echo request and its reply.
    Ping,
}

/// Something to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Who sends.
    pub from: Place,
    /// From which of its addresses; whichever it would take where `None`.
    pub source: Option<IpAddr>,
    /// Where to.
    pub to: IpAddr,
    /// What.
    pub traffic: Traffic,
}

/// A connection that stays.
#[async_trait]
pub trait Conversation: Send {
    /// Whether something that is said now is answered within this time.
    async fn goes_on(&mut self, patience: Duration) -> bool;

    /// Whether the other side, which has been asked to go on talking, is heard to say something new within this time.
    async fn hears(&mut self, patience: Duration) -> bool;
}

/// A host with bridges and machines on them. What is made on it is removed when it is dropped.
#[async_trait]
pub trait FirewallLab: Send + Sync {
    /// The driver under test.
    fn driver(&self) -> Arc<dyn FirewallDriver>;

    /// A bridge with the host's addresses on it.
    async fn add_bridge(&self, name: &str, bridge: &Bridge);

    /// A machine that answers on [`PORTS`]. Its way to anywhere else leads over the bridge's addresses.
    async fn add_machine(&self, machine: &Machine);

    /// Sends, and answers the source that the receiver saw; for an echo, who replied. `None` where nothing came back
    /// within this time.
    async fn probe(&self, probe: &Probe, patience: Duration) -> Option<IpAddr>;

    /// Sends one packet that wants no answer, past what the sender would have to ask of its neighbors first; whether it
    /// got where it was sent within this time. UDP from a machine to a machine or the host.
    async fn throw(&self, probe: &Probe, patience: Duration) -> bool;

    /// The same in a frame with VLAN tags of number 0, by their types of frame, the outermost first. IPv4 between machines
    /// of one bridge.
    async fn throw_tagged(&self, probe: &Probe, tags: &[u16], patience: Duration) -> bool;

    /// The MAC that somebody holds for an address, after what was sent so far.
    async fn neighbor(&self, at: Place, address: IpAddr) -> Option<String>;

    /// A machine tells all its neighbors that it has this address, which it has not, in the answer to no question.
    async fn claim(&self, from: Place, address: Ipv6Addr);

    /// A machine goes on sending on its own link as if it was another one, by this MAC and these addresses.
    async fn disguise(&self, from: Place, mac: &str, addresses: &[IpAddr]);

    /// Opens a connection that stays; `None` where that does not work within this time. TCP only.
    async fn converse(&self, probe: &Probe, patience: Duration) -> Option<Box<dyn Conversation>>;

    /// Everything that filters packets is flushed, as by a stranger.
    async fn flush_by_hand(&self);

    /// Another deployment puts rules in force on this host, for one bridge with this prefix.
    async fn guard_as_another(&self, subnet: IpNet);

    /// Something in the driver's rules is changed, as by a stranger, so that more may pass.
    async fn open_by_hand(&self);
}

/// Makes a test of every case of firewalls. `$lab` is an async function of the case's name that answers a
/// [`FirewallLab`], or `None` where the case is to be skipped.
#[macro_export]
macro_rules! firewall_conformance {
    ($lab:path) => {
        $crate::conformance!(@each $lab:
            // rule
            nothing_passes_without_rules, ports_and_ranges_are_let_in, prefixes_are_let_in, members_of_a_group_are_let_in,
            what_goes_out_is_asked_for, echo_requests_have_a_type, opened_ports_are_open_to_all,
            rules_come_and_go_live, the_rules_of_all_groups_count,
            // way
            bridges_are_apart_unless_joined, families_are_joined_apart, outside_is_reached_where_allowed,
            outside_reaches_what_is_routed, floating_addresses_lead_both_ways, an_idle_external_address_answers_echo,
            the_host_counts_as_the_gateway, the_host_is_reached_by_egress_rules,
            a_bridge_without_a_way_gets_nothing_of_the_host,
            // address
            an_address_of_nobody_is_mute, nobody_sends_from_anothers_address,
            nobody_sends_from_anothers_bridge, nobody_answers_for_another, nobody_claims_what_is_anothers, nobody_passes_for_a_neighbor,
            nobody_gets_a_tagged_frame,
            a_port_that_is_down_is_cut_off,
            // hand
            what_is_flushed_is_mended, what_is_opened_is_closed, what_others_guard_is_told, the_same_again_changes_nothing,
            what_is_not_named_is_gone, what_is_cleared_is_not_guarded,
        );
    };
}
