//! Fetches OpenStack's own clients, and builds the program that speaks with OpenStack's Go library, into the cache.
//!
//! The Python packages go into a folder of their own, which needs no `venv`; what else is installed on the machine
//! stays out of their sight ([`crate::openstack`]).

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Checkout, fingerprint, say};
use crate::{process, settings};

const FETCH_DEADLINE: Duration = Duration::from_mins(10);
const BUILD_DEADLINE: Duration = Duration::from_mins(10);

/// The folder with the Python packages of `openstack` and `zun`, fetched where it must be.
pub fn clients(checkout: &Checkout) -> Result<PathBuf> {
    let list = checkout
        .root()
        .join("acceptance/openstack/requirements.txt");
    let folder = cached("openstack", &[&list])?;
    if folder.is_dir() {
        return Ok(folder);
    }
    say::step("fetching OpenStack's clients (kept for later)");
    let made = half(&folder)?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "--quiet", "install", "--no-deps"])
        .args(["--only-binary=:all:", "--require-hashes", "-r"])
        .arg(&list)
        .arg("--target")
        .arg(made.path());
    process::run(&mut pip, FETCH_DEADLINE)?
        .success()
        .context("cannot fetch OpenStack's clients with pip")?;
    keep(made, folder)
}

/// The program of `acceptance/gophercloud`, built where it must be.
pub fn gophercloud(checkout: &Checkout) -> Result<PathBuf> {
    let source = checkout.root().join("acceptance/gophercloud");
    let files = [
        "go.mod",
        "go.sum",
        "capsule.go",
        "main.go",
        "network.go",
        "router.go",
    ];
    let files = files.map(|name| source.join(name));
    let folder = cached("gophercloud", &files.each_ref().map(PathBuf::as_path))?;
    let program = folder.join("gophercloud");
    if program.is_file() {
        return Ok(program);
    }
    if settings::on_path("go").is_none() {
        bail!("cannot build acceptance/gophercloud: there is no Go, 1.25 or newer, on PATH");
    }
    say::step("building acceptance/gophercloud (kept for later)");
    let made = half(&folder)?;
    let mut go = Command::new("go");
    go.args(["build", "-mod=readonly", "-trimpath", "-o"])
        .arg(made.path().join("gophercloud"))
        .arg(".")
        .env("CGO_ENABLED", "0")
        .current_dir(&source);
    process::run(&mut go, BUILD_DEADLINE)?
        .success()
        .context("cannot build acceptance/gophercloud")?;
    keep(made, folder)?;
    Ok(program)
}

/// Another folder for other files that it is made of.
fn cached(name: &str, files: &[&std::path::Path]) -> Result<PathBuf> {
    let mut all = Vec::new();
    for file in files {
        all.extend(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(settings::cache_dir().join(format!("{name}-{:016x}", fingerprint(&all))))
}

/// A folder beside it, so that one which is there is whole.
fn half(folder: &std::path::Path) -> Result<tempfile::TempDir> {
    let cache = folder.parent().context("a folder of nothing")?;
    fs::create_dir_all(cache).with_context(|| format!("cannot make {}", cache.display()))?;
    tempfile::tempdir_in(cache).context("cannot make a folder in the cache")
}

fn keep(made: tempfile::TempDir, folder: PathBuf) -> Result<PathBuf> {
    let made = made.keep();
    fs::rename(&made, &folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
