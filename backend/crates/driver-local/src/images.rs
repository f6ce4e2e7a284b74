//! The data of the image service as files below one folder: `<uuid>` is an archive, `<uuid>.json` what it turned out to
//! be, written before it has its name, `<uuid>.part` one that is being written.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha512};
use tokio::sync::OwnedMutexGuard;
use zun_domain::id::ImageId;
use zun_domain::image::ImageFacts;
use zun_driver::archive::{Understood, hex, understand, write_loadable};
use zun_driver::content::{Incoming, consume, produce};
use zun_driver::image_store::absent;
use zun_driver::{Class, Content, Error, ImageStore, Result};

use crate::told;
use crate::{durable, durable::make_folder};

/// Bytes read at once.
const PIECE: usize = 64 * 1024;

/// The data of the image service on the disk of this machine.
#[derive(Debug, Clone)]
pub struct LocalImages {
    root: PathBuf,
    /// Held while an image's data is written or removed, to its end, whoever waits for that.
    turns: Arc<Mutex<HashMap<ImageId, Arc<tokio::sync::Mutex<()>>>>>,
}

/// What is written beside an archive.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    facts: ImageFacts,
    understood: Understood,
}

impl LocalImages {
    /// Below this folder, which is made where it is missing. `Refused` where it is no absolute path.
    pub fn new(root: &Path) -> Result<Self> {
        if !root.is_absolute() {
            let shown = root.display();
            return Err(Error::new(
                Class::Refused,
                format!("the folder of the images is {shown}, but must be an absolute path"),
            ));
        }
        make_folder(root)?;
        Ok(Self {
            root: root.to_path_buf(),
            turns: Arc::default(),
        })
    }

    fn data(&self, id: ImageId) -> PathBuf {
        self.root.join(id.to_string())
    }

    fn beside(&self, id: ImageId, what: &str) -> PathBuf {
        self.root.join(format!("{id}.{what}"))
    }

    async fn turn(&self, id: ImageId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(id).or_default())
        };
        turn.lock_owned().await
    }

    /// What is told of an archive that is there.
    fn told_of(&self, id: ImageId) -> Result<Option<Told>> {
        if !self.data(id).is_file() {
            return Ok(None);
        }
        let path = self.beside(id, "json");
        let text = std::fs::read(&path)
            .map_err(|error| told(&format!("read {}", path.display()), &error))?;
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            let message = format!("cannot understand {}: {error}", path.display());
            Error::new(Class::Internal, message)
        })
    }

    fn open(&self, id: ImageId) -> Result<(File, Told)> {
        let found = self.told_of(id)?.ok_or_else(|| absent(id))?;
        let path = self.data(id);
        let file = File::open(&path);
        let file = file.map_err(|error| told(&format!("read {}", path.display()), &error))?;
        Ok((file, found))
    }

    fn write(&self, id: ImageId, incoming: &mut Incoming, most: u64) -> Result<ImageFacts> {
        let part = self.beside(id, "part");
        let written = self.write_part(id, &part, incoming, most);
        if written.is_err() {
            // The first failure is what matters; what this leaves, the sweep finds.
            drop(durable::remove(&part));
        }
        written
    }

    fn write_part(
        &self,
        id: ImageId,
        part: &Path,
        incoming: &mut Incoming,
        most: u64,
    ) -> Result<ImageFacts> {
        let (size, md5, sha512) = pour(part, incoming, most)?;
        let failed = |error| told(&format!("read {}", part.display()), &error);
        let understood = understand(File::open(part).map_err(failed)?, most)?;
        let facts = ImageFacts {
            kind: understood.kind,
            docker_id: understood.docker_id.clone(),
            size,
            md5,
            sha512,
        };
        let beside = Told {
            facts: facts.clone(),
            understood,
        };
        let text = serde_json::to_vec(&beside)
            .map_err(|error| Error::new(Class::Internal, error.to_string()))?;
        durable::write(&self.beside(id, "json"), &text, 0o600)?;
        durable::rename(part, &self.data(id))?;
        Ok(facts)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let images = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&images)).await;
        done.map_err(|error| Error::new(Class::Internal, format!("the work broke off: {error}")))?
    }
}

/// Writes what comes to the disk; its size and digests.
fn pour(path: &Path, incoming: &mut Incoming, most: u64) -> Result<(u64, String, String)> {
    let failed = |error: &io::Error| told(&format!("write {}", path.display()), error);
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| failed(&error))?;
    let (mut size, mut md5, mut sha512) = (0_u64, Md5::new(), Sha512::new());
    let mut piece = vec![0; PIECE];
    loop {
        let count = incoming.read(&mut piece).map_err(|error| {
            Error::new(Class::Unavailable, format!("the data ended early: {error}"))
        })?;
        if count == 0 {
            break;
        }
        size = size.saturating_add(count as u64);
        if size > most {
            let message =
                format!("the data is larger than the {most} bytes that an image may have");
            return Err(Error::new(Class::Exhausted, message));
        }
        let piece = &piece[..count];
        md5.update(piece);
        sha512.update(piece);
        file.write_all(piece).map_err(|error| failed(&error))?;
    }
    file.sync_all().map_err(|error| failed(&error))?;
    Ok((size, hex(md5.finalize()), hex(sha512.finalize())))
}

#[async_trait]
impl ImageStore for LocalImages {
    async fn put(&self, id: ImageId, data: Content, most: u64) -> Result<ImageFacts> {
        let turn = self.turn(id).await;
        if let Some(found) = self.blocking(move |images| images.told_of(id)).await? {
            return Ok(found.facts);
        }
        let images = self.clone();
        consume(data, move |incoming| {
            let written = images.write(id, incoming, most);
            drop(turn);
            written
        })
        .await
    }

    async fn find(&self, id: ImageId) -> Result<Option<ImageFacts>> {
        let found = self.blocking(move |images| images.told_of(id)).await?;
        Ok(found.map(|found| found.facts))
    }

    async fn read(&self, id: ImageId) -> Result<Content> {
        let (mut file, _) = self.blocking(move |images| images.open(id)).await?;
        Ok(produce(move |out| io::copy(&mut file, out).map(|_| ())))
    }

    async fn loadable(&self, id: ImageId) -> Result<Content> {
        let (file, found) = self.blocking(move |images| images.open(id)).await?;
        Ok(produce(move |out| {
            write_loadable(file, found.facts.size, &found.understood, out)
        }))
    }

    async fn remove(&self, id: ImageId) -> Result<()> {
        let turn = self.turn(id).await;
        self.blocking(move |images| {
            for path in [
                images.data(id),
                images.beside(id, "json"),
                images.beside(id, "new"),
                images.beside(id, "part"),
            ] {
                durable::remove(&path)
                    .map_err(|error| told(&format!("remove {}", path.display()), &error))?;
            }
            durable::sync_folder(&images.root)?;
            drop(turn);
            Ok(())
        })
        .await
    }

    async fn list(&self) -> Result<Vec<ImageId>> {
        self.blocking(|images| {
            let failed = |error| told(&format!("list {}", images.root.display()), &error);
            let mut found = BTreeSet::new();
            for entry in std::fs::read_dir(&images.root).map_err(failed)? {
                let name = entry.map_err(failed)?.file_name();
                let name = name.to_string_lossy();
                let stem = name.split('.').next().unwrap_or_default();
                found.extend(stem.parse::<ImageId>());
            }
            Ok(found.into_iter().collect())
        })
        .await
    }
}
