//! The program as a user meets it: started, asked over HTTP, told to stop.

mod configuration;
mod disk;
mod process;
mod serving;
mod tls;
mod wire;
