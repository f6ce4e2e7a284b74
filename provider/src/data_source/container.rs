//! `data "zun_container"`: one container, by id or by name.

use tfplugin::schema::Rule;
use tfplugin::{
    Attribute, Context, DataResponse, DataSource, Diagnostic, Diagnostics, Schema, Value,
    async_trait,
};

use crate::report::failed;
use crate::resource::container::{schema, state};
use crate::session::Session;

/// The data source.
pub(super) struct ContainerData;

/// Attributes of the resource that no server holds.
const NOT_HELD: [&str; 4] = [
    "environment_wo",
    "environment_wo_version",
    "timeouts",
    "wait_for",
];

#[async_trait]
impl DataSource<Session> for ContainerData {
    fn type_name(&self) -> &'static str {
        "zun_container"
    }

    fn schema(&self) -> Schema {
        let begin = Schema::new()
            .description("A container of the project, by id or by name.")
            .rule(Rule::exactly_one_of(["id", "name"]));
        let resource = schema::schema();
        let attributes = resource.fields().attributes().iter();
        attributes
            .filter(|(name, _)| !NOT_HELD.contains(&name.as_str()))
            .fold(begin, |schema, (name, attribute)| {
                let copy = Attribute::of(attribute.value_type())
                    .computed()
                    .description(attribute.markdown());
                let copy = match name.as_str() {
                    "id" | "name" => copy.optional(),
                    _ => copy,
                };
                schema.attribute(name, copy)
            })
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let (by, which) = match config.read::<Option<String>>("id")? {
            Some(id) => ("id", id),
            None => ("name", config.read::<String>("name")?),
        };
        let found = session.client.container_find(&which).await;
        let found = found.map_err(|error| failed(&error))?;
        // The server looks for both; an id that is somebody's name is not what was asked for.
        let container = found
            .filter(|container| by == "name" || container.uuid == which)
            .filter(|container| by == "id" || container.name == which)
            .ok_or_else(|| {
                Diagnostic::error(
                    "No such container",
                    format!("The project has no container with the {by} {which:?}."),
                )
                .at(by)
            })?;
        response.set_state(state::shown(&container));
        Ok(())
    }
}
