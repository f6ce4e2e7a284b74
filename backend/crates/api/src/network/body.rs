//! Bodies of Networking: one object under one name, of which what is not known is refused.

use std::fmt::Display;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde_json::{Map, Value};
use zun_domain::id::ProjectId;
use zun_engine::Call;

use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// Longest name and description, in characters.
const LONGEST: usize = 255;

/// The object under this name.
pub(super) fn inner(mut body: Map<String, Value>, name: &str) -> Answer<Args> {
    match body.remove(name) {
        Some(value) => Args::nested(name, value),
        None => Err(Problem::value(
            name,
            format!("is required: the body takes {{\"{name}\": {{…}}}}"),
        )),
    }
}

/// A text of a bounded length. Null empties it, absent leaves it.
fn text(args: &mut Args, name: &str) -> Answer<Option<String>> {
    if !args.given(name) {
        return Ok(None);
    }
    let text = args.text(name)?.unwrap_or_default();
    let length = text.chars().count();
    if length > LONGEST {
        return Err(Problem::value(
            name,
            format!("has {length} characters: at most {LONGEST} are accepted"),
        ));
    }
    Ok(Some(text))
}

/// The name that is given.
pub(super) fn name(args: &mut Args) -> Answer<Option<String>> {
    text(args, "name")
}

/// The description that is given.
pub(super) fn description(args: &mut Args) -> Answer<Option<String>> {
    text(args, "description")
}

/// A text of another name, such as `device_id`.
pub(super) fn word(args: &mut Args, name: &str) -> Answer<Option<String>> {
    text(args, name)
}

/// The refusal of a text that does not mean what is expected.
pub(super) fn wrong(name: &str, text: &str, accepted: impl Display) -> Problem {
    let shown: String = text.chars().take(80).collect();
    Problem::value(
        name,
        format!("{shown:?} is not valid: {accepted} is expected"),
    )
}

/// An id.
pub(super) fn optional<T: FromStr>(args: &mut Args, name: &str) -> Answer<Option<T>> {
    parsed(args, name, "a uuid")
}

/// An id that has to be there.
pub(super) fn required<T: FromStr>(args: &mut Args, name: &str) -> Answer<T> {
    optional(args, name)?.ok_or_else(|| Problem::value(name, "is required: a uuid"))
}

/// An IPv4 address.
pub(super) fn address(args: &mut Args, name: &str) -> Answer<Option<Ipv4Addr>> {
    parsed(args, name, "an IPv4 address")
}

/// A text that stands for something.
pub(super) fn parsed<T: FromStr>(args: &mut Args, name: &str, accepted: &str) -> Answer<Option<T>> {
    let text = args.text(name)?;
    text.map(|text| text.parse().map_err(|_| wrong(name, &text, accepted)))
        .transpose()
}

/// The owner of what is made: the caller's project, or for an administrator another one.
pub(super) fn owner(args: &mut Args, asked: &Admitted) -> Answer<ProjectId> {
    let tenant: Option<ProjectId> = parsed(args, "tenant_id", "the id of a project")?;
    let project: Option<ProjectId> = parsed(args, "project_id", "the id of a project")?;
    if let (Some(tenant), Some(project)) = (tenant, project)
        && tenant != project
    {
        return Err(Problem::value(
            "project_id",
            "is not what tenant_id says; both name the owner, so leave one of them out",
        ));
    }
    let own = asked.call.caller.project;
    match project.or(tenant) {
        None => Ok(own),
        Some(project) if project == own || asked.is_admin() => Ok(project),
        Some(project) => Err(Problem::value(
            "project_id",
            format!(
                "{} is not the project of the token, and an owner other than that can be named by an administrator \
                 only; leave it out",
                project.0.simple()
            ),
        )),
    }
}

/// Refuses what Neutron has and is not served here, where it says anything.
pub(super) fn refuse(args: &mut Args, unserved: &[(&str, &str)]) -> Answer<()> {
    for (name, why) in unserved {
        let empty = match args.take(name) {
            None => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(Value::Array(all)) => all.is_empty(),
            Some(Value::Object(all)) => all.is_empty(),
            Some(_) => false,
        };
        if !empty {
            return Err(Problem::value(
                name,
                format!("is not served: {why}; leave it out"),
            ));
        }
    }
    Ok(())
}

/// The id in an address. What is no id is the id of nothing.
pub(super) fn id<T: FromStr>(what: &'static str, text: &str) -> Answer<T> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(80).collect();
        Problem::not_found(what, shown)
    })
}

/// The request with the view in which ids are looked up: an administrator sees every project.
pub(super) fn sight(asked: &Admitted) -> Call {
    if asked.is_admin() {
        asked.everywhere()
    } else {
        asked.call.clone()
    }
}
