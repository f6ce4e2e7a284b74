//! What no single attribute shows: combinations that cannot work, found while planning.

use serde_json::Value as Json;
use tfplugin::{Diagnostics, Value};

use super::spec;
use crate::json::{parse, to_json};

const SUMMARY: &str = "Invalid combination";

/// Checks a configuration; values may be unknown.
pub(super) fn validate(config: &Value, diagnostics: &mut Diagnostics) {
    let text = |name: &str| config.get(name).ok().and_then(Value::as_str);
    let is_null = |name: &str| config.get(name).is_ok_and(Value::is_null);
    let wait_for = text("wait_for");
    if wait_for == Some("exited") {
        if !is_null("state") {
            diagnostics.error_at(
                "state",
                SUMMARY,
                "wait_for = \"exited\" makes a job, which has no state of its own: leave state out.",
            );
        }
        let policy = config
            .get("restart_policy")
            .and_then(|policy| policy.get("name"))
            .ok()
            .and_then(Value::as_str);
        if let Some(name @ ("always" | "unless-stopped")) = policy {
            diagnostics.error_at(
                "restart_policy",
                SUMMARY,
                format!(
                    "A job (wait_for = \"exited\") that starts again with {name:?} never ends: use \"no\" or \"on-failure\"."
                ),
            );
        }
    }
    if wait_for == Some("healthy") && is_null("healthcheck") {
        diagnostics.error_at(
            "wait_for",
            SUMMARY,
            "wait_for = \"healthy\" needs a healthcheck: without one nothing tells that the container is healthy.",
        );
    }
    contradictions(config, diagnostics);
}

/// The domain's own check, over those of its fields that are wholly known. Values that do not parse have been
/// complained about by then.
fn contradictions(config: &Value, diagnostics: &mut Diagnostics) {
    let mut json = serde_json::Map::from_iter([("image".to_owned(), Json::from("image"))]);
    for name in [
        "image",
        "image_driver",
        "image_pull_policy",
        "image_update",
        "registry",
        "restart_policy",
        "ports",
        "environment",
        "environment_wo",
        "ulimits",
        "mounts",
        "tmpfs",
        "networks",
    ] {
        if let Ok(value) = config.get(name)
            && value.is_wholly_known()
        {
            json.insert(name.to_owned(), to_json(value));
        }
    }
    if config
        .get("ports")
        .is_ok_and(|ports| has_duplicates(ports.as_elements().unwrap_or_default()))
    {
        diagnostics.error_at(
            "ports",
            SUMMARY,
            "A port is listed twice; publish a port of the container once.",
        );
    }
    if let Ok(spec) = parse::<spec::Spec>(Json::Object(json)) {
        for (field, message) in spec.contradictions() {
            diagnostics.error_at(field, SUMMARY, format!("{message}."));
        }
    }
}

fn has_duplicates(values: &[Value]) -> bool {
    let mut rest = values;
    while let [first, others @ ..] = rest {
        if first.is_wholly_known() && others.contains(first) {
            return true;
        }
        rest = others;
    }
    false
}
