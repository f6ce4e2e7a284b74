//! The nouns of the product and what is always true of them. Pure: no I/O, no clock, no chance.
//!
//! Start with [`container`]: a [`container::ContainerSpec`] is what a user wishes, a
//! [`container::Observed`] what the engine shows, and [`container::Container`] holds both.
//! [`operation`] is long work a user can follow, [`host`] a machine that runs containers,
//! [`quota`] what a project may use of them, [`policy`] who may ask for what.
//!
//! Not here: how to do anything (`planner`), where to do it (`scheduler`), SQL, HTTP, Docker.
//! Text is parsed once, into the types of [`name`] and [`unit`]; they carry serde so that a body
//! with a wrong value is refused with the field's name, and the provider uses the same parsers.

pub mod id;
pub mod name;
pub mod unit;

pub mod capsule;
pub mod container;
pub mod firewall;
pub mod host;
pub mod image;
pub mod network;
pub mod operation;
pub mod placement;
pub mod policy;
pub mod project;
pub mod quota;
pub mod registry;
pub mod runtime;
pub mod time;
pub mod volume;
