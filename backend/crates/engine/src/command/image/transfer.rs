//! The data of an image on its way in and out.

use zun_domain::id::ImageId;
use zun_domain::image::{Image, ImageFacts, ImageLife};
use zun_domain::operation::Subject;
use zun_driver::{Class, Content};

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// The data of an image.
pub struct Download {
    /// Whose it is.
    pub image: Image,
    /// The data, and what is known of it; `None` where the image has none yet.
    pub data: Option<(ImageFacts, Content)>,
}

impl Engine {
    /// Takes the data of an image that has none yet. It is there when this answers; a sender who goes away leaves the
    /// image as it was, whoever still waits.
    pub async fn image_upload(&self, call: &Call, ident: &str, data: Content) -> Result<Image> {
        let seen = self.image_own(call, ident).await?;
        let id = seen.id;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut image = tx.image_get(id).await?;
        if image.life != ImageLife::Queued {
            return Err(Error::Conflict(format!(
                "image {id} is in status {}; data can be uploaded to one that is queued, and only once",
                image.life.glance()
            )));
        }
        image.life = ImageLife::Saving;
        image.updated_at = self.clock.now();
        tx.image_update(&image).await?;
        tx.commit().await?;
        let engine = self.clone();
        // Of its own, so that it is put in order whoever waits for it.
        let upload = self
            .tasks
            .spawn(async move { engine.take_data(id, data).await });
        upload.await.map_err(|error| {
            Error::Internal(format!("the upload of image {id} broke off: {error}"))
        })?
    }

    async fn take_data(&self, id: ImageId, data: Content) -> Result<Image> {
        let subject = Subject::Image(id);
        let turn = self.turn(subject);
        let held = turn.lock().await;
        let store = &self.drivers(self.local)?.image_store;
        let put = store.put(id, data, self.settings.image_max_bytes);
        let put = tokio::select! {
            put = put => put.map_err(|error| refusal(&error)),
            () = self.stop.cancelled() => {
                Err(Error::Unavailable("zund is stopping; upload the data again".to_owned()))
            }
        };
        let settled = self.settle_upload(id, put).await;
        drop(held);
        self.let_go(subject).await;
        settled
    }

    /// The image has its data, or waits for it again.
    async fn settle_upload(&self, id: ImageId, put: Result<ImageFacts>) -> Result<Image> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut image = tx.image_get(id).await?;
        image.updated_at = self.clock.now();
        image.life = match &put {
            Ok(facts) => {
                image.facts = Some(facts.clone());
                ImageLife::Active
            }
            Err(_) => ImageLife::Queued,
        };
        tx.image_update(&image).await?;
        tx.commit().await?;
        put.map(|_| image)
    }

    /// The data of an image that the caller may use.
    pub async fn image_download(&self, call: &Call, ident: &str) -> Result<Download> {
        let image = self.image_get(call, ident).await?;
        let data = match (&image.life, &image.facts) {
            (ImageLife::Active, Some(facts)) => {
                let store = &self.drivers(self.local)?.image_store;
                Some((facts.clone(), store.read(image.id).await?))
            }
            _ => None,
        };
        Ok(Download { image, data })
    }
}

/// What is wrong with data that was sent.
fn refusal(error: &zun_driver::Error) -> Error {
    let message = error.message.clone();
    match error.class {
        Class::Refused | Class::Unavailable => Error::invalid("file", message),
        Class::Exhausted => Error::TooLarge(message),
        Class::NotFound | Class::Conflict | Class::Internal => Error::Internal(message),
    }
}
