//! Pulls, from a registry on loopback.

use std::path::Path;
use std::process::Stdio;

use bollard::query_parameters::{
    PushImageOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use futures::TryStreamExt;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::image::{PullProgress, ResolvedImage};
use zun_domain::name::ImageRef;
use zun_driver::Class;
use zun_driver::conformance::{Lab, skip};

use crate::docker;
use crate::lab::{self, DockerLab};

/// Debian's package docker-registry.
const REGISTRY: &str = "/usr/bin/docker-registry";

struct Registry {
    /// Ends with this value.
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Registry {
    async fn serve(lab: &DockerLab) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", lab.free_port());
        let root = folder.path().join("data");
        let config = folder.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\nhttp: {{addr: \"{address}\"}}\n",
            root.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut process = Command::new(REGISTRY)
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("listening on") {
                break;
            }
        }
        process.stderr = Some(lines.into_inner().into_inner());
        Self {
            process,
            address,
            _folder: folder,
        }
    }

    /// Pushes the lab's image under this name.
    async fn push(&self, lab: &DockerLab, name: &str) -> ImageRef {
        let repository = format!("{}/{name}", self.address);
        let client = lab::client();
        let tag = TagImageOptionsBuilder::new()
            .repo(&repository)
            .tag("1")
            .build();
        client
            .tag_image(lab.image.as_str(), Some(tag))
            .await
            .unwrap();
        let push = PushImageOptionsBuilder::new().tag("1").build();
        let pushed = client.push_image(&repository, Some(push), None);
        pushed.try_collect::<Vec<_>>().await.unwrap();
        format!("{repository}:1").parse().unwrap()
    }
}

/// Takes every name of the image away from the host, so that it must be fetched.
async fn forget(names: &[&str]) {
    for name in names {
        let options = RemoveImageOptionsBuilder::new().force(true).build();
        lab::client()
            .remove_image(name, Some(options), None)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_image_is_pulled_by_its_digest() {
    let case = "an_image_is_pulled_by_its_digest";
    let Some((lab, mut registry)) = serve(case).await else {
        return;
    };
    let image = registry.push(&lab, "team/app").await;
    let images = lab.drivers().images;
    let local = images
        .resolve(&image, PullPolicy::IfNotPresent)
        .await
        .unwrap();
    assert!(local.present);
    let asked = images.resolve(&image, PullPolicy::Always).await.unwrap();
    assert_eq!(asked, local);

    forget(&[image.as_str()]).await;
    let absent = images
        .resolve(&image, PullPolicy::IfNotPresent)
        .await
        .unwrap();
    assert_eq!((absent.present, &absent.digest), (false, &local.digest));
    forget(&[lab.image.as_str()]).await;
    let progress = watch::Sender::new(PullProgress::default());
    images.pull(&absent, progress.clone()).await.unwrap();
    let seen = *progress.borrow();
    assert!(
        seen.layers >= 1 && seen.layers_done == seen.layers,
        "{seen:?}"
    );
    images.pull(&absent, progress).await.unwrap();

    // It runs by its digest, and its tag is there for a registry that is not.
    let tag = TagImageOptionsBuilder::new()
        .repo(lab.image.as_str().trim_end_matches(":1"))
        .tag("1")
        .build();
    lab::client()
        .tag_image(image.as_str(), Some(tag))
        .await
        .unwrap();
    let mut request = docker::request(&lab, &lab.network()).await;
    request.image = zun_driver::image::pinned(&image, &local.digest);
    lab.drivers().runtime.create(&request).await.unwrap();

    registry.process.kill().await.unwrap();
    let offline = images
        .resolve(&image, PullPolicy::IfNotPresent)
        .await
        .unwrap();
    assert_eq!(offline, local);
    let error = images
        .resolve(&image, PullPolicy::Always)
        .await
        .unwrap_err();
    assert_eq!(error.class, Class::Unavailable, "{error}");
    assert!(error.message.contains("refused"), "{error}");
    forget(&[image.as_str()]).await;
}

#[tokio::test]
async fn a_registry_s_answers_are_told() {
    let case = "a_registry_s_answers_are_told";
    let Some((lab, mut registry)) = serve(case).await else {
        return;
    };
    let images = lab.drivers().images;
    let nobody: ImageRef = format!("{}/team/nobody:1", registry.address)
        .parse()
        .unwrap();
    let error = images
        .resolve(&nobody, PullPolicy::IfNotPresent)
        .await
        .unwrap_err();
    assert_eq!(error.class, Class::NotFound, "{error}");
    assert!(error.message.contains(nobody.as_str()), "{error}");

    // What was resolved and is gone from the registry meanwhile.
    let lost = ResolvedImage {
        reference: nobody.clone(),
        digest: format!("sha256:{}", "0".repeat(64)),
        present: false,
    };
    let progress = watch::Sender::new(PullProgress::default());
    let error = images.pull(&lost, progress.clone()).await.unwrap_err();
    assert_eq!(error.class, Class::NotFound, "{error}");
    registry.process.kill().await.unwrap();
    let error = images.pull(&lost, progress).await.unwrap_err();
    assert_eq!(error.class, Class::Unavailable, "{error}");
}

/// A registry for a test, or `None` where this machine has none.
async fn serve(case: &str) -> Option<(DockerLab, Registry)> {
    let lab = lab::of(case).await?;
    if !Path::new(REGISTRY).is_file() {
        skip::skip(
            case,
            "there is no docker-registry (Debian package docker-registry)",
        );
        return None;
    }
    let registry = Registry::serve(&lab).await;
    Some((lab, registry))
}
