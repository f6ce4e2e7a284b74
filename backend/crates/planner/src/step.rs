//! The vocabulary of plans. Every action may be done twice; the driver sees to that.

mod image;
mod volume;

use serde::{Deserialize, Serialize};
use zun_domain::id::ContainerId;
use zun_domain::image::ResolvedImage;
use zun_domain::name::Signal;
use zun_domain::runtime::{Attachment, CreateContainer, Limits, MakeNetwork, RuntimeName};

pub use image::ImageAction;
pub use volume::VolumeAction;

/// How long a container has to keep running before it counts as running.
pub const SETTLE_MS: u64 = 300;

/// One driver call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Fetch the image.
    Pull(ResolvedImage),
    /// Do something else to an image.
    Image(ImageAction),
    /// Make the network.
    EnsureNetwork(MakeNetwork),
    /// Put the rules in force that the records ask for now: for its addresses, before it can send or get anything.
    Guard,
    /// Do something to a volume, a snapshot or a file.
    Volume(VolumeAction),
    /// Make the container.
    Create(Box<CreateContainer>),
    /// Start it.
    Start(RuntimeName),
    /// Stop it, giving it `timeout` seconds.
    Stop {
        /// Which.
        name: RuntimeName,
        /// Seconds; the container's own where none is given.
        timeout: Option<u32>,
    },
    /// Send it a signal.
    Kill {
        /// Which.
        name: RuntimeName,
        /// KILL where none is given.
        signal: Option<Signal>,
    },
    /// Freeze it.
    Pause(RuntimeName),
    /// Thaw it.
    Unpause(RuntimeName),
    /// Change its limits.
    Update {
        /// Which.
        name: RuntimeName,
        /// To what.
        limits: Limits,
    },
    /// Name one revision of it.
    Rename {
        /// Whose.
        container: ContainerId,
        /// Which of its containers.
        revision: u32,
        /// Its new name.
        to: RuntimeName,
    },
    /// Remove it.
    Remove(RuntimeName),
    /// Connect it to a network.
    Connect {
        /// Which.
        name: RuntimeName,
        /// To what.
        attachment: Attachment,
    },
    /// Take it off a network.
    Disconnect {
        /// Which.
        name: RuntimeName,
        /// The network's name in the engine.
        network: String,
    },
    /// Wait until it runs, and is healthy where that is asked.
    AwaitStarted {
        /// Which.
        name: RuntimeName,
        /// Its health check has to pass.
        healthy: bool,
    },
    /// Wait until it has ended.
    AwaitExited {
        /// Which.
        name: RuntimeName,
    },
}

impl Action {
    /// What is being done, for people who wait: `pulling nginx:1.27`.
    pub fn progress(&self) -> String {
        match self {
            Self::Pull(image) => format!("pulling {}", image.reference),
            Self::Image(action) => action.progress(),
            Self::EnsureNetwork(network) => format!("making network {}", network.name),
            Self::Volume(action) => action.progress(),
            Self::Create(request) => format!("creating container from {}", request.spec.image),
            Self::Start(_) => "starting".to_owned(),
            Self::Stop { .. } => "stopping".to_owned(),
            Self::Kill { .. } => "sending a signal".to_owned(),
            Self::Pause(_) => "pausing".to_owned(),
            Self::Unpause(_) => "unpausing".to_owned(),
            Self::Update { .. } => "changing limits".to_owned(),
            Self::Rename {
                to: RuntimeName::Aside(..),
                ..
            } => "keeping the former container aside".to_owned(),
            Self::Rename {
                to: RuntimeName::Current(_),
                ..
            } => "putting its name back".to_owned(),
            Self::Remove(RuntimeName::Aside(..)) => "removing the former container".to_owned(),
            Self::Remove(RuntimeName::Current(_)) => "removing".to_owned(),
            Self::Guard => "putting its firewall rules in force".to_owned(),
            Self::Connect { .. } => "connecting to its network".to_owned(),
            Self::Disconnect { .. } => "disconnecting from a network".to_owned(),
            Self::AwaitStarted { healthy: true, .. } => "waiting until it is healthy".to_owned(),
            Self::AwaitStarted { healthy: false, .. } => "waiting until it runs".to_owned(),
            Self::AwaitExited { .. } => "waiting until it has ended".to_owned(),
        }
    }
}

/// What happens to the steps done before when this one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// They are taken back, last first.
    Undo,
    /// They stay: what was made is wanted, and shows why it failed.
    Keep,
    /// Nothing: the work is done without it, and the sweep tries again.
    GoOn,
}

/// An action and what takes it back. `undo` is done when a later step fails, and when the action itself
/// failed: an answer that was lost may have had its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What to do.
    pub action: Action,
    /// What takes it back, in order.
    pub undo: Vec<Action>,
    /// What a failure does to what was done before.
    pub on_failure: OnFailure,
}

impl Step {
    /// A step that leaves nothing behind worth taking back.
    pub fn plain(action: Action) -> Self {
        Self {
            action,
            undo: Vec::new(),
            on_failure: OnFailure::Undo,
        }
    }

    /// A step with what takes it back.
    pub fn undone_by(action: Action, undo: Vec<Action>) -> Self {
        Self {
            action,
            undo,
            on_failure: OnFailure::Undo,
        }
    }

    /// The same step, without which the work is done.
    #[must_use]
    pub fn dispensable(mut self) -> Self {
        self.on_failure = OnFailure::GoOn;
        self
    }

    /// The same step, keeping what was done before when it fails.
    #[must_use]
    pub fn keeping(mut self) -> Self {
        self.on_failure = OnFailure::Keep;
        self
    }
}

/// Ordered work.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// The steps, first to last.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Nothing has to be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps in words, for a preview.
    pub fn words(&self) -> Vec<String> {
        self.steps
            .iter()
            .map(|step| step.action.progress())
            .collect()
    }
}

#[cfg(test)]
mod tests;
