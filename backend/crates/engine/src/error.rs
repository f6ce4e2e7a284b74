//! Why a use case refused or failed. `zun-api` alone turns these into statuses.

mod network;

pub use network::NetworkRule;

use zun_domain::container::{Status, Verb};
use zun_domain::id::ContainerId;
use zun_domain::operation::{Operation, OperationKind, Subject};
use zun_domain::placement::Unplaceable;
use zun_domain::policy::Denied;
use zun_domain::quota::OverQuota;

/// Result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why not. `Display` is the sentence for the user.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of that name or id is visible to the caller.
    #[error("{what} {ident} could not be found")]
    NotFound {
        /// `container`, `host`, `operation`, `quota class`, …
        what: &'static str,
        /// As asked.
        ident: String,
    },
    /// A name stands for several.
    #[error("{count} {} are named {name}; use a uuid", several(what))]
    Ambiguous {
        /// `container`, `volume`, `snapshot`, `registry`.
        what: &'static str,
        /// The name.
        name: String,
        /// How many have it.
        count: usize,
    },
    /// A name is in use in the project.
    #[error("a container named {name} exists already in this project: {existing}")]
    NameTaken {
        /// The name.
        name: String,
        /// Who has it.
        existing: ContainerId,
    },
    /// The image was pulled to the host before.
    #[error("{reference} was pulled to host {host} already: image {existing}")]
    ImageTaken {
        /// What it is pulled by.
        reference: String,
        /// Where.
        host: String,
        /// Its record.
        existing: zun_domain::id::ImageId,
    },
    /// The verb is not legal in that state.
    #[error("cannot {} container {container} in {status} state", verb.word())]
    InvalidState {
        /// The verb.
        verb: Verb,
        /// Uuid or name.
        container: String,
        /// The state.
        status: Status,
    },
    /// Another operation is at work on it.
    #[error("{subject} is busy: operation {operation} ({}) has not ended; wait for it or delete the {}", kind.as_str(), subject.kind())]
    Busy {
        /// The container, the volume.
        subject: Subject,
        /// The operation at work.
        operation: zun_domain::id::OperationId,
        /// What it does.
        kind: OperationKind,
    },
    /// The container changed since the caller saw it.
    #[error(
        "container {container} is at generation {found}, not {expected}: it was changed by someone else; read it again"
    )]
    Stale {
        /// The container.
        container: ContainerId,
        /// What the caller saw.
        expected: i64,
        /// What it is now.
        found: i64,
    },
    /// A field, or a combination, that cannot be.
    #[error("{field}: {message}")]
    Invalid {
        /// Path of the field, such as `memory` or `ports`.
        field: String,
        /// What was given and what would be accepted.
        message: String,
    },
    /// Something is in the way that is no container of ours: a port, a subnet, limits that are set.
    #[error("{0}")]
    Conflict(String),
    /// A volume that was asked for cannot be had: another container has it, or it is not there yet.
    #[error("{0}")]
    VolumeNotUsable(String),
    /// A network, an address or a port that was asked for cannot be had.
    #[error("{0}")]
    NetworkNotUsable(String),
    /// Something of a network is in the way, or missing.
    #[error("{message}")]
    Network {
        /// Which rule refused.
        rule: NetworkRule,
        /// What is in the way, and the way out.
        message: String,
    },
    /// A limit would not hold.
    #[error(transparent)]
    OverQuota(#[from] OverQuota),
    /// No host fits.
    #[error("{0}")]
    Unplaceable(Unplaceable),
    /// The image cannot be had.
    #[error("image {image}: {message}")]
    Image {
        /// The reference.
        image: String,
        /// Why.
        message: String,
        /// It does not exist, as opposed to: its registry does not answer.
        missing: bool,
    },
    /// More data than is taken.
    #[error("{0}")]
    TooLarge(String),
    /// It belongs to somebody else, or is kept from it on purpose.
    #[error("{0}")]
    Forbidden(String),
    /// The policy says no.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Wrong name or password, or a token that is none.
    #[error("{0}")]
    Unauthorized(String),
    /// A host's engine, or the store, does not answer; later may be better.
    #[error("{0}")]
    Unavailable(String),
    /// The disk under the data directory is full.
    #[error(
        "the data directory is full: {0}; free some space there, nothing that was accepted is lost"
    )]
    Full(String),
    /// The operation that the caller waited for failed.
    #[error("{}", .0.message)]
    Failed(Box<zun_domain::operation::Failure>),
    /// Ours to mend.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// Nothing of that name or id is visible.
    pub fn not_found(what: &'static str, ident: impl std::fmt::Display) -> Self {
        Self::NotFound {
            what,
            ident: ident.to_string(),
        }
    }

    /// This operation is at work on it.
    pub(crate) fn busy(operation: &Operation) -> Self {
        Self::Busy {
            subject: operation.subject,
            operation: operation.id,
            kind: operation.kind,
        }
    }

    /// A field that cannot be.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl From<zun_store::Error> for Error {
    fn from(error: zun_store::Error) -> Self {
        use zun_store::Constraint;
        let text = with_cause(&error);
        match error {
            zun_store::Error::NotFound { what, id } => Self::NotFound { what, ident: id },
            zun_store::Error::Full { cause } => Self::Full(cause.to_string()),
            zun_store::Error::Unavailable { .. } => Self::Unavailable(text),
            zun_store::Error::Conflict { constraint } => match constraint {
                Constraint::OperationUnfinished
                | Constraint::AddressTaken
                | Constraint::MacTaken
                | Constraint::HostPortTaken
                | Constraint::SubnetTaken
                | Constraint::Generation { .. } => {
                    Self::Conflict(format!("{constraint}; somebody was faster: try again"))
                }
                other => Self::Conflict(other.to_string()),
            },
            _ => Self::Internal(text),
        }
    }
}

impl From<zun_driver::Error> for Error {
    fn from(error: zun_driver::Error) -> Self {
        use zun_driver::Class;
        match error.class {
            Class::Unavailable | Class::Exhausted => Self::Unavailable(error.message),
            Class::Conflict | Class::NotFound | Class::Refused => Self::Conflict(error.message),
            Class::Internal => Self::Internal(error.message),
        }
    }
}

/// More than one of these.
fn several(what: &str) -> String {
    match what.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{what}s"),
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
