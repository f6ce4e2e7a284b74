//! Snapshots of volumes. They outlive their volume.

use zun_domain::id::{ProjectId, SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::Snapshot;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement, json};
use crate::tx::{Reader, Tx};

const TABLE: &str = "snapshots";
const WHAT: &str = "snapshot";

fn snapshot(row: &Row) -> Result<Snapshot> {
    Ok(Snapshot {
        id: row.word("id")?,
        project: row.word("project_id")?,
        user: row.word("user_id")?,
        volume: row.word("volume_id")?,
        place: super::place(row)?,
        name: row.get("name")?,
        description: row.get("description")?,
        metadata: row.json("metadata")?,
        size: DiskGib(row.count("size_gib")?),
        life: row.json("life")?,
        status_reason: row.get("status_reason")?,
        created_at: row.word("created_at")?,
        updated_at: row.word_opt("updated_at")?,
    })
}

impl Reader {
    /// The snapshot, if there is one.
    pub async fn snapshot_find(&self, id: SnapshotId) -> Result<Option<Snapshot>> {
        let select = Statement::new(TABLE, "SELECT * FROM snapshots WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(snapshot).transpose()
    }

    /// The snapshot.
    pub async fn snapshot_get(&self, id: SnapshotId) -> Result<Snapshot> {
        self.snapshot_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// Every snapshot in order of insertion; of every project, of every volume, where none is given.
    pub async fn snapshot_list(
        &self,
        project: Option<ProjectId>,
        volume: Option<VolumeId>,
    ) -> Result<Vec<Snapshot>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM snapshots WHERE ($1 IS NULL OR project_id = $1) \
             AND ($2 IS NULL OR volume_id = $2) ORDER BY seq",
        );
        let select = select.bind(project).bind(volume.map(|id| id.0));
        self.rows(select).await?.iter().map(snapshot).collect()
    }
}

impl Tx {
    /// Inserts the record.
    pub async fn snapshot_insert(&mut self, snapshot: &Snapshot) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO snapshots (id, project_id, user_id, volume_id, host_id, host_name, host_zone, size_gib, \
             created_at, name, description, metadata, life, status_reason, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        )
        .bind(snapshot.id)
        .bind(snapshot.project)
        .bind(snapshot.user)
        .bind(snapshot.volume)
        .bind(snapshot.place.id)
        .bind(snapshot.place.name.as_str())
        .bind(snapshot.place.zone.as_str())
        .bind(snapshot.size.0)
        .bind(snapshot.created_at);
        self.execute(bind_state(bind_words(insert, snapshot)?, snapshot)?)
            .await?;
        Ok(())
    }

    /// Writes what operations change. Not the user's words, which may change while an operation ends.
    pub async fn snapshot_update(&mut self, snapshot: &Snapshot) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE snapshots SET life = $2, status_reason = $3, updated_at = $4 WHERE id = $1",
        )
        .bind(snapshot.id);
        self.snapshot_touched(bind_state(update, snapshot)?, snapshot.id)
            .await
    }

    /// Writes the user's words about it, and nothing that an operation changes.
    pub async fn snapshot_describe(&mut self, snapshot: &Snapshot) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE snapshots SET name = $2, description = $3, metadata = $4, updated_at = $5 WHERE id = $1",
        )
        .bind(snapshot.id);
        let update = bind_words(update, snapshot)?.bind(snapshot.updated_at);
        self.snapshot_touched(update, snapshot.id).await
    }

    /// Deletes the record.
    pub async fn snapshot_delete(&mut self, id: SnapshotId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM snapshots WHERE id = $1");
        self.snapshot_touched(delete.bind(id), id).await
    }

    async fn snapshot_touched(&mut self, change: Statement, id: SnapshotId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}

/// Binds the user's words: name, description, metadata.
fn bind_words(statement: Statement, snapshot: &Snapshot) -> Result<Statement> {
    Ok(statement
        .bind(snapshot.name.as_str())
        .bind(snapshot.description.as_str())
        .bind(json(&snapshot.metadata)?))
}

/// Binds the three columns that operations change, in the order of insert and update.
fn bind_state(statement: Statement, snapshot: &Snapshot) -> Result<Statement> {
    Ok(statement
        .bind(json(&snapshot.life)?)
        .bind(snapshot.status_reason.as_deref())
        .bind(snapshot.updated_at))
}
