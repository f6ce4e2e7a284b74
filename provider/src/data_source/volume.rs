//! `data "zun_volume"`: one volume as it is now, by id or by name.

use tfplugin::schema::Rule;
use tfplugin::{Context, DataResponse, DataSource, Diagnostics, Schema, Value, async_trait};
use zun_client::Volume;

use super::one_stored;
use crate::resource::volume;
use crate::session::Session;

/// The data source.
pub(super) struct VolumeData;

#[async_trait]
impl DataSource<Session> for VolumeData {
    fn type_name(&self) -> &'static str {
        "zun_volume"
    }

    fn schema(&self) -> Schema {
        let begin = Schema::new()
            .description("A volume of the project as it is now, by id or by name.")
            .rule(Rule::exactly_one_of(["id", "name"]));
        one_stored::attributes(
            begin,
            &volume::schema(),
            &[
                (
                    "status",
                    "What it is doing: `creating`, `available`, `reserved` (promised to a container), `in-use`, `extending`, `deleting` or `error`.",
                ),
                ("attachment", "The containers that have it."),
            ],
        )
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let found: Volume = one_stored::find(context, &config).await?;
        response.set_state(volume::shown(&found));
        Ok(())
    }
}
