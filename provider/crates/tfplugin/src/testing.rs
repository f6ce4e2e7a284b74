//! A stand-in for Terraform, for the tests of providers.
//!
//! [`Terraform`] calls a provider in this process the way Terraform does, every value encoded
//! and decoded on the way, and refuses what Terraform would refuse. The rules are written down
//! in [`rules`], apart from the planning they judge.

#[cfg(test)]
pub(crate) mod generate;
pub mod host;
pub mod rules;

pub use host::{Outcome, Stored, Terraform};
