//! Archives of each kind, whole and broken.

use std::io::Cursor;

use super::*;

fn tar(name: &str, data: &[u8]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut header = ::tar::Header::new_ustar();
    header.set_size(data.len() as u64);
    header.set_mode(0o755);
    builder.append_data(&mut header, name, data).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn the_id_of_a_root_filesystem_is_a_function_of_its_bytes() {
    let first = understand(Cursor::new(tar("bin/sh", b"1")), 1 << 20).unwrap();
    let again = understand(Cursor::new(tar("bin/sh", b"1")), 1 << 20).unwrap();
    let other = understand(Cursor::new(tar("bin/sh", b"2")), 1 << 20).unwrap();
    assert_eq!(first, again);
    assert_ne!(first.docker_id, other.docker_id);
    assert_eq!(first.docker_id.len(), "sha256:".len() + 64);
}

#[test]
fn a_root_filesystem_may_hold_a_file_called_as_a_manifest() {
    let found = understand(
        Cursor::new(tar("manifest.json", b"{\"name\": \"app\"}")),
        1 << 20,
    );
    assert_eq!(found.unwrap().kind, ArchiveKind::Rootfs);
}

#[test]
fn a_refusal_says_what_is_expected() {
    let error = understand(Cursor::new(b"hello".to_vec()), 1 << 20).unwrap_err();
    assert_eq!(error.class, Class::Refused);
    let expected = "a tar archive is expected, plain or compressed with gzip, of docker save, of an OCI layout, or of a \
                    root filesystem";
    assert!(error.message.ends_with(expected), "{error}");
}
