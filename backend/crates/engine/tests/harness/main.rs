//! The engine on real SQLite and the fake host: every operation with each step failing, each step done
//! twice, and a crash before and after each write of its log. After each: nothing is left over, claims
//! are those of the rows, the state is what the engine shows.

#![expect(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "tests stop at the first surprise"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a test has no clock and no id source but the machine's"
)]

mod crash;
mod fault;
mod images;
mod networks;
mod ownership;
mod registry;
mod storage;
mod story;
mod taken;
mod volumes;
mod world;
