//! Images that nobody uses any more. Only those that we fetched, and only where the configuration says after how long.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use jiff::SignedDuration;
use zun_domain::id::HostId;
use zun_domain::image::ImageUse;
use zun_domain::name::ImageRef;
use zun_domain::time::Timestamp;
use zun_driver::Class;
use zun_store::FetchedImage;

use crate::context::{Engine, lock};
use crate::error::{Error, Result};

/// Keeps an image from being taken away between being looked up, or fetched, and being used.
#[derive(Default)]
pub(crate) struct Collecting {
    /// Read while images are looked up and fetched, written while one is taken away.
    pub(crate) gate: tokio::sync::RwLock<()>,
    /// Digests that were found on a host of late: a container is about to be made.
    found: Mutex<HashMap<(HostId, String), Timestamp>>,
}

/// What becomes of an image and its note.
enum Fate {
    Stays,
    /// It was used until now.
    Used,
    Gone,
}

impl Engine {
    /// Notes that a container is about to be made of this digest. The gate is held.
    pub(crate) fn about_to_use(&self, host: HostId, digest: &str) {
        if self.settings.collect_images_after.is_some() {
            let now = self.clock.now();
            lock(&self.collecting.found).insert((host, digest.to_owned()), now);
        }
    }

    /// Takes away what was fetched and not used for as long as the configuration says.
    pub(crate) async fn sweep_fetched(&self, host: HostId) -> Result<()> {
        let Some(after) = self.settings.collect_images_after else {
            return Ok(());
        };
        let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
        let noted = self.store.fetched_image_list(host).await?;
        if noted.is_empty() {
            return Ok(());
        }
        let wanted = self.digests_at_work().await?;
        let (mut used, mut gone) = (Vec::new(), Vec::new());
        for image in noted {
            match self.fate(&image, after, &wanted).await {
                Ok(Fate::Stays) => {}
                Ok(Fate::Used) => used.push(image),
                Ok(Fate::Gone) => gone.push(image),
                Err(error) => {
                    tracing::warn!(host = %host, "cannot tell whether the image {} is used: {error}", image.reference);
                }
            }
        }
        self.forget_found(after);
        self.note_fates(&used, &gone).await
    }

    async fn note_fates(&self, used: &[FetchedImage], gone: &[FetchedImage]) -> Result<()> {
        if used.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        for image in used {
            tx.fetched_image_note(&FetchedImage {
                last_used_at: now,
                ..image.clone()
            })
            .await?;
        }
        for image in gone {
            tx.fetched_image_forget(image).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The digests of containers that something is being done to: what an interrupted operation will need.
    async fn digests_at_work(&self) -> Result<HashSet<String>> {
        let mut digests = HashSet::new();
        for operation in self.store.operations_unfinished().await? {
            if let Some(id) = operation.subject.container()
                && let Some(container) = self.store.container_find(id).await?
            {
                digests.insert(container.desired.image_digest);
            }
        }
        Ok(digests)
    }

    async fn fate(
        &self,
        image: &FetchedImage,
        after: SignedDuration,
        wanted: &HashSet<String>,
    ) -> Result<Fate> {
        // While somebody looks one up or fetches one, there is a next time.
        let Ok(_alone) = self.collecting.gate.try_write() else {
            return Ok(Fate::Stays);
        };
        let reference: ImageRef = image.reference.parse().map_err(|_| {
            Error::Internal(format!("{:?} was fetched and is no image", image.reference))
        })?;
        let images = &self.drivers(image.host)?.images;
        match images.usage(&reference, &image.digest).await? {
            ImageUse::Absent => return Ok(Fate::Gone),
            ImageUse::InUse => return Ok(Fate::Used),
            ImageUse::Unused => {}
        }
        let key = (image.host, image.digest.clone());
        let found = lock(&self.collecting.found).get(&key).copied();
        let last = found.map_or(image.last_used_at, |found| found.max(image.last_used_at));
        let unused = self.clock.now().duration_since(last);
        if unused < after || wanted.contains(&image.digest) {
            return Ok(Fate::Stays);
        }
        match images.remove_fetched(&reference, &image.digest).await {
            Ok(()) => {
                tracing::info!(host = %image.host, "removed the image {reference}: unused for {} h", unused.as_hours());
                Ok(Fate::Gone)
            }
            // Somebody uses it since a moment ago.
            Err(error) if error.class == Class::Conflict => Ok(Fate::Used),
            Err(error) => Err(error.into()),
        }
    }

    fn forget_found(&self, after: SignedDuration) {
        let now = self.clock.now();
        lock(&self.collecting.found).retain(|_, found| now.duration_since(*found) < after);
    }
}
