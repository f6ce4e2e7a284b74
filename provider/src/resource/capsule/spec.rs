//! From attributes, or a template, to the specification of the API. Names of a container's fields are those of its
//! attributes.

use serde_json::{Map, Value as Json, json};
use tfplugin::{Diagnostic, Value};
use zun_api_types::template::Template;
use zun_domain::capsule::{CapsuleContainer, CapsuleSpec};
use zun_domain::container::change::EFFECTS;
use zun_domain::container::spec::Environment;
use zun_domain::container::{WaitFor, Wish};
use zun_domain::name::ContainerName;

use crate::json::{parse, to_json};

/// The attributes that hold containers.
pub(super) const LISTS: [&str; 2] = ["containers", "init_containers"];

/// Fields of a container's specification that are none of its attributes here.
const NOT_A_MEMBERS: [&str; 11] = [
    "auto_heal",
    "auto_remove",
    "availability_zone",
    "environment_wo",
    "hints",
    "host",
    "hostname",
    "image_update",
    "networks",
    "restart_policy",
    "security_groups",
];

/// Fields of the capsule's specification that are attributes of the same name.
pub(super) const WHOLE: [&str; 9] = [
    "annotations",
    "availability_zone",
    "hints",
    "host",
    "hostname",
    "labels",
    "networks",
    "restart_policy",
    "security_groups",
];

/// Those of them that a template does not say: they stand beside it.
pub(super) const BESIDE: [&str; 3] = ["hints", "host", "hostname"];

/// The attributes of a container that are fields of its specification.
pub(crate) fn member_fields() -> impl Iterator<Item = &'static str> {
    EFFECTS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !NOT_A_MEMBERS.contains(name))
}

/// The template of a configuration or state, where it is a known one.
pub(super) fn template_of(value: &Value) -> Result<Option<Template>, Diagnostic> {
    let text = value.get("template").ok().and_then(Value::as_str);
    let template = text.map(Template::parse).transpose();
    template.map_err(|error| {
        Diagnostic::error("Invalid value of template", format!("{error}.")).at("template")
    })
}

/// The specification a plan describes; what is unknown is left to the server.
pub(super) fn spec_of(planned: &Value) -> Result<CapsuleSpec, Diagnostic> {
    let mut spec = match template_of(planned)? {
        Some(template) => template.spec,
        None => return parse(attributes(planned)),
    };
    let mut beside = json!({"containers": []});
    for name in BESIDE.iter().chain(&["availability_zone"]) {
        beside[*name] = planned.get(name).map(to_json).unwrap_or_default();
    }
    let beside: CapsuleSpec = parse(beside)?;
    spec.hostname = beside.hostname;
    spec.host = beside.host;
    spec.hints = beside.hints;
    spec.availability_zone = spec.availability_zone.or(beside.availability_zone);
    Ok(spec)
}

/// The specification in attributes, as the API writes it.
fn attributes(planned: &Value) -> Json {
    let mut spec = Map::new();
    for list in LISTS {
        let all = planned.get(list).ok().and_then(Value::as_elements);
        let all = all.map(|all| all.iter().map(member).collect::<Vec<_>>());
        spec.insert(list.to_owned(), json!(all));
    }
    let volumes = planned.get("volumes").ok().and_then(Value::as_elements);
    let volumes = volumes.map(|all| all.iter().map(volume).collect::<Vec<_>>());
    spec.insert("volumes".to_owned(), json!(volumes));
    for name in WHOLE {
        let told = planned.get(name).map(|value| told(name, value));
        spec.insert(name.to_owned(), told.unwrap_or_default());
    }
    Json::Object(spec)
}

/// A value as the server is told it. A set of words with an unknown one in it is no set of words yet.
fn told(name: &str, value: &Value) -> Json {
    if name == "security_groups" && !value.is_wholly_known() {
        return Json::Null;
    }
    to_json(value)
}

fn member(value: &Value) -> Json {
    let field = |name: &str| value.get(name).map(to_json).unwrap_or_default();
    let spec: Map<_, _> = member_fields()
        .map(|name| (name.to_owned(), field(name)))
        .collect();
    json!({"name": field("name"), "spec": spec})
}

fn volume(value: &Value) -> Json {
    let field = |name: &str| value.get(name).map(to_json).unwrap_or_default();
    json!({"name": field("name"), "volume": field("volume_id"), "size": field("size"),
        "auto_remove": field("auto_remove")})
}

/// The container of this name among the attributes of a configuration, a plan or a state.
pub(super) fn member_of<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    members_of(value).find(|member| name_of(member) == Some(name))
}

/// Every container among the attributes; none where a list is not known.
pub(super) fn members_of(value: &Value) -> impl Iterator<Item = &Value> {
    let lists = LISTS.iter().filter_map(|list| value.get(list).ok());
    lists.filter_map(Value::as_elements).flatten()
}

/// A container's name, where it is known.
pub(super) fn name_of(member: &Value) -> Option<&str> {
    member.get("name").ok().and_then(Value::as_str)
}

/// Every container of a specification, to be changed.
pub(super) fn all_of(spec: &mut CapsuleSpec) -> impl Iterator<Item = &mut CapsuleContainer> {
    let inits = spec.init_containers.iter_mut().flatten();
    spec.containers.iter_mut().chain(inits)
}

/// The write-only environment that a configuration gives a container.
pub(super) fn environment_wo(
    config: &Value,
    name: &ContainerName,
) -> Result<Option<Environment>, Diagnostic> {
    let value =
        member_of(config, name.as_str()).and_then(|member| member.get("environment_wo").ok());
    match value {
        Some(value) if value.is_known() => parse(to_json(value))
            .map(Some)
            .map_err(|problem| problem.at("containers")),
        _ => Ok(None),
    }
}

/// What it should be doing, by a plan.
pub(super) fn wish_of(planned: &Value) -> Option<Wish> {
    match planned.get("state").ok()?.as_str()? {
        "running" => Some(Wish::Running),
        "stopped" => Some(Wish::Stopped),
        _ => None,
    }
}

/// When the work counts as done, by a plan.
pub(super) fn wait_for_of(planned: &Value) -> Option<WaitFor> {
    match planned.get("wait_for").ok()?.as_str()? {
        "running" => Some(WaitFor::Running),
        "healthy" => Some(WaitFor::Healthy),
        "none" => Some(WaitFor::None),
        _ => None,
    }
}
