//! `./dev up`: one `zund` for this checkout, and the environment to use it.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Checkout, cli, port, say};
use crate::backend::{built, parse_openrc, signal};
use crate::tofu::cli_config;
use crate::{http, process, settings};

const LISTEN: &str = "127.0.0.1:9517";
const HEALTH_DEADLINE: Duration = Duration::from_mins(1);
const DRAIN_DEADLINE: Duration = Duration::from_mins(1);
const PROVIDER: &str = "terraform-provider-zun";

/// The `zund` of a checkout: its files, and the process while there is one.
#[derive(Debug)]
pub struct Zund {
    program: PathBuf,
    state: PathBuf,
}

impl Zund {
    /// The one of this checkout, running or not.
    pub fn of(checkout: &Checkout) -> Self {
        Self {
            program: checkout.made().join("zund"),
            state: checkout.state(),
        }
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.state.join("data")
    }

    /// Its log.
    pub fn log(&self) -> PathBuf {
        self.state.join("zund.log")
    }

    /// Where it listens, as it has said itself.
    pub fn url(&self) -> Result<String> {
        let path = self.data().join("endpoint");
        let url = fs::read_to_string(&path).with_context(|| {
            format!("zund has not said where it listens: no {}", path.display())
        })?;
        Ok(url.trim().trim_end_matches('/').to_owned())
    }

    /// Its process, if the one whose id we noted still is a `zund` on our data.
    pub fn pid(&self) -> Option<u32> {
        let pid = fs::read_to_string(self.pid_file()).ok()?;
        let pid: u32 = pid.trim().parse().ok()?;
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let data = self.data();
        let ours = command
            .split(|byte| *byte == 0)
            .any(|word| word == data.as_os_str().as_encoded_bytes());
        ours.then_some(pid)
    }

    /// Asks it to drain, and waits until it is gone. Nothing to do where it does not run.
    pub fn stop(&self) -> Result<()> {
        let Some(pid) = self.pid() else {
            return Ok(());
        };
        say::step(&format!("stopping zund (process {pid})"));
        signal(pid, "TERM")?;
        process::poll(DRAIN_DEADLINE, || self.pid().is_none().then_some(())).with_context(
            || {
                format!(
                    "zund (process {pid}) has not ended {} seconds after TERM; its log: {}",
                    DRAIN_DEADLINE.as_secs(),
                    self.log().display()
                )
            },
        )?;
        fs::remove_file(self.pid_file()).ok();
        Ok(())
    }

    /// Starts it and waits until it is healthy.
    pub fn start(&self) -> Result<()> {
        let listen = settings::variable("ZUND_LISTEN").unwrap_or_else(|| LISTEN.to_owned());
        let address: SocketAddr = listen.parse().with_context(|| {
            format!("ZUND_LISTEN is `{listen}`, which is no address; try {LISTEN}")
        })?;
        port::must_be_free(address)?;
        let data = self.data();
        fs::create_dir_all(&data)
            .with_context(|| format!("cannot make the data directory {}", data.display()))?;
        fs::set_permissions(&self.state, Permissions::from_mode(0o700))
            .with_context(|| format!("cannot protect {}", self.state.display()))?;
        fs::remove_file(data.join("endpoint")).ok();
        say::step(&format!(
            "starting zund on {listen} (its log: {})",
            self.log().display()
        ));
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .with_context(|| format!("cannot write {}", self.log().display()))?;
        let mut child = Command::new(&self.program)
            .arg("serve")
            .arg("--data-dir")
            .arg(&data)
            .args(["--listen", &listen])
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot share the log of zund")?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        fs::write(self.pid_file(), child.id().to_string())
            .with_context(|| format!("cannot write {}", self.pid_file().display()))?;
        process::poll(HEALTH_DEADLINE, || {
            let ended = child.try_wait().ok().flatten().is_some();
            (ended || self.is_healthy()).then_some(())
        });
        if self.is_healthy() && self.pid().is_some() {
            return Ok(());
        }
        bail!(
            "zund was not healthy within {} seconds. The end of its log, {}:\n{}",
            HEALTH_DEADLINE.as_secs(),
            self.log().display(),
            self.last_lines()
        )
    }

