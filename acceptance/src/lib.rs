//! What the acceptance tests and `./dev` stand on: a real `zund`, a real `terraform` or `tofu`, a real Docker Engine.
//!
//! Everything here is synchronous: a test reads as a list of what a user does. Start at [`world`], which hands a test
//! all three, at [`machine`], which is the Rust half of `./dev`, or at [`bench`], which measures.
//!
//! A test that cannot run on this machine calls [`skip::skip`] and returns. That prints `SKIP <test>: <reason>`, which
//! `./dev test` counts and repeats at its end; there are no other skips, and no `#[ignore]`. Which of them can run is said by
//! the environment alone ([`settings`]): without `TEST_DOCKER=1` a plain `cargo test` needs nothing but Rust.

pub mod settings;
pub mod skip;

pub mod api;
pub mod archive;
pub mod backend;
pub mod docker;
pub mod firewall;
pub mod hand;
pub mod image;
pub mod ledger;
pub mod openstack;
mod share;
pub mod storage;
pub mod tofu;
pub mod world;

pub mod http;
pub mod process;
pub mod registry;

pub mod machine;

pub mod bench;
