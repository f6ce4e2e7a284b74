//! Which steps, in which order, and how to take them back. Pure: a plan is a function of the wish and of
//! what is seen; the executor in `zun-engine` does the steps and makes no choice.
//!
//! [`step`] is the vocabulary, [`create`], [`delete`] and [`lifecycle`] are the plans of single verbs,
//! [`update`] turns any difference between a wish and what is seen into steps, which serves edits and
//! repairs alike (its networks are in `connect`), [`storage`] is what volumes and files need around a container, [`image`] is the plans of images,
//! [`resume`] is what an interruption may have lost, and [`judge`] says whether what a wait has shown is what was wanted.

#![deny(clippy::wildcard_enum_match_arm)]

mod connect;
pub mod create;
pub mod delete;
#[cfg(test)]
mod fixture;
pub mod image;
pub mod judge;
pub mod lifecycle;
pub mod resume;
pub mod step;
pub mod storage;
pub mod update;

pub use step::{Action, ImageAction, OnFailure, Plan, Step, VolumeAction};
