//! The two tables of `zun_container`, what each edit does, and what a plan then shows as known after apply; and the
//! one of resources that have less to say.

use std::fmt::Write;

use tfplugin::Schema;
use tfplugin::schema::Modifier;
use zun_api_types::features::DiskMeaning;
use zun_domain::container::Effect;
use zun_domain::container::change::EFFECTS;

use crate::resource::container::plan::{Kind, OPEN, attribute_of, effect_of};

/// What becomes of data.
const VOLUMES: &str = "
## Volumes

An entry of `mounts` is one of three: a volume that is there (`source`, its id or name), a volume that is made for this \
container (`size`), or a file (`type = \"bind\"` with `content`).

- A `zun_volume` named in `source` goes with its own destroy alone. Data that matters belongs there: Terraform destroys a \
container whose create failed before it makes it again, and whatever replaces a container destroys it.
- A volume made by `size` is deleted with its container, never by a failure or a recreate; a plan that replaces the \
container warns of the data that goes. Where its entry is taken out of `mounts` it stays, is no longer the container's, \
and a warning of the plan names it.
- A volume cannot shrink: the plan refuses a smaller `size`.
";

/// What it is on, and who reaches it.
const NETWORKS: &str = "
## Networks

An entry of `networks` is one of two: a network, on which a port is made for this container (`network`, with `fixed_ip` \
where the address matters), or a port that is there (`port`, such as a `zun_port`). Both are joined and left while the \
container runs; its addresses, and those of its ports, stay over every recreate.

- A network of your own has a way to the outside where a `zun_router` gives it one; the default one has it by itself. Of \
several, the Docker Engine takes the first entry from version 28 on, and before that whichever comes first by its name in \
the engine: put a container that needs a certain way on that network alone.
- Containers of one network find each other by `name` and `hostname`.
- `security_groups` say what may reach the ports that are made, and what they may reach; a port that is taken keeps its own. \
Published `ports` are open to everybody until `security_groups` is given: then a rule has to admit them, and a warning of the \
plan names those that none admits.
- What a hand changes, with `docker network connect` or `disconnect` or on a port, shows on `networks` and `security_groups`, and the next \
apply mends it.
";

/// What decides about the data of an image.
pub(super) const DATA: &str = "
An image never gets other data. What decides is the checksum of the file, MD5 and SHA-512:

- other bytes in the same file: the plan replaces the image, and shows it on `checksum`;
- the same bytes in another file, or a file that is not there while planning: the image stays as it is;
- another `registry_image`: the plan replaces the image. A tag that has moved does not; name a digest to follow one.

An image that a container runs cannot be deleted. Where images are replaced while containers run them, set \
`create_before_destroy = true` in `lifecycle`: the containers are then recreated in place with the new one before the old \
one goes.
";

/// Both tables with their words.
pub(super) fn of_container() -> String {
    let mut text =
        String::from("\n## What an edit does\n\n| edit of | the running container |\n|---|---|\n");
    for (effect, words) in [
        (Effect::Live, "is changed while it runs (live)"),
        (
            Effect::Nothing,
            "is not touched; it counts from the next change on",
        ),
        (
            Effect::Recreate,
            "is recreated in place: a new Docker container with the same id, addresses, host ports, hostname and volumes; back to the old one if the new one fails",
        ),
        (
            Effect::Replace,
            "is replaced: a new container with a new id",
        ),
    ] {
        let _ = writeln!(text, "| {} | {words} |", attributes(effect));
    }
    text.push_str(
        "| `state` | is started, stopped, paused (live) |\n\
         | `wait_for`, `timeouts` | is not touched, and the server is not called |\n\
         \n`disk` is live where the server only counts it, `mounts` where nothing but a `size` becomes larger. Where `state` reads `missing` the apply recreates in place. \
         Each edit of a job (`wait_for = \"exited\"`) but its name runs it again.\n",
    );
    text.push_str(VOLUMES);
    text.push_str(NETWORKS);
    text.push_str(
        "\n## Reading a plan\n\n\
         - `revision` becomes *known after apply*: **restart**, the container is recreated in place.\n\
         - *must be replaced*, *forces replacement*: a **new** container; the old one is deleted.\n\
         - neither: **live**, its processes go on.\n\
         \nWhich computed attributes become *known after apply*; all others keep their value:\n\
         \n| kind of edit | known after apply |\n|---|---|\n| create, replace | every one that is not configured |\n",
    );
    for (kind, open) in OPEN {
        let Some(words) = words(*kind) else {
            continue;
        };
        let names: Vec<String> = open.iter().map(|name| format!("`{name}`")).collect();
        let names = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        let _ = writeln!(text, "| {words} | {names} |");
    }
    text
}

/// The table of a resource whose edits either change it as it is or replace it.
pub(super) fn of_edits(schema: &Schema) -> String {
    let (mut live, mut replaced) = (Vec::new(), Vec::new());
    for (name, attribute) in schema.fields().attributes() {
        if !attribute.presence().is_configurable() {
            continue;
        }
        let replaces = attribute.modifiers().iter().any(|modifier| {
            matches!(
                modifier,
                Modifier::RequiresReplace
                    | Modifier::RequiresReplaceIfConfigured
                    | Modifier::RequiresReplaceIf(_)
            )
        });
        // Those that are decided while planning.
        let decided = ["delete_default_rules", "local_file_path", "registry_image"];
        if replaces || decided.contains(&name.as_str()) {
            replaced.push(format!("`{name}`"));
        } else {
            live.push(format!("`{name}`"));
        }
    }
    let mut text =
        String::from("\n## What an edit does\n\n| edit of | what becomes of it |\n|---|---|\n");
    for (names, words) in [
        (live, "changed in place (live)"),
        (replaced, "replaced: another one with a new id"),
    ] {
        if !names.is_empty() {
            let _ = writeln!(text, "| {} | {words} |", names.join(", "));
        }
    }
    text
}

fn words(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Local => Some("`wait_for`, `timeouts`"),
        Kind::Live => Some("live"),
        Kind::State => Some("`state`"),
        Kind::Network => Some("`networks`, or cut from one by hand"),
        Kind::Mounts => Some("`mounts`, in addition to those of a recreate in place"),
        Kind::Recreate => Some("recreate in place"),
        Kind::Replace => None,
    }
}

fn attributes(effect: Effect) -> String {
    let mut names: Vec<String> = EFFECTS
        .iter()
        .filter(|(field, of)| effect_of(field, *of, DiskMeaning::Enforced) == effect)
        .filter_map(|(field, _)| attribute_of(field))
        .map(|name| format!("`{name}`"))
        .collect();
    if effect == Effect::Live {
        names.push("`name`".into());
    }
    names.sort_unstable();
    names.join(", ")
}
