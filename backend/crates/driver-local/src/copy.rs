//! Whole copies of images and of directories.

use std::ffi::OsStr;
use std::path::Path;

use crate::command::{Failure, run};
use crate::lock::Turn;

/// Copies an image, blank parts as holes, sharing blocks where the filesystem can.
pub(crate) fn image(from: &Path, to: &Path, turn: &Turn) -> Result<(), Failure> {
    cp(&["--sparse=always", "--reflink=auto"], from, to, turn)
}

/// Copies a directory with everything in it: owners, modes, times, links, extended attributes.
pub(crate) fn directory(from: &Path, to: &Path, turn: &Turn) -> Result<(), Failure> {
    cp(
        &["--archive", "--no-target-directory", "--reflink=auto"],
        from,
        to,
        turn,
    )
}

fn cp(options: &[&str], from: &Path, to: &Path, turn: &Turn) -> Result<(), Failure> {
    let paths = [from.as_os_str(), to.as_os_str()];
    let arguments = options.iter().map(OsStr::new).chain(paths);
    run("cp", arguments, Some(&turn.file)).map(|_| ())
}
