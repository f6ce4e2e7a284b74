//! The start of the provider, from exec to the line of its handshake, and its memory then. The floor is a process that
//! prints a line and waits: this program, called with [`LINE`].

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::figure::{Figure, Target, median};
use super::{Bench, usage};
use crate::backend::built;
use crate::machine::say;

/// The argument that makes this program the floor.
pub const LINE: &str = "print-a-line";

/// Starts of each in one run.
const STARTS: usize = 20;

/// What Terraform sets: proof that it is Terraform, the protocols it speaks, and the certificate it will show. Made
/// for this bench; nobody has its key.
const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);
const PROTOCOLS: (&str, &str) = ("PLUGIN_PROTOCOL_VERSIONS", "6");
const CERTIFICATE: (&str, &str) = ("PLUGIN_CLIENT_CERT", include_str!("terraform.pem"));

/// The floor: prints a line, and ends when its input does.
pub fn print_a_line() -> ExitCode {
    say::line("1|6|unix|/nowhere|grpc|");
    io::stdin().read_to_end(&mut Vec::new()).ok();
    ExitCode::SUCCESS
}

/// Milliseconds and megabytes of each run.
#[derive(Debug, Default)]
struct Samples {
    time: Vec<f64>,
    memory: Vec<f64>,
}

/// Measures both.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let provider = built("terraform-provider-zun")?;
    let own = std::env::current_exe().context("cannot find the running program")?;
    let sockets = tempfile::tempdir().context("cannot make a folder for sockets")?;
    let (mut ours, mut floor) = (Samples::default(), Samples::default());
    for _ in 0..bench.runs() {
        let (mut of_ours, mut of_floor) = (Samples::default(), Samples::default());
        for _ in 0..STARTS {
            of_floor.add(start(&own, &[LINE], sockets.path())?);
            of_ours.add(start(&provider, &[], sockets.path())?);
        }
        ours.add(of_ours.medians());
        floor.add(of_floor.medians());
    }
    Ok(vec![
        Figure::new("provider: exec to handshake", "ms", ours.time)
            .floor("a process that prints a line", floor.time)
            .target(Target::AtMost(5.0))
            .note(format!(
                "each run is the median of {STARTS} starts, with the certificate that Terraform gives"
            )),
        Figure::new("provider: resident memory", "MB", ours.memory)
            .floor("a process that prints a line", floor.memory)
            .target(Target::AtMost(12.0)),
    ])
}

impl Samples {
    fn add(&mut self, (time, memory): (f64, f64)) {
        self.time.push(time);
        self.memory.push(memory);
    }

    fn medians(&self) -> (f64, f64) {
        (median(&self.time), median(&self.memory))
    }
}

/// Milliseconds from exec to its first line, and megabytes then.
fn start(program: &PathBuf, arguments: &[&str], sockets: &Path) -> Result<(f64, f64)> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs([COOKIE, PROTOCOLS, CERTIFICATE])
        .env("PLUGIN_UNIX_SOCKET_DIR", sockets)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let begin = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let line = first_line(&mut child);
    let took = begin.elapsed().as_secs_f64() * 1e3;
    let memory = usage::resident_mb(child.id());
    child.kill().ok();
    child.wait().ok();
    let line = line?;
    ensure!(
        line.starts_with("1|6|unix|"),
        "{} printed no handshake, but {line:?}",
        program.display()
    );
    Ok((took, memory?))
}

fn first_line(child: &mut Child) -> Result<String> {
    let stdout = child
        .stdout
        .take()
        .context("its output is not to be read")?;
    let mut line = String::new();
    BufReader::new(stdout)
        .read_line(&mut line)
        .context("its output cannot be read")?;
    Ok(line)
}
