//! `zun_quota_class`: the limits of a class; the one called `default` counts for every project without its own.

use tfplugin::schema::validator;
use tfplugin::{Attribute, Diagnostics, Schema, Value, async_trait};
use zun_api_types::quota::SetLimits;
use zun_client::{Client, Error};

use super::limits::{Held, Owner};
use crate::session::Session;

/// Limits of a class.
pub(super) struct Class;

#[async_trait]
impl Owner for Class {
    const TYPE: &'static str = "zun_quota_class";
    const KEY: &'static str = "name";

    fn schema() -> Schema {
        Schema::new()
            .description(
                "Limits of a quota class. Those of the class `default` count for every project that has none of its own. \
                 Destroying it returns to the server's configuration.",
            )
            .attribute(
                "id",
                Attribute::string()
                    .computed()
                    .use_state_for_unknown()
                    .description("The name."),
            )
            .attribute(
                Self::KEY,
                Attribute::string()
                    .required()
                    .requires_replace()
                    .validator(validator::length(1..=255))
                    .description("The class; `default` counts for projects."),
            )
    }

    async fn chosen(_: &Session, planned: &Value) -> Result<String, Diagnostics> {
        Ok(planned.read(Self::KEY)?)
    }

    async fn get(client: &Client, id: &str) -> Result<Held, Error> {
        let class = client.quota_class_get(id).await?;
        Ok((class.limits, class.effective))
    }

    async fn set(client: &Client, id: &str, body: &SetLimits) -> Result<Held, Error> {
        let class = client.quota_class_set(id, body).await?;
        Ok((class.limits, class.effective))
    }

    async fn delete(client: &Client, id: &str) -> Result<(), Error> {
        client.quota_class_delete(id).await
    }
}
