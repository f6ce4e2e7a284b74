//! Our own image of sandboxes in a Docker Engine.

use bollard::query_parameters::ImportImageOptionsBuilder;
use futures::TryStreamExt;
use zun_domain::image::ResolvedImage;
use zun_domain::name::ImageRef;
use zun_driver::{Class, Error, Result};

use crate::Docker;

impl Docker {
    /// Loads it where the engine has it not: under the same tag is always the same image.
    pub(crate) async fn load_sandbox(&self) -> Result<ResolvedImage> {
        let ours = zun_sandbox::image();
        let reference: ImageRef = ours.reference.parse().map_err(|error| {
            let sentence = format!("the name of the sandbox's image: {error}");
            Error::new(Class::Internal, sentence)
        })?;
        if !self.has_image(&ours.reference).await? {
            let options = ImportImageOptionsBuilder::new().quiet(true).build();
            let archive = bollard::body_full(ours.archive.into());
            let client = self.client().await?;
            let said: std::result::Result<Vec<_>, _> = client
                .import_image(options, archive, None)
                .try_collect()
                .await;
            said.map_err(|error| self.told(&format!("load the image {reference}"), error))?;
        }
        self.memory().image_ids.insert(ours.id.clone());
        Ok(ResolvedImage {
            reference,
            digest: ours.id,
            present: true,
            registry: None,
        })
    }
}
