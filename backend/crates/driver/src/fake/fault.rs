//! Faults of calls: which verb, which of its calls, before or after its effect.

use std::collections::HashMap;

use tokio::sync::watch;

use crate::{Error, Result};

/// A verb of the drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// `ContainerRuntime::facts`.
    Facts,
    /// `ContainerRuntime::busy_ports`.
    BusyPorts,
    /// `ContainerRuntime::create`.
    Create,
    /// `ContainerRuntime::start`.
    Start,
    /// `ContainerRuntime::stop`.
    Stop,
    /// `ContainerRuntime::kill`.
    Kill,
    /// `ContainerRuntime::pause`.
    Pause,
    /// `ContainerRuntime::unpause`.
    Unpause,
    /// `ContainerRuntime::update`.
    Update,
    /// `ContainerRuntime::rename`.
    Rename,
    /// `ContainerRuntime::remove`.
    Remove,
    /// `ContainerRuntime::find`.
    Find,
    /// `ContainerRuntime::list`.
    List,
    /// `ContainerRuntime::connect`.
    Connect,
    /// `ContainerRuntime::disconnect`.
    Disconnect,
    /// `ContainerRuntime::wait_started`.
    WaitStarted,
    /// `ContainerRuntime::wait_exited`.
    WaitExited,
    /// `ContainerRuntime::logs`.
    Logs,
    /// `ContainerRuntime::top`.
    Top,
    /// `ContainerRuntime::stats`.
    Stats,
    /// `ContainerRuntime::resize_tty`.
    ResizeTty,
    /// `ImageDriver::resolve`.
    Resolve,
    /// `ImageDriver::pull`.
    Pull,
    /// `ImageDriver::find`.
    FindImage,
    /// `ImageDriver::load`.
    Load,
    /// `ImageDriver::forget`.
    Forget,
    /// `ImageDriver::remove`.
    RemoveImage,
    /// `ImageDriver::commit`.
    Commit,
    /// `ImageDriver::drop_commit`.
    DropCommit,
    /// `ImageDriver::commits`.
    Commits,
    /// `ImageDriver::save`.
    Save,
    /// `ImageStore::put`.
    PutImage,
    /// `ImageStore::find`.
    FindData,
    /// `ImageStore::read` and `loadable`.
    ReadImage,
    /// `ImageStore::remove`.
    RemoveData,
    /// `ImageStore::list`.
    ListData,
    /// `ImageDriver::push`.
    Push,
    /// `ImageDriver::search`.
    SearchImages,
    /// `ImageDriver::usage`.
    ImageUse,
    /// `ImageDriver::remove_fetched`.
    RemoveFetched,
    /// `NetworkDriver::ensure`.
    EnsureNetwork,
    /// `NetworkDriver::subnets`.
    Subnets,
    /// `NetworkDriver::list`.
    ListNetworks,
    /// `NetworkDriver::remove`.
    RemoveNetwork,
    /// `FirewallDriver::apply`.
    ApplyFirewall,
    /// `FirewallDriver::mend`.
    MendFirewall,
    /// `FirewallDriver::clear`.
    ClearFirewall,
    /// `VolumeDriver::facts`.
    VolumeFacts,
    /// `VolumeDriver::create`.
    CreateVolume,
    /// `VolumeDriver::connect`.
    ConnectVolume,
    /// `VolumeDriver::format`.
    FormatVolume,
    /// `VolumeDriver::mount`.
    MountVolume,
    /// `VolumeDriver::unmount`.
    UnmountVolume,
    /// `VolumeDriver::disconnect`.
    DisconnectVolume,
    /// `VolumeDriver::extend`.
    ExtendVolume,
    /// `VolumeDriver::delete`.
    DeleteVolume,
    /// `VolumeDriver::snapshot`.
    Snapshot,
    /// `VolumeDriver::delete_snapshot`.
    DeleteSnapshot,
    /// `VolumeDriver::list`.
    ListVolumes,
    /// `VolumeDriver::write_files`.
    WriteFiles,
    /// `VolumeDriver::remove_files`.
    RemoveFiles,
}

/// Which calls of a verb a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The n-th from now, the next one being 1; only that one.
    Nth(u64),
    /// Every one until the faults are cleared.
    Every,
}

/// Where calls wait until a test lets them go on.
#[derive(Debug, Clone)]
pub struct Gate {
    waiting: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            waiting: watch::Sender::new(0),
            open: watch::Sender::new(false),
        }
    }

    /// Returns once a call has come to the gate.
    pub async fn reached(&self) {
        let mut waiting = self.waiting.subscribe();
        if waiting.wait_for(|count| *count > 0).await.is_err() {
            unreachable!("the gate holds the sender")
        }
    }

    /// Lets every call through, those that wait and those to come.
    pub fn release(&self) {
        self.open.send_replace(true);
    }

    async fn pass(&self) {
        let mut open = self.open.subscribe();
        self.waiting.send_modify(|count| *count += 1);
        if open.wait_for(|open| *open).await.is_err() {
            unreachable!("the gate holds the sender")
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Effect {
    Error(Error),
    Gate(Gate),
}

impl Effect {
    pub(super) async fn happen(&self) -> Result<()> {
        match self {
            Self::Error(error) => Err(error.clone()),
            Self::Gate(gate) => {
                gate.pass().await;
                Ok(())
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Fault {
    Before(Effect),
    After(Effect),
}

/// The faults that are still to come, and how often each verb was called.
#[derive(Default)]
pub(super) struct Faults {
    planned: HashMap<Verb, Vec<(When, Fault)>>,
    calls: HashMap<Verb, u64>,
}

impl Faults {
    pub(super) fn add(&mut self, verb: Verb, when: When, fault: Fault) {
        let when = match when {
            When::Nth(n) => When::Nth(self.calls(verb).saturating_add(n)),
            When::Every => When::Every,
        };
        self.planned.entry(verb).or_default().push((when, fault));
    }

    pub(super) fn clear(&mut self) {
        self.planned.clear();
    }

    pub(super) fn calls(&self, verb: Verb) -> u64 {
        self.calls.get(&verb).copied().unwrap_or_default()
    }

    /// Counts a call and answers the fault that meets it; an exact one goes before one for every call.
    pub(super) fn take(&mut self, verb: Verb) -> Option<Fault> {
        let count = self.calls.entry(verb).or_default();
        *count += 1;
        let this = When::Nth(*count);
        let planned = self.planned.get_mut(&verb)?;
        if let Some(at) = planned.iter().position(|(when, _)| *when == this) {
            return Some(planned.remove(at).1);
        }
        let every = planned.iter().find(|(when, _)| *when == When::Every);
        every.map(|(_, fault)| fault.clone())
    }
}
