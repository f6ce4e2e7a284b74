//! Programs of the machine that do what has no call of its own: mkfs, losetup, mount.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use zun_driver::{Class, Error, Result};

/// Where programs are looked for, and nowhere else.
const SEARCH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin";

/// So many of the last lines of what a program complained about are told.
const LINES: usize = 4;

/// What a program that failed had to say.
pub(crate) struct Failure {
    program: &'static str,
    /// Its exit code; `None` where a signal ended it, or it could not be started.
    pub(crate) code: Option<i32>,
    /// The last lines it complained with.
    pub(crate) said: String,
}

impl Failure {
    /// Our error. `tried` completes "cannot …".
    pub(crate) fn told(self, tried: &str) -> Error {
        let class = if self.said.contains("No space left on device") {
            Class::Exhausted
        } else if self.said.contains("busy") {
            Class::Conflict
        } else {
            Class::Internal
        };
        self.of_class(class, tried)
    }

    /// Our error with this class, whatever was said.
    pub(crate) fn of_class(self, class: Class, tried: &str) -> Error {
        let end = match self.code {
            Some(code) => format!("ended with code {code}"),
            None => "did not end by itself".to_owned(),
        };
        let said = if self.said.is_empty() {
            String::new()
        } else {
            format!(": {}", self.said)
        };
        Error::new(
            class,
            format!("cannot {tried}: {} {end}{said}", self.program),
        )
    }
}

/// Where a program is, if the machine has it.
fn find(program: &str) -> Option<PathBuf> {
    SEARCH
        .split(':')
        .map(|folder| PathBuf::from(folder).join(program))
        .find(|path| path.is_file())
}

/// Runs a program to its end and answers what it printed. `holding` is a lock that it keeps as long as it runs,
/// also when this process dies before it. It gets a process group of its own, so that an interrupt from the
/// terminal does not end it in the middle.
pub(crate) fn run<A: AsRef<OsStr>>(
    program: &'static str,
    arguments: impl IntoIterator<Item = A>,
    holding: Option<&File>,
) -> std::result::Result<String, Failure> {
    let failed = |said: String| Failure {
        program,
        code: None,
        said,
    };
    let path = find(program).ok_or_else(|| failed("this machine does not have it".to_owned()))?;
    let stdin = match holding {
        Some(lock) => Stdio::from(
            lock.try_clone()
                .map_err(|error| failed(error.to_string()))?,
        ),
        None => Stdio::null(),
    };
    let output = Command::new(path)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", SEARCH)
        .stdin(stdin)
        .process_group(0)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure {
        program,
        code: output.status.code(),
        said: last_lines(&String::from_utf8_lossy(&output.stderr)),
    })
}

/// `Refused` where programs are missing, naming them and the packages they come in.
pub(crate) fn require(programs: &[&'static str], packages: &str, driver: &str) -> Result<()> {
    let absent = |program: &&&'static str| find(program).is_none();
    let missing: Vec<&str> = programs.iter().filter(absent).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Class::Refused,
        format!(
            "the volume driver {driver} needs {}, which this machine does not have: install the packages {packages}",
            missing.join(", ")
        ),
    ))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines[lines.len().saturating_sub(LINES)..].join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_complains_about_is_told() {
        let failure = run("sh", ["-c", "echo one >&2; echo two >&2; exit 7"], None);
        let error = failure.err().unwrap().told("do it");
        let told = "cannot do it: sh ended with code 7: one; two";
        assert_eq!(error, Error::new(Class::Internal, told));
        for (said, class) in [
            ("write: No space left on device", Class::Exhausted),
            ("umount: /mnt: target is busy.", Class::Conflict),
        ] {
            let failure = run("sh", ["-c", &format!("echo '{said}' >&2; exit 1")], None);
            assert_eq!(failure.err().unwrap().told("do it").class, class);
        }
    }

    #[test]
    fn a_program_knows_nothing_of_our_environment() {
        let printed = run("sh", ["-c", "echo $LC_ALL $HOME $CARGO_MANIFEST_DIR"], None);
        assert_eq!(printed.ok().unwrap(), "C\n");
    }

    #[test]
    fn missing_programs_are_named_with_their_packages() {
        let refusal = require(&["sh", "mkfs.nothing"], "nothing-progs", "local").unwrap_err();
        assert_eq!(
            refusal.message,
            "the volume driver local needs mkfs.nothing, which this machine does not have: install the packages \
             nothing-progs"
        );
    }
}
