//! That data stays what it is, whatever happens to mounts, devices and sizes.

use zun_domain::id::VolumeId;
use zun_domain::unit::DiskGib;

use super::{Shelf, VolumeLab};
use crate::Class;
use crate::conformance::workbench::failed;

const MIB: u64 = 1024 * 1024;

/// Bytes that are different in every place and for every seed.
pub(super) fn bytes(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let next = || {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Files of a volume that are looked at again later.
pub(super) async fn fill(lab: &impl VolumeLab, id: VolumeId, seed: u32) {
    for (nth, length) in (0_u32..).zip([0, 1, 4097, 1_000_000]) {
        let content = bytes(seed + nth, length);
        lab.write(id, &format!("file-{nth}"), &content)
            .await
            .expect("written");
    }
}

/// Every byte of them is what it was.
pub(super) async fn check(lab: &impl VolumeLab, id: VolumeId, seed: u32) {
    for (nth, length) in (0_u32..).zip([0, 1, 4097, 1_000_000]) {
        let name = format!("file-{nth}");
        let held = lab.read(id, &name).await;
        assert!(held == Some(bytes(seed + nth, length)), "{name} of {id}");
    }
}

/// No `lost+found`: databases start on it.
pub async fn a_fresh_volume_is_empty(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let id = shelf.mounted().await;
    assert_eq!(lab.names(id).await.into_iter().collect::<Vec<_>>(), [""; 0]);
    shelf.put_up(id).await.expect("all again");
    assert_eq!(lab.names(id).await.into_iter().collect::<Vec<_>>(), [""; 0]);
}

/// Down and up again, as often as one likes; formatted once only.
pub async fn data_outlasts_mounts(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let id = shelf.mounted().await;
    fill(lab, id, 1).await;
    for _ in 0..3 {
        shelf.driver.format(id).await.expect("left as it is");
        check(lab, id, 1).await;
        shelf.take_down(id).await;
        shelf.expect(id, false, false).await;
        shelf.put_up(id).await.expect("mounted");
        check(lab, id, 1).await;
    }
}

/// Devices and mounts are gone, and everything else is there.
pub async fn data_outlasts_a_reboot(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let (used, blank) = (shelf.mounted().await, shelf.blank().await);
    fill(lab, used, 2).await;
    lab.reboot().await;
    if shelf.sized().await {
        shelf.expect(used, false, false).await;
    }
    shelf.put_up(used).await.expect("mounted");
    check(lab, used, 2).await;
    shelf.put_up(blank).await.expect("formatted and mounted");
    fill(lab, blank, 3).await;
    lab.reboot().await;
    for (id, seed) in [(used, 2), (blank, 3)] {
        shelf.put_up(id).await.expect("mounted");
        check(lab, id, seed).await;
    }
}

/// A filesystem that is not ours is named, left alone, and not mounted.
pub async fn something_of_a_stranger_is_never_formatted(lab: &impl VolumeLab) {
    let case = "something_of_a_stranger_is_never_formatted";
    let shelf = Shelf::new(lab);
    if !shelf.sized().await {
        return lab.skip(case, "this driver formats nothing");
    }
    let used = shelf.mounted().await;
    fill(lab, used, 4).await;
    shelf.driver.unmount(used).await.expect("unmounted");
    let fresh = shelf.blank().await;
    shelf.driver.connect(fresh).await.expect("connected");
    for id in [fresh, used] {
        lab.put_stranger(id).await;
        let before = lab.fingerprint(id).await;
        for _ in 0..2 {
            failed(shelf.driver.format(id).await, Class::Conflict, "not ours");
            let mounted = shelf.driver.mount(id).await;
            assert!(mounted.is_err(), "mounted something of a stranger");
        }
        shelf.expect(id, true, false).await;
        assert_eq!(lab.fingerprint(id).await, before);
    }
}

/// The size is a bound.
pub async fn a_volume_holds_no_more_than_its_size(lab: &impl VolumeLab) {
    let case = "a_volume_holds_no_more_than_its_size";
    let shelf = Shelf::new(lab);
    if !shelf.sized().await {
        return lab.skip(case, "this driver enforces no size");
    }
    let id = shelf.mounted().await;
    failed(lab.take(id, 1025 * MIB).await, Class::Exhausted, "no space");
    // A filesystem needs some of it for itself.
    lab.take(id, 900 * MIB).await.expect("there is room");
    failed(lab.take(id, 200 * MIB).await, Class::Exhausted, "no space");
    fill(lab, id, 5).await;
    check(lab, id, 5).await;
}

/// Larger while it is used, and never smaller.
pub async fn a_mounted_volume_grows(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let id = shelf.mounted().await;
    fill(lab, id, 6).await;
    let facts = shelf.driver.facts().await.expect("facts");
    if !facts.grows_mounted {
        let refused = shelf.driver.extend(id, DiskGib(3)).await;
        failed(refused, Class::Refused, "mounted");
        shelf
            .driver
            .extend(id, DiskGib(1))
            .await
            .expect("it is so large");
        check(lab, id, 6).await;
        return lab.skip(
            "a_mounted_volume_grows",
            "this host lets no filesystem grow while it is mounted",
        );
    }
    for _ in 0..2 {
        shelf.driver.extend(id, DiskGib(3)).await.expect("extended");
    }
    check(lab, id, 6).await;
    has_grown(&shelf, id).await;
    check(lab, id, 6).await;
}

/// Larger when it is mounted next, and never smaller.
pub async fn a_volume_at_rest_grows(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let (used, connected, blank) = (
        shelf.mounted().await,
        shelf.mounted().await,
        shelf.blank().await,
    );
    fill(lab, used, 7).await;
    fill(lab, connected, 8).await;
    shelf.take_down(used).await;
    shelf.driver.unmount(connected).await.expect("unmounted");
    for id in [used, connected, blank] {
        for _ in 0..2 {
            shelf.driver.extend(id, DiskGib(3)).await.expect("extended");
        }
        shelf.put_up(id).await.expect("mounted");
        has_grown(&shelf, id).await;
    }
    check(lab, used, 7).await;
    check(lab, connected, 8).await;
}

/// It was 1 GiB, and is 3 GiB now.
async fn has_grown(shelf: &Shelf<'_, impl VolumeLab>, id: VolumeId) {
    if shelf.sized().await {
        let taken = shelf.lab.take(id, 2048 * MIB).await;
        taken.expect("there is more room");
        failed(
            shelf.lab.take(id, 2048 * MIB).await,
            Class::Exhausted,
            "no space",
        );
    }
    let shrunk = shelf.driver.extend(id, DiskGib(2)).await;
    failed(shrunk, Class::Refused, "3 GiB");
}
