//! Programs of this machine's Debian packages, copied to their own paths below the root of an image, with the libraries
//! that they ask for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process;

/// Everything that the loader would load for these, itself included.
pub(super) fn libraries(parts: &[PathBuf]) -> Result<BTreeSet<PathBuf>> {
    let told = process::run(Command::new("ldd").args(parts), Duration::from_mins(1))?.success()?;
    let paths = told
        .stdout
        .split_whitespace()
        .filter(|word| word.starts_with('/') && !word.ends_with(':'));
    Ok(paths.map(PathBuf::from).collect())
}

/// Copies a file, or what a link means, to its own path below the root.
pub(super) fn copy(path: &Path, root: &Path) -> Result<()> {
    let target = root.join(path.strip_prefix("/").unwrap_or(path));
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(path, &target).with_context(|| format!("cannot copy {}", path.display()))?;
    Ok(())
}

/// Every file below a folder.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

/// The folder with the highest number for a name, among those in `packages` that hold `file`; `hint` says how to get
/// one.
pub(super) fn newest(packages: &Path, file: &str, hint: &str) -> Result<PathBuf> {
    let found = fs::read_dir(packages).into_iter().flatten().flatten();
    found
        .map(|entry| entry.path())
        .filter(|path| path.join(file).is_file())
        .max_by_key(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.parse::<u32>().unwrap_or_default()
        })
        .with_context(|| {
            format!(
                "nothing in {} to make an image of: {hint}",
                packages.display()
            )
        })
}
