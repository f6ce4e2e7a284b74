//! Images of a fake host, and the one registry behind it.

mod archive;

pub use archive::root_filesystem;

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::id::ImageId;
use zun_domain::image::{CommitContainer, PullProgress, ResolvedImage, SaveSource};
use zun_domain::name::ImageRef;

use super::FakeHost;
use super::fault::Verb;
use super::script::Script;
use crate::content::Content;
use crate::image::{HostImage, ImageDriver, pinned, repository};
use crate::{Class, Error, Result};

/// An image, on the host or in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeImage {
    /// What it is called.
    pub reference: ImageRef,
    /// Its own id, `sha256:…`.
    pub id: String,
    /// Its digest in the registry; `None` as for an image made by `docker import`.
    pub digest: Option<String>,
    /// Its command.
    pub command: Vec<String>,
    /// Its entrypoint.
    pub entrypoint: Vec<String>,
    /// What its process does.
    pub script: Script,
}

impl FakeImage {
    /// An image whose id and digest follow from its reference, so that they are the same in every run.
    pub fn of(reference: ImageRef, script: Script) -> Self {
        let text = reference.with_tag();
        Self {
            id: digest_of(&format!("id {text}")),
            digest: Some(digest_of(&text)),
            reference,
            command: vec!["run".to_owned()],
            entrypoint: Vec::new(),
            script,
        }
    }

    /// The same without a digest, as if made by `docker import`.
    #[must_use]
    pub fn imported(mut self) -> Self {
        self.digest = None;
        self
    }

    /// The same reference with other content, as after a push of a newer build.
    #[must_use]
    pub fn rebuilt(mut self, generation: u32) -> Self {
        let text = self.reference.with_tag();
        self.id = digest_of(&format!("id {text} {generation}"));
        self.digest = self
            .digest
            .map(|_| digest_of(&format!("{text} {generation}")));
        self
    }

    fn digest_or_id(&self) -> String {
        self.digest.clone().unwrap_or_else(|| self.id.clone())
    }
}

