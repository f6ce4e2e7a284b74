//! The data of the image service in memory, understood as on a disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use async_trait::async_trait;
use bytes::Bytes;
use md5::Md5;
use sha2::{Digest as _, Sha512};
use zun_domain::id::ImageId;
use zun_domain::image::ImageFacts;

use super::fault::Verb;
use super::{FakeHost, state};
use crate::archive::{Understood, hex, understand, write_loadable};
use crate::content::{Content, consume, produce, whole};
use crate::image_store::{ImageStore, absent};
use crate::{Class, Error, Result};

/// Every archive.
#[derive(Default)]
pub(super) struct Shelf {
    all: BTreeMap<ImageId, Kept>,
}

#[derive(Clone)]
struct Kept {
    data: Bytes,
    facts: ImageFacts,
    understood: Understood,
}

impl Kept {
    fn of(data: Vec<u8>, most: u64) -> Result<Self> {
        let data = Bytes::from(data);
        let understood = understand(Cursor::new(data.clone()), most)?;
        let facts = ImageFacts {
            kind: understood.kind,
            docker_id: understood.docker_id.clone(),
            size: data.len() as u64,
            md5: hex(Md5::digest(&data)),
            sha512: hex(Sha512::digest(&data)),
        };
        Ok(Self {
            data,
            facts,
            understood,
        })
    }
}

impl Shelf {
    fn get(&self, id: ImageId) -> Result<Kept> {
        self.all.get(&id).cloned().ok_or_else(|| absent(id))
    }
}

/// The archive that a `put` was given.
pub(super) async fn gather(data: Content, most: u64) -> Result<Vec<u8>> {
    consume(data, move |incoming| {
        let mut all = Vec::new();
        let mut bounded = incoming.take(most.saturating_add(1));
        let read = bounded.read_to_end(&mut all);
        read.map_err(|error| Error::new(Class::Unavailable, error.to_string()))?;
        if all.len() as u64 > most {
            let message =
                format!("the data is larger than the {most} bytes that an image may have");
            return Err(Error::new(Class::Exhausted, message));
        }
        Ok(all)
    })
    .await
}

/// What loads as this image.
pub(super) fn loadable(data: Bytes, understood: Understood) -> Content {
    produce(move |out| {
        let size = data.len() as u64;
        write_loadable(Cursor::new(data), size, &understood, out)
    })
}

impl FakeHost {
    /// The images that data is kept of.
    pub fn image_data(&self) -> BTreeSet<ImageId> {
        self.lock().shelf.all.keys().copied().collect()
    }
}

#[async_trait]
impl ImageStore for FakeHost {
    async fn put(&self, id: ImageId, data: Content, most: u64) -> Result<ImageFacts> {
        if let Ok(kept) = self.lock().shelf.get(id) {
            return Ok(kept.facts);
        }
        let data = gather(data, most).await?;
        self.host_call(Verb::PutImage, |state: &mut state::State| {
            let kept = Kept::of(data, most)?;
            let facts = kept.facts.clone();
            state.shelf.all.insert(id, kept);
            Ok(facts)
        })
        .await
    }

    async fn find(&self, id: ImageId) -> Result<Option<ImageFacts>> {
        self.host_call(Verb::FindData, |state| {
            Ok(state.shelf.get(id).ok().map(|kept| kept.facts))
        })
        .await
    }

    async fn read(&self, id: ImageId) -> Result<Content> {
        let kept = self.host_call(Verb::ReadImage, |state| state.shelf.get(id));
        Ok(whole(kept.await?.data))
    }

    async fn loadable(&self, id: ImageId) -> Result<Content> {
        let kept = self.host_call(Verb::ReadImage, |state| state.shelf.get(id));
        let kept = kept.await?;
        Ok(loadable(kept.data, kept.understood))
    }

    async fn remove(&self, id: ImageId) -> Result<()> {
        self.host_call(Verb::RemoveData, |state| {
            state.shelf.all.remove(&id);
            Ok(())
        })
        .await
    }

    async fn list(&self) -> Result<Vec<ImageId>> {
        self.host_call(Verb::ListData, |state| {
            Ok(state.shelf.all.keys().copied().collect())
        })
        .await
    }
}
