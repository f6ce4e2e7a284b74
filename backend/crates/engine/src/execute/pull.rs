//! Fetching images: one download for all who need the same one at the same time, its progress told to each.

use std::collections::HashMap;
use std::sync::Mutex;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use tokio::sync::watch;
use zun_domain::id::{HostId, RegistryId};
use zun_domain::image::{ImageUse, PullProgress, ResolvedImage};
use zun_domain::operation::Subject;
use zun_domain::registry::{Credentials, Registry};
use zun_driver::{Class, Error, Result};
use zun_store::FetchedImage;

use super::follow::Followed;
use crate::context::{Engine, lock};

type Fetch = BoxFuture<'static, Result<()>>;

/// A download that is under way. It ends when nobody waits for it any more.
pub(crate) struct Flight {
    fetch: WeakShared<Fetch>,
    progress: watch::Receiver<PullProgress>,
}

/// The downloads that are under way. Whoever asks with another registry's credentials has one of his own: what is
/// refused to one may be allowed to the other.
pub(crate) type Flights = Mutex<HashMap<(HostId, ResolvedImage), Flight>>;

impl Engine {
    /// Fetches the image, or waits with those for whom it is fetched already.
    pub(super) async fn pull(
        &self,
        host: HostId,
        image: &ResolvedImage,
        subject: Subject,
        followed: &Followed,
    ) -> Result<()> {
        // What somebody asked to be there for itself is not taken away again.
        let collect = !matches!(subject, Subject::HostImage(_));
        let (fetch, mut progress) = self.join_flight(host, image, collect);
        let tell = async {
            loop {
                let now = *progress.borrow_and_update();
                if now.layers > 0 {
                    followed.tell(|operation| operation.progress = pull_words(image, now));
                }
                if progress.changed().await.is_err() {
                    return std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            result = fetch => result,
            () = tell => Ok(()),
        }
    }

    fn join_flight(
        &self,
        host: HostId,
        image: &ResolvedImage,
        collect: bool,
    ) -> (Shared<Fetch>, watch::Receiver<PullProgress>) {
        let mut flights = lock(&self.flights);
        let key = (host, image.clone());
        if let Some(flight) = flights.get(&key)
            && let Some(fetch) = flight.fetch.upgrade()
        {
            return (fetch, flight.progress.clone());
        }
        let (sender, progress) = watch::channel(PullProgress::default());
        let (engine, ours) = (self.clone(), key.clone());
        let fetch = async move {
            let result = engine.fetch(host, &ours.1, collect, sender).await;
            lock(&engine.flights).remove(&ours);
            result
        };
        let fetch = fetch.boxed().shared();
        flights.retain(|_, flight| flight.fetch.upgrade().is_some());
        if let Some(weak) = fetch.downgrade() {
            let progress = progress.clone();
            flights.insert(
                key,
                Flight {
                    fetch: weak,
                    progress,
                },
            );
        }
        (fetch, progress)
    }

    async fn fetch(
        &self,
        host: HostId,
        image: &ResolvedImage,
        collect: bool,
        progress: watch::Sender<PullProgress>,
    ) -> Result<()> {
        let drivers = self
            .drivers(host)
            .map_err(|error| Error::new(Class::Unavailable, error.to_string()))?;
        let images = &drivers.images;
        let _kept = self.collecting.gate.read().await;
        self.about_to_use(host, &image.digest);
        if images.usage(&image.reference, &image.digest).await? != ImageUse::Absent {
            return Ok(());
        }
        let credentials = match image.registry {
            Some(id) => self.credentials_of(id).await?,
            None => None,
        };
        // Before it is there, so that it is known for ours whatever happens to this process.
        if collect {
            self.note_fetched(host, image, true).await?;
        }
        let pulled = images.pull(image, credentials.as_ref(), progress).await;
        // An answer that was lost may have had its effect.
        if pulled.is_err()
            && collect
            && let Ok(ImageUse::Absent) = images.usage(&image.reference, &image.digest).await
        {
            self.note_fetched(host, image, false).await?;
        }
        pulled
    }

    /// Read when they are used: neither the plan nor the log of an operation has them.
    pub(super) async fn credentials_of(&self, id: RegistryId) -> Result<Option<Credentials>> {
        let registry = self
            .store
            .registry_find(id)
            .await
            .map_err(|error| unavailable(&error))?;
        let registry = registry.ok_or_else(|| {
            Error::new(
                Class::Refused,
                format!("the registry {id} is gone, and with it the credentials"),
            )
        })?;
        Ok(Registry::credentials(&registry))
    }

    /// Notes that the image is there because of us, or that it is not.
    async fn note_fetched(&self, host: HostId, image: &ResolvedImage, there: bool) -> Result<()> {
        let now = self.clock.now();
        let fetched = FetchedImage {
            host,
            reference: image.reference.to_string(),
            digest: image.digest.clone(),
            fetched_at: now,
            last_used_at: now,
        };
        let write = async {
            let mut tx = self.store.begin().await?;
            if there {
                tx.fetched_image_note(&fetched).await?;
            } else {
                tx.fetched_image_forget(&fetched).await?;
            }
            tx.commit().await
        };
        write.await.map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &zun_store::Error) -> Error {
    Error::new(Class::Unavailable, error.to_string())
}

fn pull_words(image: &ResolvedImage, now: PullProgress) -> String {
    let mib = |bytes: u64| bytes / (1024 * 1024);
    format!(
        "pulling {} ({} of {} layers, {} of {} MiB)",
        image.reference,
        now.layers_done,
        now.layers,
        mib(now.bytes_done),
        mib(now.bytes)
    )
}
