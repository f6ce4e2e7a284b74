//! `zun_quota`: what a project may use.

use tfplugin::{Attribute, Diagnostics, Schema, Value, async_trait};
use zun_api_types::quota::SetLimits;
use zun_client::{Client, Error};

use super::limits::{Held, Owner};
use crate::report::failed;
use crate::session::Session;

/// Limits of a project.
pub(super) struct Project;

#[async_trait]
impl Owner for Project {
    const TYPE: &'static str = "zun_quota";
    const KEY: &'static str = "project_id";

    fn schema() -> Schema {
        Schema::new()
            .description(
                "What a project may use. Limits that are left out are inherited from the class `default` and the server's \
                 configuration. Destroying it returns the project to those.",
            )
            .attribute(
                "id",
                Attribute::string()
                    .computed()
                    .use_state_for_unknown()
                    .description("The project."),
            )
            .attribute(
                Self::KEY,
                Attribute::string()
                    .optional()
                    .computed()
                    .use_state_for_unknown()
                    .requires_replace_if_configured()
                    .description("The project; the one the provider works in where none is given."),
            )
    }

    async fn chosen(session: &Session, planned: &Value) -> Result<String, Diagnostics> {
        if let Some(project) = planned.get(Self::KEY)?.as_str() {
            return Ok(project.to_owned());
        }
        let features = session.client.features().await;
        Ok(features.map_err(|error| failed(&error))?.project_id.clone())
    }

    async fn get(client: &Client, id: &str) -> Result<Held, Error> {
        let quota = client.quota_get(id).await?;
        Ok((quota.limits, quota.effective))
    }

    async fn set(client: &Client, id: &str, body: &SetLimits) -> Result<Held, Error> {
        let quota = client.quota_set(id, body).await?;
        Ok((quota.limits, quota.effective))
    }

    async fn delete(client: &Client, id: &str) -> Result<(), Error> {
        client.quota_delete(id).await
    }
}
