//! What is on a device or in an image: nothing at all, an ext4, or something of somebody else's.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::SeekFrom;
use zun_driver::Result;

use crate::command::run;
use crate::told;

/// Where an ext4 superblock begins, and how long it is
/// (<https://docs.kernel.org/filesystems/ext4/globals.html#super-block>).
const SUPERBLOCK: (u64, usize) = (1024, 1024);
const MAGIC: [u8; 2] = [0x53, 0xEF];
/// An ext4 block has at least so many bytes.
const LEAST_BLOCK: u64 = 1024;
/// Twice as many this often, at most.
const LARGEST_SHIFT: u32 = 6;
/// So much is read at once in search of a byte that is not zero.
const PIECE: usize = 1 << 20;

/// The superblock of an ext4.
pub(super) struct Ext4 {
    bytes: [u8; SUPERBLOCK.1],
}

impl Ext4 {
    /// Reads it; `None` where there is no ext4 (or ext2 or ext3, which one cannot be told from).
    pub(super) fn of(path: &Path) -> Result<Option<Self>> {
        let mut bytes = [0; SUPERBLOCK.1];
        let read = File::open(path).and_then(|file| file.read_exact_at(&mut bytes, SUPERBLOCK.0));
        match read {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(told(&format!("read {}", path.display()), &error)),
            Ok(()) => Ok((bytes[0x38..0x3A] == MAGIC).then_some(Self { bytes })),
        }
    }

    /// Its identity.
    pub(super) fn uuid(&self) -> uuid::Uuid {
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&self.bytes[0x68..0x78]);
        uuid::Uuid::from_bytes(uuid)
    }

    /// Bytes that it covers; `None` where what it says makes no sense.
    pub(super) fn length(&self) -> Option<u64> {
        let blocks = u64::from(self.number(0x150)) << 32 | u64::from(self.number(0x04));
        let shift = Some(self.number(0x18)).filter(|shift| *shift <= LARGEST_SHIFT)?;
        blocks.checked_mul(LEAST_BLOCK << shift)
    }

    fn number(&self, at: usize) -> u32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.bytes[at..at + 4]);
        u32::from_le_bytes(bytes)
    }
}

/// The name of a filesystem, a partition table or whatever else is recognised there; `None` for nothing known.
pub(super) fn signature(device: &Path) -> Result<Option<String>> {
    let options = ["--probe", "--output", "export"].map(AsRef::as_ref);
    let found = run(
        "blkid",
        options.into_iter().chain([device.as_os_str()]),
        None,
    );
    match found {
        Ok(found) => Ok(Some(named(&found))),
        // It says so where it finds nothing.
        Err(failure) if failure.code == Some(2) && failure.said.is_empty() => Ok(None),
        // And so where more than one thing fits.
        Err(failure) if failure.code == Some(8) => Ok(Some("more than one signature".to_owned())),
        Err(failure) => Err(failure.told(&format!("see what is on {}", device.display()))),
    }
}

/// `TYPE=xfs`, `PTTYPE=gpt`: the value of the first that says what it is.
fn named(found: &str) -> String {
    let value = |key: &str| {
        let line = found.lines().find_map(|line| line.strip_prefix(key));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    value("TYPE=")
        .or_else(|| value("PTTYPE=").map(|table| format!("a partition table ({table})")))
        .unwrap_or_else(|| found.lines().collect::<Vec<_>>().join(" "))
}

/// Where the first byte of an image that is not zero is. Holes are not read.
pub(super) fn first_byte(image: &Path) -> Result<Option<u64>> {
    search(image).map_err(|error| told(&format!("read {}", image.display()), &error))
}

fn search(image: &Path) -> std::io::Result<Option<u64>> {
    let file = File::open(image)?;
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    loop {
        let begin = match rustix::fs::seek(&file, SeekFrom::Data(at)) {
            Ok(begin) => begin,
            Err(rustix::io::Errno::NXIO) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let end = rustix::fs::seek(&file, SeekFrom::Hole(begin))?;
        at = begin;
        while at < end {
            let wanted = usize::try_from(end - at).map_or(PIECE, |left| left.min(PIECE));
            let count = file.read_at(&mut piece[..wanted], at)?;
            if let Some(offset) = piece[..count].iter().position(|byte| *byte != 0) {
                return Ok(Some(at + u64::try_from(offset).unwrap_or_default()));
            }
            match u64::try_from(count) {
                Ok(count) if count > 0 => at += count,
                // It became shorter while it was read.
                _ => return Ok(None),
            }
        }
    }
}
