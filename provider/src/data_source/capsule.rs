//! `data "zun_capsule"`: one capsule, by id or by name.

use tfplugin::schema::{Nesting, Rule};
use tfplugin::{
    Attribute, Context, DataResponse, DataSource, Diagnostic, Diagnostics, Fields, Schema, Value,
    async_trait,
};

use crate::report::failed;
use crate::resource::capsule::{schema, state};
use crate::session::Session;

/// The data source.
pub(crate) struct CapsuleData;

/// Attributes of the resource that no server holds.
const NOT_HELD: [&str; 5] = [
    "environment_wo",
    "environment_wo_version",
    "template",
    "timeouts",
    "wait_for",
];

#[async_trait]
impl DataSource<Session> for CapsuleData {
    fn type_name(&self) -> &'static str {
        "zun_capsule"
    }

    fn schema(&self) -> Schema {
        let begin = Schema::new()
            .description("A capsule of the project, by id or by name.")
            .rule(Rule::exactly_one_of(["id", "name"]));
        let resource = schema::schema();
        held(resource.fields()).fold(begin, |schema, (name, attribute)| {
            let copy = shown(attribute);
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
        let found = session.client.capsule_find(&which).await;
        let found = found.map_err(|error| failed(&error))?;
        // The server looks for both; an id that is somebody's name is not what was asked for.
        let capsule = found
            .filter(|capsule| by == "name" || capsule.uuid == which)
            .filter(|capsule| by == "id" || capsule.name == which)
            .ok_or_else(|| {
                Diagnostic::error(
                    "No such capsule",
                    format!("The project has no capsule with the {by} {which:?}."),
                )
                .at(by)
            })?;
        response.set_state(state::shown(&capsule));
        Ok(())
    }
}

fn held(fields: &Fields) -> impl Iterator<Item = (&String, &Attribute)> {
    let all = fields.attributes().iter();
    all.filter(|(name, _)| !NOT_HELD.contains(&name.as_str()))
}

/// The same attribute, set by the provider alone.
fn shown(attribute: &Attribute) -> Attribute {
    let copy = match attribute.nested() {
        None => Attribute::of(attribute.value_type()),
        Some((nesting, fields)) => {
            let inner = held(fields).fold(Fields::new(), |inner, (name, attribute)| {
                inner.attribute(name, shown(attribute))
            });
            match nesting {
                Nesting::Single => Attribute::single_nested(inner),
                Nesting::List => Attribute::list_nested(inner),
                Nesting::Set => Attribute::set_nested(inner),
                Nesting::Map => Attribute::map_nested(inner),
            }
        }
    };
    copy.computed().description(attribute.markdown())
}
