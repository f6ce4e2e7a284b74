//! What the data sources of one volume and of one snapshot have in common.

use tfplugin::{Attribute, Context, Diagnostic, Diagnostics, Schema, Value};

use crate::resource::stored::{Stored, by_id, by_name};
use crate::session::Session;

/// The attributes of the resource, all computed, `id` and `name` to look for; some with other words.
pub(super) fn attributes(begin: Schema, resource: &Schema, words: &[(&str, &str)]) -> Schema {
    let attributes = resource.fields().attributes().iter();
    attributes
        .filter(|(name, _)| *name != "timeouts")
        .fold(begin, |schema, (name, attribute)| {
            let other = words.iter().find(|(of, _)| of == name);
            let text = match name.as_str() {
                "id" => "The uuid.",
                "name" => "Name; it has to be the only one of this name.",
                "description" => "What it is for.",
                "metadata" => "Words of the user's own, key and value.",
                "size" => "Size, in GiB.",
                _ => other.map_or(attribute.markdown(), |(_, text)| *text),
            };
            let copy = match attribute.nested() {
                Some((_, fields)) => Attribute::list_nested(fields.clone()),
                None => Attribute::of(attribute.value_type()),
            };
            let copy = copy.computed().description(text);
            let copy = match name.as_str() {
                "id" | "name" => copy.optional(),
                _ => copy,
            };
            schema.attribute(name, copy)
        })
}

/// The one that a configuration asks for.
pub(super) async fn find<T: Stored>(
    context: &Context<Session>,
    config: &Value,
) -> Result<T, Diagnostics> {
    let client = &context.client()?.client;
    let Some(id) = config.read::<Option<String>>("id")? else {
        let name: String = config.read("name")?;
        let found = by_name(client, &name).await;
        return Ok(found.map_err(|problem| problem.at("name"))?);
    };
    let found = by_id(client, &id).await?;
    Ok(found.ok_or_else(|| {
        Diagnostic::error(
            format!("No such {}", T::NOUN),
            format!("The project has no {} with the id {id:?}.", T::NOUN),
        )
        .at("id")
    })?)
}
