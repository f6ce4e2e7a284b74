//! `POST /zund/v1/preview/capsule`: what a create or an update of a capsule would do.

use axum::Json;
use axum::extract::State;
use zun_api_types::capsule::{CapsulePreview, CapsulePreviewRequest};
use zun_api_types::preview::{FieldChange, Problem as Obstacle};
use zun_domain::policy::Action;
use zun_engine::command::capsule::CapsuleAsk;

use super::{check_rights, check_spec, sight};
use crate::App;
use crate::admit::Admitted;
use crate::error::Answer;
use crate::extract::Json as Body;

/// Everything that stands in the way, and what would be done. Changes nothing, so that readers may ask.
pub(crate) async fn preview(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<CapsulePreviewRequest>,
) -> Answer<Json<CapsulePreview>> {
    let new = body.capsule.is_none();
    let rule = if new {
        "capsule:create"
    } else {
        "capsule:update"
    };
    let checks = [
        ("policy", asked.may(Action::Write(rule))),
        ("policy", check_rights(&asked, &body.spec, new)),
        ("spec", check_spec(&body.spec)),
    ];
    let refused = checks
        .into_iter()
        .filter_map(|(kind, check)| Some((kind, check.err()?)));
    let mut problems: Vec<Obstacle> = refused
        .map(|(kind, problem)| Obstacle {
            kind: kind.to_owned(),
            message: problem.sentence(),
        })
        .collect();
    let call = match &body.capsule {
        Some(ident) => sight(&app, &asked, ident).await?,
        None => asked.call.clone(),
    };
    let ask = CapsuleAsk {
        capsule: body.capsule,
        name: body.name,
        spec: body.spec,
        wish: body.state,
        wait_for: body.wait_for.unwrap_or_default(),
    };
    let verdict = Box::pin(app.engine.capsule_preview(&call, ask)).await?;
    let found = verdict.problems.into_iter();
    problems.extend(found.map(|(kind, message)| Obstacle {
        kind: kind.to_owned(),
        message,
    }));
    let effect = verdict.effect;
    let changes = verdict.changes.into_iter().map(|change| FieldChange {
        field: change.field.to_owned(),
        effect: change.effect,
    });
    Ok(Json(CapsulePreview {
        problems,
        effect: effect.as_ref().map(|effect| effect.whole),
        containers: effect.map(|effect| effect.containers).unwrap_or_default(),
        changes: changes.collect(),
        host: verdict.host.map(|host| host.to_string()),
        rejections: verdict.rejections,
        image_digests: verdict.image_digests,
        steps: verdict.steps,
    }))
}
