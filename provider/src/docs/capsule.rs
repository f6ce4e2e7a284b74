//! The two tables of `zun_capsule`: what each edit does to whom, and what a plan then shows as known after apply.

use std::fmt::Write;

use zun_domain::container::Effect;
use zun_domain::container::change::EFFECTS;

use crate::resource::capsule::plan::{Kind, OPEN};
use crate::resource::capsule::spec::member_fields;

const VOLUMES: &str = "
## Volumes

An entry of `volumes` is one of two: a volume that is there (`volume_id`, its id or name), or one that is made for the capsule \
(`size`). Its containers mount them by name, several of them the same one where that is wanted.

- A `zun_volume` named in `volume_id` goes with its own destroy alone. Data that matters belongs there.
- A volume made by `size` is deleted with its capsule, never by a failure or a recreate, and stays where `auto_remove` is \
false; a plan that replaces the capsule warns of the data that goes. Where its entry is taken out of `volumes` it stays, is no \
longer the capsule's, and a warning of the plan names it.
- A volume cannot shrink: the plan refuses a smaller `size`.
";

const TEMPLATE: &str = "
## Templates

`template` takes what `openstack capsule create` takes, JSON or YAML, in the place of `containers`, `init_containers`, `volumes`, \
`restart_policy`, `labels`, `annotations`, `networks` and `security_groups`. Everything above holds for it too: an edit of the \
text is an edit of what changes in it. A container without a `name` is called `container-1`, `init-1` and so on by its \
place: give it one, so that another place is no other container; that names it anew, and no other. Where the capsule is not what its template says any more, \
a plan shows what is there in attributes and the template to be put in force again.
";

/// The attributes of a container whose edit does this.
fn members(effect: Effect) -> String {
    let mut names: Vec<String> = EFFECTS
        .iter()
        .filter(|(field, of)| *of == effect && member_fields().any(|name| name == *field))
        .filter(|(field, _)| !matches!(*field, "ports" | "shm_size"))
        .map(|(field, _)| format!("`{field}`"))
        .collect();
    if effect == Effect::Recreate {
        names.push("`environment_wo_version`".to_owned());
    }
    names.sort_unstable();
    names.join(", ")
}

/// What is edited, and what becomes of it.
fn edits() -> Vec<(String, &'static str)> {
    vec![
        (
            format!("{} of a container", members(Effect::Live)),
            "the container is changed while it runs (live); the others are not touched",
        ),
        (
            format!("{} of a container", members(Effect::Nothing)),
            "nothing is touched; it counts from the next change on",
        ),
        (
            format!("{} of a container", members(Effect::Recreate)),
            "this container is recreated, alone: the others keep running, address and volumes stay; back to the old one if the new one fails",
        ),
        (
            "a container that is added or taken out".to_owned(),
            "it is made, or removed; the others keep running",
        ),
        (
            "any of these of an init container".to_owned(),
            "it is made anew and runs once, before `containers` that change; those that do not keep running",
        ),
        (
            "`ports` and `shm_size` of a container, `hostname`".to_owned(),
            "all of its containers are recreated in place: same id, addresses, host ports and volumes",
        ),
        (
            "`networks`, `security_groups`, `restart_policy`, a larger `size` of `volumes`"
                .to_owned(),
            "changed while it runs (live)",
        ),
        (
            "`name`, `labels`, `annotations`, `auto_remove` of `volumes`, the order of containers"
                .to_owned(),
            "nothing is touched",
        ),
        (
            "`availability_zone`, `hints`, `host`".to_owned(),
            "the capsule is replaced: a new one with a new id",
        ),
        (
            "`state`".to_owned(),
            "its containers are started or stopped; those found missing are made again, alone",
        ),
        (
            "`wait_for`, `timeouts`".to_owned(),
            "nothing is touched, and the server is not called",
        ),
    ]
}

/// How a plan tells what an edit does.
fn add_reading(text: &mut String) {
    text.push_str(
        "\n## Reading a plan\n\n\
         - `revisions[\"web\"]` becomes *known after apply*: **restart** of that container. The others stay known and running.\n\
         - `revisions` as a whole does: restart of all of them; where one was removed by hand (`state` is `missing`), of \
         that one, and of all where it was the sandbox, which the apply finds out.\n\
         - An init container that has ended has done its work: nobody misses it.\n\
         - *must be replaced*, *forces replacement*: a **new** capsule; the old one is deleted.\n\
         - neither: **live**, its processes go on.\n\
         \nWhich computed attributes become *known after apply*; all others keep their value, and `[*]` is the one container, or \
         volume, that the edit is about:\n\
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
}

/// Both tables with their words.
pub(super) fn of_capsule() -> String {
    let mut text =
        String::from("\n## What an edit does\n\n| edit of | what becomes of it |\n|---|---|\n");
    for (names, words) in edits() {
        let _ = writeln!(text, "| {names} | {words} |");
    }
    text.push_str(VOLUMES);
    text.push_str(TEMPLATE);
    add_reading(&mut text);
    text
}

fn words(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Local => Some("`wait_for`, `timeouts`"),
        Kind::Live => Some("live"),
        Kind::State => Some("`state`"),
        Kind::Network => Some("`networks`, or cut from one by hand"),
        Kind::Member => Some(
            "a container recreated, added (`container_ids[*]` too) or taken out (its entries go)",
        ),
        Kind::Volumes => Some("`volumes`"),
        Kind::Recreate => Some("all of it recreated in place"),
        Kind::Replace => None,
    }
}
