//! What `zun_capsule` accepts and returns. What a container of it takes is what `zun_container` takes, by the same
//! names, but for what is the capsule's.

use std::collections::BTreeMap;
use std::time::Duration;

use tfplugin::schema::{Rule, validator};
use tfplugin::{Attribute, Fields, Operation, Schema, Timeouts, Type, Validator};
use zun_api_types::template::Template;
use zun_domain::name::ContainerName;

use crate::resource::container::schema::schema as container;
use crate::resource::value::no_nulls;

/// Attributes of `zun_container` that a capsule has as a whole.
const SHARED: [&str; 6] = [
    "availability_zone",
    "hints",
    "hostname",
    "networks",
    "restart_policy",
    "security_groups",
];

/// Attributes of `zun_container` that a container of a capsule does not take, or takes in words of its own.
const NOT_A_MEMBERS: [&str; 14] = [
    "addresses",
    "auto_heal",
    "availability_zone",
    "environment_wo_version",
    "hints",
    "hostname",
    "image_update",
    "mounts",
    "name",
    "networks",
    "restart_policy",
    "security_groups",
    "state",
    "wait_for",
];

/// The schema.
pub(crate) fn schema() -> Schema {
    let known = container();
    let known = known.fields().attributes();
    let schema = Schema::new().description(
        "A capsule: containers that share network and IPC, placed, started and deleted as one. It keeps its id, its \
         addresses, its host ports and its volumes over every change; a container of it that is changed is recreated \
         alone, and the others keep running. See below what each edit does.",
    );
    let schema = what(schema, known);
    let schema = SHARED.iter().fold(schema, |schema, name| {
        schema.attribute(*name, shared(name, known))
    });
    computed(timing(schema), known)
        .rule(Rule::exactly_one_of(["containers", "template"]))
        .timeouts(
            Timeouts::new()
                .of(Operation::Create, Duration::from_mins(20))
                .of(Operation::Update, Duration::from_mins(20))
                .of(Operation::Delete, Duration::from_mins(10)),
        )
}

fn string() -> Attribute {
    Attribute::string()
}

/// An attribute of `zun_container` in the words of a capsule.
fn shared(name: &str, known: &BTreeMap<String, Attribute>) -> Attribute {
    let attribute = known[name].clone();
    let text = match name {
        "hostname" => "Hostname of all of its containers; chosen once where none is given.",
        "restart_policy" => {
            "What happens when the process of one of `containers` ends: `always` where none is given. One of `init_containers` \
             that fails is started again under anything but `no`."
        }
        "networks" => {
            "Networks to be on, in order, with all of its containers; the project's default one where none are given. Each is \
             joined and left while the capsule runs."
        }
        _ => return attribute,
    };
    attribute.description(text)
}

fn what(schema: Schema, known: &BTreeMap<String, Attribute>) -> Schema {
    let members = || {
        Attribute::list_nested(member(known))
            .optional()
            .validator(no_nulls())
    };
    schema
        .attribute("name", string().optional().computed().validator(validator::parses::<ContainerName>())
            .description("Name, unique among the capsules of its project; that of the `template`, or made up, where none is given. A capsule that is named is not made twice, whatever interrupts an apply."))
        .attribute("containers", members()
            .description("Its containers, at least one. They are told apart by `name`: their order means nothing."))
        .attribute("init_containers", members()
            .description("Containers that run one after the other before `containers` start; each has to end with exit code 0."))
        .attribute("volumes", Attribute::list_nested(volume()).optional().validator(no_nulls())
            .description("Volumes that its containers may mount, by their names."))
        .attribute("labels", known["labels"].clone().description("Labels of the capsule. They stay with its record; those of a container are in `containers`."))
        .attribute("annotations", Attribute::map(Type::String).optional().validator(no_nulls())
            .description("Annotations. They stay with its record."))
        .attribute("template", string().optional().validator(template()).same_when(same_template)
            .description("A capsule as Zun's clients write it, JSON or YAML, such as `file(\"capsule.yaml\")`, in place of `containers` and what goes with them. Only its content counts: other spaces, another order of keys and comments change nothing."))
}

