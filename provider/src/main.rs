//! The Terraform provider for containers on zund: hands the provider to the SDK and gets out of the way.
//!
//! Nothing is read, made or asked before the handshake; everything else waits until a call needs it.

use std::io::Write;
use std::process::ExitCode;

mod config;
mod data_source;
mod json;
mod provider;
mod reads;
mod report;
mod resource;
mod session;
mod wait;

#[cfg(test)]
mod docs;
#[cfg(test)]
mod testing;

use provider::{ADDRESS, Zun};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("--version" | "-V" | "version") => say(&format!(
            "terraform-provider-zun {}\n",
            env!("CARGO_PKG_VERSION")
        )),
        Some("--help" | "-h" | "help") => say(&help()),
        Some(other) if other != "--debug" => {
            complain(&format!(
                "unknown argument {other:?}; --help lists what there is\n"
            ));
            ExitCode::from(2)
        }
        _ => tfplugin::serve(Zun),
    }
}

fn help() -> String {
    format!(
        "terraform-provider-zun {version}: containers on zund for Terraform and OpenTofu.\n\
         \n\
         Terraform starts this program by itself. Name it in the configuration:\n\
         \n\
         \x20   terraform {{\n\
         \x20     required_providers {{\n\
         \x20       zun = {{ source = \"{source}\" }}\n\
         \x20     }}\n\
         \x20   }}\n\
         \n\
         Options:\n\
         \x20 --debug     serve until interrupted, for a debugger; prints the variable that Terraform needs\n\
         \x20 --version   print the version\n\
         \x20 --help      print this\n",
        version = env!("CARGO_PKG_VERSION"),
        source = ADDRESS.trim_start_matches("registry.terraform.io/"),
    )
}

fn say(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(text: &str) {
    // Nobody is left to tell when this fails.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
