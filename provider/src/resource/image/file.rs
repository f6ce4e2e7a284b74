//! The file that an image is made of: what is known of its bytes.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha512};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// A header of a tar archive (POSIX.1-1988, ustar).
const HEADER: usize = 512;
/// Where in it the sum of its bytes stands, in octal digits; the sum takes these for spaces.
const SUM: std::ops::Range<usize> = 148..156;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What the bytes of a file come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digests {
    /// 32 hexadecimal digits.
    pub(super) md5: String,
    /// 128 hexadecimal digits.
    pub(super) sha512: String,
    /// Whether it begins as an archive does: a header of tar, or gzip.
    pub(super) is_archive: bool,
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
    let mut head = Vec::new();
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        let lacking = HEADER.saturating_sub(head.len()).min(count);
        head.extend_from_slice(&chunk[..lacking]);
        md5.update(&chunk[..count]);
        sha512.update(&chunk[..count]);
    }
    Ok(Digests {
        md5: digits(&md5.finalize()),
        sha512: digits(&sha512.finalize()),
        is_archive: head.starts_with(&GZIP) || is_tar_header(&head),
    })
}

fn is_tar_header(head: &[u8]) -> bool {
    let Some(stated) = head.get(SUM).filter(|_| head.len() == HEADER) else {
        return false;
    };
    let stated = String::from_utf8_lossy(stated);
    let stated = stated.trim_matches(|c: char| c == '\0' || c == ' ');
    let bytes = head.iter().enumerate();
    let sum: u32 = bytes
        .map(|(at, byte)| u32::from(if SUM.contains(&at) { b' ' } else { *byte }))
        .sum();
    u32::from_str_radix(stated, 8) == Ok(sum)
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
    async fn an_archive_is_told_by_how_it_begins() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        for (name, option) in [("plain.tar", "-cf"), ("packed.tar.gz", "-czf")] {
            let path = folder.path().join(name);
            let mut tar = std::process::Command::new("tar");
            tar.arg("-C").arg(folder.path()).arg(option).arg(&path);
            assert!(tar.arg("root").status().unwrap().success());
            let found = Digests::of(path.to_str().unwrap()).await.unwrap();
            assert!(found.is_archive, "{name}");
        }
        let path = folder.path().join("zeros");
        for bytes in [vec![], vec![0; 511], vec![0; 10_240], vec![255; 512]] {
            std::fs::write(&path, &bytes).unwrap();
            let found = Digests::of(path.to_str().unwrap()).await.unwrap();
            assert!(!found.is_archive, "{} bytes", bytes.len());
        }
    }

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
        assert!(!found.is_archive);
        let folder = Digests::of(folder.path().to_str().unwrap()).await;
        assert!(folder.unwrap_err().to_string().contains("pack it with tar"));
    }
}
