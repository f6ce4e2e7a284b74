//! Containers with volumes and files: what they see, what they are refused.

use zun_domain::container::Phase;
use zun_domain::id::VolumeId;
use zun_domain::unit::DiskGib;
use zun_domain::volume::{FileContent, HostMount, InjectedFile, MakeVolume, VolumeSource};

use super::workbench::{Workbench, failed, in_time};
use super::{Lab, Program};
use crate::Class;
use crate::runtime::{CreateContainer, LogQuery, RuntimeName};

/// Where containers see what they mount.
const DESTINATION: &str = "/data";
const FILE: &str = "/data/file";

impl<L: Lab> Workbench<'_, L> {
    /// A fresh volume, mounted on the host.
    async fn volume(&self) -> VolumeId {
        let id = self.lab.volume();
        let volumes = &self.drivers.volumes;
        let request = MakeVolume {
            id,
            size: DiskGib(1),
            source: VolumeSource::Blank,
        };
        volumes.create(&request).await.expect("made");
        volumes.connect(id).await.expect("connected");
        volumes.format(id).await.expect("formatted");
        volumes.mount(id).await.expect("mounted");
        id
    }

    /// A request for a container that does this with a volume.
    async fn using(&self, id: VolumeId, program: &Program) -> CreateContainer {
        self.seeing(self.drivers.volumes.source(id), DESTINATION, program)
            .await
    }

    async fn seeing(
        &self,
        source: String,
        destination: &str,
        program: &Program,
    ) -> CreateContainer {
        let mut request = self.request(program).await;
        request.mounts = vec![HostMount {
            source,
            destination: destination.parse().expect("a path"),
            read_only: false,
        }];
        request
    }

    /// Runs it to its end: its code, and what it printed.
    async fn outcome(&self, request: &CreateContainer) -> (Option<i64>, String) {
        let name = self.start(request).await.expect("started");
        let code = self.ended(name).await.exit_code;
        let query = LogQuery {
            stdout: true,
            stderr: false,
            timestamps: false,
            tail: None,
            since: None,
        };
        let printed = self.drivers.runtime.logs(name, query).await;
        self.drivers.runtime.remove(name).await.expect("removed");
        (code, printed.expect("logs"))
    }

    async fn shown(&self, id: VolumeId) -> (Option<i64>, String) {
        let request = self.using(id, &Program::Shows(FILE.to_owned())).await;
        self.outcome(&request).await
    }
}

fn writes(line: &str) -> Program {
    Program::Writes {
        path: FILE.to_owned(),
        line: line.to_owned(),
    }
}

/// What one container writes the next one reads, also after the volume was away.
pub async fn a_container_uses_its_volume(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let volumes = &bench.drivers.volumes;
    let id = bench.volume().await;
    let request = bench.using(id, &writes("kept")).await;
    assert_eq!(bench.outcome(&request).await.0, Some(0));
    assert_eq!(bench.shown(id).await, (Some(0), "kept\n".to_owned()));

    volumes.unmount(id).await.expect("unmounted");
    volumes.disconnect(id).await.expect("disconnected");
    volumes.connect(id).await.expect("connected");
    volumes.format(id).await.expect("left as it is");
    volumes.mount(id).await.expect("mounted");
    assert_eq!(bench.shown(id).await, (Some(0), "kept\n".to_owned()));

    let other = bench.volume().await;
    assert_eq!(
        bench.shown(other).await.0,
        Some(1),
        "another volume is empty"
    );
}

/// A container cannot write where it may only read.
pub async fn a_read_only_mount_is_not_written_to(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let id = bench.volume().await;
    let request = bench.using(id, &writes("first")).await;
    assert_eq!(bench.outcome(&request).await.0, Some(0));
    let mut request = bench.using(id, &writes("second")).await;
    request.mounts[0].read_only = true;
    assert_eq!(bench.outcome(&request).await.0, Some(1));
    assert_eq!(bench.shown(id).await, (Some(0), "first\n".to_owned()));
}

/// A container is neither made nor started without what it mounts, and nothing is made in its place.
pub async fn a_missing_source_is_refused(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let (runtime, volumes) = (&bench.drivers.runtime, &bench.drivers.volumes);
    let id = bench.volume().await;
    let source = volumes.source(id);
    let request = bench.using(id, &Program::Runs).await;
    let name = RuntimeName::Current(request.container);

    volumes.unmount(id).await.expect("unmounted");
    failed(runtime.create(&request).await, Class::Refused, &source);
    assert_eq!(runtime.find(name).await, Ok(None));
    assert!(!lab.is_there(&source), "nothing is made in its place");

    volumes.mount(id).await.expect("mounted");
    runtime.create(&request).await.expect("made");
    volumes.unmount(id).await.expect("unmounted");
    failed(runtime.start(name).await, Class::Refused, &source);
    assert_eq!(bench.seen(name).await.phase, Phase::Created);
    assert!(!lab.is_there(&source), "nothing is made in its place");

    volumes.mount(id).await.expect("mounted");
    runtime.start(name).await.expect("started");
    bench.must_run(name).await;
}

/// A volume is not taken from under a running container.
pub async fn a_volume_in_use_stays_mounted(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let (runtime, volumes) = (&bench.drivers.runtime, &bench.drivers.volumes);
    let id = bench.volume().await;
    let request = bench.using(id, &Program::Runs).await;
    let name = bench.start(&request).await.expect("started");
    bench.must_run(name).await;
    for _ in 0..2 {
        failed(volumes.unmount(id).await, Class::Conflict, "in use");
    }
    failed(volumes.disconnect(id).await, Class::Conflict, "mounted");
    failed(volumes.delete(id).await, Class::Conflict, "mounted");
    bench.must_run(name).await;
    in_time(runtime.stop(name, None)).await.expect("stopped");
    volumes.unmount(id).await.expect("unmounted");
    volumes.disconnect(id).await.expect("disconnected");
    runtime.remove(name).await.expect("removed");
    volumes.delete(id).await.expect("deleted");
}

/// A file that a user gave is seen at its path.
pub async fn a_container_reads_its_files(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let volumes = &bench.drivers.volumes;
    let request = bench
        .request(&Program::Shows("/etc/app.conf".to_owned()))
        .await;
    let file = InjectedFile {
        index: 0,
        content: FileContent(b"color = blue\n".to_vec()),
    };
    volumes
        .write_files(request.container, 1, &[file])
        .await
        .expect("written");
    let request = CreateContainer {
        mounts: vec![HostMount {
            source: volumes.file(request.container, 1, 0),
            destination: "/etc/app.conf".parse().expect("a path"),
            read_only: true,
        }],
        ..request
    };
    let shown = bench.outcome(&request).await;
    assert_eq!(shown, (Some(0), "color = blue\n".to_owned()));
    volumes
        .remove_files(request.container, None)
        .await
        .expect("removed");
    failed(
        bench.drivers.runtime.create(&request).await,
        Class::Refused,
        &request.mounts[0].source,
    );
}
