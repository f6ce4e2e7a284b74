//! What `zun_container` accepts and returns.

use std::time::Duration;

use tfplugin::schema::validator;
use tfplugin::{Attribute, Fields, Operation, Schema, Timeouts, Type, Validator};
use zun_domain::name::{
    AbsolutePath, Capability, ContainerName, EnvName, Hostname, ImageRef, LabelKey, Signal,
    UlimitName,
};
use zun_domain::unit::Millicpu;

use super::{mounts, networks};
use crate::resource::value::{address, no_nulls};

const MAX_U32: f64 = u32::MAX as f64;

/// The schema.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new().description(
        "A container. It keeps its id, its addresses, its host ports and its hostname over every change; \
         see below what each edit does to the running container.",
    );
    let schema = networks::attributes(engine(process(what(schema))));
    let schema = computed(timing(limits(mounts::attribute(schema))));
    schema.timeouts(
        Timeouts::new()
            .of(Operation::Create, Duration::from_mins(20))
            .of(Operation::Update, Duration::from_mins(20))
            .of(Operation::Delete, Duration::from_mins(10)),
    )
}

fn string() -> Attribute {
    Attribute::string()
}

fn short() -> Attribute {
    string().validator(validator::length(1..=255))
}

fn flag(text: &str) -> Attribute {
    Attribute::bool().optional().description(text)
}

fn texts() -> Attribute {
    Attribute::list(Type::String)
        .optional()
        .validator(no_nulls())
}

fn map() -> Attribute {
    Attribute::map(Type::String)
        .optional()
        .validator(no_nulls())
}

fn count() -> Attribute {
    Attribute::int().validator(validator::between(0.0..=MAX_U32))
}

fn what(schema: Schema) -> Schema {
    schema
        .attribute("image", string().required().validator(validator::parses::<ImageRef>())
            .description("Image to run: `[registry[:port]/]path[:tag][@digest]`. A tag is resolved once, when the change is accepted; a moved tag is drift with `image_update = \"digest\"` alone. With `image_driver = \"glance\"`, the id or name of a `zun_image`."))
        .attribute("image_driver", string().optional().validator(validator::one_of(["docker", "glance"]))
            .description("Where the image comes from: `docker` (default) or `glance`."))
        .attribute("image_pull_policy", string().optional().computed()
            .validator(validator::one_of(["always", "ifnotpresent", "never"]))
            .description("When the image is fetched: `always`, `ifnotpresent` (default) or `never`."))
        .attribute("image_update", string().optional().validator(validator::one_of(["never", "digest"]))
            .description("Whether a tag that has moved counts as drift: `never` (default), or `digest`: each plan asks the registry (what it said less than 5 seconds ago is not asked again), and where the tag means another image by now, the apply recreates the container in place from that one."))
        .attribute("registry", short().optional()
            .description("The `zun_registry` that the image comes from, by id or name: its login is used, and its domain stands before an `image` without one."))
        .attribute("name", string().optional().computed().validator(validator::parses::<ContainerName>())
            .description("Name, unique in its project. Made up where none is given. A container that is named is not made twice, whatever interrupts an apply."))
        .attribute("labels", map().validator(validator::keys(validator::parses::<LabelKey>()))
            .description("Labels; the Docker container carries them too."))
        .attribute("hints", map().description("Hints to the scheduler."))
        .attribute("availability_zone", short().optional().computed()
            .description("Zone the host must be in; the zone of the host where none is given."))
}

