//! Volumes of the fake host, and what only a fake host can do to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{MakeVolume, VolumeSource};
use zun_driver::conformance::VolumeLab;
use zun_driver::fake::{Verb, When};
use zun_driver::{Class, Error, Result, VolumeDriver};

use super::{FakeLab, lab};

zun_driver::volume_conformance!(lab);

#[async_trait]
impl VolumeLab for FakeLab {
    fn driver(&self) -> Arc<dyn VolumeDriver> {
        Arc::new(self.host.clone())
    }

    fn fresh_volume(&self) -> VolumeId {
        self.id()
    }

    fn fresh_snapshot(&self) -> SnapshotId {
        self.id()
    }

    fn fresh_container(&self) -> ContainerId {
        self.id()
    }

    fn exists(&self, path: &str) -> bool {
        self.host.is_there(path)
    }

    fn content(&self, path: &str) -> Option<Vec<u8>> {
        self.host.file_content(path)
    }

    async fn write(&self, id: VolumeId, name: &str, bytes: &[u8]) -> Result<()> {
        self.host.write_volume(id, name, bytes)
    }

    async fn read(&self, id: VolumeId, name: &str) -> Option<Vec<u8>> {
        self.host.read_volume(id, name).ok()
    }

    async fn names(&self, id: VolumeId) -> BTreeSet<String> {
        self.host.volume_files(id).unwrap().into_keys().collect()
    }

    async fn take(&self, id: VolumeId, bytes: u64) -> Result<()> {
        self.host.fill_volume(id, bytes)
    }

    async fn put_stranger(&self, id: VolumeId) {
        self.host.put_signature(id, "xfs");
    }

    async fn fingerprint(&self, id: VolumeId) -> String {
        format!(
            "{:?} {:?}",
            self.host.signature(id),
            self.host.volume_files(id)
        )
    }

    async fn reboot(&self) {
        self.host.reboot();
    }

    fn skip(&self, case: &str, reason: &str) {
        panic!("the fake keeps every promise, but {case} was skipped: {reason}");
    }
}

async fn mounted(lab: &FakeLab) -> VolumeId {
    let (id, size) = (lab.fresh_volume(), DiskGib(1));
    let source = VolumeSource::Blank;
    lab.host
        .create(&MakeVolume { id, size, source })
        .await
        .unwrap();
    lab.host.connect(id).await.unwrap();
    lab.host.format(id).await.unwrap();
    VolumeDriver::mount(&lab.host, id).await.unwrap();
    id
}

#[tokio::test]
async fn volumes_work_while_the_engine_is_down() {
    let lab = lab("").await.unwrap();
    lab.host.engine_down("stopped on purpose");
    let id = mounted(&lab).await;
    lab.host.write_volume(id, "file", b"kept").unwrap();
    lab.host.engine_up();
    assert_eq!(lab.host.read_volume(id, "file").unwrap(), b"kept");
}

#[tokio::test]
async fn mounts_fail_so_often_and_change_nothing() {
    let lab = lab("").await.unwrap();
    let id = mounted(&lab).await;
    lab.host.write_volume(id, "file", b"kept").unwrap();
    lab.host.lose_devices();
    lab.host.connect(id).await.unwrap();
    lab.host.fail_mounts(2, "no such device");
    for _ in 0..2 {
        let failure = Error::new(Class::Refused, "no such device");
        assert_eq!(VolumeDriver::mount(&lab.host, id).await, Err(failure));
    }
    VolumeDriver::mount(&lab.host, id).await.unwrap();
    assert_eq!(lab.host.read_volume(id, "file").unwrap(), b"kept");
    let broken = Error::new(Class::Internal, "broken on purpose");
    lab.host
        .lose_reply(Verb::UnmountVolume, When::Nth(1), broken.clone());
    assert_eq!(VolumeDriver::unmount(&lab.host, id).await, Err(broken));
    assert!(!lab.host.is_there(&lab.host.source(id)));
}

#[tokio::test]
async fn a_device_without_data_is_seen() {
    let lab = lab("").await.unwrap();
    let id = mounted(&lab).await;
    lab.host.lose_data(id);
    let found = lab.host.volumes();
    assert_eq!(
        (found[0].data, found[0].connected, found[0].mounted),
        (false, true, true)
    );
    assert_eq!(
        lab.host.connect(id).await.unwrap_err().class,
        Class::NotFound
    );
    VolumeDriver::unmount(&lab.host, id).await.unwrap();
    lab.host.disconnect(id).await.unwrap();
    assert_eq!(lab.host.volumes(), []);
}
