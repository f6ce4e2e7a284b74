//! The words for what a container is doing, and which verb is legal in which.
//!
//! ```text
//!            create                start             pause
//!  Creating ────────▶ Created ───────────▶ Running ◀──────▶ Paused
//!     │                  │          ▲         │  ▲ unpause
//!     │ fails            │     start│     stop│  │ restart policy
//!     ▼                  │          │         ▼  │
//!   Error                │        Stopped ◀── Restarting
//!     │                  ▼          │
//!     └───────────────▶ Deleting ◀──┘         Missing: removed from the engine by someone else
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a container is doing, as users read it. `/v1` shows `Missing` as `Error` with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Accepted, not yet made.
    Creating,
    /// Made, never started.
    Created,
    /// Running.
    Running,
    /// Ended, to be started again by its restart policy.
    Restarting,
    /// Frozen.
    Paused,
    /// Ended, or stopped on purpose.
    Stopped,
    /// The engine could not remove it.
    Dead,
    /// Gone from the engine behind our back; its record, addresses and claims are kept.
    Missing,
    /// Its first container could not be made.
    Error,
    /// A delete was accepted.
    Deleting,
}

impl Status {
    /// Every status, for tests and for documentation.
    pub const ALL: [Self; 10] = [
        Self::Creating,
        Self::Created,
        Self::Running,
        Self::Restarting,
        Self::Paused,
        Self::Stopped,
        Self::Dead,
        Self::Missing,
        Self::Error,
        Self::Deleting,
    ];

    /// The word on `/v1`, one of Zun's.
    pub fn zun(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Created => "Created",
            Self::Running => "Running",
            Self::Restarting => "Restarting",
            Self::Paused => "Paused",
            Self::Stopped => "Stopped",
            Self::Dead => "Dead",
            Self::Missing | Self::Error => "Error",
            Self::Deleting => "Deleting",
        }
    }

    /// Whether `verb` is legal now. A refused one gets 409.
    pub fn allows(self, verb: Verb) -> bool {
        use Status::{
            Created, Creating, Dead, Error, Missing, Paused, Restarting, Running, Stopped,
        };
        match verb {
            Verb::Delete => matches!(self, Created | Stopped | Error | Dead | Missing),
            Verb::DeleteForce => true,
            Verb::DeleteStop => matches!(
                self,
                Creating
                    | Created
                    | Running
                    | Stopped
                    | Paused
                    | Restarting
                    | Error
                    | Dead
                    | Missing
            ),
            Verb::Start => matches!(self, Created | Stopped | Missing),
            Verb::Stop => matches!(self, Running | Restarting),
            Verb::Pause | Verb::Kill | Verb::Top | Verb::Stats | Verb::ResizeTty => self == Running,
            Verb::Unpause => self == Paused,
            Verb::Reboot => matches!(self, Created | Running | Stopped),
            Verb::Update => matches!(
                self,
                Created | Running | Stopped | Paused | Restarting | Missing | Dead
            ),
            Verb::Logs => matches!(
                self,
                Created | Running | Stopped | Paused | Restarting | Dead
            ),
            Verb::Commit => matches!(self, Running | Stopped | Paused),
            Verb::Rebuild => matches!(self, Created | Running | Stopped | Missing),
            Verb::Rename => !matches!(self, Creating | Status::Deleting),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if *self == Self::Missing {
            "Missing"
        } else {
            self.zun()
        };
        f.write_str(word)
    }
}

/// What can be asked of a container that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verb {
    /// Remove one that does not run.
    Delete,
    /// Remove in whatever state; administrators only.
    DeleteForce,
    /// Stop, then remove.
    DeleteStop,
    /// Start.
    Start,
    /// Stop with a timeout.
    Stop,
    /// Freeze.
    Pause,
    /// Thaw.
    Unpause,
    /// Send a signal.
    Kill,
    /// Stop and start.
    Reboot,
    /// Change the specification.
    Update,
    /// Read what it printed.
    Logs,
    /// List its processes.
    Top,
    /// Read its use of resources.
    Stats,
    /// Tell its terminal's size.
    ResizeTty,
    /// Change its name.
    Rename,
    /// Make an image of it.
    Commit,
    /// Make it anew from an image.
    Rebuild,
}

impl Verb {
    /// The word in messages: `cannot start container …`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delete | Self::DeleteForce | Self::DeleteStop => "delete",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
            Self::Kill => "kill",
            Self::Reboot => "reboot",
            Self::Update => "update",
            Self::Logs => "logs",
            Self::Top => "top",
            Self::Stats => "stats",
            Self::ResizeTty => "resize",
            Self::Rename => "rename",
            Self::Commit => "commit",
            Self::Rebuild => "rebuild",
        }
    }
}

/// What is being done to a container, in Zun's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Its image is being pulled, its first container made.
    ContainerCreating,
    /// Being started.
    ContainerStarting,
    /// Being removed.
    ContainerDeleting,
    /// Being stopped.
    ContainerStopping,
    /// Being stopped and started.
    ContainerRebooting,
    /// Being frozen.
    ContainerPausing,
    /// Being thawed.
    ContainerUnpausing,
    /// Being sent a signal.
    ContainerKilling,
    /// Being changed or recreated in place.
    ContainerRebuilding,
}

impl TaskState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContainerCreating => "container_creating",
            Self::ContainerStarting => "container_starting",
            Self::ContainerDeleting => "container_deleting",
            Self::ContainerStopping => "container_stopping",
            Self::ContainerRebooting => "container_rebooting",
            Self::ContainerPausing => "container_pausing",
            Self::ContainerUnpausing => "container_unpausing",
            Self::ContainerKilling => "container_killing",
            Self::ContainerRebuilding => "container_rebuilding",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Zun's table of states and verbs, with the mends: Paused can be deleted with `stop`, a running operation
    /// is refused elsewhere, and what is missing can be started (that recreates it) or deleted.
    #[test]
    fn legality_is_the_table() {
        let row = |verb: Verb| -> String {
            Status::ALL
                .iter()
                .map(|status| if status.allows(verb) { 'y' } else { '.' })
                .collect()
        };
        //                                Creating Created Running Restarting Paused Stopped Dead Missing Error Deleting
        for (verb, expected) in [
            (Verb::Delete, ".y...yyyy."),
            (Verb::DeleteForce, "yyyyyyyyyy"),
            (Verb::DeleteStop, "yyyyyyyyy."),
            (Verb::Start, ".y...y.y.."),
            (Verb::Stop, "..yy......"),
            (Verb::Kill, "..y......."),
            (Verb::Unpause, "....y....."),
            (Verb::Reboot, ".yy..y...."),
            (Verb::Update, ".yyyyyyy.."),
            (Verb::Logs, ".yyyyyy..."),
            (Verb::Rename, ".yyyyyyyy."),
            (Verb::Commit, "..y.yy...."),
            (Verb::Rebuild, ".yy..y.y.."),
        ] {
            assert_eq!(row(verb), expected, "{verb:?}");
        }
    }
}
