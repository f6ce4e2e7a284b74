//! One tag of an image: put, taken away.

use axum::extract::{Path, State};
use http::StatusCode;
use zun_engine::command::image::ImageEdit;

use super::{id, sight};
use crate::App;
use crate::admit::Admitted;
use crate::error::Answer;

/// `PUT /image/v2/images/{id}/tags/{tag}`.
pub(crate) async fn put(
    State(app): State<App>,
    asked: Admitted,
    Path((ident, tag)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let edits = vec![ImageEdit::AddTag(tag)];
    let ident = id(&ident)?;
    app.engine
        .image_describe(&sight(&asked), &ident, edits)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /image/v2/images/{id}/tags/{tag}`.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path((ident, tag)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let edits = vec![ImageEdit::RemoveTag(tag)];
    let ident = id(&ident)?;
    app.engine
        .image_describe(&sight(&asked), &ident, edits)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
