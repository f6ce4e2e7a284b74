//! What the views of all nouns have in common.

use axum::Json;
use serde_json::{Map, Value, json};
use zun_domain::id::ProjectId;
use zun_domain::time::Timestamp;

use crate::extract::Args;

/// A time as Neutron writes it.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The view with whose it is and when it was made. Tags are not kept.
pub(super) fn owned(
    mut view: Value,
    project: ProjectId,
    created: Timestamp,
    updated: Option<Timestamp>,
) -> Value {
    let project = project.0.simple().to_string();
    view["project_id"] = json!(project);
    view["tenant_id"] = json!(project);
    view["created_at"] = json!(time(created));
    view["updated_at"] = json!(time(updated.unwrap_or(created)));
    view["tags"] = json!([]);
    view
}

/// The body of one object: all of it, or what `fields` asks for.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the arguments end here: what else they hold has no effect, as in Neutron"
)]
pub(super) fn shown(name: &str, args: Args, view: Value) -> Json<Value> {
    let fields = values(&args.query, "fields");
    let mut body = json!({});
    body[name] = only(view, &fields);
    Json(body)
}

/// Every value that the query has for a name.
pub(super) fn values<'a>(query: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let named = query.iter().filter(|(key, _)| key == name);
    named.map(|(_, text)| text.as_str()).collect()
}

/// These attributes of a view; all of them where none is named.
pub(super) fn only(view: Value, fields: &[&str]) -> Value {
    match view {
        Value::Object(all) if !fields.is_empty() => {
            let kept = all
                .into_iter()
                .filter(|(name, _)| fields.contains(&name.as_str()));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        whole => whole,
    }
}
