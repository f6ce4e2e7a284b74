//! `POST …/volumes/{id}/action`: of Cinder's actions the one that makes a volume larger.

use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value};
use zun_domain::id::VolumeId;
use zun_domain::unit::DiskGib;

use super::scope::{Scope, id};
use super::volumes::LARGEST;
use crate::App;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

const EXTEND: &str = "os-extend";

/// Accepts a larger size, in use or not.
pub(crate) async fn act(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
    Body(mut body): Body<Map<String, Value>>,
) -> Answer<StatusCode> {
    let id: VolumeId = id("volume", &ident)?;
    let call = scope.sight();
    app.engine.volume_get(&call, &id.to_string()).await?;
    if body.len() != 1 {
        return Err(no_such_action(&body));
    }
    let Some(value) = body.remove(EXTEND) else {
        return Err(no_such_action(&body));
    };
    let mut args = Args::nested(EXTEND, value)?;
    let size = args.integer("new_size", 1, LARGEST)?;
    let size = size.and_then(|size| u64::try_from(size).ok()).map(DiskGib);
    let size = size.ok_or_else(|| Problem::value("new_size", "is required: the size in GiB"))?;
    app.engine
        .volume_extend(&call, &id.to_string(), size)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

fn no_such_action(body: &Map<String, Value>) -> Problem {
    let names: Vec<&str> = body.keys().map(String::as_str).collect();
    let shown: String = names.join(", ").chars().take(80).collect();
    Problem::bad(
        "",
        format!(
            "there is no such action: {shown:?} is not valid, {EXTEND:?} alone is expected; volumes are attached by the \
             mounts of a container"
        ),
    )
}
