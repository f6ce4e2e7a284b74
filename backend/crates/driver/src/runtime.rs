//! The container runtime of one host.
//!
//! Containers are addressed by [`RuntimeName`]: the current one of a container is always `zun-<uuid>`; the
//! one that is kept aside during a recreate carries its revision behind that. Every container is made
//! with the labels of [`Labels`], from the create call on, so that one whose answer was lost is found.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use zun_domain::container::{Observed, Protocol, RuntimeId};
use zun_domain::host::HostFacts;
use zun_domain::id::ContainerId;
use zun_domain::name::Signal;
pub use zun_domain::runtime::{Attachment, CreateContainer, Limits, RuntimeName};
use zun_domain::time::Timestamp;

use crate::error::Result;

/// A container found in the engine by our label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whose, by its label.
    pub container: ContainerId,
    /// Its name in the engine, without a leading slash; a hand may have changed it.
    pub name: String,
    /// What it shows.
    pub observed: Observed,
}

/// Which lines of a log are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogQuery {
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
    /// A time stamp in front of each line.
    pub timestamps: bool,
    /// The last so many lines; all where `None`.
    pub tail: Option<u64>,
    /// Only lines since then.
    pub since: Option<Timestamp>,
}

/// Processes of a container, as `ps` prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Top {
    /// Column titles.
    pub titles: Vec<String>,
    /// A row per process.
    pub processes: Vec<Vec<String>>,
}

/// Use of resources at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Processing time over the last second or so, in percent of one core.
    pub cpu_percent: f64,
    /// Memory in use, bytes.
    pub memory_bytes: u64,
    /// Memory limit, bytes.
    pub memory_limit_bytes: u64,
    /// Bytes read from block devices.
    pub block_read_bytes: u64,
    /// Bytes written to block devices.
    pub block_write_bytes: u64,
    /// Bytes received.
    pub net_rx_bytes: u64,
    /// Bytes sent.
    pub net_tx_bytes: u64,
}

/// What a command that was run in a container has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// What it printed, standard output and error as they came, cut to [`MOST_OUTPUT`].
    pub output: Vec<u8>,
    /// It printed more than that.
    pub cut: bool,
    /// Its exit code.
    pub exit_code: i64,
}

/// The most that is kept of what a command prints, in bytes.
pub const MOST_OUTPUT: usize = 1024 * 1024;

/// Something happened to one of our containers, or the line was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeEvent {
    /// Look at this container again.
    Changed(ContainerId),
    /// Events may have been missed: look at all of them.
    Resync,
    /// The engine stopped answering; the stream goes on and says `Resync` when it is back.
    Lost(String),
}

/// The containers of one host. Every verb is idempotent and may be cancelled by dropping it.
#[async_trait]
pub trait ContainerRuntime: Send + Sync {
    /// What the host has. `Unavailable` when the engine does not answer.
    async fn facts(&self) -> Result<HostFacts>;

    /// Ports of the host somebody listens on, ours or not, as of the last second: what a new container cannot be given.
    async fn busy_ports(&self) -> Result<BTreeSet<(Protocol, u16)>>;

    /// Makes a container under [`RuntimeName::Current`], on all of its networks, or in the namespaces of the container
    /// that has the name it joins now: that very one, whatever becomes of the name. If that name already holds this
    /// revision of this container, answers its id, connected to whatever it lacked. `Conflict` if the name holds something else, `NotFound` for a missing
    /// image or network, `Refused` for a specification the engine will not take (its message is kept).
    async fn create(&self, request: &CreateContainer) -> Result<RuntimeId>;

    /// Starts it; succeeds if it runs. `Conflict` when a host port or address is taken by someone else,
    /// `NotFound` when it, its network or the container it joins is gone, `Conflict` when that one does not run, `Refused` when the program cannot be executed.
    async fn start(&self, name: RuntimeName) -> Result<()>;