fn process(schema: Schema) -> Schema {
    schema
        .attribute("command", texts().description("Arguments; the image's where none are given."))
        .attribute("entrypoint", texts().description("Program; the image's where none is given."))
        .attribute("environment", map().validator(validator::keys(validator::parses::<EnvName>()))
            .description("Environment, added to the image's. Stored in the state: mark values as sensitive or use `environment_wo`."))
        .attribute("environment_wo", map().write_only().validator(validator::keys(validator::parses::<EnvName>()))
            .description("Environment that never reaches plan or state (Terraform and OpenTofu from 1.11). Sent when the container is made and whenever `environment_wo_version` changes."))
        .attribute("environment_wo_version", Attribute::int().optional()
            .description("Change it to send `environment_wo` again; that recreates the container in place, whether or not its values differ."))
        .attribute("workdir", short().optional().description("Working directory; the image's where none is given."))
        .attribute("user", short().optional().description("User, and group after a colon; the image's where none is given."))
        .attribute("hostname", string().optional().computed().validator(validator::parses::<Hostname>())
            .description("Hostname; the first 12 digits of the id where none is given."))
        .attribute("tty", flag("Give it a terminal."))
        .attribute("interactive", flag("Keep its standard input open."))
        .attribute("init", flag("Run a small init as process 1 that reaps and forwards signals."))
        .attribute("stop_signal", string().optional().validator(validator::parses::<Signal>())
            .description("Signal that asks it to stop; the image's, else `TERM`."))
        .attribute("stop_timeout", count().optional()
            .description("Seconds between that signal and `KILL`; 10 where none is given."))
        .attribute("healthcheck", Attribute::single_nested(healthcheck()).optional()
            .description("How to tell that it works."))
        .attribute("restart_policy", Attribute::single_nested(restart_policy()).optional()
            .description("What happens when its process ends."))
}

fn healthcheck() -> Fields {
    Fields::new()
        .attribute(
            "cmd",
            string()
                .required()
                .description("Run by the container's shell; exit code 0 is healthy."),
        )
        .attribute(
            "interval",
            count()
                .optional()
                .description("Seconds between two checks; 30 where none is given."),
        )
        .attribute(
            "timeout",
            count()
                .optional()
                .description("Seconds one check may take; 30 where none is given."),
        )
        .attribute(
            "retries",
            count()
                .optional()
                .description("Failures in a row that make it unhealthy; 3 where none is given."),
        )
}

fn restart_policy() -> Fields {
    Fields::new()
        .attribute("name", string().required()
            .validator(validator::one_of(["no", "always", "on-failure", "unless-stopped"]))
            .description("`no`, `always`, `on-failure` or `unless-stopped`. What was stopped on purpose stays stopped with each of them."))
        .attribute("maximum_retry_count", count().optional()
            .description("How often `on-failure` tries; unlimited where none is given."))
}

fn engine(schema: Schema) -> Schema {
    let ports = Fields::new()
        .attribute(
            "internal",
            port().required().description("Port inside the container."),
        )
        .attribute(
            "external",
            port().optional().description(
                "Port on the host; one is picked and kept where none is given, see `published`.",
            ),
        )
        .attribute(
            "protocol",
            string()
                .optional()
                .validator(validator::one_of(["tcp", "udp"]))
                .description("`tcp` (default) or `udp`."),
        )
        .attribute(
            "ip",
            string()
                .optional()
                .validator(address())
                .description("Address of the host to listen on; every one where none is given."),
        );
    schema
        .attribute("ports", Attribute::set_nested(ports).optional().description("Ports to publish on the host."))
        .attribute("runtime", short().optional().description("OCI runtime; the engine's default where none is given."))
        .attribute("privileged", flag("Full rights on the host. Refused unless the server's policy names the project."))
        .attribute("read_only", flag("Mount its root filesystem read-only."))
        .attribute("auto_heal", flag("Start it again, on another host if need be, when it is found stopped or gone."))
        .attribute("cap_add", capabilities().description("Capabilities beyond the engine's default set, without `CAP_`. Refused unless the server's policy names the project."))
        .attribute("cap_drop", capabilities().description("Capabilities taken away, without `CAP_`; `ALL` takes all."))
        .attribute("tmpfs", map().validator(validator::keys(validator::parses::<AbsolutePath>()))
            .description("In-memory filesystems: path to mount options, such as `{ \"/run\" = \"size=64m\" }`."))
}

fn port() -> Attribute {
    Attribute::int().validator(validator::between(1.0..=65535.0))
}

fn capabilities() -> Attribute {
    Attribute::set(Type::String)
        .optional()
        .validator(no_nulls())
        .validator(validator::each(validator::parses::<Capability>()))
}

