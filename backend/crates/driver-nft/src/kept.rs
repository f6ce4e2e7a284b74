//! The file with the rules for the next boot: whole or not at all, and nobody else's to read.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use zun_driver::{Class, Error, Result};

const TRIED: &str = "keep the firewall's rules for the next boot";

/// Puts this text on disk beside the former.
pub(crate) async fn prepare(file: &Path, text: String) -> Result<()> {
    on_disk(file, TRIED, move |file| write(file, &text)).await
}

/// What was prepared takes the place of the former.
pub(crate) async fn commit(file: &Path) -> Result<()> {
    on_disk(file, TRIED, replace).await
}

/// Removes it; it may be gone.
pub(crate) async fn forget(file: &Path) -> Result<()> {
    let gone = |file: &Path| match std::fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    };
    on_disk(file, "forget the firewall's rules", gone).await
}

async fn on_disk(
    file: &Path,
    tried: &'static str,
    work: impl FnOnce(&Path) -> io::Result<()> + Send + 'static,
) -> Result<()> {
    let path: PathBuf = file.to_owned();
    let done = tokio::task::spawn_blocking(move || work(&path)).await;
    let done = done.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|error| {
        let class = if error.kind() == io::ErrorKind::StorageFull {
            Class::Exhausted
        } else {
            Class::Internal
        };
        Error::new(
            class,
            format!("cannot {tried}: {}: {error}", file.display()),
        )
    })
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    std::fs::create_dir_all(folder(file))?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut open = options.open(prepared(file))?;
    open.write_all(text.as_bytes())?;
    open.sync_all()
}

fn replace(file: &Path) -> io::Result<()> {
    std::fs::rename(prepared(file), file)?;
    File::open(folder(file))?.sync_all()
}

fn prepared(file: &Path) -> PathBuf {
    file.with_extension("new")
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn the_last_text_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("below").join("rules.nft");
        forget(&file).await.unwrap();
        for text in ["one", "other"] {
            prepare(&file, text.to_owned()).await.unwrap();
            assert!(
                std::fs::read_to_string(&file)
                    .ok()
                    .is_none_or(|kept| kept != text)
            );
            commit(&file).await.unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        forget(&file).await.unwrap();
        assert!(!file.exists());
        std::fs::write(folder.path().join("file"), "").unwrap();
        let inside = folder.path().join("file").join("rules.nft");
        let error = prepare(&inside, String::new()).await.unwrap_err();
        assert!(error.message.contains("rules.nft"), "{error}");
    }
}
