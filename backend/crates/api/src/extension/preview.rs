//! `POST /zund/v1/preview`: what a create or an update would do.

use axum::Json;
use axum::extract::State;
use zun_api_types::preview::{FieldChange, Preview, PreviewRequest, Problem as Obstacle};
use zun_domain::policy::Action;
use zun_engine::command::preview::Ask;

use super::container::{check_rights, check_spec};
use crate::App;
use crate::admit::Admitted;
use crate::error::Answer;
use crate::extract::Json as Body;

/// Everything that stands in the way, and what would be done. Changes nothing, so that readers may ask.
pub(crate) async fn preview(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<PreviewRequest>,
) -> Answer<Json<Preview>> {
    let mut problems = Vec::new();
    let new = body.container.is_none();
    let rule = if new {
        "container:create"
    } else {
        "container:update"
    };
    let rights = [
        asked.may(Action::Write(rule)),
        check_rights(&asked, &body.spec, new),
    ];
    for refused in rights.into_iter().filter_map(Result::err) {
        problems.push(Obstacle {
            kind: "policy".to_owned(),
            message: refused.sentence(),
        });
    }
    if let Err(refused) = check_spec(&body.spec) {
        problems.push(Obstacle {
            kind: "spec".to_owned(),
            message: refused.sentence(),
        });
    }
    let call = match &body.container {
        Some(ident) => asked.sight(&app, ident).await?,
        None => asked.call.clone(),
    };
    let ask = Ask {
        container: body.container,
        name: body.name,
        spec: body.spec,
        wish: body.state,
        wait_for: body.wait_for.unwrap_or_default(),
    };
    let verdict = app.engine.container_preview(&call, ask).await?;
    let found = verdict.problems.into_iter();
    problems.extend(found.map(|(kind, message)| Obstacle {
        kind: kind.to_owned(),
        message,
    }));
    let changes = verdict.changes.into_iter().map(|change| FieldChange {
        field: change.field.to_owned(),
        effect: change.effect,
    });
    Ok(Json(Preview {
        problems,
        host: verdict.host.map(|host| host.to_string()),
        rejections: verdict.rejections,
        effect: verdict.effect,
        changes: changes.collect(),
        image_digest: verdict.image_digest,
        steps: verdict.steps,
    }))
}
