//! Time as an argument: a [`Timestamp`] is handed in, a [`Clock`] is asked in one place.

pub use jiff::Timestamp;

/// Where the present comes from. The engine owns one; tests freeze theirs.
pub trait Clock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;
}
