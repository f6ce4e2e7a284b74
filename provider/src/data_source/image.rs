//! `data "zun_image"`: one image that the project sees, by id or by everything that is asked of it.

use tfplugin::schema::{Rule, validator};
use tfplugin::{
    Attribute, Context, DataResponse, DataSource, Diagnostic, Diagnostics, Schema, Value,
    async_trait,
};
use zun_client::{Client, Image};

use crate::report::failed;
use crate::resource::image::state::{content_of, shown};
use crate::resource::image::{self, is_there, only};
use crate::session::Session;

/// The data source.
pub(super) struct ImageData;

/// Attributes of the resource that no server holds.
const NOT_HELD: [&str; 4] = ["local_file_path", "registry_image", "registry", "timeouts"];

/// The text of an attribute where it is another one than the resource's.
fn words<'a>(name: &str, attribute: &'a Attribute) -> &'a str {
    match name {
        "name" => "Name.",
        "tags" => "Words it can be found by.",
        "properties" => "Words of the user's own, key and value.",
        "visibility" => "Who may use it: `private` or `public`.",
        "protected" => "It cannot be deleted.",
        "hidden" => "It is left out of lists that do not ask for it.",
        "container_format" => "Glance's word for the wrapping.",
        "disk_format" => "Glance's word for the data.",
        "min_disk_gb" => "Disk that a container of it needs, in GiB.",
        "min_ram_mb" => "Memory that a container of it needs, in MiB.",
        "status" => "`queued`, `saving`, `active` or `killed`.",
        "checksum" => "MD5 of its data, as Glance shows it.",
        "sha512" => "SHA-512 of its data.",
        _ => attribute.markdown(),
    }
}

#[async_trait]
impl DataSource<Session> for ImageData {
    fn type_name(&self) -> &'static str {
        "zun_image"
    }

    fn schema(&self) -> Schema {
        let begin = Schema::new()
            .description(
                "An image that the project sees, as it is now: its own, and those that are public.",
            )
            .rule(Rule::at_least_one_of(["id", "name", "tag"]))
            .attribute(
                "tag",
                Attribute::string()
                    .optional()
                    .validator(validator::length(1..=255))
                    .description("One of its tags."),
            )
            .attribute(
                "most_recent",
                Attribute::bool()
                    .optional()
                    .description("The one that was accepted last, where several fit; an error where this is not set."),
            );
        let resource = image::schema();
        let attributes = resource.fields().attributes().iter();
        attributes
            .filter(|(name, _)| !NOT_HELD.contains(&name.as_str()))
            .fold(begin, |schema, (name, attribute)| {
                let copy = Attribute::of(attribute.value_type()).computed();
                let copy = copy.description(words(name, attribute));
                let asked = matches!(name.as_str(), "id" | "name" | "visibility");
                schema.attribute(name, if asked { copy.optional() } else { copy })
            })
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let found = look_up(client, &config).await?;
        let content = content_of(client, &found).await;
        let content = content.map_err(|error| failed(&error))?;
        let mut state = shown(&found, &content);
        for name in ["tag", "most_recent"] {
            state.set(name, config.get(name).unwrap_or(&Value::Null));
        }
        response.set_state(state);
        Ok(())
    }
}

/// The one that a configuration asks for.
async fn look_up(client: &Client, config: &Value) -> Result<Image, Diagnostic> {
    let text = |name: &str| config.get(name).ok().and_then(Value::as_str);
    let asked: Vec<(&'static str, &str)> = ["name", "tag", "visibility"]
        .into_iter()
        .filter_map(|name| Some((name, text(name)?)))
        .collect();
    let found: Vec<Image> = if let Some(id) = text("id") {
        let found = client.image_find(id).await;
        found.map_err(|error| failed(&error))?.into_iter().collect()
    } else {
        let listed = client.image_list(&asked).await;
        listed.map_err(|error| failed(&error))?
    };
    let mut fitting: Vec<Image> = found
        .into_iter()
        .filter(is_there)
        .filter(|image| asked.iter().all(|(name, value)| fits(image, name, value)))
        .collect();
    if config.read::<Option<bool>>("most_recent")? == Some(true) {
        fitting.truncate(1);
    }
    let id = text("id").map(|id| ("id", id));
    let words: Vec<String> = id
        .into_iter()
        .chain(asked)
        .map(|(name, value)| format!("the {name} {value:?}"))
        .collect();
    only(fitting, &words.join(" and "))
}

fn fits(image: &Image, name: &str, value: &str) -> bool {
    match name {
        "name" => image.name.as_deref() == Some(value),
        "tag" => image.tags.iter().any(|tag| tag == value),
        _ => image.visibility == value,
    }
}
