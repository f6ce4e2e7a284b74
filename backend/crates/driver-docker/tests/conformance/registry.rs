//! Pulls, from a registry on loopback.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use bollard::query_parameters::{
    PushImageOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use futures::TryStreamExt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::image::{PullProgress, ResolvedImage};
use zun_domain::name::ImageRef;
use zun_domain::registry::{Credentials, Password};
use zun_driver::conformance::{Lab, LabRegistry, skip};
use zun_driver::{Class, HostDrivers};
use zun_driver_docker::Docker;

use crate::docker;
use crate::lab::{self, DockerLab};

/// Debian's package docker-registry.
const REGISTRY: &str = "/usr/bin/docker-registry";

/// Whom a locked registry lets in, as `htpasswd` writes it: bcrypt of [`PASSWORD`]. The characters at the end are the ones
/// in which two forms of base64 differ.
const USERNAME: &str = "puller";
const PASSWORD: &str = "correct-horse-?>~?>~";
const HASH: &str = "$2y$05$abcdefghijklmnopqrstuumAZ211vAnq5Lju2BH2m.fE2srhihoEG";

pub(crate) struct Registry {
    /// Ends with this value.
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Registry {
    async fn serve(lab: &DockerLab, locked: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", lab.free_port());
        let root = folder.path().join("data");
        let users = folder.path().join("htpasswd");
        let config = folder.path().join("config.yml");
        let mut text = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\nhttp: {{addr: \"{address}\"}}\n",
            root.display()
        );
        if locked {
            std::fs::write(&users, format!("{USERNAME}:{HASH}\n")).unwrap();
            let users = users.display();
            let lock = format!("auth:\n  htpasswd: {{realm: zun, path: {users}}}\n");
            text.push_str(&lock);
        }
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

    /// One that lets nobody in but those it knows; `None` where this machine has none.
    pub(crate) async fn locked(lab: &DockerLab) -> Option<LabRegistry> {
        if !is_there("a locked registry") {
            return None;
        }
        let registry = Self::serve(lab, true).await;
        Some(LabRegistry {
            drivers: registry.drivers(lab),
            credentials: Credentials {
                domain: registry.address.parse().unwrap(),
                username: USERNAME.to_owned(),
                password: Password::try_from(PASSWORD.to_owned()).unwrap(),
            },
            keep: Box::new(registry),
        })
    }

    /// The lab's drivers, which may ask this registry without TLS.
    fn drivers(&self, lab: &DockerLab) -> HostDrivers {
        let insecure = BTreeSet::from([self.address.parse().unwrap()]);
        let docker = Docker::connect_allowing(None, lab.deployment.clone(), insecure).unwrap();
        let lab = lab.drivers();
        docker.drivers(lab.image_store, lab.firewall, lab.volumes)
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

/// Gives the lab's image its name back.
async fn name_again(lab: &DockerLab, image: &ImageRef) {
    let tag = TagImageOptionsBuilder::new()
        .repo(lab.image.as_str().trim_end_matches(":1"))
        .tag("1")
        .build();
    let client = lab::client();
    client.tag_image(image.as_str(), Some(tag)).await.unwrap();
}

#[tokio::test]
async fn an_image_is_pulled_by_its_digest() {
    let case = "an_image_is_pulled_by_its_digest";
    let Some((lab, mut registry)) = serve(case).await else {
        return;
    };
    let image = registry.push(&lab, "team/app").await;
    let images = registry.drivers(&lab).images;
    let local = images
        .resolve(&image, PullPolicy::IfNotPresent, None)
        .await
        .unwrap();
    assert!(local.present);
    let asked = images
        .resolve(&image, PullPolicy::Always, None)
        .await
        .unwrap();
    assert_eq!(asked, local);

    forget(&[image.as_str()]).await;
    let absent = images
        .resolve(&image, PullPolicy::IfNotPresent, None)
        .await
        .unwrap();
    assert_eq!((absent.present, &absent.digest), (false, &local.digest));
    forget(&[lab.image.as_str()]).await;
    let progress = watch::Sender::new(PullProgress::default());
    images.pull(&absent, None, progress.clone()).await.unwrap();
    let seen = *progress.borrow();
    assert!(
        seen.layers >= 1 && seen.layers_done == seen.layers,
        "{seen:?}"
    );
    images.pull(&absent, None, progress).await.unwrap();

    // It runs by its digest, and its tag is there for a registry that is not.
    name_again(&lab, &image).await;
    let mut request = docker::request(&lab, &lab.network()).await;
    request.image = zun_driver::image::pinned(&image, &local.digest);
    lab.drivers().runtime.create(&request).await.unwrap();

    registry.process.kill().await.unwrap();
    let offline = images
        .resolve(&image, PullPolicy::IfNotPresent, None)
        .await
        .unwrap();
    assert_eq!(offline, local);
    let error = images
        .resolve(&image, PullPolicy::Always, None)
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
    let images = registry.drivers(&lab).images;
    let nobody: ImageRef = format!("{}/team/nobody:1", registry.address)
        .parse()
        .unwrap();
    let error = images
        .resolve(&nobody, PullPolicy::IfNotPresent, None)
        .await
        .unwrap_err();
    assert_eq!(error.class, Class::NotFound, "{error}");
    assert!(error.message.contains(nobody.as_str()), "{error}");

    // What was resolved and is gone from the registry meanwhile.
    let lost = ResolvedImage {
        reference: nobody.clone(),
        digest: format!("sha256:{}", "0".repeat(64)),
        present: false,
        registry: None,
    };
    let progress = watch::Sender::new(PullProgress::default());
    let error = images
        .pull(&lost, None, progress.clone())
        .await
        .unwrap_err();
    assert_eq!(error.class, Class::NotFound, "{error}");
    registry.process.kill().await.unwrap();
    let error = images.pull(&lost, None, progress).await.unwrap_err();
    assert_eq!(error.class, Class::Unavailable, "{error}");
}

/// A registry that the configuration does not name is not asked without TLS, whatever the engine would do.
#[tokio::test]
async fn plain_http_is_for_those_that_are_named() {
    let case = "plain_http_is_for_those_that_are_named";
    let Some((lab, registry)) = serve(case).await else {
        return;
    };
    let image = registry.push(&lab, "team/app").await;
    let images = lab.drivers().images;
    let local = images
        .resolve(&image, PullPolicy::IfNotPresent, None)
        .await
        .unwrap();
    let pull = ResolvedImage {
        digest: format!("sha256:{}", "0".repeat(64)),
        ..local
    };
    let quiet = || watch::Sender::new(PullProgress::default());
    let answers = [
        images
            .resolve(&image, PullPolicy::Always, None)
            .await
            .map(|_| ()),
        images.pull(&pull, None, quiet()).await,
        images
            .push(lab.image.as_str(), &image, None, quiet())
            .await
            .map(|_| ()),
        images.search(image.as_str(), 1).await.map(|_| ()),
    ];
    for answer in answers {
        let error = answer.unwrap_err();
        assert_eq!(error.class, Class::Refused, "{error}");
        let named = error.message.contains(&registry.address);
        assert!(
            named && error.message.contains("image.insecure_registries"),
            "{error}"
        );
    }
    let found = registry.drivers(&lab).images;
    let asked = found.resolve(&image, PullPolicy::Always, None).await;
    asked.unwrap();
    forget(&[image.as_str()]).await;
}

/// Docker Hub is not to be had here: a server that answers as its search does, for the engine to ask.
#[tokio::test]
async fn a_search_shows_what_the_registry_says() {
    let case = "a_search_shows_what_the_registry_says";
    let Some(lab) = lab::of(case).await else {
        return;
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (asked, mut questions) = tokio::sync::mpsc::unbounded_channel();
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let line = text.lines().next().unwrap_or_default().to_owned();
            let body = if line.contains("/search?") {
                r#"{"results":[{"name":"team/app","description":"ours","is_official":false,"star_count":7}]}"#
            } else {
                "{}"
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Docker-Registry-Version: 0.9\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            drop(stream.write_all(answer.as_bytes()).await);
            drop(asked.send(line));
        }
    });
    let insecure = BTreeSet::from([address.parse().unwrap()]);
    let docker = Docker::connect_allowing(None, lab.deployment.clone(), insecure).unwrap();
    let of_lab = lab.drivers();
    let images = docker
        .drivers(of_lab.image_store, of_lab.firewall, of_lab.volumes)
        .images;
    let found = images.search(&format!("{address}/app"), 3).await.unwrap();
    let [one] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert!(one.name.ends_with("team/app"), "{one:?}");
    assert_eq!((one.description.as_str(), one.stars), ("ours", 7));
    assert!(!one.official);
    let mut lines = Vec::new();
    while let Ok(line) = questions.try_recv() {
        lines.push(line);
    }
    assert!(lines.iter().any(|line| line.contains("q=app")), "{lines:?}");
    server.shutdown().await;
    let error = images.search(&format!("{address}/app"), 3).await;
    let error = error.unwrap_err();
    assert_eq!(error.class, Class::Unavailable, "{error}");
}

/// Most registries know the second API only, and that has no search.
#[tokio::test]
async fn a_registry_without_a_search_is_told_from_a_silent_one() {
    let case = "a_registry_without_a_search_is_told_from_a_silent_one";
    let Some((lab, registry)) = serve(case).await else {
        return;
    };
    let images = registry.drivers(&lab).images;
    let error = images.search(&format!("{}/app", registry.address), 3).await;
    let error = error.unwrap_err();
    assert_eq!(error.class, Class::Refused, "{error}");
    assert!(error.message.contains("has no search"), "{error}");
}

/// A registry for a test, or `None` where this machine has none.
async fn serve(case: &str) -> Option<(DockerLab, Registry)> {
    let lab = lab::of(case).await?;
    if !is_there(case) {
        return None;
    }
    let registry = Registry::serve(&lab, false).await;
    Some((lab, registry))
}

fn is_there(case: &str) -> bool {
    let there = Path::new(REGISTRY).is_file();
    if !there {
        skip::skip(
            case,
            "there is no docker-registry (Debian package docker-registry)",
        );
    }
    there
}