fn limits(schema: Schema) -> Schema {
    let ulimits = Fields::new()
        .attribute(
            "name",
            string()
                .required()
                .validator(validator::parses::<UlimitName>())
                .description("Which, such as `nofile`."),
        )
        .attribute(
            "soft",
            Attribute::int()
                .required()
                .validator(validator::between(-1.0..))
                .description("Soft limit; -1 is unlimited."),
        )
        .attribute(
            "hard",
            Attribute::int()
                .required()
                .validator(validator::between(-1.0..))
                .description("Hard limit; -1 is unlimited."),
        );
    let whole = |least: f64| Attribute::int().validator(validator::between(least..));
    schema
        .attribute("cpu", Attribute::number().optional().computed().validator(cores())
            .description("Hard limit of processing time, in cores, such as `0.5`."))
        .attribute("memory", whole(1.0).optional().computed()
            .description("Limit of memory, and of memory plus swap alike, in MiB."))
        .attribute("disk", whole(0.0).optional().computed().description("Disk, in GiB."))
        .attribute("cpu_policy", string().optional().validator(validator::one_of(["shared", "dedicated"]))
            .description("`shared` (default): a share of all cores; `dedicated`: whole cores of its own."))
        .attribute("shm_size", whole(1.0).optional().description("Size of `/dev/shm`, in MiB; 64 where none is given."))
        .attribute("ulimits", Attribute::set_nested(ulimits).optional().description("Resource limits of its processes."))
}

fn cores() -> Validator {
    Validator::new(|value| match value.as_number() {
        Some(number) => number
            .to_string()
            .parse::<Millicpu>()
            .map(|_| ())
            .map_err(|error| error.to_string()),
        None => Ok(()),
    })
}

fn timing(schema: Schema) -> Schema {
    schema
        .attribute("state", string().optional().computed()
            .validator(validator::one_of(["running", "stopped", "paused"]))
            .description("What it should be doing: `running` (default), `stopped` or `paused`. Reads `missing` when it was removed from the engine by hand. Left out, and null, for a job."))
        .attribute("wait_for", string().optional()
            .validator(validator::one_of(["running", "healthy", "exited", "none"]))
            .description("When an apply counts as done: `running` (default; healthy where there is a `healthcheck`), `healthy`, `exited` (a job: it runs once for each change and must end with exit code 0) or `none` (a create when it is accepted, a change when it is made, whatever the container does then)."))
}

fn computed(schema: Schema) -> Schema {
    let addresses = Fields::new()
        .attribute("network", string().computed().description("Network id."))
        .attribute("subnet", string().computed().description("Subnet id."))
        .attribute("ip", string().computed().description("Address."))
        .attribute("mac", string().computed().description("MAC."))
        .attribute("port", string().computed().description("Port id."));
    let text = |text: &str| string().computed().description(text);
    schema
        .attribute("id", text("The uuid, for all its life.").use_state_for_unknown())
        .attribute("project_id", text("Owner.").use_state_for_unknown())
        .attribute("created_at", text("When it was accepted.").use_state_for_unknown())
        .attribute("status", text("What it is doing: `creating`, `created`, `running`, `paused`, `stopped`, `missing`, `dead` or `error`."))
        .attribute("exit_code", Attribute::int().computed().description("Exit code of the last end, while it does not run."))
        .attribute("host", text("Host it runs on."))
        .attribute("image_digest", text("What the image reference meant when it was resolved: a digest, or the image id where the image has none."))
        .attribute("addresses", Attribute::list_nested(addresses).computed().description("Its addresses, in the order of `networks`, of each that of IPv4 first; empty when it was cut from its default network by hand."))
        .attribute("published", Attribute::map(Type::Number).computed().description("Port of the host behind each published port, such as `{ \"80/tcp\" = 32768 }`."))
        .attribute("volumes", Attribute::map(Type::String).computed().description("Id of the volume behind each destination of `mounts` that is one, such as `{ \"/data\" = \"6b1c...\" }`."))
        .attribute("effective_command", Attribute::list(Type::String).computed().description("Command in force, the image's included."))
        .attribute("effective_entrypoint", Attribute::list(Type::String).computed().description("Entrypoint in force, the image's included."))
        .attribute("revision", Attribute::int().computed().description("How many Docker containers it has had. A plan in which it changes says: restart."))
}