/// 64 hexadecimal digits that follow from a text (FNV-1a, four times with different starts).
fn digest_of(text: &str) -> String {
    let words: Vec<String> = (1..=4_u64)
        .map(|seed| {
            let start = 0xcbf2_9ce4_8422_2325_u64.wrapping_mul(seed);
            let word = text.bytes().fold(start, |word, byte| {
                (word ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            format!("{word:016x}")
        })
        .collect();
    format!("sha256:{}", words.concat())
}

#[derive(Default)]
pub(super) struct Images {
    /// What the host has: by reference with tag, by `repository@digest`, by `repository@id`, by id.
    local: HashMap<String, FakeImage>,
    /// What the registry has: by reference with tag, by `repository@digest`.
    registry: HashMap<String, FakeImage>,
    /// What the registry will not give, and what it says.
    refused: HashMap<String, String>,
    registry_down: Option<String>,
    anything: bool,
    /// What was committed: for which image, and the text that its archive is made of.
    commits: BTreeMap<ImageId, String>,
}

impl Images {
    /// The image a container is made from.
    pub(super) fn runnable(&self, name: &str) -> Result<FakeImage> {
        let found = self.local.get(name).or_else(|| {
            let (_, digest) = name.split_once('@')?;
            let pinned = format!("{}@{digest}", repository(name));
            self.local.get(&pinned).or_else(|| self.local.get(digest))
        });
        let found = found.or_else(|| self.local.get(&format!("{name}:latest")));
        found
            .cloned()
            .ok_or_else(|| Error::new(Class::NotFound, format!("the engine has no image {name}")))
    }

    /// What the process of an image does, by the image's id.
    pub(super) fn script(&self, id: &str) -> Script {
        self.local
            .get(id)
            .map(|image| image.script.clone())
            .unwrap_or_default()
    }

    fn add(&mut self, image: &FakeImage, tag: bool) {
        if tag {
            self.local.insert(image.reference.with_tag(), image.clone());
        }
        for digest in image.digest.iter().chain([&image.id]) {
            self.local
                .insert(pinned(&image.reference, digest), image.clone());
        }
        self.local.insert(image.id.clone(), image.clone());
    }

    fn ask_registry(&self, name: &str, asked: &ImageRef) -> Result<FakeImage> {
        if let Some(silence) = &self.registry_down {
            return Err(Error::new(
                Class::Unavailable,
                format!("the registry of {asked} does not answer: {silence}"),
            ));
        }
        if let Some(refusal) = self.refused.get(repository(name)) {
            return Err(Error::new(
                Class::Refused,
                format!("the registry refused {asked}: {refusal}"),
            ));
        }
        self.registry.get(name).cloned().ok_or_else(|| {
            Error::new(
                Class::NotFound,
                format!("the image {asked} was not found: manifest unknown"),
            )
        })
    }

    fn resolve(&mut self, asked: &ImageRef, policy: PullPolicy) -> Result<ResolvedImage> {
        if self.anything {
            self.make_up(asked);
        }
        let name = asked.with_tag();
        let name = match name.split_once('@') {
            Some((_, digest)) => pinned(asked, digest),
            None => name,
        };
        let local = match policy {
            PullPolicy::Always => None,
            PullPolicy::IfNotPresent | PullPolicy::Never => self.local.get(&name),
        };
        let resolved = |digest: String, present| ResolvedImage {
            reference: asked.clone(),
            digest,
            present,
        };
        if let Some(image) = local {
            return Ok(resolved(image.digest_or_id(), true));
        }
        if policy == PullPolicy::Never {
            return Err(Error::new(
                Class::NotFound,
                format!("the host has no image {asked}, and the pull policy is never"),
            ));
        }
        let digest = self.ask_registry(&name, asked)?.digest_or_id();
        let present = self.local.contains_key(&pinned(asked, &digest));
        Ok(resolved(digest, present))
    }

    fn pull(&mut self, image: &ResolvedImage) -> Result<()> {
        let name = pinned(&image.reference, &image.digest);
        if self.local.contains_key(&name) {
            return Ok(());
        }
        let fetched = self.ask_registry(&name, &image.reference)?;
        let tag = !self.local.contains_key(&image.reference.with_tag());
        self.add(&fetched, tag);
        Ok(())
    }

    fn make_up(&mut self, asked: &ImageRef) {
        if !self.local.contains_key(&asked.with_tag()) {
            let image = FakeImage::of(asked.clone(), Script::default()).imported();
            self.add(&image, true);
        }
    }
}

impl FakeHost {
    /// The host has this image; its tag moves to it.
    pub fn add_image(&self, image: &FakeImage) {
        self.lock().images.add(image, true);
    }

    /// The host has every image anybody asks for: for benchmarks.
    pub fn any_image(&self) {
        self.lock().images.anything = true;
    }

    /// Somebody removed it from the host.
    pub fn remove_image(&self, reference: &ImageRef) {
        let mut state = self.lock();
        if let Some(image) = state.images.local.remove(&reference.with_tag()) {
            for digest in image.digest.iter().chain([&image.id]) {
                state.images.local.remove(&pinned(reference, digest));
            }
            state.images.local.remove(&image.id);
        }
    }

    /// The registry has this image; its tag moves to it there.
    pub fn push_image(&self, image: &FakeImage) {
        let mut state = self.lock();
        let registry = &mut state.images.registry;
        registry.insert(image.reference.with_tag(), image.clone());
        registry.insert(
            pinned(&image.reference, &image.digest_or_id()),
            image.clone(),
        );
    }

    /// The registry refuses every tag of this reference's repository, with this sentence.
    pub fn refuse_image(&self, reference: &ImageRef, sentence: &str) {
        let repository = repository(reference.as_str()).to_owned();
        self.lock()
            .images
            .refused
            .insert(repository, sentence.to_owned());
    }

    /// The registry does not answer, for this reason; `None`: it does again.
    pub fn registry_down(&self, reason: Option<&str>) {
        self.lock().images.registry_down = reason.map(str::to_owned);
    }
}

#[async_trait]
impl ImageDriver for FakeHost {
    async fn resolve(&self, image: &ImageRef, policy: PullPolicy) -> Result<ResolvedImage> {
        self.call(Verb::Resolve, |state| state.images.resolve(image, policy))
            .await
    }

    async fn pull(
        &self,
        image: &ResolvedImage,
        progress: watch::Sender<PullProgress>,
    ) -> Result<()> {
        let step = |layers_done| PullProgress {
            layers_done,
            layers: 2,
            bytes_done: u64::from(layers_done) * 1024,
            bytes: 2048,
        };
        progress.send_replace(step(0));
        self.call(Verb::Pull, |state| state.images.pull(image))
            .await?;
        progress.send_replace(step(2));
        Ok(())
    }

    async fn find(&self, image: &str) -> Result<Option<HostImage>> {
        self.call(Verb::FindImage, |state| Ok(state.images.find(image)))
            .await
    }

    async fn load(&self, docker_id: &str, data: Content) -> Result<()> {
        if self.lock().images.has(docker_id) {
            return Ok(());
        }
        let image = archive::loaded(docker_id, data).await?;
        self.call(Verb::Load, |state| {
            state.images.local.insert(image.id.clone(), image);
            Ok(())
        })
        .await
    }

    async fn forget(&self, docker_id: &str) -> Result<()> {
        self.call(Verb::Forget, |state| {
            if !state.runs_on(docker_id) {
                state.images.forget(docker_id);
            }
            Ok(())
        })
        .await
    }

    async fn remove(&self, image: &ImageRef) -> Result<()> {
        self.call(Verb::RemoveImage, |state| state.remove_image(image))
            .await
    }

    async fn commit(&self, commit: &CommitContainer) -> Result<()> {
        self.call(Verb::Commit, |state| state.commit(commit)).await
    }

    async fn drop_commit(&self, image: ImageId) -> Result<()> {
        self.call(Verb::DropCommit, |state| {
            state.images.commits.remove(&image);
            Ok(())
        })
        .await
    }

    async fn commits(&self) -> Result<Vec<ImageId>> {
        self.call(Verb::Commits, |state| {
            Ok(state.images.commits.keys().copied().collect())
        })
        .await
    }

    async fn save(&self, image: ImageId, source: &SaveSource) -> Result<Content> {
        let text = self.call(Verb::Save, |state| state.images.saved(image, source));
        archive::of_text(&text.await?)
    }
}
