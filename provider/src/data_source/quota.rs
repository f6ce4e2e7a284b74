//! `data "zun_quota"`: the limits of a project and what is used of them.

use tfplugin::{
    Attribute, Context, DataResponse, DataSource, Diagnostics, Schema, Value, async_trait,
};

use crate::json::value_of;
use crate::report::failed;
use crate::resource::figures;
use crate::session::Session;

/// The data source.
pub(super) struct QuotaData;

#[async_trait]
impl DataSource<Session> for QuotaData {
    fn type_name(&self) -> &'static str {
        "zun_quota"
    }

    fn schema(&self) -> Schema {
        let nested = |text: &str| {
            Attribute::single_nested(figures())
                .computed()
                .description(text)
        };
        Schema::new()
            .description("The limits of a project, and what is used of them.")
            .attribute(
                "id",
                Attribute::string().computed().description("The project."),
            )
            .attribute(
                "project_id",
                Attribute::string()
                    .optional()
                    .computed()
                    .description("The project; the one the provider works in where none is given."),
            )
            .attribute(
                "limits",
                nested("The limits set for the project itself; null where one is inherited."),
            )
            .attribute("effective", nested("The limits in force; -1 is unlimited."))
            .attribute("used", nested("What is used."))
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let project = if let Some(project) = config.read::<Option<String>>("project_id")? {
            project
        } else {
            let features = session.client.features().await;
            let features = features.map_err(|error| failed(&error))?;
            features.project_id.clone()
        };
        let quota = session.client.quota_get(&project).await;
        let quota = quota.map_err(|error| failed(&error))?;
        response.set("id", project.as_str());
        response.set("project_id", project.as_str());
        response.set("limits", value_of(&quota.limits));
        response.set("effective", value_of(&quota.effective));
        response.set("used", value_of(&quota.used));
        Ok(())
    }
}
