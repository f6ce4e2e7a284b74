//! Volumes, and which containers have them.

mod attachment;
mod snapshot;

use zun_domain::host::HostPlace;
use zun_domain::id::{ContainerId, HostId, ProjectId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::Volume;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement, json};
use crate::tx::{Reader, Tx};

const TABLE: &str = "volumes";
const WHAT: &str = "volume";

/// Volumes with their attachments in one answer, one row for each pair of them.
macro_rules! with_attachments {
    ($which:literal) => {
        concat!(
            "SELECT v.*, a.container_id, a.state, a.destination, a.attached_at FROM (SELECT * FROM volumes ",
            $which,
            ") v LEFT JOIN volume_attachments a ON a.volume_id = v.id ORDER BY v.seq, a.seq"
        )
    };
}

fn volumes(rows: &[Row]) -> Result<Vec<Volume>> {
    let mut all: Vec<Volume> = Vec::new();
    for row in rows {
        let id: VolumeId = row.word("id")?;
        if all.last().is_none_or(|last| last.id != id) {
            all.push(volume(id, row)?);
        }
        if let (Some(last), Some(attachment)) = (all.last_mut(), attachment::joined(id, row)?) {
            last.attachments.push(attachment);
        }
    }
    Ok(all)
}

fn volume(id: VolumeId, row: &Row) -> Result<Volume> {
    Ok(Volume {
        id,
        project: row.word("project_id")?,
        user: row.word("user_id")?,
        place: place(row)?,
        name: row.get("name")?,
        description: row.get("description")?,
        metadata: row.json("metadata")?,
        size: DiskGib(row.count("size_gib")?),
        volume_type: row.word("volume_type")?,
        source: row.json("source")?,
        owner: row.word_opt("owner_id")?,
        life: row.json("life")?,
        status_reason: row.get("status_reason")?,
        attachments: Vec::new(),
        created_at: row.word("created_at")?,
        updated_at: row.word_opt("updated_at")?,
    })
}

pub(crate) fn place(row: &Row) -> Result<HostPlace> {
    Ok(HostPlace {
        id: row.word("host_id")?,
        name: row.word("host_name")?,
        zone: row.get("host_zone")?,
    })
}

impl Reader {
    /// The volume, if there is one.
    pub async fn volume_find(&self, id: VolumeId) -> Result<Option<Volume>> {
        let select = Statement::new(TABLE, with_attachments!("WHERE id = $1"));
        Ok(volumes(&self.rows(select.bind(id)).await?)?.pop())
    }

    /// The volume.
    pub async fn volume_get(&self, id: VolumeId) -> Result<Volume> {
        self.volume_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// Every volume in order of insertion; of every project where none is given.
    pub async fn volume_list(&self, project: Option<ProjectId>) -> Result<Vec<Volume>> {
        let select = Statement::new(
            TABLE,
            with_attachments!("WHERE $1 IS NULL OR project_id = $1"),
        );
        volumes(&self.rows(select.bind(project)).await?)
    }

    /// Every volume of that name, in order of insertion; of every project where none is given.
    pub async fn volumes_named(
        &self,
        project: Option<ProjectId>,
        name: &str,
    ) -> Result<Vec<Volume>> {
        let select = Statement::new(
            TABLE,
            with_attachments!("WHERE ($1 IS NULL OR project_id = $1) AND name = $2"),
        );
        volumes(&self.rows(select.bind(project).bind(name)).await?)
    }

    /// The volumes that a container has or is promised, and those that it asked for by size.
    pub async fn volumes_of(&self, container: ContainerId) -> Result<Vec<Volume>> {
        let select = Statement::new(
            TABLE,
            with_attachments!(
                "WHERE owner_id = $1 OR id IN \
                 (SELECT volume_id FROM volume_attachments WHERE container_id = $1)"
            ),
        );
        volumes(&self.rows(select.bind(container)).await?)
    }

    /// The sizes of a host's volumes and snapshots together.
    pub async fn volume_space_of(&self, host: HostId) -> Result<DiskGib> {
        let select = Statement::new(
            TABLE,
            "SELECT CAST(COALESCE(SUM(size_gib), 0) AS BIGINT) AS total FROM ( \
             SELECT size_gib, host_id FROM volumes UNION ALL SELECT size_gib, host_id FROM snapshots) s \
             WHERE host_id = $1",
        );
        self.row(select.bind(host))
            .await?
            .map_or(Ok(DiskGib(0)), |row| row.count("total").map(DiskGib))
    }
}

impl Tx {
    /// Inserts the record. Its attachments are not written here: each is a [`Tx::volume_attach`].
    pub async fn volume_insert(&mut self, volume: &Volume) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO volumes (id, project_id, user_id, host_id, host_name, host_zone, volume_type, source, \
             created_at, name, description, metadata, size_gib, owner_id, life, status_reason, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        )
        .bind(volume.id)
        .bind(volume.project)
        .bind(volume.user)
        .bind(volume.place.id)
        .bind(volume.place.name.as_str())
        .bind(volume.place.zone.as_str())
        .bind(volume.volume_type.as_str())
        .bind(json(&volume.source)?)
        .bind(volume.created_at);
        self.execute(bind_state(bind_words(insert, volume)?, volume)?)
            .await?;
        Ok(())
    }

    /// Writes what operations change. Not the user's words, which may change while an operation ends.
    pub async fn volume_update(&mut self, volume: &Volume) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE volumes SET size_gib = $2, owner_id = $3, life = $4, status_reason = $5, updated_at = $6 \
             WHERE id = $1",
        )
        .bind(volume.id);
        self.volume_touched(bind_state(update, volume)?, volume.id)
            .await
    }

    /// Writes the user's words about it, and nothing that an operation changes.
    pub async fn volume_describe(&mut self, volume: &Volume) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE volumes SET name = $2, description = $3, metadata = $4, updated_at = $5 WHERE id = $1",
        )
        .bind(volume.id);
        let update = bind_words(update, volume)?.bind(volume.updated_at);
        self.volume_touched(update, volume.id).await
    }

    /// Deletes the record. While a container has the volume it is [`crate::Constraint::Reference`].
    pub async fn volume_delete(&mut self, id: VolumeId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM volumes WHERE id = $1");
        self.volume_touched(delete.bind(id), id).await
    }

    async fn volume_touched(&mut self, change: Statement, id: VolumeId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}

/// Binds the user's words: name, description, metadata.
fn bind_words(statement: Statement, volume: &Volume) -> Result<Statement> {
    Ok(statement
        .bind(volume.name.as_str())
        .bind(volume.description.as_str())
        .bind(json(&volume.metadata)?))
}

/// Binds the five columns that operations change, in the order of insert and update.
fn bind_state(statement: Statement, volume: &Volume) -> Result<Statement> {
    Ok(statement
        .bind(volume.size.0)
        .bind(volume.owner.map(|id| id.0))
        .bind(json(&volume.life)?)
        .bind(volume.status_reason.as_deref())
        .bind(volume.updated_at))
}
