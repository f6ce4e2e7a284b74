//! Images that could be run: what Docker's registries find by a term.

use zun_domain::container::spec::ImageSource;
use zun_domain::image::{FoundImage, ImageLife};
use zun_driver::Class;
use zun_driver::image::repository;

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// How many images are shown at most: as many as Docker's own client shows.
const MOST: u32 = 25;

impl Engine {
    /// What is found by a name or a part of one. `exact` leaves only what is named so.
    pub async fn image_search(
        &self,
        call: &Call,
        source: ImageSource,
        term: &str,
        exact: bool,
    ) -> Result<Vec<FoundImage>> {
        let legal = |c: char| !c.is_whitespace() && !c.is_control();
        if !(1..=255).contains(&term.len()) || !term.chars().all(legal) {
            return Err(Error::invalid(
                "image",
                "1 to 255 characters without spaces are searched for, such as nginx or registry.example/app",
            ));
        }
        if term
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.'))
        {
            return Err(Error::invalid(
                "image",
                format!(
                    "{term} is no name of an image: parts between slashes begin with a letter or a digit"
                ),
            ));
        }
        let mut found = match source {
            ImageSource::Docker => self.docker_search(term).await?,
            ImageSource::Glance => self.glance_search(call, term).await?,
        };
        if exact {
            let wanted = plain(repository(term));
            found.retain(|image| plain(&image.name) == wanted);
        }
        Ok(found)
    }

    /// Images of the image service that the caller may use.
    async fn glance_search(&self, call: &Call, term: &str) -> Result<Vec<FoundImage>> {
        let mut all = self.store.image_list(call.visible()).await?;
        all.retain(|image| image.life != ImageLife::Deleting && image.name.contains(term));
        all.truncate(MOST as usize);
        let found = all.into_iter().map(|image| FoundImage {
            name: image.name,
            description: String::new(),
            official: false,
            stars: 0,
        });
        Ok(found.collect())
    }

    async fn docker_search(&self, term: &str) -> Result<Vec<FoundImage>> {
        let images = &self.drivers(self.local)?.images;
        // Registries search by name: a tag would find nothing.
        let answer = images.search(repository(term), MOST).await;
        answer.map_err(|error| match error.class {
            Class::Unavailable | Class::Exhausted => Error::Unavailable(error.message),
            Class::NotFound | Class::Refused | Class::Conflict => {
                Error::invalid("image", error.message)
            }
            Class::Internal => Error::Internal(error.message),
        })
    }
}

/// A name without what means Docker Hub.
fn plain(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}
