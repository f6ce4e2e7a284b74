//! That a container has a volume, or is promised one.

use zun_domain::id::{ContainerId, VolumeId};
use zun_domain::volume::{AttachmentState, VolumeAttachment};

use crate::error::Result;
use crate::sql::{Row, Statement};
use crate::tx::Tx;

const TABLE: &str = "volume_attachments";

/// The attachment in a row of volumes, where the row has one.
pub(super) fn joined(volume: VolumeId, row: &Row) -> Result<Option<VolumeAttachment>> {
    let Some(container) = row.word_opt("container_id")? else {
        return Ok(None);
    };
    Ok(Some(VolumeAttachment {
        volume,
        container,
        state: row.word("state")?,
        destination: row.word("destination")?,
        attached_at: row.word("attached_at")?,
    }))
}

fn word(state: AttachmentState) -> &'static str {
    match state {
        AttachmentState::Reserved => "reserved",
        AttachmentState::Attached => "attached",
    }
}

impl Tx {
    /// Notes that a container has the volume. One that has it already keeps its place and its time.
    pub async fn volume_attach(&mut self, attachment: &VolumeAttachment) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO volume_attachments (volume_id, container_id, state, destination, attached_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (volume_id, container_id) \
             DO UPDATE SET state = EXCLUDED.state, destination = EXCLUDED.destination",
        )
        .bind(attachment.volume)
        .bind(attachment.container)
        .bind(word(attachment.state))
        .bind(attachment.destination.as_str())
        .bind(attachment.attached_at);
        self.execute(insert).await?;
        Ok(())
    }

    /// Notes that the container has it no longer.
    pub async fn volume_detach(&mut self, volume: VolumeId, container: ContainerId) -> Result<()> {
        let delete = Statement::new(
            TABLE,
            "DELETE FROM volume_attachments WHERE volume_id = $1 AND container_id = $2",
        );
        self.execute(delete.bind(volume).bind(container)).await?;
        Ok(())
    }
}
