//! Images on `/image/v2`: created, listed, shown, changed, deleted.

use axum::Json;
use axum::extract::{Path, Request, State};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use zun_domain::id::ImageId;
use zun_engine::command::image::CreateImage;

use super::listing::Listing;
use super::patch::Patch;
use super::{id, sight, view, words};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

/// `GET /image/v2/images`.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    args: Args,
) -> Answer<Json<Value>> {
    let listing = Listing::take(args)?;
    let found = app.engine.image_list(&asked.call, &listing.filter).await?;
    Ok(Json(listing.body(found)))
}

type Created = (
    StatusCode,
    [(header::HeaderName, HeaderValue); 1],
    Json<Value>,
);

/// `POST /image/v2/images`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(mut body): Body<Map<String, Value>>,
) -> Answer<Created> {
    let mut ask = CreateImage::default();
    if let Some(id) = body.remove("id") {
        let id: Option<ImageId> = id.as_str().and_then(|text| text.parse().ok());
        ask.id = Some(id.ok_or_else(|| Problem::value("id", "must be a uuid"))?);
    }
    for (name, value) in &body {
        ask.edits.extend(words::edit(&asked, name, value)?);
    }
    let image = app.engine.image_create(&asked.call, ask).await?;
    let location = format!("{}/image/v2/images/{}", asked.base, image.id);
    let location = HeaderValue::try_from(location).map_err(|error| Problem::internal(&error))?;
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(view::image(&image)),
    ))
}

/// `GET /image/v2/images/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Value>> {
    let image = app.engine.image_get(&sight(&asked), &id(&ident)?).await?;
    Ok(Json(view::image(&image)))
}

/// `PATCH /image/v2/images/{id}`: a JSON patch.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    request: Request,
) -> Answer<Json<Value>> {
    let (call, ident) = (sight(&asked), id(&ident)?);
    app.engine.image_get(&call, &ident).await?;
    let edits = Patch::read(&app, request).await?.edits(&asked)?;
    let image = app.engine.image_describe(&call, &ident, edits).await?;
    Ok(Json(view::image(&image)))
}

/// `DELETE /image/v2/images/{id}`.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<StatusCode> {
    app.engine
        .image_delete(&sight(&asked), &id(&ident)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
