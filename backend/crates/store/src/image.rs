//! Images of the image service, and those that were pulled to hosts.

use zun_domain::id::{ImageId, ProjectId};
use zun_domain::image::{Image, PulledImage};

use crate::error::{Error, Result};
use crate::sql::{Row, Statement, json};
use crate::tx::{Reader, Tx};

const TABLE: &str = "images";
const WHAT: &str = "image";
const PULLED: &str = "pulled_images";

fn image(row: &Row) -> Result<Image> {
    Ok(Image {
        id: row.word("id")?,
        project: row.word("project_id")?,
        user: row.word("user_id")?,
        name: row.get("name")?,
        visibility: row.word("visibility")?,
        protected: row.get("protected")?,
        hidden: row.get("hidden")?,
        container_format: row.get("container_format")?,
        disk_format: row.get("disk_format")?,
        min_disk: row.count("min_disk")?,
        min_ram: row.count("min_ram")?,
        tags: row.json("tags")?,
        properties: row.json("properties")?,
        source: row.word_opt("source")?,
        facts: row.json_opt("facts")?,
        life: row.json("life")?,
        created_at: row.word("created_at")?,
        updated_at: row.word("updated_at")?,
    })
}

fn pulled(row: &Row) -> Result<PulledImage> {
    Ok(PulledImage {
        id: row.word("id")?,
        project: row.word("project_id")?,
        user: row.word("user_id")?,
        reference: row.word("reference")?,
        place: crate::volume::place(row)?,
        image_id: row.get("image_id")?,
        size: row.count_opt("size")?,
        life: row.json("life")?,
        created_at: row.word("created_at")?,
        updated_at: row.word("updated_at")?,
    })
}

impl Reader {
    /// The image, if there is one.
    pub async fn image_find(&self, id: ImageId) -> Result<Option<Image>> {
        let select = Statement::new(TABLE, "SELECT * FROM images WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(image).transpose()
    }

    /// The image.
    pub async fn image_get(&self, id: ImageId) -> Result<Image> {
        self.image_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// Every image that a project may use, its own and the public ones, in order of insertion; every one where no
    /// project is given.
    pub async fn image_list(&self, project: Option<ProjectId>) -> Result<Vec<Image>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM images WHERE ($1 IS NULL OR project_id = $1 OR visibility = 'public') ORDER BY seq",
        );
        let select = select.bind(project);
        self.rows(select).await?.iter().map(image).collect()
    }

    /// The image that was pulled, if there is one.
    pub async fn pulled_image_find(&self, id: ImageId) -> Result<Option<PulledImage>> {
        let select = Statement::new(PULLED, "SELECT * FROM pulled_images WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(pulled).transpose()
    }

    /// The image that was pulled.
    pub async fn pulled_image_get(&self, id: ImageId) -> Result<PulledImage> {
        self.pulled_image_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// Every image that was pulled, in order of insertion.
    pub async fn pulled_image_list(&self) -> Result<Vec<PulledImage>> {
        let select = Statement::new(PULLED, "SELECT * FROM pulled_images ORDER BY seq");
        self.rows(select).await?.iter().map(pulled).collect()
    }
}

impl Tx {
    /// Inserts the record.
    pub async fn image_insert(&mut self, image: &Image) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO images (id, name, visibility, protected, hidden, container_format, disk_format, min_disk, \
             min_ram, tags, properties, updated_at, project_id, user_id, source, facts, life, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        )
        .bind(image.id);
        let insert = bind_words(insert, image)?
            .bind(image.project)
            .bind(image.user)
            .bind(image.source.as_ref().map(ToString::to_string));
        let insert = bind_state(insert, image)?.bind(image.created_at);
        self.execute(insert).await?;
        Ok(())
    }

    /// Writes what uploads and operations change. Not the user's words, which may change meanwhile.
    pub async fn image_update(&mut self, image: &Image) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE images SET updated_at = $2, facts = $3, life = $4 WHERE id = $1",
        );
        let update = bind_state(update.bind(image.id).bind(image.updated_at), image)?;
        self.image_touched(update, image.id).await
    }

    /// Writes the user's words about it, and nothing that an upload or an operation changes.
    pub async fn image_describe(&mut self, image: &Image) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE images SET name = $2, visibility = $3, protected = $4, hidden = $5, container_format = $6, \
             disk_format = $7, min_disk = $8, min_ram = $9, tags = $10, properties = $11, updated_at = $12 \
             WHERE id = $1",
        );
        let update = bind_words(update.bind(image.id), image)?;
        self.image_touched(update, image.id).await
    }

    /// Deletes the record.
    pub async fn image_delete(&mut self, id: ImageId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM images WHERE id = $1");
        self.image_touched(delete.bind(id), id).await
    }

    /// Inserts the record of an image to be pulled. A second one of the same host and reference is a conflict.
    pub async fn pulled_image_insert(&mut self, image: &PulledImage) -> Result<()> {
        let insert = Statement::new(
            PULLED,
            "INSERT INTO pulled_images (id, image_id, size, life, updated_at, project_id, user_id, reference, host_id, \
             host_name, host_zone, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        );
        let insert = bind_pulled(insert, image)?
            .bind(image.project)
            .bind(image.user)
            .bind(image.reference.as_str())
            .bind(image.place.id)
            .bind(image.place.name.as_str())
            .bind(image.place.zone.as_str())
            .bind(image.created_at);
        self.execute(insert).await?;
        Ok(())
    }

    /// Writes what operations change.
    pub async fn pulled_image_update(&mut self, image: &PulledImage) -> Result<()> {
        let update = Statement::new(
            PULLED,
            "UPDATE pulled_images SET image_id = $2, size = $3, life = $4, updated_at = $5 WHERE id = $1",
        );
        let update = bind_pulled(update, image)?;
        self.image_touched(update, image.id).await
    }

    /// Deletes the record.
    pub async fn pulled_image_delete(&mut self, id: ImageId) -> Result<()> {
        let delete = Statement::new(PULLED, "DELETE FROM pulled_images WHERE id = $1");
        self.image_touched(delete.bind(id), id).await
    }

    async fn image_touched(&mut self, change: Statement, id: ImageId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}

/// Binds the user's words and when they were written, in the order of insert and update.
fn bind_words(statement: Statement, image: &Image) -> Result<Statement> {
    Ok(statement
        .bind(image.name.as_str())
        .bind(image.visibility.as_str())
        .bind(image.protected)
        .bind(image.hidden)
        .bind(image.container_format.as_deref())
        .bind(image.disk_format.as_deref())
        .bind(image.min_disk)
        .bind(image.min_ram)
        .bind(json(&image.tags)?)
        .bind(json(&image.properties)?)
        .bind(image.updated_at))
}

/// Binds the two columns that uploads and operations change.
fn bind_state(statement: Statement, image: &Image) -> Result<Statement> {
    Ok(statement
        .bind(image.facts.as_ref().map(json).transpose()?)
        .bind(json(&image.life)?))
}

/// Binds the id and the four columns that operations change.
fn bind_pulled(statement: Statement, image: &PulledImage) -> Result<Statement> {
    Ok(statement
        .bind(image.id)
        .bind(image.image_id.as_deref())
        .bind(
            image
                .size
                .map(|size| i64::try_from(size).unwrap_or(i64::MAX)),
        )
        .bind(json(&image.life)?)
        .bind(image.updated_at))
}
