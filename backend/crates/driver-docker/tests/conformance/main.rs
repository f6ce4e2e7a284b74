//! The Docker driver keeps every promise of the contracts, and what Docker alone adds to them.
//!
//! Runs where `TEST_DOCKER=1`. Each test has a deployment of its own and removes what carries its label,
//! also when it fails.
#![expect(clippy::unwrap_used, reason = "what a test cannot do fails the test")]

mod docker;
mod engine;
mod in_flight;
mod lab;
mod network;
mod registry;

zun_driver::conformance!(lab::of);
