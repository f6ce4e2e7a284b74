//! The file with the rules for the next boot: whole or not at all, and nobody else's to read.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use zun_driver::{Class, Error, Result};

/// Keeps this text in place of the former.
pub(crate) async fn keep(file: &Path, text: String) -> Result<()> {
    let tried = "keep the firewall's rules for the next boot";
    on_disk(file, tried, move |file| replace(file, &text)).await
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

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension("new");
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut open = options.open(&new)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()?;
    std::fs::rename(&new, file)?;
    File::open(folder)?.sync_all()
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
            keep(&file, text.to_owned()).await.unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        forget(&file).await.unwrap();
        assert!(!file.exists());
        std::fs::write(folder.path().join("file"), "").unwrap();
        let inside = folder.path().join("file").join("rules.nft");
        let error = keep(&inside, String::new()).await.unwrap_err();
        assert!(error.message.contains("rules.nft"), "{error}");
    }
}
