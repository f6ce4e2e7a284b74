//! Compiles the protocol definitions.

use std::error::Error;

const PROTO: &str = "../../../proto/tfplugin6";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO}");
    let files = protox::compile(["tfplugin6.proto", "plugin.proto"], [PROTO])?;
    tonic_prost_build::configure()
        .build_transport(false)
        .emit_rerun_if_changed(false)
        .compile_fds(files)?;
    Ok(())
}
