//! Whether an image is used, and taking away what a pull has made.

use std::collections::HashMap;

use bollard::models::ImageInspect;
use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveImageOptionsBuilder};
use zun_domain::image::ImageUse;
use zun_domain::name::ImageRef;
use zun_driver::image::pinned;
use zun_driver::{Class, Error, Result};

use crate::{Docker, error};

impl Docker {
    pub(super) async fn use_of(&self, image: &ImageRef, digest: &str) -> Result<ImageUse> {
        match self.local_image(&pinned(image, digest)).await? {
            None => Ok(ImageUse::Absent),
            Some(found) if self.is_used(&found).await? => Ok(ImageUse::InUse),
            Some(_) => Ok(ImageUse::Unused),
        }
    }

    /// Any container of the engine was made from it, or from an image that was made from it.
    async fn is_used(&self, image: &ImageInspect) -> Result<bool> {
        let id = image.id.clone().unwrap_or_default();
        let filters = HashMap::from([("ancestor".to_owned(), vec![id])]);
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        let found = self.client().await?.list_containers(Some(options)).await;
        let found = found.map_err(|error| self.told("list the containers of an image", error))?;
        Ok(!found.is_empty())
    }

    pub(super) async fn take_away(&self, image: &ImageRef, digest: &str) -> Result<()> {
        let name = pinned(image, digest);
        let Some(found) = self.local_image(&name).await? else {
            return Ok(());
        };
        if self.is_used(&found).await? {
            let message = format!("cannot remove the image {image}: a container was made from it");
            return Err(Error::new(Class::Conflict, message));
        }
        let tag = image.with_tag();
        if !tag.contains('@')
            && let Some(tagged) = self.local_image(&tag).await?
            && tagged.id == found.id
        {
            self.remove_name(&tag).await?;
        }
        self.remove_name(&name).await
    }

    /// Not by force: the engine refuses the last name of an image that a container needs, one that was made meanwhile
    /// too.
    async fn remove_name(&self, name: &str) -> Result<()> {
        let options = RemoveImageOptionsBuilder::new().force(false).build();
        let removed = self
            .client()
            .await?
            .remove_image(name, Some(options), None)
            .await;
        match removed {
            Ok(_) => Ok(()),
            Err(error) if error::is_absent(&error) => Ok(()),
            Err(error) => Err(self.told(&format!("remove the image {name}"), error)),
        }
    }
}
