//! `zun_image`: an image of the image service, made of a file or of what a registry has.
//!
//! [`file`] reads the file, [`plan`] says whether it still holds what the image was made of, [`apply`] makes, changes and
//! deletes, [`state`] translates. The checksum of the file's bytes decides, not its name or its time: the same bytes under
//! another name change nothing, other bytes under the same name are another image. An image's data never changes once it
//! has some, so another image has another id.

mod apply;
mod file;
mod plan;
pub(crate) mod state;

use std::time::Duration;

use tfplugin::schema::validator;
use tfplugin::{
    Attribute, Context, CreateRequest, DeleteRequest, Diagnostic, Diagnostics, IdentitySchema,
    ImportRequest, ImportResponse, Operation, PlanRequest, PlanResponse, ReadRequest, Resource,
    Schema, StateResponse, Timeouts, Type, UpdateRequest, Value, async_trait,
};
use zun_client::{Client, Image};
use zun_domain::name::ImageRef;

use super::identity::{identity, identity_of};
use super::networking::life::IMPORTED;
use super::value::no_nulls;
use crate::report::failed;
use crate::session::Session;

#[cfg(test)]
mod tests;

/// The resource.
pub(crate) struct ImageResource;

/// What Glance knows as wrapping (its configuration `container_formats`).
const WRAPPINGS: [&str; 8] = [
    "ami",
    "ari",
    "aki",
    "bare",
    "ovf",
    "ova",
    "docker",
    "compressed",
];

/// What Glance knows as format inside (its configuration `disk_formats`).
const FORMATS: [&str; 11] = [
    "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop",
];

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new().description(
        "An image of the image service, made of a file or of what a registry has. A `zun_container` runs it with \
         `image_driver = \"glance\"` and its id as `image`.",
    );
    computed(said(source(schema))).timeouts(
        Timeouts::new()
            .of(Operation::Create, Duration::from_mins(30))
            .of(Operation::Delete, Duration::from_mins(10)),
    )
}

fn source(schema: Schema) -> Schema {
    let format = |words: &[&str], text: &str| {
        Attribute::string()
            .optional()
            .computed()
            .use_state_for_unknown()
            .requires_replace_if_configured()
            .validator(validator::one_of(words.iter().copied()))
            .validator(validator::conflicts_with(["registry_image"]))
            .description(text)
    };
    schema
        .attribute("local_file_path", Attribute::string().optional()
            .validator(validator::length(1..))
            .validator(validator::conflicts_with(["registry_image"]))
            .description(
                "File to upload: what `docker save` writes, an archive of an OCI image layout, or one of a root filesystem, each \
                 compressed with gzip or not. Its checksum decides: other bytes in it are another image, the same bytes \
                 elsewhere are not.",
            ))
        .attribute("registry_image", Attribute::string().optional()
            .validator(validator::parses::<ImageRef>())
            .description(
                "What a registry has: `[registry[:port]/]path[:tag][@digest]`. A tag is resolved once, when the image is made.",
            ))
        .attribute("registry", Attribute::string().optional()
            .validator(validator::length(1..=255))
            .validator(validator::also_requires(["registry_image"]))
            .description("The `zun_registry` with its login, by id or name. It counts when the image is made."))
        .attribute("container_format", format(&WRAPPINGS, "Glance's word for the wrapping: `docker` (default), `bare` or another one. What the data is decides itself, see `kind`."))
        .attribute("disk_format", format(&FORMATS, "Glance's word for the data: `raw` (default), or another one. What the data is decides itself, see `kind`."))
}

fn said(schema: Schema) -> Schema {
    let least = |text: &str| {
        Attribute::int()
            .default(0)
            .validator(validator::between(0.0..=f64::from(i32::MAX)))
            .description(text)
    };
    let flag = |text: &str| Attribute::bool().default(false).description(text);
    schema
        .attribute("name", Attribute::string().required()
            .validator(validator::length(1..=255))
            .description("Name; it need not be unique. Changed live."))
        .attribute("tags", Attribute::set(Type::String).default(Value::Set(Vec::new()))
            .validator(no_nulls())
            .validator(validator::each(validator::length(1..=255)))
            .description("Words it can be found by; empty when left out. Changed live."))
        .attribute("properties", Attribute::map(Type::String).default(Value::map::<&str>([]))
            .validator(no_nulls())
            .description("Words of your own, key and value, all of them; empty when left out. Changed live."))
        .attribute("visibility", Attribute::string().default("private")
            .validator(validator::one_of(["private", "public"]))
            .description("Who may use it: `private` (default), its project, or `public`, everybody, which only administrators may say. Changed live."))
        .attribute("protected", flag("It cannot be deleted, nor replaced, while this is set. Changed live."))
        .attribute("hidden", flag("It is left out of lists that do not ask for it. Changed live."))
        .attribute("min_disk_gb", least("Disk that a container of it needs, in GiB; 0 when left out. Changed live."))
        .attribute("min_ram_mb", least("Memory that a container of it needs, in MiB; 0 when left out. Changed live."))
}

