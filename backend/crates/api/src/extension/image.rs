//! Images on `/zund/v1`: an image from a registry, what its data turned out to be, and what became of a pull.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use zun_api_types::image::{
    CreateImage, HostImage, HostImagePage, Image, ImageAccepted, ImageStatus,
};
use zun_domain::image as domain;
use zun_domain::policy::Action;
use zun_engine::command::image::ImageEdit;

use super::view;
use crate::App;
use crate::admit::Admitted;
use crate::error::Answer;
use crate::extract::Json as Body;

fn sight(asked: &Admitted) -> zun_engine::Call {
    if asked.is_admin() {
        asked.everywhere()
    } else {
        asked.call.clone()
    }
}

fn status(life: &domain::ImageLife) -> ImageStatus {
    let reason = match life {
        domain::ImageLife::Failed { reason } => Some(reason.clone()),
        domain::ImageLife::Queued
        | domain::ImageLife::Saving
        | domain::ImageLife::Active
        | domain::ImageLife::Deleting => None,
    };
    ImageStatus {
        status: life.glance().to_owned(),
        status_reason: reason,
    }
}

fn image(image: &domain::Image) -> Image {
    let facts = image.facts.as_ref();
    Image {
        id: image.id.to_string(),
        name: image.name.clone(),
        project_id: image.project.0.simple().to_string(),
        status: status(&image.life),
        visibility: image.visibility,
        protected: image.protected,
        tags: image.tags.clone(),
        properties: image.properties.clone(),
        reference: image.source.clone(),
        kind: facts.map(|facts| facts.kind),
        docker_image_id: facts.map(|facts| facts.docker_id.clone()),
        size: facts.map(|facts| facts.size),
        checksum: facts.map(|facts| facts.md5.clone()),
        sha512: facts.map(|facts| facts.sha512.clone()),
        created_at: image.created_at,
        updated_at: image.updated_at,
    }
}

/// `POST /zund/v1/images`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<CreateImage>,
) -> Answer<(StatusCode, Json<ImageAccepted>)> {
    let visibility = body.visibility.unwrap_or_default();
    if visibility == domain::Visibility::Public {
        asked.may(Action::Admin("publicize_image"))?;
    }
    let edits = vec![
        ImageEdit::Name(body.name),
        ImageEdit::Visibility(visibility),
        ImageEdit::Tags(body.tags.unwrap_or_default()),
    ];
    let pulling = app
        .engine
        .image_pull(&asked.call, body.reference, body.registry, edits);
    let (made, operation) = pulling.await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(ImageAccepted {
            image: image(&made),
            operation: view::operation(&operation),
        }),
    ))
}

/// `GET /zund/v1/images/{uuid or name}`.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Image>> {
    let found = app.engine.image_get(&sight(&asked), &ident).await?;
    Ok(Json(image(&found)))
}

/// `DELETE /zund/v1/images/{uuid or name}`, with the operation to follow.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<(StatusCode, Json<ImageAccepted>)> {
    let call = sight(&asked);
    let found = app.engine.image_get(&call, &ident).await?;
    let operation = app
        .engine
        .image_delete(&call, &found.id.to_string())
        .await?;
    let gone = domain::Image {
        life: domain::ImageLife::Deleting,
        ..found
    };
    Ok((
        StatusCode::ACCEPTED,
        Json(ImageAccepted {
            image: image(&gone),
            operation: view::operation(&operation),
        }),
    ))
}

/// `GET /zund/v1/host_images`: what `/v1/images` lists, and what became of it.
pub(crate) async fn host_images(State(app): State<App>) -> Answer<Json<HostImagePage>> {
    let found = app.engine.host_image_list().await?;
    let view = |image: &domain::PulledImage| HostImage {
        id: image.id.to_string(),
        reference: image.reference.clone(),
        host: image.place.name.to_string(),
        docker_image_id: image.image_id.clone(),
        size: image.size,
        status: status(&image.life),
    };
    Ok(Json(HostImagePage {
        host_images: found.iter().map(view).collect(),
    }))
}
