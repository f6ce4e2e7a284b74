//! What is in the repository: the files that git tracks or would track.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The top folder of the checkout.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap().to_owned()
}

/// Every file, as a path below [`root`], that is tracked, or is new and not ignored.
pub(crate) fn files() -> Vec<String> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        listed.status.success(),
        "git cannot list the files: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let mut files: Vec<String> = String::from_utf8(listed.stdout)
        .unwrap()
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    files
}

/// The Rust sources with their text.
pub(crate) fn sources() -> Vec<(String, String)> {
    files()
        .into_iter()
        .filter(|path| has_extension(path, "rs"))
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            (path, text)
        })
        .collect()
}

/// Whether the path ends in this extension.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}

#[test]
fn the_listing_has_this_file_and_no_build() {
    let files = files();
    assert!(
        files
            .iter()
            .any(|path| path == "acceptance/tests/tidy/tree.rs")
    );
    assert!(!files.iter().any(|path| path.starts_with("target/")));
}
