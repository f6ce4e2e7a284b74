//! The image of sandboxes: one static program that waits, brought along in the executable and loaded into an engine
//! where that has it not.
//!
//! The program is `program/main.rs`, built by `build.rs`; the image is a Docker archive made in memory, the same bytes
//! from the same program. Its tag follows from its content, so that another build never takes an old image for its own.

mod tar;

use sha2::{Digest, Sha256};

/// The program, an executable for the machine this was built for.
const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sandbox"));

/// Where it is in the image.
const PATH: &str = "sandbox";

/// Digits of the digest in the tag: enough to tell builds apart.
const TAG_DIGITS: usize = 12;

/// An image to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxImage {
    /// Repository and tag, `zun/sandbox:<digits>`.
    pub reference: String,
    /// Its own id in an engine, `sha256:…`: the digest of its configuration.
    pub id: String,
    /// A Docker archive of it, as `docker load` takes it.
    pub archive: Vec<u8>,
}

/// The image of this build.
pub fn image() -> SandboxImage {
    let layer = tar::archive(&[tar::File {
        name: PATH,
        executable: true,
        content: PROGRAM,
    }]);
    let configuration = configuration(&digest(&layer));
    let digits = digest(configuration.as_bytes());
    let reference = format!("zun/sandbox:{}", &digits[..TAG_DIGITS]);
    let name = format!("{digits}.json");
    let manifest = serde_json::json!([{
        "Config": name, "RepoTags": [reference], "Layers": ["layer.tar"],
    }]);
    let plain = |name, content| tar::File {
        name,
        executable: false,
        content,
    };
    let archive = tar::archive(&[
        plain(name.as_str(), configuration.as_bytes()),
        plain("layer.tar", &layer),
        plain("manifest.json", manifest.to_string().as_bytes()),
    ]);
    SandboxImage {
        reference,
        id: format!("sha256:{digits}"),
        archive,
    }
}

/// What an engine makes of the image, in the words of the Docker Image Specification v1.2. The time is fixed, so that
/// the same program is the same image.
fn configuration(layer: &str) -> String {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    serde_json::json!({
        "architecture": architecture,
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": { "Entrypoint": [format!("/{PATH}")] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer}")] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "zund" }],
    })
    .to_string()
}

fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut digits, byte| {
        // A text takes whatever is written into it.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn the_same_program_is_the_same_image() {
        let one = image();
        assert_eq!(one, image());
        let tag = one.reference.strip_prefix("zun/sandbox:").unwrap();
        assert!(one.id.contains(tag) && tag.len() == TAG_DIGITS, "{one:?}");
    }

    #[test]
    fn the_program_needs_nothing_and_is_small() {
        assert_eq!(&PROGRAM[..4], b"\x7fELF");
        let interpreter = PROGRAM.windows(4).any(|bytes| bytes == b"/ld-");
        assert!(!interpreter, "it asks for a dynamic linker");
        assert!(PROGRAM.len() < 64 * 1024, "{} bytes", PROGRAM.len());
    }

    /// It waits until it is asked, and then ends at once with code 0.
    #[test]
    fn it_ends_when_it_is_asked() {
        let folder = std::path::Path::new(concat!(env!("OUT_DIR"), "/sandbox"));
        for signal in ["TERM", "INT"] {
            let mut child = Command::new(folder).stdin(Stdio::null()).spawn().unwrap();
            while !sleeps(child.id()) {
                std::thread::yield_now();
            }
            let id = child.id().to_string();
            let sent = Command::new("kill").args(["-s", signal, &id]).status();
            assert!(sent.unwrap().success());
            assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        }
    }

    /// As the kernel shows it; the only sleep of the program is its wait.
    fn sleeps(process: u32) -> bool {
        let shown = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let (_, rest) = shown.rsplit_once(')').unwrap();
        rest.trim_start().starts_with('S')
    }
}
