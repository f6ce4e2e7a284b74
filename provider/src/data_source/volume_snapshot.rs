//! `data "zun_volume_snapshot"`: one snapshot, by id or by name.

use tfplugin::schema::Rule;
use tfplugin::{Context, DataResponse, DataSource, Diagnostics, Schema, Value, async_trait};
use zun_client::Snapshot;

use super::one_stored;
use crate::resource::volume_snapshot;
use crate::session::Session;

/// The data source.
pub(super) struct SnapshotData;

#[async_trait]
impl DataSource<Session> for SnapshotData {
    fn type_name(&self) -> &'static str {
        "zun_volume_snapshot"
    }

    fn schema(&self) -> Schema {
        let begin = Schema::new()
            .description("A snapshot of the project, by id or by name.")
            .rule(Rule::exactly_one_of(["id", "name"]));
        one_stored::attributes(begin, &volume_snapshot::schema(), &[])
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let found: Snapshot = one_stored::find(context, &config).await?;
        response.set_state(volume_snapshot::shown(&found));
        Ok(())
    }
}
