//! From attributes to the specification of the API. Field names are attribute names, so a new field of the
//! specification needs an attribute of that name and nothing here.

use serde_json::Value as Json;
use tfplugin::{Diagnostic, Value};
use zun_domain::container::change::EFFECTS;
use zun_domain::container::{WaitFor, Wish};

use crate::json::{parse, to_json};

pub(super) use zun_domain::container::ContainerSpec as Spec;

/// Fields of the specification that this resource does not offer, or not by that name.
pub(super) const NOT_OFFERED: [&str; 3] = ["environment_wo", "auto_remove", "host"];

/// The attributes that are fields of the specification.
pub(super) fn fields() -> impl Iterator<Item = &'static str> {
    EFFECTS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !NOT_OFFERED.contains(name))
}

/// The specification a plan describes; what is unknown is left to the server.
pub(super) fn spec_of(planned: &Value) -> Result<Spec, Diagnostic> {
    let json = fields()
        .filter_map(|name| Some((name.to_owned(), told(name, planned.get(name).ok()?))))
        .collect();
    parse(Json::Object(json))
}

/// A value as the server is told it. A set of words with an unknown one in it is no set of words yet.
fn told(name: &str, value: &Value) -> Json {
    if name == "security_groups" && !value.is_wholly_known() {
        return Json::Null;
    }
    to_json(value)
}

/// The write-only environment of a configuration.
pub(super) fn environment_wo(
    config: &Value,
) -> Result<Option<zun_domain::container::spec::Environment>, Diagnostic> {
    match config.get("environment_wo") {
        Ok(value) if value.is_known() => {
            let found = parse(to_json(value));
            found
                .map(Some)
                .map_err(|problem| problem.at("environment_wo"))
        }
        _ => Ok(None),
    }
}

/// What it should be doing, by a plan: nothing is said of a job.
pub(super) fn wish_of(planned: &Value) -> Option<Wish> {
    match planned.get("state").ok()?.as_str()? {
        "running" => Some(Wish::Running),
        "stopped" => Some(Wish::Stopped),
        "paused" => Some(Wish::Paused),
        _ => None,
    }
}

/// When the work counts as done, by a plan.
pub(super) fn wait_for_of(planned: &Value) -> Option<WaitFor> {
    match planned.get("wait_for").ok()?.as_str()? {
        "running" => Some(WaitFor::Running),
        "healthy" => Some(WaitFor::Healthy),
        "exited" => Some(WaitFor::Exited),
        "none" => Some(WaitFor::None),
        _ => None,
    }
}
