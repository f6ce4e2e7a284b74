//! The example provider under a real Terraform: the whole life of a resource, and its accidents.
//!
//! Needs `terraform` on the path; without it every test says so and passes.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests share may fail as they may"
)]

mod accidents;
mod life;
mod workspace;
