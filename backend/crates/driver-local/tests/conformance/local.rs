//! What images and loop devices add to the contract.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;

use zun_domain::id::VolumeId;
use zun_domain::unit::DiskGib;
use zun_domain::volume::{MakeVolume, VolumeSource};
use zun_driver::conformance::VolumeLab;
use zun_driver::{Class, Error};
use zun_driver_local::{DirectoryVolumes, LocalVolumes};

use crate::lab::{self, HostLab, run};

pub(crate) async fn made(lab: &HostLab) -> VolumeId {
    let (id, size) = (lab.fresh_volume(), DiskGib(1));
    let source = VolumeSource::Blank;
    let request = MakeVolume { id, size, source };
    lab.driver.create(&request).await.unwrap();
    id
}

pub(crate) async fn mounted(lab: &HostLab) -> VolumeId {
    let id = made(lab).await;
    put_up(lab, id).await.unwrap();
    id
}

async fn put_up(lab: &HostLab, id: VolumeId) -> Result<(), Error> {
    lab.driver.connect(id).await?;
    lab.driver.format(id).await?;
    lab.driver.mount(id).await
}

async fn take_down(lab: &HostLab, id: VolumeId) {
    lab.driver.unmount(id).await.unwrap();
    lab.driver.disconnect(id).await.unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn an_image_is_sparse_and_has_one_device() {
    let Some(lab) = lab::local("an_image_is_sparse_and_has_one_device").await else {
        return;
    };
    let id = mounted(&lab).await;
    let image = fs::metadata(lab.image(id)).unwrap();
    assert_eq!(image.len(), 1024 * 1024 * 1024);
    assert!(
        image.blocks() * 512 < 64 * 1024 * 1024,
        "{}",
        image.blocks()
    );
    lab.driver.connect(id).await.unwrap();
    assert_eq!(lab.devices(id).len(), 1);
    take_down(&lab, id).await;
    assert_eq!(lab.devices(id).len(), 0);
}

#[tokio::test]
async fn only_containers_reach_the_data() {
    let Some(lab) = lab::local("only_containers_reach_the_data").await else {
        return;
    };
    let id = mounted(&lab).await;
    let source = lab.driver.source(id);
    assert_eq!(mode(Path::new(&source)), 0o777);
    assert!(lab.point(id).join("lost+found").exists());
    assert_eq!(mode(&lab.point(id).join("..")), 0o700);
    // What a container makes of it stays.
    fs::set_permissions(&source, fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::chown(&source, Some(999), Some(998)).unwrap();
    take_down(&lab, id).await;
    assert_eq!(mode(&lab.point(id)), 0);
    assert_eq!(fs::read_dir(lab.point(id)).unwrap().count(), 0);
    put_up(&lab, id).await.unwrap();
    let data = fs::metadata(&source).unwrap();
    assert_eq!(
        (data.uid(), data.gid(), data.mode() & 0o7777),
        (999, 998, 0o700)
    );
    take_down(&lab, id).await;
    lab.driver.delete(id).await.unwrap();
    assert!(!lab.point(id).exists() && !lab.image(id).exists());
}

#[tokio::test]
async fn any_byte_of_a_stranger_counts() {
    let Some(lab) = lab::local("any_byte_of_a_stranger_counts").await else {
        return;
    };
    let id = made(&lab).await;
    let image = OpenOptions::new().write(true).open(lab.image(id)).unwrap();
    image.write_all_at(b"x", 700_000_001).unwrap();
    let refusal = put_up(&lab, id).await.unwrap_err();
    assert_eq!(refusal.class, Class::Conflict);
    assert!(
        refusal.message.contains("data at byte 700000001"),
        "{refusal}"
    );
}

/// A master boot record with one partition, of 1 MiB.
fn partition_table() -> [u8; 512] {
    let mut table = [0; 512];
    // Its kind (Linux), its first sector, how many it has.
    table[450] = 0x83;
    table[454..458].copy_from_slice(&2048_u32.to_le_bytes());
    table[458..462].copy_from_slice(&2048_u32.to_le_bytes());
    table[510..].copy_from_slice(&[0x55, 0xAA]);
    table
}

/// Each with the words that blkid has for it.
#[tokio::test]
async fn a_stranger_is_named() {
    let Some(lab) = lab::local("a_stranger_is_named").await else {
        return;
    };
    let table = lab.folder.path().join("table");
    fs::write(&table, partition_table()).unwrap();
    let table = table.to_str().unwrap();
    let strangers: [(&str, &[&str], &str); 3] = [
        ("mkswap", &[], "carries swap"),
        ("mkfs.ext4", &["-q"], "carries ext4"),
        ("cp", &[table], "a partition table (dos)"),
    ];
    for (program, options, named) in strangers {
        let id = made(&lab).await;
        lab.driver.connect(id).await.unwrap();
        let device = lab.devices(id).pop().unwrap();
        run(program, options.iter().chain([&device.as_str()]));
        let refusal = lab.driver.format(id).await.unwrap_err();
        assert_eq!(refusal.class, Class::Conflict, "{refusal}");
        assert!(refusal.message.contains(named), "{refusal}");
    }
}

/// A mkfs that was killed in the middle is done again; it was on a blank volume of ours and never used.
#[tokio::test]
async fn an_interrupted_format_is_done_again() {
    let Some(lab) = lab::local("an_interrupted_format_is_done_again").await else {
        return;
    };
    let id = made(&lab).await;
    let mark = lab.folder.path().join("mark").join(id.to_string());
    assert_eq!(fs::read_to_string(&mark).unwrap(), "blank\n");
    fs::write(&mark, "formatting\n").unwrap();
    let image = OpenOptions::new().write(true).open(lab.image(id)).unwrap();
    image.write_all_at(&[7; 4096], 4096 * 1000).unwrap();
    put_up(&lab, id).await.unwrap();
    assert!(!mark.exists());
    take_down(&lab, id).await;
    run("e2fsck", ["-f", "-n", lab.image(id).to_str().unwrap()]);
}

/// What has a mark is not mounted, whatever is on it.
#[tokio::test]
async fn what_was_not_formatted_is_not_mounted() {
    let Some(lab) = lab::local("what_was_not_formatted_is_not_mounted").await else {
        return;
    };
    let id = made(&lab).await;
    let refusal = lab.driver.mount(id).await.unwrap_err();
    assert_eq!(refusal.class, Class::Conflict);
    assert!(refusal.message.contains("connect it first"), "{refusal}");
    lab.driver.connect(id).await.unwrap();
    let refusal = lab.driver.mount(id).await.unwrap_err();
    assert_eq!(refusal.class, Class::Conflict);
    assert!(refusal.message.contains("format it first"), "{refusal}");
}

/// A broken superblock: the kernel's words, no change, and all back when it is mended.
#[tokio::test]
async fn a_broken_filesystem_is_told_and_left_alone() {
    let Some(lab) = lab::local("a_broken_filesystem_is_told_and_left_alone").await else {
        return;
    };
    let id = mounted(&lab).await;
    lab.write(id, "file", b"kept").await.unwrap();
    take_down(&lab, id).await;
    let image = OpenOptions::new()
        .read(true)
        .write(true)
        .open(lab.image(id))
        .unwrap();
    let mut superblock = [0; 1024];
    image.read_exact_at(&mut superblock, 1024).unwrap();
    let mut broken = superblock;
    broken[0x18] = 0x7F;
    image.write_all_at(&broken, 1024).unwrap();
    let before = lab.fingerprint(id).await;
    for _ in 0..2 {
        let refusal = put_up(&lab, id).await.unwrap_err();
        assert_eq!(refusal.class, Class::Refused);
        assert!(refusal.message.contains("bad superblock"), "{refusal}");
    }
    image.write_all_at(&[0; 1024], 1024).unwrap();
    let refusal = put_up(&lab, id).await.unwrap_err();
    assert_eq!(refusal.class, Class::Conflict);
    assert!(
        refusal.message.contains("none is found on it now"),
        "{refusal}"
    );
    image.write_all_at(&broken, 1024).unwrap();
    lab.driver.disconnect(id).await.unwrap();
    assert_eq!(lab.fingerprint(id).await, before);
    image.write_all_at(&superblock, 1024).unwrap();
    put_up(&lab, id).await.unwrap();
    assert_eq!(lab.read(id, "file").await, Some(b"kept".to_vec()));
}

/// The power went: the image is what was on the disk at that moment, its journal not replayed.
#[tokio::test]
async fn a_journal_is_replayed() {
    let Some(lab) = lab::local("a_journal_is_replayed").await else {
        return;
    };
    let id = mounted(&lab).await;
    for nth in 0..200 {
        lab.write(id, &format!("file-{nth}"), &[7; 10_000])
            .await
            .unwrap();
    }
    let image = lab.image(id);
    let pulled = lab.folder.path().join("pulled");
    run(
        "cp",
        [
            "--sparse=always".as_ref(),
            image.as_os_str(),
            pulled.as_os_str(),
        ],
    );
    lab.reboot().await;
    fs::rename(&pulled, &image).unwrap();
    let described = run("dumpe2fs", ["-h", image.to_str().unwrap()]);
    assert!(described.contains("needs_recovery"), "{described}");
    // A copy of it is in order too.
    let copy = lab.fresh_volume();
    let (size, source) = (DiskGib(1), VolumeSource::Volume(id));
    let request = MakeVolume {
        id: copy,
        size,
        source,
    };
    lab.driver.create(&request).await.unwrap();
    for id in [id, copy] {
        put_up(&lab, id).await.unwrap();
        for nth in 0..200 {
            let held = lab.read(id, &format!("file-{nth}")).await;
            assert!(held == Some(vec![7; 10_000]), "file-{nth}");
        }
    }
}

#[tokio::test]
async fn a_copy_has_a_filesystem_of_its_own() {
    let Some(lab) = lab::local("a_copy_has_a_filesystem_of_its_own").await else {
        return;
    };
    let id = mounted(&lab).await;
    let copy = lab.fresh_volume();
    let (size, source) = (DiskGib(1), VolumeSource::Volume(id));
    let request = MakeVolume {
        id: copy,
        size,
        source,
    };
    lab.driver.create(&request).await.unwrap();
    put_up(&lab, copy).await.unwrap();
    for id in [id, copy] {
        let device = lab.devices(id).pop().unwrap();
        let uuid = run("blkid", ["-p", "-o", "value", "-s", "UUID", &device]);
        assert_eq!(uuid.trim(), id.to_string());
    }
}

/// What an interrupted attempt left is no volume and no snapshot, and is gone with the next one.
#[tokio::test]
async fn half_of_a_volume_is_none() {
    let Some(lab) = lab::local("half_of_a_volume_is_none").await else {
        return;
    };
    let used = mounted(&lab).await;
    lab.write(used, "file", b"kept").await.unwrap();
    let (id, snapshot) = (lab.fresh_volume(), lab.fresh_snapshot());
    let half = |kind: &str, id: String| {
        let folder = lab.folder.path().join(kind);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{id}.new"));
        fs::write(&path, [7; 10_000]).unwrap();
        path
    };
    let image = half("image", id.to_string());
    let kept = half("snapshot", snapshot.to_string());
    assert_eq!(lab.driver.list().await.unwrap().len(), 1);
    assert_eq!(
        lab.driver.connect(id).await.unwrap_err().class,
        Class::NotFound
    );
    let (size, source) = (DiskGib(1), VolumeSource::Snapshot(snapshot));
    let request = MakeVolume { id, size, source };
    let missing = lab.driver.create(&request).await.unwrap_err();
    assert_eq!(missing.class, Class::NotFound);
    lab.driver.snapshot(used, snapshot).await.unwrap();
    lab.driver.create(&request).await.unwrap();
    assert!(!image.exists() && !kept.exists());
    put_up(&lab, id).await.unwrap();
    assert_eq!(lab.read(id, "file").await, Some(b"kept".to_vec()));

    let dropped = half("image", lab.fresh_volume().to_string());
    let id = dropped
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    lab.driver.delete(id).await.unwrap();
    assert!(!dropped.exists());
}

/// A device whose image a hand removed is seen, and taken away.
#[tokio::test]
async fn a_device_without_an_image_is_taken_away() {
    let Some(lab) = lab::local("a_device_without_an_image_is_taken_away").await else {
        return;
    };
    let id = mounted(&lab).await;
    fs::remove_file(lab.image(id)).unwrap();
    let found = lab.driver.list().await.unwrap();
    assert_eq!(
        (found[0].data, found[0].connected, found[0].mounted),
        (false, true, true)
    );
    assert_eq!(
        lab.driver.mount(id).await.unwrap_err().class,
        Class::NotFound
    );
    take_down(&lab, id).await;
    lab.driver.delete(id).await.unwrap();
    assert_eq!(lab.driver.list().await, Ok(Vec::new()));
    assert_eq!(lab.devices(id).len(), 0);
}

/// There is no room for the copy: nothing is left of the attempt, and the volume is as it was.
#[tokio::test]
async fn a_full_disk_is_told_and_cleared() {
    let Some(lab) = lab::local("a_full_disk_is_told_and_cleared").await else {
        return;
    };
    let folder = lab.folder.path().to_str().unwrap();
    run("mount", ["-t", "tmpfs", "-o", "size=96m", "none", folder]);
    let (id, snapshot) = (mounted(&lab).await, lab.fresh_snapshot());
    let content = vec![7; 50 << 20];
    lab.write(id, "large", &content).await.unwrap();
    let full = lab.driver.snapshot(id, snapshot).await.unwrap_err();
    assert_eq!(full.class, Class::Exhausted, "{full}");
    assert!(full.message.contains("No space left on device"), "{full}");
    let (copy, size) = (lab.fresh_volume(), DiskGib(1));
    let source = VolumeSource::Volume(id);
    let request = MakeVolume {
        id: copy,
        size,
        source,
    };
    let full = lab.driver.create(&request).await.unwrap_err();
    assert_eq!(full.class, Class::Exhausted, "{full}");
    for (kind, count) in [("snapshot", 0), ("image", 1), ("frozen", 0)] {
        let left = fs::read_dir(lab.folder.path().join(kind)).unwrap();
        assert_eq!(left.count(), count, "{kind}");
    }
    lab.write(id, "small", b"written").await.unwrap();
    assert!(lab.read(id, "large").await == Some(content));
    take_down(&lab, id).await;
}

/// The kernel takes no more writes for a filesystem that met an error, until it is mounted anew.
#[tokio::test]
async fn what_takes_no_writes_is_mounted_anew() {
    let Some(lab) = lab::local("what_takes_no_writes_is_mounted_anew").await else {
        return;
    };
    let id = mounted(&lab).await;
    let file = Path::new(&lab.driver.source(id)).join("file");
    fs::write(&file, "kept").unwrap();
    let point = Path::new(&lab.driver.source(id))
        .parent()
        .unwrap()
        .to_path_buf();
    run("mount", ["-o", "remount,ro", point.to_str().unwrap()]);
    let stuck = async || {
        let found = lab.driver.list().await.unwrap();
        found.iter().any(|found| found.id == id && found.stuck)
    };
    assert!(stuck().await);
    assert!(fs::write(&file, "more").is_err());
    lab.driver.mount(id).await.unwrap();
    assert!(!stuck().await);
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    fs::write(&file, "more").unwrap();
    take_down(&lab, id).await;
}

#[tokio::test]
async fn files_are_for_containers_only() {
    let Some(lab) = lab::local("files_are_for_containers_only").await else {
        return;
    };
    let container = lab.fresh_container();
    let file = zun_domain::volume::InjectedFile {
        index: 0,
        content: zun_domain::volume::FileContent(b"secret".to_vec()),
    };
    lab.driver.write_files(container, 1, &[file]).await.unwrap();
    let path = lab.driver.file(container, 1, 0);
    assert_eq!(mode(Path::new(&path)), 0o644);
    for above in Path::new(&path).ancestors().skip(1).take(3) {
        assert_eq!(mode(above), 0o700, "{}", above.display());
    }
}

#[test]
fn the_folder_is_an_absolute_path() {
    let refused = |error: Error| {
        assert_eq!(error.class, Class::Refused);
        assert!(error.message.contains("volumes"), "{error}");
        assert!(
            error.message.contains("must be an absolute path"),
            "{error}"
        );
    };
    refused(LocalVolumes::new(Path::new("volumes")).err().unwrap());
    refused(DirectoryVolumes::new(Path::new("volumes")).err().unwrap());
}
