//! In-memory twins with fault injection.
