//! The image of sandboxes: the one that the configuration names, else our own, which is brought along.

use zun_domain::container::PullPolicy;
use zun_domain::image::ResolvedImage;
use zun_domain::name::ImageRef;

use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// What a sandbox is made of now.
    pub(crate) async fn sandbox_image(&self) -> Result<ResolvedImage> {
        let images = &self.drivers(self.local)?.images;
        let given = self.settings.sandbox_image.clone();
        let image: ImageRef = match given {
            Some(image) => image,
            None => "zun/sandbox:1"
                .parse()
                .map_err(|_| Error::Internal("the name of the sandbox's image".to_owned()))?,
        };
        let resolved = images.resolve(&image, PullPolicy::IfNotPresent).await;
        resolved.map_err(|error| Error::Image {
            image: image.to_string(),
            message: format!("{error}; it is what the setting sandbox_image names"),
            missing: false,
        })
    }
}
