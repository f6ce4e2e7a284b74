//! Archives in the ustar format (POSIX.1-1988), as much of it as an image of one file needs.

/// Bytes that everything in an archive is rounded up to.
const BLOCK: usize = 512;

/// A file to be archived.
pub(crate) struct File<'a> {
    /// Its path, at most 100 bytes.
    pub(crate) name: &'a str,
    /// May be run by everybody.
    pub(crate) executable: bool,
    /// What is in it.
    pub(crate) content: &'a [u8],
}

/// The files in their order, root's, of the year 1970.
pub(crate) fn archive(files: &[File<'_>]) -> Vec<u8> {
    let mut archive = Vec::new();
    for file in files {
        archive.extend(header(file));
        archive.extend(file.content);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive.extend([0; 2 * BLOCK]);
    archive
}

fn header(file: &File<'_>) -> [u8; BLOCK] {
    let mut header = [0_u8; BLOCK];
    let mut put =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, file.name);
    put(
        100,
        if file.executable {
            "0000755"
        } else {
            "0000644"
        },
    );
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{:011o}", file.content.len()));
    put(136, "00000000000");
    // The sum is taken with blanks in its own place.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar");
    put(263, "00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}
