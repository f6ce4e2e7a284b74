//! Images that go in and out of a fake host as archives.

use std::io::Cursor;

use bytes::Bytes;
use zun_domain::id::ImageId;
use zun_domain::image::{ArchiveKind, CommitContainer, SaveSource};
use zun_domain::name::ImageRef;

use super::{FakeImage, Images, digest_of};
use crate::archive::understand;
use crate::content::Content;
use crate::fake::image_store::{gather, loadable};
use crate::fake::script::Script;
use crate::fake::state::State;
use crate::image::{HostImage, pinned};
use crate::{Class, Error, Result};

/// No archive on a fake host is larger.
const MOST: u64 = 1 << 30;

/// The image of an archive that is loaded.
pub(super) async fn loaded(docker_id: &str, data: Content) -> Result<FakeImage> {
    let data = gather(data, MOST).await?;
    let understood = understand(Cursor::new(data), MOST)?;
    if understood.kind != ArchiveKind::Docker || understood.docker_id != docker_id {
        return Err(Error::new(
            Class::Refused,
            format!(
                "the archive is the image {} instead of {docker_id}",
                understood.docker_id
            ),
        ));
    }
    Ok(FakeImage {
        id: docker_id.to_owned(),
        ..FakeImage::of(invented("loaded")?, Script::default()).imported()
    })
}

/// What stands for the reference of an image that has none.
fn invented(word: &str) -> Result<ImageRef> {
    word.parse()
        .map_err(|_| Error::new(Class::Internal, format!("{word} is no reference")))
}

/// A root filesystem as a tar archive: one program that holds this text.
pub fn root_filesystem(text: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o755);
    let written = builder.append_data(&mut header, "app", text.as_bytes());
    match written.and_then(|()| builder.into_inner()) {
        Ok(archive) => archive,
        Err(error) => unreachable!("memory takes everything: {error}"),
    }
}

/// A Docker archive that follows from a text.
pub(super) fn of_text(text: &str) -> Result<Content> {
    let data = Bytes::from(root_filesystem(text));
    let understood = understand(Cursor::new(data.clone()), MOST)?;
    Ok(loadable(data, understood))
}

impl Images {
    /// The host has an image of that id.
    pub(super) fn has(&self, docker_id: &str) -> bool {
        self.local.contains_key(docker_id)
    }

    pub(super) fn find(&self, name: &str) -> Option<HostImage> {
        let image = self.runnable(name).ok()?;
        Some(HostImage {
            id: image.id,
            size: 2048,
        })
    }

    /// Removes an image that only its id names.
    pub(super) fn forget(&mut self, docker_id: &str) {
        let mut names = self.local.iter().filter(|(_, image)| image.id == docker_id);
        if names.all(|(name, _)| name == docker_id) {
            self.local.remove(docker_id);
        }
    }

    /// The text that the archive of an image is made of.
    pub(super) fn saved(&self, image: ImageId, source: &SaveSource) -> Result<String> {
        match source {
            SaveSource::Commit => self.commits.get(&image).cloned().ok_or_else(|| {
                let message = format!("nothing was committed for image {image}");
                Error::new(Class::NotFound, message)
            }),
            SaveSource::Host(resolved) => {
                let found = self.runnable(&pinned(&resolved.reference, &resolved.digest))?;
                Ok(found.id)
            }
        }
    }
}

impl State {
    /// A container is made of that image.
    pub(super) fn runs_on(&self, docker_id: &str) -> bool {
        let mut records = self.containers.values();
        records.any(|record| record.image_id == docker_id)
    }

    pub(super) fn remove_image(&mut self, reference: &ImageRef) -> Result<()> {
        let Some(image) = self.images.local.get(&reference.with_tag()).cloned() else {
            return Ok(());
        };
        if self.runs_on(&image.id) {
            return Err(Error::new(
                Class::Conflict,
                format!("a container uses the image {reference}"),
            ));
        }
        let names = &mut self.images.local;
        names.remove(&reference.with_tag());
        names.retain(|_, other| other.id != image.id || other.reference != image.reference);
        Ok(())
    }

    pub(super) fn commit(&mut self, commit: &CommitContainer) -> Result<()> {
        if self.images.commits.contains_key(&commit.image) {
            return Ok(());
        }
        let key = self.existing(&commit.name.to_string())?;
        let record = self.record(key)?;
        let text = format!("{} {}", record.request.container, record.request.revision);
        let (reference, script) = (invented("commit"), record.script.clone());
        let image = FakeImage {
            id: digest_of(&text),
            ..FakeImage::of(reference?, script).imported()
        };
        self.images.local.insert(image.id.clone(), image);
        self.images.commits.insert(commit.image, text);
        Ok(())
    }
}

impl crate::fake::FakeHost {
    /// What was committed and is still kept.
    pub fn committed(&self) -> Vec<ImageId> {
        self.lock().images.commits.keys().copied().collect()
    }

    /// The host has an image of this id.
    pub fn has_image(&self, docker_id: &str) -> bool {
        self.lock().images.has(docker_id)
    }
}
