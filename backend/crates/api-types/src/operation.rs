//! Operations and events on `/zund/v1`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zun_domain::operation::{Failure, OperationKind, OperationState};

/// Long work that can be followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Identity.
    pub id: String,
    /// What it works on: `container`, `volume`, `snapshot`.
    pub subject_kind: String,
    /// The id of that.
    pub subject: String,
    /// What it does.
    pub kind: OperationKind,
    /// Where it stands.
    pub state: OperationState,
    /// The step being done, in words, or what it waits for.
    pub progress: String,
    /// Steps done.
    pub steps_done: u32,
    /// Steps in all.
    pub steps: u32,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A page of operations, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationPage {
    /// The operations.
    pub operations: Vec<Operation>,
    /// `marker` of the next page.
    pub next: Option<String>,
}

/// A fact about a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// A word.
    pub kind: String,
    /// A sentence.
    pub message: String,
    /// The operation it belongs to.
    pub operation: Option<String>,
}

/// Events of a container, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Event>,
}
