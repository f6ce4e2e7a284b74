//! The program as a user meets it: started, asked over HTTP, told to stop.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod configuration;
mod disk;
mod password;
mod process;
mod serving;
mod tls;
mod wire;
