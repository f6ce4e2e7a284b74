//! The file that an image is made of: what is known of its bytes.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha512};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// What the bytes of a file come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digests {
    /// 32 hexadecimal digits.
    pub(super) md5: String,
    /// 128 hexadecimal digits.
    pub(super) sha512: String,
}

impl Digests {
    /// Reads a whole file.
    pub(super) async fn of(path: &str) -> io::Result<Self> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read(Path::new(&path)));
        read.await.map_err(io::Error::other)?
    }

    /// Whether these are the digests of an image; one that is not known does not count.
    pub(super) fn are_of(&self, checksum: Option<&str>, sha512: Option<&str>) -> bool {
        let fits = |known: Option<&str>, own: &str| known.is_none_or(|known| known == own);
        fits(checksum, &self.md5) && fits(sha512, &self.sha512)
    }
}

fn read(path: &Path) -> io::Result<Digests> {
    let mut file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a folder; pack it with tar",
        ));
    }
    let (mut md5, mut sha512) = (Md5::new(), Sha512::new());
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        md5.update(&chunk[..count]);
        sha512.update(&chunk[..count]);
    }
    Ok(Digests {
        md5: digits(&md5.finalize()),
        sha512: digits(&sha512.finalize()),
    })
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn digests_are_those_of_md5sum_and_sha512sum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "abc").unwrap();
        let found = Digests::of(path.to_str().unwrap()).await.unwrap();
        assert_eq!(found.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert!(found.sha512.starts_with("ddaf35a193617abacc417349ae204131"));
        assert!(found.are_of(Some(&found.md5.clone()), None));
        assert!(!found.are_of(Some(&found.md5.clone()), Some("other")));
        let folder = Digests::of(folder.path().to_str().unwrap()).await;
        assert!(folder.unwrap_err().to_string().contains("pack it with tar"));
    }
}
