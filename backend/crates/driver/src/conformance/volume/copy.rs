//! Snapshots, and volumes made of them and of each other.

use zun_domain::unit::DiskGib;
use zun_domain::volume::VolumeSource;

use super::data::{check, fill};
use super::{Shelf, VolumeLab};
use crate::Class;
use crate::conformance::workbench::failed;

/// A snapshot of a mounted volume is what that held then, whatever becomes of it.
pub async fn a_snapshot_keeps_a_moment(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let driver = &shelf.driver;
    let (id, snapshot) = (shelf.mounted().await, lab.fresh_snapshot());
    fill(lab, id, 10).await;
    if !shelf.sized().await {
        // What cannot be held still is not copied while it is used.
        failed(
            driver.snapshot(id, snapshot).await,
            Class::Refused,
            "held still",
        );
        failed(
            shelf.make(1, VolumeSource::Volume(id)).await,
            Class::Refused,
            "held still",
        );
        return;
    }
    for _ in 0..2 {
        driver.snapshot(id, snapshot).await.expect("taken");
    }
    fill(lab, id, 20).await;
    driver.snapshot(id, snapshot).await.expect("it is there");
    check(lab, id, 20).await;

    let restored = shelf.make(2, VolumeSource::Snapshot(snapshot)).await;
    let restored = restored.expect("made of the snapshot");
    for _ in 0..2 {
        driver.delete_snapshot(snapshot).await.expect("removed");
    }
    failed(
        shelf.make(2, VolumeSource::Snapshot(snapshot)).await,
        Class::NotFound,
        &snapshot.to_string(),
    );
    shelf.put_up(restored).await.expect("mounted beside it");
    check(lab, restored, 10).await;
    check(lab, id, 20).await;
    lab.take(restored, 1500 * 1024 * 1024)
        .await
        .expect("it has the size that was asked for");
}

/// A snapshot of a volume that nobody uses; the volume may go.
pub async fn a_snapshot_at_rest_keeps_all(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let driver = &shelf.driver;
    let (id, snapshot) = (shelf.mounted().await, lab.fresh_snapshot());
    fill(lab, id, 30).await;
    shelf.take_down(id).await;
    driver.snapshot(id, snapshot).await.expect("taken");
    driver.delete(id).await.expect("deleted");
    let one = shelf.make(1, VolumeSource::Snapshot(snapshot)).await;
    let other = shelf.make(1, VolumeSource::Snapshot(snapshot)).await;
    for restored in [one, other] {
        let restored = restored.expect("made of the snapshot");
        shelf.put_up(restored).await.expect("mounted");
        check(lab, restored, 30).await;
    }
}

/// A copy has all of its source at one moment and nothing later, and the other way round.
pub async fn a_copy_goes_its_own_way(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let id = shelf.mounted().await;
    fill(lab, id, 40).await;
    let sized = shelf.sized().await;
    if !sized {
        shelf.take_down(id).await;
    }
    let copy = shelf.make(2, VolumeSource::Volume(id)).await;
    let copy = copy.expect("copied");
    shelf.put_up(copy).await.expect("mounted beside it");
    shelf.put_up(id).await.expect("mounted");
    check(lab, copy, 40).await;
    fill(lab, id, 50).await;
    check(lab, copy, 40).await;
    fill(lab, copy, 60).await;
    check(lab, id, 50).await;
    shelf.take_down(id).await;
    shelf.driver.delete(id).await.expect("deleted");
    check(lab, copy, 60).await;
    if sized {
        lab.take(copy, 1500 * 1024 * 1024)
            .await
            .expect("it has the size that was asked for");
    }
}

/// What was never formatted is copied as that, and formatted when it is first used.
pub async fn a_copy_of_nothing_is_blank(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let (id, snapshot) = (shelf.blank().await, lab.fresh_snapshot());
    shelf.driver.snapshot(id, snapshot).await.expect("taken");
    let restored = shelf.make(1, VolumeSource::Snapshot(snapshot)).await;
    let copied = shelf.make(1, VolumeSource::Volume(id)).await;
    for (seed, id) in [(70, Ok(id)), (80, restored), (90, copied)] {
        let id = id.expect("made");
        shelf.put_up(id).await.expect("formatted and mounted");
        fill(lab, id, seed).await;
        shelf.take_down(id).await;
        shelf.put_up(id).await.expect("mounted");
        check(lab, id, seed).await;
    }
}

/// What does not fit is refused, and nothing is left of the attempt.
pub async fn a_copy_is_not_smaller(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let driver = &shelf.driver;
    let (id, snapshot) = (shelf.blank().await, lab.fresh_snapshot());
    driver.extend(id, DiskGib(2)).await.expect("extended");
    driver.snapshot(id, snapshot).await.expect("taken");
    for source in [VolumeSource::Volume(id), VolumeSource::Snapshot(snapshot)] {
        failed(shelf.make(1, source).await, Class::Refused, "2 GiB");
    }
    let all = driver.list().await.expect("listed");
    assert_eq!(all.len(), 1, "{all:?}");
}
