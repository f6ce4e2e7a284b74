//! Volumes that another table of mounts has, as those of containers that run.

use std::io::Read;
use std::process::{Child, Command, Stdio};

use zun_domain::id::VolumeId;
use zun_driver::Class;
use zun_driver::conformance::VolumeLab;

use crate::lab::{self, HostLab, run};
use crate::local::mounted;

/// A process with a table of mounts of its own, which ends when it is told or this goes.
struct Elsewhere(Child);

impl Elsewhere {
    /// It has its table, and did this in it.
    fn after(script: &str) -> Self {
        let script = format!("{script}\necho\nread line");
        let mut child = Command::new("unshare")
            .args([
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-e",
                "-c",
                &script,
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0];
        let told = child.stdout.as_mut().unwrap().read_exact(&mut first);
        told.unwrap();
        Self(child)
    }

    fn name(&self) -> String {
        format!("sh (process {})", self.0.id())
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        if let Err(error) = self.0.wait() {
            eprintln!("left over: {}: {error}", self.name());
        }
    }
}

async fn is_busy(lab: &HostLab, id: VolumeId, elsewhere: &Elsewhere) {
    let busy = lab.driver.unmount(id).await.unwrap_err();
    assert_eq!(busy.class, Class::Conflict);
    assert!(busy.message.contains(&elsewhere.name()), "{busy}");
}

#[tokio::test]
async fn an_image_mounted_elsewhere_stays() {
    let Some(lab) = lab::local("an_image_mounted_elsewhere_stays").await else {
        return;
    };
    let id = mounted(&lab).await;
    let elsewhere = Elsewhere::after("");
    is_busy(&lab, id, &elsewhere).await;
    // A hand unmounts it here: it is still held, and so is its device.
    run("umount", [lab.point(id)]);
    for busy in [
        lab.driver.unmount(id).await,
        lab.driver.disconnect(id).await,
    ] {
        assert_eq!(busy.unwrap_err().class, Class::Conflict);
    }
    assert_eq!(lab.devices(id).len(), 1);
    drop(elsewhere);
    lab.driver.unmount(id).await.unwrap();
    lab.driver.disconnect(id).await.unwrap();
}

#[tokio::test]
async fn a_directory_mounted_elsewhere_stays() {
    let Some(lab) = lab::directory("a_directory_mounted_elsewhere_stays").await else {
        return;
    };
    let id = mounted(&lab).await;
    lab.write(id, "file", b"kept").await.unwrap();
    let source = lab.driver.source(id);
    let elsewhere = Elsewhere::after(&format!("mount --bind '{source}' /mnt"));
    is_busy(&lab, id, &elsewhere).await;
    assert_eq!(lab.read(id, "file").await, Some(b"kept".to_vec()));
    drop(elsewhere);
    lab.driver.unmount(id).await.unwrap();
    assert!(!lab.exists(&source));
}
