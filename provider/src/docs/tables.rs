//! The two tables of `zun_container`: what each edit does, and what a plan then shows as known after apply.

use std::fmt::Write;

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

fn words(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Local => Some("`wait_for`, `timeouts`"),
        Kind::Live => Some("live"),
        Kind::State => Some("`state`"),
        Kind::Network => Some("cut from its network by hand"),
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
