//! The programs that change the kernel's tables: `nft`, `ip` and `iptables`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use zun_driver::{Class, Error, Result};

use crate::refused;

/// Where programs are looked for, and nowhere else.
const SEARCH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin";

/// None of them has work for longer than this, however many rules there are.
const LIMIT: Duration = Duration::from_secs(30);

/// So many of the first lines of what a program complained about are told.
const LINES: usize = 4;

/// Starts programs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runner {
    /// What each is started through, with its arguments.
    through: Vec<String>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    pub(crate) printed: String,
    /// The first lines it complained with.
    pub(crate) said: String,
}

impl Runner {
    pub(crate) fn through(through: Vec<String>) -> Self {
        Self { through }
    }

    /// Whether programs see the same network as this process.
    pub(crate) fn is_direct(&self) -> bool {
        self.through.is_empty()
    }

    /// Whether the machine has it.
    pub(crate) fn has(program: &str) -> bool {
        find(program).is_some()
    }

    /// Runs `nft` and answers what it printed. `tried` completes "cannot …". `NotFound` where it says that a table
    /// or what is in it is not there.
    pub(crate) async fn nft(
        &self,
        arguments: &[&str],
        script: &str,
        tried: &str,
    ) -> Result<String> {
        if !Self::has("nft") {
            return Err(refused(format!(
                "cannot {tried}: this machine does not have nft; install the package nftables, or set firewall = \
                 \"none\", which guards nothing"
            )));
        }
        let ended = self.run("nft", arguments, script, tried).await?;
        if ended.succeeded {
            return Ok(ended.printed);
        }
        Err(told(&format!("cannot {tried}"), &ended.said))
    }

    /// Runs a program to its end.
    pub(crate) async fn run(
        &self,
        program: &str,
        arguments: &[&str],
        input: &str,
        tried: &str,
    ) -> Result<Ended> {
        let failed =
            |class, said: &str| Error::new(class, format!("cannot {tried}: {program} {said}"));
        let work = self.output(program, arguments, input);
        let output = match tokio::time::timeout(LIMIT, work).await {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => {
                return Err(failed(
                    Class::Internal,
                    &format!("cannot be started: {error}"),
                ));
            }
            Err(_) => {
                let seconds = LIMIT.as_secs();
                return Err(failed(
                    Class::Unavailable,
                    &format!("took longer than {seconds} s"),
                ));
            }
        };
        Ok(Ended {
            succeeded: output.status.success(),
            printed: String::from_utf8_lossy(&output.stdout).into_owned(),
            said: first_lines(&String::from_utf8_lossy(&output.stderr)),
        })
    }

    async fn output(
        &self,
        program: &str,
        arguments: &[&str],
        input: &str,
    ) -> std::io::Result<std::process::Output> {
        let mut words = self.through.iter().map(String::as_str).chain([program]);
        let first = words.next().unwrap_or(program);
        let path = find(first).unwrap_or_else(|| PathBuf::from(first));
        let mut child = Command::new(path)
            .args(words)
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", SEARCH)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take();
        let fed = async {
            if let Some(mut stdin) = stdin {
                // A program that ends before it has read everything says why by itself.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
        };
        let ((), output) = tokio::join!(fed, child.wait_with_output());
        output
    }
}

/// What came back from `nft`, by what it says.
fn told(tried: &str, said: &str) -> Error {
    if said.contains("Operation not permitted") || said.contains("must be root") {
        return refused(format!(
            "{tried}: nft may not change the kernel's rules; run zund as root or with the capability CAP_NET_ADMIN, \
             or set firewall = \"none\", which guards nothing"
        ));
    }
    let class = if said.contains("No such file or directory") {
        Class::NotFound
    } else {
        Class::Internal
    };
    Error::new(class, format!("{tried}: nft says: {said}"))
}

/// Where a program is, if the machine has it.
fn find(program: &str) -> Option<PathBuf> {
    SEARCH
        .split(':')
        .map(|folder| PathBuf::from(folder).join(program))
        .find(|path| path.is_file())
}

fn first_lines(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.take(LINES).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_reads_prints_and_complains() {
        let runner = Runner::default();
        let script = "read word; echo $word $LC_ALL $HOME; echo no >&2; exit 3";
        let ended = runner
            .run("sh", &["-c", script], "yes\n", "try")
            .await
            .unwrap();
        let expected = Ended {
            succeeded: false,
            printed: "yes C\n".to_owned(),
            said: "no".to_owned(),
        };
        assert_eq!(ended, expected);
        let runner = Runner::through(vec!["env".to_owned(), "WORD=through".to_owned()]);
        let ended = runner
            .run("sh", &["-c", "echo $WORD"], "", "try")
            .await
            .unwrap();
        assert_eq!(ended.printed, "through\n");
    }

    #[test]
    fn what_nft_refuses_is_told_with_what_to_do() {
        let error = told("cannot try", "Operation not permitted (you must be root)");
        assert_eq!(error.class, Class::Refused);
        assert!(error.message.contains("CAP_NET_ADMIN"), "{error}");
        let error = told("cannot try", "Error: No such file or directory");
        assert_eq!(error.class, Class::NotFound);
        assert_eq!(
            error.message,
            "cannot try: nft says: Error: No such file or directory"
        );
    }
}
