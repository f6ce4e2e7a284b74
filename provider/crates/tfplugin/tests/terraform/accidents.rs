//! What must not go wrong when something goes wrong.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::workspace::{Workspace, provider};

/// Looks until it is so, for at most ten seconds.
fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !so() {
        assert!(begin.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::yield_now();
    }
}

/// An apply under way, in a process group of its own, that waits after the note was written.
fn slow_apply(space: &Workspace, output: Stdio) -> Child {
    space.note("title = \"slow\"\ndelay_ms = 60000");
    let apply = space
        .command(&["apply", "-no-color", "-auto-approve"])
        .process_group(0)
        .stdout(output)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let note = space.notes().join("note-slow.json");
    wait_until("the note is written", || note.exists());
    apply
}

#[test]
fn a_half_made_resource_is_tainted() {
    let Some(space) = Workspace::new() else {
        return;
    };
    for (way, message) in [
        ("error", "It was asked to fail"),
        ("panic", "asked to panic"),
    ] {
        space.note(&format!("title = \"t\"\nfail = \"{way}\""));
        let said = space.fail();
        assert!(said.contains(message), "{said}");
        assert_eq!(space.instance()["status"], "tainted");
        assert_eq!(space.instance()["attributes"]["id"], "note-t");
    }
    space.note("title = \"t\"");
    assert!(space.apply().contains("1 added, 0 changed, 1 destroyed"));
}

#[test]
fn an_interrupted_apply_keeps_what_it_made() {
    let Some(space) = Workspace::new() else {
        return;
    };
    let mut apply = slow_apply(&space, Stdio::piped());
    let begin = Instant::now();
    kill_process_group(Pid::from_child(&apply), Signal::INT).unwrap();
    let output = BufReader::new(apply.stdout.take().unwrap());
    let said: Vec<String> = output.lines().map_while(Result::ok).collect();
    assert!(!apply.wait().unwrap().success());
    assert!(begin.elapsed() < Duration::from_secs(10), "{said:?}");
    assert_eq!(space.instance()["status"], "tainted", "{said:?}");
    assert_eq!(space.instance()["attributes"]["id"], "note-slow");
}

#[test]
fn a_provider_does_not_outlive_a_killed_terraform() {
    let Some(space) = Workspace::new() else {
        return;
    };
    let mut apply = slow_apply(&space, Stdio::null());
    let children = children_of(apply.id());
    assert!(!children.is_empty());
    apply.kill().unwrap();
    apply.wait().unwrap();
    wait_until("the provider ends", || {
        children.iter().all(|child| !Path::new(child).exists())
    });
}

/// The `/proc` directories of a process's children.
fn children_of(process: u32) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let paths = processes.map(|entry| entry.path().display().to_string());
    let is_child = |path: &String| {
        let stat = std::fs::read_to_string(format!("{path}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default().to_owned();
        after_name.split_whitespace().nth(1) == Some(&process.to_string())
    };
    paths.filter(is_child).collect()
}

#[test]
fn without_terraform_it_explains_itself() {
    let output = Command::new(provider()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--debug"));
}
