//! What no single attribute shows: combinations that cannot work, found while planning.

use tfplugin::{Diagnostics, Value};
use zun_domain::capsule::CapsuleSpec;

use super::edit::resolved_alone;
use super::spec::{LISTS, members_of, name_of, spec_of, template_of};

const SUMMARY: &str = "Invalid combination";

/// What a template says itself, so that it cannot stand beside one.
const OF_A_TEMPLATE: [&str; 8] = [
    "annotations",
    "containers",
    "init_containers",
    "labels",
    "networks",
    "restart_policy",
    "security_groups",
    "volumes",
];

/// Checks a configuration; values may be unknown.
pub(super) fn validate(config: &Value, diagnostics: &mut Diagnostics) {
    let given = |name: &str| config.get(name).is_ok_and(|value| !value.is_null());
    if given("template") {
        beside_a_template(config, diagnostics);
        return;
    }
    if given("wait_for") && wants_health(config) && !has_healthcheck(config) {
        diagnostics.error_at(
            "wait_for",
            SUMMARY,
            "wait_for = \"healthy\" needs a healthcheck in one of the containers: without one nothing tells that the capsule is \
             healthy.",
        );
    }
    contradictions(config, diagnostics);
}

fn wants_health(config: &Value) -> bool {
    config.get("wait_for").ok().and_then(Value::as_str) == Some("healthy")
}

fn has_healthcheck(config: &Value) -> bool {
    let whole = LISTS
        .iter()
        .all(|list| config.get(list).is_ok_and(|list| !list.is_unknown()));
    !whole
        || members_of(config).any(|member| {
            let check = member.get("healthcheck");
            check.is_ok_and(|check| !check.is_null())
        })
}

fn beside_a_template(config: &Value, diagnostics: &mut Diagnostics) {
    for name in OF_A_TEMPLATE {
        // The two that exclude each other have a rule of the schema.
        if name != "containers" && config.get(name).is_ok_and(|value| !value.is_null()) {
            diagnostics.error_at(
                name,
                SUMMARY,
                format!("{name} cannot be given beside template, which says it itself: write it there, or use containers."),
            );
        }
    }
    let Ok(Some(template)) = template_of(config) else {
        return;
    };
    let text = |name: &str| config.get(name).ok().and_then(Value::as_str);
    if let (Some(inside), Some(outside)) = (&template.name, text("name"))
        && inside.as_str() != outside
    {
        diagnostics.error_at(
            "name",
            SUMMARY,
            format!("The template calls the capsule {inside}: leave name out, or metadata.name."),
        );
    }
    if template.spec.availability_zone.is_some() && text("availability_zone").is_some() {
        diagnostics.error_at(
            "availability_zone",
            SUMMARY,
            "The template has an availabilityZone: give one of them.",
        );
    }
    for path in &template.ignored {
        diagnostics.warn_at(
            "template",
            "A part of the template has no effect",
            format!("Zun accepts {path} there, and nobody heeds it: leave it out."),
        );
    }
    tell(&template.spec, diagnostics, |_| "template".to_owned());
}

/// The domain's own check, over what is known.
fn contradictions(config: &Value, diagnostics: &mut Diagnostics) {
    let Some(known) = resolved_alone(config) else {
        return;
    };
    let unnamed = members_of(config).any(|member| name_of(member).is_none());
    match spec_of(&known) {
        Ok(spec) if !unnamed => tell(&spec, diagnostics, |field| {
            let end = field.find(['.', '[']).unwrap_or(field.len());
            field[..end].to_owned()
        }),
        // Values that do not parse have been complained about by then.
        _ => {}
    }
}

/// A field's path stands in the sentence too: a host shows the line of the whole list.
fn tell(spec: &CapsuleSpec, diagnostics: &mut Diagnostics, attribute: impl Fn(&str) -> String) {
    for (field, message) in spec.contradictions() {
        let path = field.replacen("].spec.", "].", 1);
        diagnostics.error_at(attribute(&field), SUMMARY, format!("{path}: {message}."));
    }
}
