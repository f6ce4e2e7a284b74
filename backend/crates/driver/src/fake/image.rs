//! Images of a fake host, and the one registry behind it.

mod archive;
mod hand;

pub use archive::root_filesystem;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::id::ImageId;
use zun_domain::image::{
    CommitContainer, FoundImage, ImageUse, PullProgress, ResolvedImage, SaveSource,
};
use zun_domain::name::ImageRef;
use zun_domain::registry::{Credentials, RegistryDomain};

use super::FakeHost;
use super::fault::Verb;
use super::script::Script;
use super::state::State;
use crate::content::Content;
use crate::image::{HostImage, ImageDriver, pinned, repository};
use crate::{Class, Error, Result};

/// What a fake host calls the image of sandboxes.
const SANDBOX: &str = "zun/sandbox:fake";

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
    /// Registries that want to know who asks.
    locked: HashMap<RegistryDomain, Credentials>,
    anything: bool,
    /// What was committed: for which image, the text that its archive is made of, and what it is here.
    commits: BTreeMap<ImageId, (String, FakeImage)>,
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
        let mut commits = self.commits.values();
        let found = found.or_else(|| {
            commits
                .find(|(_, image)| image.id == name)
                .map(|(_, image)| image)
        });
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

    /// The registry of this image answers, and lets whoever asks in.
    fn let_in(&self, asked: &ImageRef, credentials: Option<&Credentials>) -> Result<()> {
        if let Some(silence) = &self.registry_down {
            return Err(Error::new(
                Class::Unavailable,
                format!("the registry of {asked} does not answer: {silence}"),
            ));
        }
        let told = credentials.and_then(|credentials| credentials.for_image(asked));
        match self.locked.get(&RegistryDomain::of(asked)) {
            Some(wanted) if told != Some(wanted) => Err(Error::new(
                Class::Refused,
                format!("the registry refused {asked}: unauthorized: authentication required"),
            )),
            Some(_) | None => Ok(()),
        }
    }

    fn ask_registry(
        &self,
        name: &str,
        asked: &ImageRef,
        credentials: Option<&Credentials>,
    ) -> Result<FakeImage> {
        self.let_in(asked, credentials)?;
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

    fn resolve(
        &mut self,
        asked: &ImageRef,
        policy: PullPolicy,
        credentials: Option<&Credentials>,
    ) -> Result<ResolvedImage> {
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
            registry: None,
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
        let digest = self.ask_registry(&name, asked, credentials)?.digest_or_id();
        let present = self.local.contains_key(&pinned(asked, &digest));
        Ok(resolved(digest, present))
    }

    fn pull(&mut self, image: &ResolvedImage, credentials: Option<&Credentials>) -> Result<()> {
        let name = pinned(&image.reference, &image.digest);
        if self.local.contains_key(&name) {
            return Ok(());
        }
        let mut fetched = self.ask_registry(&name, &image.reference, credentials)?;
        fetched.reference = image.reference.clone();
        let tag = !self.local.contains_key(&image.reference.with_tag());
        self.add(&fetched, tag);
        Ok(())
    }

    fn push(
        &mut self,
        name: &str,
        target: &ImageRef,
        credentials: Option<&Credentials>,
    ) -> Result<String> {
        let mut image = self.runnable(name)?;
        self.let_in(target, credentials)?;
        image.reference = target.clone();
        let digest = image
            .digest
            .get_or_insert_with(|| digest_of(&format!("pushed {}", image.id)))
            .clone();
        let tag = !self.local.contains_key(&target.with_tag());
        self.add(&image, tag);
        self.registry.insert(target.with_tag(), image.clone());
        self.registry.insert(pinned(target, &digest), image);
        Ok(digest)
    }

    fn search(&self, term: &str, limit: u32) -> Result<Vec<FoundImage>> {
        if let Some(silence) = &self.registry_down {
            return Err(Error::new(
                Class::Unavailable,
                format!("cannot search for {term}: the registry does not answer: {silence}"),
            ));
        }
        let names = self.registry.values();
        let names = names.map(|image| repository(image.reference.as_str()).to_owned());
        let names: BTreeSet<String> = names.filter(|name| name.contains(term)).collect();
        let found = names.into_iter().map(|name| FoundImage {
            description: format!("what {name} is"),
            official: !name.contains('/'),
            stars: 0,
            name,
        });
        Ok(found.take(limit as usize).collect())
    }

    /// The host's own copy under the name of its digest.
    pub(super) fn by_digest(&self, image: &ImageRef, digest: &str) -> Option<&FakeImage> {
        self.local.get(&pinned(image, digest))
    }

    /// Takes the names of a pull away; with the last one the image is gone.
    pub(super) fn unname(&mut self, image: &ImageRef, digest: &str) {
        let Some(id) = self.by_digest(image, digest).map(|found| found.id.clone()) else {
            return;
        };
        let mut names = vec![pinned(image, digest), pinned(image, &id)];
        let tag = image.with_tag();
        if self.local.get(&tag).is_some_and(|tagged| tagged.id == id) {
            names.push(tag);
        }
        for name in &names {
            self.local.remove(name);
        }
        let named = |(name, image): (&String, &FakeImage)| image.id == id && *name != id;
        if !self.local.iter().any(named) {
            self.local.remove(&id);
        }
    }

    fn make_up(&mut self, asked: &ImageRef) {
        let locked = self.locked.contains_key(&RegistryDomain::of(asked));
        if !locked && !self.local.contains_key(&asked.with_tag()) {
            let image = FakeImage::of(asked.clone(), Script::default()).imported();
            self.add(&image, true);
        }
    }
}

