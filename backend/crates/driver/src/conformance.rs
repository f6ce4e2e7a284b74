//! The suite that every driver passes: what the contracts promise, tried on a host.
//!
//! A driver's tests implement [`Lab`] and write `zun_driver::conformance!(their_lab)`, which makes a test of
//! each case. A case gets a lab of its own, so cases may run side by side on one engine. Volumes alone, without an
//! engine, are tried with [`VolumeLab`] and `zun_driver::volume_conformance!`, the packet filter with [`FirewallLab`] and
//! `zun_driver::firewall_conformance!`.
#![expect(
    clippy::missing_panics_doc,
    reason = "a case that finds a promise broken panics; that is what it is for"
)]

mod attach;
mod firewall;
mod image;
mod image_store;
mod life;
mod limit;
mod look;
mod mount;
mod network;
mod recreate;
mod registry;
pub mod skip;
mod volume;
mod workbench;

use std::collections::BTreeMap;

use async_trait::async_trait;
use zun_domain::id::{ContainerId, VolumeId};
use zun_domain::name::ImageRef;
use zun_domain::runtime::MakeNetwork;

pub use attach::*;
pub use firewall::*;
pub use image::*;
pub use image_store::*;
pub use life::*;
pub use limit::*;
pub use look::*;
pub use mount::*;
pub use network::*;
pub use recreate::*;
pub use registry::*;
pub use volume::*;

use crate::HostDrivers;
use crate::runtime::{Attachment, RuntimeName};

/// What a process is wanted to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Runs until TERM, then ends with code 0.
    Runs,
    /// Runs and ignores TERM.
    IgnoresTerm,
    /// Ends at once with this code.
    Exits(i64),
    /// Is not there: the container cannot be started.
    Missing,
    /// Prints these lines, then runs until TERM.
    Prints(Vec<String>),
    /// Holds so many MiB of memory, prints `ready`, then runs until TERM.
    Holds(u64),
    /// Runs until TERM; its health check passes.
    Healthy,
    /// Runs until TERM; its health check fails.
    Unhealthy,
    /// Writes a line into a file and ends with code 0, or with another one where it cannot.
    Writes {
        /// Which file.
        path: String,
        /// The line.
        line: String,
    },
    /// Ends with code 0 if somebody on its networks has that name, and with another one if nobody has.
    Finds(String),
    /// Prints a file and ends with code 0, or with another one where it cannot.
    Shows(String),
}

/// How a program is asked for on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equipment {
    /// An image the host has.
    pub image: ImageRef,
    /// What to run in it.
    pub command: Vec<String>,
    /// The command of its health check, where the program has one.
    pub check: Option<String>,
}

/// A host to try the promises on. What is made on it is removed when it is dropped.
#[async_trait]
pub trait Lab: Send + Sync {
    /// The drivers under test.
    fn drivers(&self) -> HostDrivers;

    /// An id that no other container has.
    fn container(&self) -> ContainerId;

    /// A network that is not there, with an IPv4 subnet that overlaps nobody's.
    fn network(&self) -> MakeNetwork;

    /// The same with an IPv6 subnet.
    fn network_v6(&self) -> MakeNetwork;

    /// A host port nobody listens on.
    fn free_port(&self) -> u16;

    /// An id that no other volume has.
    fn volume(&self) -> VolumeId;

    /// Whether something is at a path of the host.
    fn is_there(&self, path: &str) -> bool;

    /// Prepares the host for a container that does this.
    fn equip(&self, container: ContainerId, program: &Program) -> Equipment;

    /// Cuts a container off a network, as a stranger would.
    async fn disconnect_by_hand(&self, name: RuntimeName, network: &str);

    /// How a running container is connected, by the network's name in the engine, as a stranger sees it.
    async fn connections(&self, name: RuntimeName) -> BTreeMap<String, Attachment>;

    /// A registry that wants to know who asks; `None` where this machine has none.
    async fn registry(&self) -> Option<LabRegistry>;
}

/// Makes a test of every case. `$lab` is an async function of the case's name that answers a [`Lab`], or
/// `None` where the case is to be skipped.
#[macro_export]
macro_rules! conformance {
    ($lab:path) => {
        $crate::conformance!(@each $lab:
            // attach
            a_container_is_on_several_networks, what_a_container_lacks_comes_with_the_second_create,
            every_missing_network_is_named, an_ipv6_address_is_kept, networks_are_joined_and_left_live,
            networks_are_joined_and_left_at_rest, a_network_made_anew_is_found_by_its_name,
            names_are_found_on_their_network, a_mac_of_its_own_is_kept,
            // life
            a_container_lives, verbs_may_be_asked_twice, a_gone_container_is_no_obstacle,
            a_taken_name_is_a_conflict, a_missing_image_is_named, a_missing_network_is_named,
            an_exit_shows_its_code, what_cannot_run_is_refused, term_is_followed_by_kill,
            a_kill_needs_a_process, freezing_and_thawing, a_paused_container_stops,
            a_crash_is_restarted_so_often, a_stop_ends_the_restarts, health_has_a_verdict,
            // limit
            limits_change_live, limits_the_host_cannot_keep_are_refused, memory_in_use_is_not_taken_away,
            // look
            the_list_shows_all_of_ours, logs_are_kept, processes_and_use_are_shown, events_tell_changes,
            waits_end_when_it_is_gone, the_host_has_facts,
            // mount
            a_container_uses_its_volume, a_read_only_mount_is_not_written_to, a_missing_source_is_refused,
            a_volume_in_use_stays_mounted, a_container_reads_its_files,
            // network
            networks_are_ensured, our_networks_are_listed, overlapping_networks_conflict,
            a_network_has_both_families, an_unused_network_follows_its_record,
            a_network_in_use_stays, a_taken_port_is_a_conflict, a_taken_address_is_a_conflict,
            a_cut_container_is_connected_again,
            // recreate
            a_recreate_keeps_address_and_port, a_recreate_keeps_every_address, a_failed_recreate_goes_back,
            // image
            a_local_image_is_resolved, an_absent_image_is_not_found,
            // image store
            archives_of_every_kind_are_loaded, what_is_no_image_leaves_nothing, an_interrupted_upload_leaves_nothing,
            data_is_removed_for_good, a_container_becomes_an_image, an_image_of_the_host_is_saved,
            an_image_in_use_is_kept, nobodys_tag_is_moved,
            // registry
            a_registry_wants_to_know_who_asks, an_image_is_pulled_by_whom_it_is_for, an_image_in_use_stays,
        );
    };
    (@each $lab:path: $($case:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            if let Some(lab) = $lab(stringify!($case)).await {
                $crate::conformance::$case(&lab).await;
            }
        }
    )*};
}