/// A container of it.
fn member(known: &BTreeMap<String, Attribute>) -> Fields {
    let fields = Fields::new()
        .attribute("name", string().required().validator(validator::parses::<ContainerName>())
            .description("Name, unique in the capsule. Another name is another container."))
        .attribute("environment_wo_version", known["environment_wo_version"].clone()
            .description("Change it to send `environment_wo` again; that recreates this container, whether or not its values differ."))
        .attribute("mounts", Attribute::set_nested(mount(known)).optional()
            .description("Volumes of the capsule, and files, to be seen in the container."));
    let theirs = known.iter().filter(|(name, attribute)| {
        attribute.presence().is_configurable()
            && !NOT_A_MEMBERS.contains(&name.as_str())
            && *name != "timeouts"
    });
    theirs.fold(fields, |fields, (name, attribute)| {
        let attribute = match name.as_str() {
            "ports" => attribute.clone().description("Ports to publish on the host. They are those of the capsule, so no two of its containers have the same, and an edit recreates all of it."),
            "shm_size" => attribute.clone().description("Size of `/dev/shm`, in MiB. All of its containers see the same one, so the largest counts, and an edit recreates all of it."),
            _ => attribute.clone(),
        };
        fields.attribute(name, attribute)
    })
}

/// An entry of `mounts`: as a container's, with a volume of the capsule as its source.
fn mount(known: &BTreeMap<String, Attribute>) -> Fields {
    let entry = known["mounts"].nested();
    let entry = entry.map(|(_, fields)| fields.attributes()).into_iter();
    let entry = entry.flatten().filter(|(name, _)| *name != "size");
    entry.fold(Fields::new(), |fields, (name, attribute)| {
        let attribute = match name.as_str() {
            "source" => attribute
                .clone()
                .description("Name of one of the capsule's `volumes`."),
            _ => attribute.clone(),
        };
        fields.attribute(name, attribute)
    })
}

fn volume() -> Fields {
    Fields::new()
        .attribute("name", string().required().validator(validator::length(1..=255))
            .description("What `mounts` of its containers call it in `source`."))
        .attribute("volume_id", string().optional().validator(validator::length(1..=255))
            .description("Id or name of a volume that is there, such as `zun_volume.data.id`."))
        .attribute("size", Attribute::int().optional().validator(validator::between(1.0..))
            .description("Size of a volume to be made, in GiB, in place of `volume_id`. It cannot shrink."))
        .attribute("auto_remove", Attribute::bool().optional()
            .description("Whether a volume that was made by `size` is deleted with the capsule; true where nothing is said."))
}

fn template() -> Validator {
    Validator::new(|value| match value.as_str().map(Template::parse) {
        Some(Err(error)) => Err(format!("{error}.")),
        _ => Ok(()),
    })
}

/// Whether two templates ask for the same.
pub(super) fn same_template(one: &tfplugin::Value, other: &tfplugin::Value) -> bool {
    let read = |value: &tfplugin::Value| value.as_str().and_then(|text| Template::parse(text).ok());
    let (one, other) = (read(one), read(other));
    match (one, other) {
        (Some(one), Some(other)) => one.name == other.name && one.spec == other.spec,
        _ => false,
    }
}

fn timing(schema: Schema) -> Schema {
    schema
        .attribute("state", string().optional().computed()
            .validator(validator::one_of(["running", "stopped"]))
            .description("What it should be doing: `running` (default) or `stopped`. Reads otherwise when one of its containers does not; `statuses` says which."))
        .attribute("wait_for", string().optional()
            .validator(validator::one_of(["running", "healthy", "none"]))
            .description("When an apply counts as done: `running` (default; healthy where a container has a `healthcheck`), `healthy`, or `none` (a create when it is accepted, a change when it is made)."))
}

fn computed(schema: Schema, known: &BTreeMap<String, Attribute>) -> Schema {
    let text = |text: &str| string().computed().description(text);
    let map = |of: Type, text: &str| Attribute::map(of).computed().description(text);
    schema
        .attribute("id", text("The uuid, for all its life.").use_state_for_unknown())
        .attribute("project_id", known["project_id"].clone())
        .attribute("created_at", known["created_at"].clone())
        .attribute("status", text("What it is doing: `creating`, `created`, `running`, `paused`, `stopped`, `missing`, `dead` or `error`."))
        .attribute("host", string().optional().computed().validator(validator::length(1..=255))
            .description("Host it runs on; where it is given, the one it must run on (administrators only)."))
        .attribute("addresses", known["addresses"].clone())
        .attribute("published", known["published"].clone())
        .attribute("container_ids", map(Type::String, "Id of each container, init containers included, by its name: `openstack appcontainer logs` and its like take it."))
        .attribute("statuses", map(Type::String, "What each container is doing, by its name: `stopped` for an init container that has run."))
        .attribute("image_digests", map(Type::String, "What each image reference meant when it was resolved, by the container's name."))
        .attribute("revisions", map(Type::Number, "How many Docker containers each has had, by its name. A plan in which one changes says: that one restarts."))
        .attribute("volume_ids", map(Type::String, "Id of the volume behind each of `volumes`, by its name."))
}
