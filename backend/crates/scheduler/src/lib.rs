//! Which host a container goes to. Pure: [`place`] is a function of a [`Request`] and a [`ClusterView`].
//!
//! A filter refuses a host and says why (`filter/<reason>.rs`), [`score`] ranks the hosts that are left,
//! and ties fall by a hash of the request's seed, so that the same question has the same answer. Where no
//! host is left the answer lists every reason of every host, and the smallest change that would fit.
//!
//! [`ClusterView`] keeps the hosts ranked and updates the ranking with every allocation, so that a
//! placement looks at few of them. The ranking only leaves out hosts that would be refused anyway: what
//! it proposes goes through the same filters as a host in the list of refusals.
//!
//! Not here: quotas (`zun_domain::quota`), networks, and doing anything about the answer.

#![deny(clippy::wildcard_enum_match_arm)]

mod advice;
pub mod filter;
#[cfg(test)]
mod fixture;
mod index;
mod mark;
pub mod place;
pub mod policy;
mod ranking;
pub mod score;
mod search;
pub mod view;

pub use filter::Filter;
pub use place::{DiskRule, Request, fits, fits_under, place};
pub use policy::{Policy, Weights};
pub use view::{ClusterView, HostView};