    fn is_healthy(&self) -> bool {
        self.url()
            .and_then(|url| http::get(&format!("{url}/zund/v1/health")))
            .is_ok_and(|(status, _)| status == 200)
    }

    fn last_lines(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    fn pid_file(&self) -> PathBuf {
        self.state.join("zund.pid")
    }

    /// Whether the running process is this very build, on the address that is asked for now.
    fn is_current(&self, pid: u32, program: &Path) -> bool {
        let same_address = settings::variable("ZUND_LISTEN").is_none_or(|listen| {
            self.url()
                .is_ok_and(|url| url.ends_with(&format!("//{listen}")))
        });
        let running = fs::read(format!("/proc/{pid}/exe"));
        let wanted = fs::read(program);
        same_address && matches!((running, wanted), (Ok(running), Ok(wanted)) if running == wanted)
    }
}

/// Everything `./dev up` does after the build. A second call changes nothing.
pub fn up(checkout: &Checkout) -> Result<Zund> {
    let zund = Zund::of(checkout);
    let program = built("zund")?;
    match zund.pid() {
        Some(pid) if zund.is_healthy() && zund.is_current(pid, &program) => {
            say::step(&format!("zund runs already (process {pid})"));
        }
        _ => {
            zund.stop()?;
            place(&program, &zund.program)?;
            zund.start()?;
        }
    }
    let plugins = checkout.made().join("bin");
    place(&built(PROVIDER)?, &plugins.join(PROVIDER))?;
    write_private(&cli_config_file(checkout), &cli_config(&plugins))?;
    write_private(&checkout.made().join("env"), &environment_file(checkout)?)?;
    Ok(zund)
}

/// Copies a program; a running older copy is replaced, not overwritten.
fn place(from: &Path, to: &Path) -> Result<()> {
    let dir = to.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    // Beside the folder, not in it: the provider's folder holds the provider only.
    let new = dir.with_file_name(format!(".{name}.new"));
    fs::copy(from, &new)
        .and_then(|_| fs::rename(&new, to))
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    fs::remove_file(path).ok();
    File::options()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The variables with which `terraform` and `tofu` find this checkout's `zund` and provider.
pub fn environment(checkout: &Checkout) -> Result<Vec<(String, String)>> {
    let zund = Zund::of(checkout);
    let openrc = zund.data().join("openrc");
    let text = fs::read_to_string(&openrc)
        .with_context(|| format!("zund has written no {}: run `./dev up`", openrc.display()))?;
    let mut variables: Vec<(String, String)> = parse_openrc(&text).into_iter().collect();
    // The port may be another one than at the first start, when openrc was written.
    variables.retain(|(name, _)| name != "OS_AUTH_URL");
    variables.push(("OS_AUTH_URL".into(), format!("{}/identity/v3", zund.url()?)));
    let config = cli_config_file(checkout).to_string_lossy().into_owned();
    variables.push(("TF_CLI_CONFIG_FILE".into(), config));
    Ok(variables)
}

fn cli_config_file(checkout: &Checkout) -> PathBuf {
    checkout.made().join("cli.tfrc")
}

/// The same, as lines for the shell.
fn environment_file(checkout: &Checkout) -> Result<String> {
    let mut lines: Vec<String> = environment(checkout)?
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", quote(value)))
        .collect();
    if let Some(dir) = cli::added_to_path() {
        let dir = quote(&dir.to_string_lossy());
        lines.push(format!("export PATH={dir}:\"$PATH\"\n"));
    }
    Ok(lines.concat())
}

/// One word for the shell.
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_quote_in_a_path_survives_the_shell() {
        assert_eq!(quote("it's here"), r"'it'\''s here'");
    }
}
