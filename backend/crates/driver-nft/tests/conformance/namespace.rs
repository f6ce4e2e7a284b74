//! Network namespaces that are gone when they are dropped.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What all of ours begin with.
const PREFIX: &str = "zun-nft";

pub(crate) struct Namespace {
    pub(crate) name: String,
}

impl Namespace {
    /// One with this at the end of its name, with its loopback up and no waiting for addresses to be free.
    pub(crate) fn new(role: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}-{}-{number}-{role}", std::process::id());
        ip("", &format!("netns add {name}\n"));
        let namespace = Self { name };
        namespace.set("ipv6/conf/default/accept_dad", "0");
        namespace.set("ipv4/ping_group_range", "0 2147483647");
        namespace.ip("link set lo up\n");
        namespace
    }

    /// Lines for `ip -batch`, in nobody's namespace.
    pub(crate) fn root_ip(lines: &str) {
        ip("", lines);
    }

    /// Lines for `ip -batch`; what it prints.
    pub(crate) fn ip(&self, lines: &str) -> String {
        ip(&self.name, lines)
    }

    /// Sets what is below `/proc/sys/net`.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let path = format!("/proc/sys/net/{name}");
        let value = value.to_owned();
        self.inside(move || {
            std::fs::write(&path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
        });
    }

    /// Runs this in it: what is opened there stays there.
    pub(crate) fn inside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let file = File::open(format!("/run/netns/{}", self.name)).unwrap();
        let thread = std::thread::spawn(move || {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        });
        thread.join().unwrap()
    }

    /// What a program is started through to run in it.
    pub(crate) fn through(&self) -> Vec<String> {
        vec![
            "nsenter".to_owned(),
            format!("--net=/run/netns/{}", self.name),
        ]
    }

    /// Runs `nft` in it; what it prints.
    pub(crate) fn nft(&self, script: &str) -> String {
        self.run(&["nft", "-f", "-"], script)
    }

    /// Runs a program in it; what it prints.
    pub(crate) fn run(&self, program: &[&str], input: &str) -> String {
        let through = self.through();
        let mut command = Command::new(&through[0]);
        fed(command.args(&through[1..]).args(program), input)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let deleted = Command::new("ip")
            .args(["netns", "del", &self.name])
            .status();
        if !deleted.is_ok_and(|status| status.success()) {
            eprintln!("the namespace {} is left over", self.name);
        }
    }
}

fn ip(namespace: &str, lines: &str) -> String {
    let mut command = Command::new("ip");
    if !namespace.is_empty() {
        command.args(["-n", namespace]);
    }
    fed(command.args(["-batch", "-"]), lines)
}

fn fed(command: &mut Command, input: &str) -> String {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}\n{input}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
