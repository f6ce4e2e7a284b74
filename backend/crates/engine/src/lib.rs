//! The use cases: resolve → read → decide → commit → execute, and the loops that keep them true.
//!
//! Start with [`context::Engine`], then read one use case, `command/create_container.rs`. A command
//! resolves what only the outside knows (image digests, busy ports), reads and decides inside one
//! transaction, commits an operation with its plan and answers; [`execute`] does the plan's steps,
//! [`recover`] goes on with those a crash has interrupted, [`reconcile`] watches the engines and
//! [`sweep`] removes what nobody owns. Who may log in is decided in [`identity`].
//!
//! Not here: HTTP (`zun-api`), SQL (`zun-store`), Docker (`zun-driver-docker`), and no decision: those are
//! functions in `zun-domain`, `zun-scheduler` and `zun-planner`.

pub mod call;
pub mod command;
pub mod context;
pub mod error;
pub mod execute;
pub mod firewall;
pub mod hosts;
pub mod identity;
pub mod query;
pub mod reconcile;
pub mod recover;
mod sandbox;
pub mod settings;
pub mod sweep;

pub use call::Call;
pub use context::Engine;
pub use error::{Error, Result};
