//! `data "zun_registry"`: one registry, by id or by name.

use tfplugin::schema::Rule;
use tfplugin::{
    Attribute, Context, DataResponse, DataSource, Diagnostic, Diagnostics, Schema, Value,
    async_trait,
};

use crate::resource::registry::{by_id, by_name, shown};
use crate::session::Session;

/// The data source.
pub(super) struct RegistryData;

#[async_trait]
impl DataSource<Session> for RegistryData {
    fn type_name(&self) -> &'static str {
        "zun_registry"
    }

    fn schema(&self) -> Schema {
        let text = |text: &str| Attribute::string().computed().description(text);
        Schema::new()
            .description("A registry of the project, by id or by name. Its password is not shown.")
            .rule(Rule::exactly_one_of(["id", "name"]))
            .attribute("id", text("The uuid.").optional())
            .attribute(
                "name",
                text("Name; it has to be the only one of this name.").optional(),
            )
            .attribute("project_id", text("Owner."))
            .attribute("domain", text("Host and port."))
            .attribute("username", text("Who logs in."))
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let found = if let Some(id) = config.read::<Option<String>>("id")? {
            by_id(client, &id).await?.ok_or_else(|| {
                Diagnostic::error(
                    "No such registry",
                    format!("The project has no registry with the id {id:?}."),
                )
                .at("id")
            })?
        } else {
            let name: String = config.read("name")?;
            let found = by_name(client, &name).await;
            found.map_err(|problem| problem.at("name"))?
        };
        response.set_state(shown(&found));
        Ok(())
    }
}
