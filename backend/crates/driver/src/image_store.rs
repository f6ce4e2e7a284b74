//! The data of the image service: archives, each under the id of its image.

use async_trait::async_trait;
use zun_domain::id::ImageId;
use zun_domain::image::ImageFacts;

use crate::content::Content;
use crate::error::Result;

/// Where archives are kept. Every verb may be asked twice, and after a crash at any moment of an earlier one.
#[async_trait]
pub trait ImageStore: Send + Sync {
    /// Keeps the data and tells what it is. It is there once it is whole, understood and on the disk, and not before.
    /// Succeeds without reading where the image has data. `Refused`, with what was looked for, where the data is
    /// no image; `Exhausted` where it is larger than `most` bytes, or the disk is full; `Unavailable` where it
    /// ends before its end.
    async fn put(&self, id: ImageId, data: Content, most: u64) -> Result<ImageFacts>;

    /// What the data of an image is; `None` where there is none.
    async fn find(&self, id: ImageId) -> Result<Option<ImageFacts>>;

    /// The data as it came. `NotFound` where there is none.
    async fn read(&self, id: ImageId) -> Result<Content>;

    /// The data as a Docker archive without tags. `NotFound` where there is none.
    async fn loadable(&self, id: ImageId) -> Result<Content>;

    /// Removes the data, and what an interrupted [`ImageStore::put`] has left; succeeds if there is none.
    async fn remove(&self, id: ImageId) -> Result<()>;

    /// Every image that something is kept of, whole or not.
    async fn list(&self) -> Result<Vec<ImageId>>;
}

/// There is no data of that image.
pub fn absent(id: ImageId) -> crate::Error {
    crate::Error::new(
        crate::Class::NotFound,
        format!("there is no data of image {id}"),
    )
}
