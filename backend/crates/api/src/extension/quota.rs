//! Quotas on `/zund/v1`: the whole set of limits, null for what is inherited.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use zun_api_types::quota::{Quota, QuotaClass, SetLimits};
use zun_engine::query::QuotaView;

use super::view;
use crate::App;
use crate::admit::Admitted;
use crate::container::quota::{class_name, visible};
use crate::error::{Answer, Problem};
use crate::extract::Json as Body;

fn body(view: &QuotaView) -> Quota {
    Quota {
        limits: view.limits,
        effective: view.effective,
        used: view::used(&view.usage),
    }
}

/// A refused limit with its path in the body.
fn in_body(error: zun_engine::Error) -> Problem {
    let inside = matches!(error, zun_engine::Error::Invalid { .. });
    let problem = Problem::from(error);
    if inside {
        problem.field_in("limits")
    } else {
        problem
    }
}

/// `GET /zund/v1/quotas/{project}`.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(project): Path<String>,
) -> Answer<Json<Quota>> {
    let project = visible(&asked, &project)?;
    Ok(Json(body(&app.engine.quota_get(project).await?)))
}

/// `PUT /zund/v1/quotas/{project}`.
pub(crate) async fn set(
    State(app): State<App>,
    asked: Admitted,
    Path(project): Path<String>,
    Body(asks): Body<SetLimits>,
) -> Answer<Json<Quota>> {
    let project = visible(&asked, &project)?;
    // Limits of a project that does not exist would be kept and never apply.
    app.engine.identity().project_get(project).await?;
    let view = app
        .engine
        .quota_set(project, asks.limits, asks.create)
        .await
        .map_err(in_body)?;
    Ok(Json(body(&view)))
}

/// `DELETE /zund/v1/quotas/{project}`.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(project): Path<String>,
) -> Answer<StatusCode> {
    let project = visible(&asked, &project)?;
    app.engine.quota_delete(project).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /zund/v1/quota_classes/{name}`.
pub(crate) async fn class_show(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Answer<Json<QuotaClass>> {
    let (limits, effective) = app.engine.quota_class_get(&name).await?;
    Ok(Json(QuotaClass { limits, effective }))
}

/// `PUT /zund/v1/quota_classes/{name}`.
pub(crate) async fn class_set(
    State(app): State<App>,
    Path(name): Path<String>,
    Body(asks): Body<SetLimits>,
) -> Answer<Json<QuotaClass>> {
    let name = class_name(&name)?;
    let set = app
        .engine
        .quota_class_set(name, asks.limits, asks.create)
        .await;
    let (limits, effective) = set.map_err(in_body)?;
    Ok(Json(QuotaClass { limits, effective }))
}

/// `DELETE /zund/v1/quota_classes/{name}`.
pub(crate) async fn class_delete(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    app.engine.quota_class_delete(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