    /// Asks it to stop with its own stop signal and ends it after `timeout` seconds (its own timeout, else
    /// 10 s, where `None`). Succeeds if it does not run or is gone. A paused one is stopped too.
    async fn stop(&self, name: RuntimeName, timeout: Option<u32>) -> Result<()>;

    /// Sends a signal, KILL where none is given. `Conflict` if it does not run.
    async fn kill(&self, name: RuntimeName, signal: Option<&Signal>) -> Result<()>;

    /// Freezes it; succeeds if it is frozen. `Conflict` if it does not run.
    async fn pause(&self, name: RuntimeName) -> Result<()>;

    /// Thaws it; succeeds if it is not frozen.
    async fn unpause(&self, name: RuntimeName) -> Result<()>;

    /// Changes limits while it runs. `Refused`, with current use, if memory would fall below use.
    async fn update(&self, name: RuntimeName, limits: Limits) -> Result<()>;

    /// Gives revision `revision` of the container the name `to`, from whatever name it has. Succeeds if it
    /// has that name already or is gone.
    async fn rename(&self, container: ContainerId, revision: u32, to: RuntimeName) -> Result<()>;

    /// Removes it with its anonymous volumes, running or not. Succeeds if it is gone.
    async fn remove(&self, name: RuntimeName) -> Result<()>;

    /// What the engine shows of it, by its name; `None` if it is gone. Engines do not tell the restart policy
    /// `no` from none: `restart_policy` is `None` for both.
    async fn find(&self, name: RuntimeName) -> Result<Option<Observed>>;

    /// Every container with our label, whatever its name: what a sweep and a recovery start from.
    async fn list(&self) -> Result<Vec<Found>>;

    /// Connects it to a network at its address, running or not; succeeds if it is connected. `Conflict` where another
    /// container has the address, `NotFound` where the network is gone.
    async fn connect(&self, name: RuntimeName, attachment: &Attachment) -> Result<()>;

    /// Takes it off a network, by the network's name in the engine, running or not; succeeds if it is not on it, and
    /// if either is gone.
    async fn disconnect(&self, name: RuntimeName, network: &str) -> Result<()>;

    /// Waits until it is no longer starting: settled as running for `settle_ms`, and for longer where its restart policy
    /// has started it again already, since between two crashes a container runs, too; where it has a health check
    /// and `healthy` is asked, until that has a verdict, good or bad; or until it does not run (ended, about
    /// to be restarted, paused). Answers what it then shows; the caller judges. `NotFound` once it is gone.
    /// Runs until the condition holds: bound it from outside.
    async fn wait_started(
        &self,
        name: RuntimeName,
        settle_ms: u64,
        healthy: bool,
    ) -> Result<Observed>;

    /// Waits until it has no process and will get none by itself: at once where it was never started.
    /// `NotFound` once it is gone. Bound it from outside.
    async fn wait_exited(&self, name: RuntimeName) -> Result<Observed>;

    /// What it printed.
    async fn logs(&self, name: RuntimeName, query: LogQuery) -> Result<String>;

    /// Its processes; `arguments` go to `ps`.
    async fn top(&self, name: RuntimeName, arguments: Option<&str>) -> Result<Top>;

    /// Its use of resources, the processing time measured over about a second.
    async fn stats(&self, name: RuntimeName) -> Result<Stats>;

    /// Runs a command in it to its end, without a terminal and an input. `Conflict` if it does not run, `Refused` where
    /// the program cannot be executed. Bound it from outside: a command whose call is dropped goes on.
    async fn exec(&self, name: RuntimeName, command: &[String]) -> Result<Ran>;

    /// Tells its terminal's size, in characters.
    async fn resize_tty(&self, name: RuntimeName, height: u16, width: u16) -> Result<()>;

    /// Changes of our containers. Begins when it is first polled, with `Resync` once changes are told, so that
    /// who looks at all containers then misses nothing. Never ends by itself: it reconnects with backoff.
    fn events(&self) -> BoxStream<'static, RuntimeEvent>;
}
