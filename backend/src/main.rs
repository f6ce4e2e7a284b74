//! `zund`: serves OpenStack Zun's REST API and drives Docker.
//!
//! [`cli`] reads the command line, [`config`] everything that can be chosen, [`compose`] picks the
//! database, the drivers and the clock, [`serve`] listens until it is told to stop. [`bootstrap`] makes
//! what the first start needs, [`lock`] keeps a second process off the same data.
//!
//! Exit codes: 0 when told to stop, 1 when something is in the way, 2 for a mistake in the configuration
//! or on the command line.

mod admin;
mod bootstrap;
mod cli;
mod compose;
mod config;
mod firewall;
mod listener;
mod lock;
mod operations;
mod place;
mod serve;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
