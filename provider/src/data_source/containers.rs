//! `data "zun_containers"`: the containers of the project that a filter lets through.

use tfplugin::{
    Attribute, Context, DataResponse, DataSource, Diagnostics, Fields, Schema, Value, async_trait,
};
use zun_client::ContainerFilter;

use crate::report::failed;
use crate::resource::container::{schema, state};
use crate::session::Session;

/// The data source.
pub(super) struct ContainersData;

const FILTERS: [(&str, &str); 4] = [
    ("name", "Of this name."),
    ("state", "In this state, such as `running` or `missing`."),
    ("image", "Of this image, as it was given."),
    ("host", "On this host."),
];

/// What is shown of each container.
const SHOWN: [&str; 17] = [
    "id",
    "name",
    "image",
    "state",
    "status",
    "exit_code",
    "host",
    "availability_zone",
    "image_digest",
    "revision",
    "cpu",
    "memory",
    "disk",
    "labels",
    "addresses",
    "published",
    "created_at",
];

#[async_trait]
impl DataSource<Session> for ContainersData {
    fn type_name(&self) -> &'static str {
        "zun_containers"
    }

    fn schema(&self) -> Schema {
        let resource = schema::schema();
        let fields = SHOWN.iter().fold(Fields::new(), |fields, name| {
            match resource.fields().attributes().get(*name) {
                Some(attribute) => fields.attribute(
                    *name,
                    Attribute::of(attribute.value_type())
                        .computed()
                        .description(attribute.markdown()),
                ),
                None => fields,
            }
        });
        let begin = Schema::new()
            .description("The containers of the project, in the order they were accepted. Every filter that is given has to hold.")
            .attribute(
                "containers",
                Attribute::list_nested(fields)
                    .computed()
                    .description("The containers."),
            );
        FILTERS.iter().fold(begin, |schema, (name, text)| {
            schema.attribute(*name, Attribute::string().optional().description(*text))
        })
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let filter = ContainerFilter {
            name: config.read("name")?,
            state: config.read("state")?,
            image: config.read("image")?,
            host: config.read("host")?,
        };
        let found = session.client.container_list(&filter).await;
        let found = found.map_err(|error| failed(&error))?;
        let containers = found.iter().map(|container| {
            let all = state::shown(container);
            let one = |name: &&'static str| (*name, all.get(name).cloned().unwrap_or(Value::Null));
            Value::object(SHOWN.iter().map(one))
        });
        response.set("containers", Value::List(containers.collect()));
        Ok(())
    }
}