fn computed(schema: Schema) -> Schema {
    let fixed = |attribute: Attribute, text: &str| {
        let attribute = attribute.computed().use_state_for_unknown();
        attribute.description(text)
    };
    let text = |words: &str| fixed(Attribute::string(), words);
    schema
        .attribute("id", text("The uuid."))
        .attribute("project_id", text("Owner."))
        .attribute("status", text("`active`; `queued`, `saving` or `killed` where it has no data, and the next apply makes another one."))
        .attribute("size_bytes", fixed(Attribute::int(), "Size of its data, in bytes."))
        .attribute("checksum", text("MD5 of its data, as Glance shows it. A file with another one is another image."))
        .attribute("sha512", text("SHA-512 of its data. A file with another one is another image."))
        .attribute("kind", text("What its data is: `docker`, `oci` or `rootfs`."))
        .attribute("image_id", text("The id that the Docker Engine gives it, a function of its data; the `image_digest` of its containers."))
        .attribute("file", text("Where its data can be downloaded, below the address of the image service."))
        .attribute("created_at", text("When it was accepted."))
}

/// The image of this id or, failing that, the only one of this name.
async fn by_id_or_name(client: &Client, which: &str) -> Result<Image, Diagnostic> {
    let which = which.trim();
    if which.is_empty() {
        let text = "Name the image by its id or by its name.";
        return Err(Diagnostic::error("Nothing to look for", text));
    }
    let found = client.image_find(which).await;
    if let Some(image) = found.map_err(|error| failed(&error))? {
        return Ok(image);
    }
    let named = client.image_list(&[("name", which)]).await;
    let named = named.map_err(|error| failed(&error))?;
    only(named, &format!("the id or the name {which:?}"))
}

/// The only one; `asked` says how it was asked for.
pub(crate) fn only(mut found: Vec<Image>, asked: &str) -> Result<Image, Diagnostic> {
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Diagnostic::error(
            "No such image",
            format!(
                "The project sees no image with {asked}.\n\n`openstack image list` shows those it sees."
            ),
        )),
        count => {
            let ids: Vec<&str> = found.iter().map(|image| image.id.as_str()).collect();
            Err(Diagnostic::error(
                "Several images fit",
                format!(
                    "{count} images have {asked}, the newest first; name one by its id: {}.",
                    ids.join(", ")
                ),
            ))
        }
    }
}

/// What is still there: Glance goes on to show what was deleted, for a while.
pub(crate) fn is_there(image: &Image) -> bool {
    !matches!(image.status.as_str(), "deleted" | "pending_delete")
}

#[async_trait]
impl Resource<Session> for ImageResource {
    fn type_name(&self) -> &'static str {
        "zun_image"
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity("The id, kept for all its life."))
    }

    async fn modify_plan(
        &self,
        _: &Context<Session>,
        request: &PlanRequest,
        response: &mut PlanResponse,
    ) -> Result<(), Diagnostics> {
        plan::settle(request, response).await
    }

    async fn create(
        &self,
        context: &Context<Session>,
        request: CreateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        apply::create(context, &request.planned_state, response).await
    }

    async fn read(
        &self,
        context: &Context<Session>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let id: String = request.current_state.read("id")?;
        let found = client.image_find(&id).await;
        match found.map_err(|error| failed(&error))?.filter(is_there) {
            Some(image) => {
                let content = state::content_of(client, &image).await;
                let content = content.map_err(|error| failed(&error))?;
                response.set_state(state::state_of(&image, &content, &request.current_state));
                response.set_identity(identity_of(&image.id));
            }
            None => response.remove(),
        }
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<Session>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        apply::update(context, &request, response).await?;
        response.private.remove(IMPORTED);
        Ok(())
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        apply::delete(context, &request.prior_state).await
    }

    async fn import(
        &self,
        context: &Context<Session>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let which = request.id("uuid").unwrap_or_default();
        let image = by_id_or_name(client, which).await?;
        response.state.set("id", image.id.as_str());
        response.identity = identity_of(&image.id);
        response.private.set(IMPORTED, true);
        Ok(())
    }
}
