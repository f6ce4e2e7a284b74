//! One `zund` per data directory. The kernel holds the lock and drops it with the process, so that nothing
//! is left behind by a crash; the file also says who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use anyhow::{Context as _, bail};

use crate::place::Place;

const NAME: &str = "lock";

/// Held while the process serves.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Takes the lock, or says who has it.
pub(crate) fn take(place: &Place) -> anyhow::Result<Lock> {
    let path = place.file(NAME);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .with_context(|| {
            format!(
                "cannot write {}: the data directory has to be writable",
                path.display()
            )
        })?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).unwrap_or_default();
            bail!(
                "another zund (process {}) uses the data directory {}; stop it, or give this one a \
                 directory of its own with --data-dir",
                holder.trim(),
                path.parent().unwrap_or(&path).display()
            );
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    let noted = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    noted.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Lock { _file: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_is_first() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::at(dir.path());
        let first = take(&place).unwrap();
        let refused = take(&place).unwrap_err().to_string();
        assert_eq!(
            refused,
            format!(
                "another zund (process {}) uses the data directory {}; stop it, or give this one a \
                 directory of its own with --data-dir",
                std::process::id(),
                dir.path().display()
            )
        );
        drop(first);
        take(&place).unwrap();
    }
}
