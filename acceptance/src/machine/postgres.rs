//! A PostgreSQL of our own for the length of the tests: on loopback, in a temporary folder, with a password of one run.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::say;
use crate::process;

const DEADLINE: Duration = Duration::from_mins(2);
const USER: &str = "postgres";

/// A running server; it is stopped, and its data removed, when this goes out of scope.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    dir: TempDir,
    url: String,
}

impl Postgres {
    /// Makes and starts one.
    pub fn start() -> Result<Self> {
        let programs = programs()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let password = password()?;
        let dir = tempfile::tempdir().context("cannot make a folder for PostgreSQL")?;
        let server = Self {
            url: format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres"),
            programs,
            dir,
        };
        server
            .make(&password)
            .context("cannot make a PostgreSQL database")?;
        server.launch(port).context("cannot start PostgreSQL")?;
        Ok(server)
    }

    /// Where it answers, as a user that may create databases.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn make(&self, password: &str) -> Result<()> {
        let word = self.dir.path().join("password");
        fs::write(&word, password)?;
        if is_root() {
            process::run(
                Command::new("chown")
                    .args(["-R", USER])
                    .arg(self.dir.path()),
                DEADLINE,
            )?
            .success()?;
        }
        fs::set_permissions(self.dir.path(), Permissions::from_mode(0o700))?;
        let mut initdb = self.command("initdb");
        initdb
            .args([
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .args(["-U", USER])
            .arg(format!("--pwfile={}", word.display()))
            .arg("-D")
            .arg(self.data());
        process::run(&mut initdb, DEADLINE)?.success()?;
        fs::remove_file(&word)?;
        Ok(())
    }

    fn launch(&self, port: u16) -> Result<()> {
        // Nothing in it outlives the run, so it may be quick rather than safe.
        let options = format!(
            "-p {port} -h 127.0.0.1 -k '{}' -c fsync=off -c full_page_writes=off -c max_connections=200",
            self.dir.path().display()
        );
        let mut control = self.control("start");
        control
            .arg("-o")
            .arg(options)
            .arg("-l")
            .arg(self.dir.path().join("log"));
        process::run(&mut control, DEADLINE)?.success()?;
        Ok(())
    }

    fn control(&self, action: &str) -> Command {
        let mut command = self.command("pg_ctl");
        command.args(["-w", "-D"]).arg(self.data()).arg(action);
        command
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// One of its programs, as a user that is not root: it refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", USER, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.control("stop");
        stop.args(["-m", "immediate"]);
        if let Err(error) = process::run(&mut stop, DEADLINE).and_then(process::Finished::success) {
            say::step(&format!("PostgreSQL did not stop: {error:#}"));
        }
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The newest version that is installed.
fn programs() -> Result<PathBuf> {
    let root = Path::new("/usr/lib/postgresql");
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, dir)| dir.join("initdb").is_file())
        .collect();
    versions.sort();
    match versions.pop() {
        Some((_, dir)) => Ok(dir),
        None => bail!(
            "no PostgreSQL in {}: `apt-get install postgresql`",
            root.display()
        ),
    }
}

fn password() -> Result<String> {
    fs::read_to_string("/proc/sys/kernel/random/uuid")
        .map(|uuid| uuid.trim().replace('-', ""))
        .context("cannot make a password for PostgreSQL")
}
