//! `./dev test`: formatting, lints and all tests, counted in one line at the end.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use super::leftover::Leftovers;
use super::postgres::Postgres;
use super::tally::Tally;
use super::{Checkout, cli, openstack, say};
use crate::tofu::Flavor;

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    All,
    /// What needs neither Docker nor terraform.
    Fast,
}

/// Runs the checks and prints the count; fails when one of them failed.
pub fn run(checkout: &Checkout, extent: Extent) -> ExitCode {
    let begin = Instant::now();
    let mut tally = Tally::default();
    cargo(checkout, &mut tally, "format", &["fmt", "--all", "--check"]);
    let lints = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    cargo(checkout, &mut tally, "clippy", &lints);
    let before = (extent == Extent::All)
        .then(|| Leftovers::now().ok())
        .flatten();
    if let Err(error) = tests(checkout, &mut tally, extent) {
        tally.check(&format!("the tests: {error:#}"), false);
    }
    if let Some(before) = before {
        clean(&mut tally, &before);
    }
    for skip in &tally.skipped {
        say::line(&format!("skipped  {skip}"));
    }
    for failure in &tally.failures {
        say::line(&format!("FAILED   {failure}"));
        for line in tally.reason(failure) {
            say::line(&format!("         {line}"));
        }
    }
    say::step(&format!("done in {} s", begin.elapsed().as_secs()));
    say::line(&tally.summary());
    if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Tests clean up what they made, also those that failed.
fn clean(tally: &mut Tally, before: &Leftovers) {
    match before.since() {
        Ok(left) if left.is_empty() => tally.check("nothing is left behind", true),
        Ok(left) => tally.check(
            &format!("left behind by the tests: {}", left.join("; ")),
            false,
        ),
        Err(error) => tally.check(
            &format!("cannot tell what is left behind: {error:#}"),
            false,
        ),
    }
}

fn cargo(checkout: &Checkout, tally: &mut Tally, name: &str, arguments: &[&str]) {
    say::step(&format!("{name}: cargo {}", arguments.join(" ")));
    let status = Command::new("cargo")
        .args(arguments)
        .current_dir(checkout.root())
        .stdin(Stdio::null())
        .status();
    tally.check(name, status.is_ok_and(|status| status.success()));
}

fn tests(checkout: &Checkout, tally: &mut Tally, extent: Extent) -> Result<()> {
    let mut command = Command::new("cargo");
    command
        .args([
            "test",
            "--workspace",
            "--no-fail-fast",
            "--",
            "--show-output",
        ])
        .current_dir(checkout.root())
        .env_remove("TEST_DOCKER")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    // Lives as long as the tests run.
    let _postgres = match extent {
        Extent::Fast => None,
        Extent::All => equip(checkout, &mut command),
    };
    say::step("tests: cargo test --workspace");
    let mut child = command.spawn().context("cannot start cargo")?;
    let stdout = child.stdout.take().context("cargo has no output")?;
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.context("cannot read what the tests print")?;
        if let Some(line) = tally.take(&String::from_utf8_lossy(&line)) {
            say::line(line);
        }
    }
    let status = child.wait().context("cannot wait for cargo")?;
    if !status.success() && tally.failures.is_empty() {
        tally.check(
            "cargo test ended without naming a failed test: see above",
            false,
        );
    }
    Ok(())
}

/// Hands the tests what this machine has. What it has not is said here, and again by each test that misses it.
fn equip(checkout: &Checkout, command: &mut Command) -> Option<Postgres> {
    command.env("TEST_DOCKER", "1");
    for flavor in Flavor::ALL {
        match cli::ensure(flavor, checkout) {
            Ok(program) => {
                let variable = format!("TEST_{}", flavor.name().to_uppercase());
                command.env(variable, program);
            }
            Err(error) => say::step(&format!("no {} to test with: {error:#}", flavor.name())),
        }
    }
    for (variable, found) in [
        ("TEST_OPENSTACK", openstack::clients(checkout)),
        ("TEST_GOPHERCLOUD", openstack::gophercloud(checkout)),
    ] {
        match found {
            Ok(path) => {
                command.env(variable, path);
            }
            Err(error) => say::step(&format!("nothing for {variable}: {error:#}")),
        }
    }
    match Postgres::start() {
        Ok(server) => {
            command.env("TEST_POSTGRES_URL", server.url());
            Some(server)
        }
        Err(error) => {
            say::step(&format!("no PostgreSQL to test with: {error:#}"));
            None
        }
    }
}
