//! `/v1/quotas` and `/v1/quota_classes`: Zun's bodies, in which -1 is no limit.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};
use zun_domain::id::ProjectId;
use zun_domain::quota::{LimitSet, Limits, Resource};
use zun_engine::query::QuotaView;

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// The project of the address; another's is not found, except by administrators.
pub(crate) fn visible(asked: &Admitted, project: &str) -> Answer<ProjectId> {
    let missing = || Problem::not_found("project", project.chars().take(80).collect::<String>());
    let id: ProjectId = project.parse().map_err(|_| missing())?;
    if asked.is_admin() || id == asked.call.caller.project {
        Ok(id)
    } else {
        Err(missing())
    }
}

fn flat(limits: &Limits) -> Value {
    let entries = Resource::ALL
        .iter()
        .map(|resource| (resource.name().to_owned(), json!(limits.get(*resource))));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn with_usage(view: &QuotaView) -> Value {
    let amounts = &view.usage.amounts;
    let entries = Resource::ALL.iter().map(|resource| {
        let used = match resource {
            Resource::Containers => json!(view.usage.containers),
            Resource::Cpu => json!(amounts.cpu.cores()),
            Resource::Memory => json!(amounts.memory.0),
            Resource::Disk => json!(amounts.disk.0),
        };
        (
            resource.name().to_owned(),
            json!({"limit": view.effective.get(*resource), "in_use": used}),
        )
    });
    Value::Object(entries.collect::<Map<_, _>>())
}

/// `GET …/{project_id}[?usages=]`. Any value of `usages` asks for them, as upstream reads it.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(project): Path<String>,
    mut args: Args,
) -> Answer<Json<Value>> {
    let project = visible(&asked, &project)?;
    let usages = args.take("usages").is_some_and(|value| value != "");
    let view = app.engine.quota_get(project).await?;
    Ok(Json(if usages {
        with_usage(&view)
    } else {
        flat(&view.effective)
    }))
}

/// `GET …/{project_id}/defaults`.
pub(crate) async fn defaults(
    State(app): State<App>,
    asked: Admitted,
    Path(project): Path<String>,
) -> Answer<Json<Value>> {
    visible(&asked, &project)?;
    Ok(Json(flat(&app.engine.quota_defaults().await?)))
}

/// Lays the given limits over those that are set.
fn limits(mut args: Args, mut set: LimitSet) -> Answer<LimitSet> {
    for resource in Resource::ALL {
        if let Some(limit) = args.integer(resource.name(), -1, i64::from(i32::MAX))? {
            set.set(resource, Some(limit));
        }
    }
    args.end()?;
    Ok(set)
}

/// `PUT …/{project_id}`: what is given is set, the rest stays.
pub(crate) async fn set(
    State(app): State<App>,
    asked: Admitted,
    Path(project): Path<String>,
    args: Args,
) -> Answer<Json<Value>> {
    let project = visible(&asked, &project)?;
    let before = app.engine.quota_get(project).await?;
    let view = app
        .engine
        .quota_set(project, limits(args, before.limits)?, false)
        .await?;
    Ok(Json(flat(&view.effective)))
}

/// `DELETE …/{project_id}`.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(project): Path<String>,
) -> Answer<Json<Value>> {
    let project = visible(&asked, &project)?;
    app.engine.quota_delete(project).await?;
    Ok(Json(Value::Null))
}

/// `GET /v1/quota_classes/{name}`.
pub(crate) async fn class_show(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Answer<Json<Value>> {
    let (_, effective) = app.engine.quota_class_get(&name).await?;
    Ok(Json(flat(&effective)))
}

/// `PUT /v1/quota_classes/{name}`.
pub(crate) async fn class_set(
    State(app): State<App>,
    Path(name): Path<String>,
    args: Args,
) -> Answer<Json<Value>> {
    let name = class_name(&name)?;
    let (before, _) = app.engine.quota_class_get(name).await?;
    let (_, effective) = app
        .engine
        .quota_class_set(name, limits(args, before)?, false)
        .await?;
    Ok(Json(flat(&effective)))
}

/// A name that can be kept.
pub(crate) fn class_name(name: &str) -> Answer<&str> {
    if (1..=255).contains(&name.chars().count()) && !name.contains(char::is_control) {
        return Ok(name);
    }
    Err(Problem::value(
        "name",
        "the name of a quota class has 1 to 255 characters",
    ))
}
