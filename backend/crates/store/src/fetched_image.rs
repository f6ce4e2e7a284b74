//! The images that we fetched on a host: only these are ever removed again.

use zun_domain::id::HostId;
use zun_domain::time::Timestamp;

use crate::error::Result;
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "fetched_images";

/// An image that we fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedImage {
    /// Where it is.
    pub host: HostId,
    /// The reference it was fetched by, its registry in front.
    pub reference: String,
    /// Its digest there.
    pub digest: String,
    /// When it was fetched first.
    pub fetched_at: Timestamp,
    /// When a container was last seen to use it, or about to.
    pub last_used_at: Timestamp,
}

fn fetched(row: &Row) -> Result<FetchedImage> {
    Ok(FetchedImage {
        host: row.word("host_id")?,
        reference: row.get("reference")?,
        digest: row.get("digest")?,
        fetched_at: row.word("fetched_at")?,
        last_used_at: row.word("last_used_at")?,
    })
}

impl Reader {
    /// Every one of a host, in the order in which they were fetched.
    pub async fn fetched_image_list(&self, host: HostId) -> Result<Vec<FetchedImage>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM fetched_images WHERE host_id = $1 ORDER BY seq",
        );
        let rows = self.rows(select.bind(host)).await?;
        rows.iter().map(fetched).collect()
    }
}

impl Tx {
    /// Notes it. One that is noted already counts as used at this moment.
    pub async fn fetched_image_note(&mut self, image: &FetchedImage) -> Result<()> {
        let upsert = Statement::new(
            TABLE,
            "INSERT INTO fetched_images (host_id, reference, digest, fetched_at, last_used_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (host_id, reference, digest) DO UPDATE SET last_used_at = excluded.last_used_at",
        )
        .bind(image.host)
        .bind(image.reference.as_str())
        .bind(image.digest.as_str())
        .bind(image.fetched_at)
        .bind(image.last_used_at);
        self.execute(upsert).await?;
        Ok(())
    }

    /// Forgets it. One that is not noted is forgotten already.
    pub async fn fetched_image_forget(&mut self, image: &FetchedImage) -> Result<()> {
        let delete = Statement::new(
            TABLE,
            "DELETE FROM fetched_images WHERE host_id = $1 AND reference = $2 AND digest = $3",
        )
        .bind(image.host)
        .bind(image.reference.as_str())
        .bind(image.digest.as_str());
        self.execute(delete).await?;
        Ok(())
    }
}
