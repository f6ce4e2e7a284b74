//! The image of sandboxes: the one that the configuration names, else our own, which zund brings along and puts on a
//! host when a capsule needs it there.

use zun_domain::container::PullPolicy;
use zun_domain::image::ResolvedImage;

use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// What a sandbox is made of now.
    pub(crate) async fn sandbox_image(&self) -> Result<ResolvedImage> {
        let images = &self.drivers(self.local)?.images;
        let Some(given) = &self.settings.sandbox_image else {
            return Ok(images.ensure_sandbox().await?);
        };
        let resolved = images.resolve(given, PullPolicy::IfNotPresent, None).await;
        resolved.map_err(|error| Error::Image {
            image: given.to_string(),
            message: format!(
                "{error}; the setting sandbox_image names it, without it zund uses its own"
            ),
            missing: false,
        })
    }
}
