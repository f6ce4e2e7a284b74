//! The closed set of what can go wrong outside. The engine branches on the class and shows the message.

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The thing asked for is not there.
    NotFound,
    /// Something else is in the way: a name, a port, an address.
    Conflict,
    /// The engine understood and will not do it; asking again changes nothing.
    Refused,
    /// Out of disk, memory, addresses.
    Exhausted,
    /// The engine, or a registry, does not answer; asking later may help.
    Unavailable,
    /// The driver does not understand the answer.
    Internal,
}

/// A failure of a driver call. `Display` is one lower-case sentence: what was tried, what came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind.
    pub class: Class,
    /// What was tried and what came back, without secrets.
    pub message: String,
}

/// Result of a driver call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure of this class with this sentence.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }
}
