//! Builds the program of sandboxes with the compiler of this very build: a static executable without any library, so
//! that no further target has to be installed for it.
#![expect(
    clippy::expect_used,
    reason = "a build script has nobody to answer an error to: what it says ends the build"
)]

use std::path::Path;
use std::process::Command;

const SOURCE: &str = "program/main.rs";

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let given = |name| std::env::var_os(name);
    let folder = given("OUT_DIR").expect("cargo says where to build");
    let program = Path::new(&folder).join("sandbox");
    let mut compiler = Command::new(given("RUSTC").expect("cargo names the compiler"));
    compiler
        .args([
            "--edition",
            "2024",
            "--crate-name",
            "sandbox",
            "--crate-type",
            "bin",
        ])
        .args([
            "-C",
            "panic=abort",
            "-C",
            "opt-level=s",
            "-C",
            "strip=symbols",
        ])
        // At a fixed place in memory: without start-up code nobody would move its addresses.
        .args([
            "-C",
            "relocation-model=static",
            "-C",
            "target-feature=+crt-static",
        ])
        .args(["-C", "link-arg=-nostartfiles", "-C", "link-arg=-nostdlib"])
        .args([
            "-C",
            "link-arg=-static",
            "-C",
            "link-arg=-Wl,--build-id=none",
        ])
        .arg("--target")
        .arg(given("TARGET").expect("cargo names the target"))
        .arg("-o")
        .arg(&program)
        .arg(SOURCE);
    if let Some(linker) = given("RUSTC_LINKER") {
        let mut option = std::ffi::OsString::from("linker=");
        option.push(linker);
        compiler.arg("-C").arg(option);
    }
    let status = compiler.status().expect("the compiler runs");
    assert!(
        status.success(),
        "the sandbox program was not built: {status}"
    );
}