#[async_trait]
impl ImageDriver for FakeHost {
    async fn resolve(
        &self,
        image: &ImageRef,
        policy: PullPolicy,
        credentials: Option<&Credentials>,
    ) -> Result<ResolvedImage> {
        self.call(Verb::Resolve, |state| {
            state.images.resolve(image, policy, credentials)
        })
        .await
    }

    async fn pull(
        &self,
        image: &ResolvedImage,
        credentials: Option<&Credentials>,
        progress: watch::Sender<PullProgress>,
    ) -> Result<()> {
        progress.send_replace(halfway(0));
        self.call(Verb::Pull, |state| state.images.pull(image, credentials))
            .await?;
        progress.send_replace(halfway(2));
        Ok(())
    }

    async fn ensure_sandbox(&self) -> Result<ResolvedImage> {
        let reference: ImageRef = SANDBOX
            .parse()
            .map_err(|_| Error::new(Class::Internal, SANDBOX))?;
        self.call(Verb::EnsureSandbox, |state| {
            state.images.make_up(&reference);
            state.images.resolve(&reference, PullPolicy::Never, None)
        })
        .await
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

    async fn commits(&self) -> Result<Vec<(ImageId, String)>> {
        self.call(Verb::Commits, |state| {
            let commits = state.images.commits.iter();
            Ok(commits
                .map(|(id, (_, made))| (*id, made.id.clone()))
                .collect())
        })
        .await
    }

    async fn save(&self, image: ImageId, source: &SaveSource) -> Result<Content> {
        let text = self.call(Verb::Save, |state| state.images.saved(image, source));
        archive::of_text(&text.await?)
    }

    async fn push(
        &self,
        image: &str,
        target: &ImageRef,
        credentials: Option<&Credentials>,
        progress: watch::Sender<PullProgress>,
    ) -> Result<String> {
        progress.send_replace(halfway(0));
        let digest = self
            .call(Verb::Push, |state| {
                state.images.push(image, target, credentials)
            })
            .await?;
        progress.send_replace(halfway(2));
        Ok(digest)
    }

    async fn search(&self, term: &str, limit: u32) -> Result<Vec<FoundImage>> {
        self.call(Verb::SearchImages, |state| state.images.search(term, limit))
            .await
    }

    async fn usage(&self, image: &ImageRef, digest: &str) -> Result<ImageUse> {
        self.call(Verb::ImageUse, |state| Ok(state.image_use(image, digest)))
            .await
    }

    async fn remove_fetched(&self, image: &ImageRef, digest: &str) -> Result<()> {
        self.call(Verb::RemoveFetched, |state| {
            match state.image_use(image, digest) {
                ImageUse::Absent => {}
                ImageUse::Unused => state.images.unname(image, digest),
                ImageUse::InUse => {
                    let message = format!("cannot remove the image {image}: a container uses it");
                    return Err(Error::new(Class::Conflict, message));
                }
            }
            Ok(())
        })
        .await
    }
}

impl State {
    fn image_use(&self, image: &ImageRef, digest: &str) -> ImageUse {
        let Some(found) = self.images.by_digest(image, digest) else {
            return ImageUse::Absent;
        };
        let mut records = self.containers.values();
        if records.any(|record| record.image_id == found.id) {
            ImageUse::InUse
        } else {
            ImageUse::Unused
        }
    }
}

/// So many of two layers.
fn halfway(layers_done: u32) -> PullProgress {
    PullProgress {
        layers_done,
        layers: 2,
        bytes_done: u64::from(layers_done) * 1024,
        bytes: 2048,
    }
}
