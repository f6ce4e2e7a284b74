//! `/v1/images`: what administrators pull to a host, ahead of the containers that run it.

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use zun_domain::image::PulledImage;
use zun_domain::name::ImageRef;

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;
use crate::page::Paging;

/// Sort keys, the default first.
const KEYS: [&str; 7] = ["id", "uuid", "image_id", "repo", "tag", "size", "host"];

/// Repository and tag of what it is pulled by. Of one that is pulled by digest, that stands for the tag.
fn parts(image: &PulledImage) -> (String, String) {
    let text = image.reference.with_tag();
    if let Some((repository, digest)) = text.split_once('@') {
        return (repository.to_owned(), digest.to_owned());
    }
    match text.rsplit_once(':') {
        Some((repository, tag)) => (repository.to_owned(), tag.to_owned()),
        None => (text, String::new()),
    }
}

fn view(image: &PulledImage, base: &str) -> Value {
    let (repo, tag) = parts(image);
    let id = image.id.to_string();
    json!({
        "uuid": id,
        "links": [
            {"href": format!("{base}/v1/images/{id}"), "rel": "self"},
            {"href": format!("{base}/images/{id}"), "rel": "bookmark"},
        ],
        "image_id": image.image_id,
        "project_id": image.project.0.simple().to_string(),
        "repo": repo,
        "tag": tag,
        "size": image.size.map(|size| size.to_string()),
        "host": image.place.name.to_string(),
    })
}

/// `GET /v1/images`.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<Value>> {
    let paging = Paging::take(&mut args, &KEYS)?;
    let found = app.engine.host_image_list().await?;
    let order: Vec<_> = found.iter().map(|image| image.id).collect();
    let id = |image: &PulledImage| image.id.to_string();
    let key = |image: &PulledImage| {
        let (repo, tag) = parts(image);
        let place = || {
            order
                .iter()
                .position(|id| *id == image.id)
                .unwrap_or_default()
        };
        match paging.sort_key.as_str() {
            "uuid" => (0, image.id.to_string()),
            "image_id" => (0, image.image_id.clone().unwrap_or_default()),
            "repo" => (0, repo),
            "tag" => (0, tag),
            "host" => (0, image.place.name.to_string()),
            "size" => (image.size.unwrap_or_default(), String::new()),
            _ => (place() as u64, String::new()),
        }
    };
    let page = paging.cut("image", found, key, id)?;
    let next = paging.next(&asked.base, "images", page.len(), page.last().map(id));
    let views: Vec<Value> = page.iter().map(|image| view(image, &asked.base)).collect();
    Ok(Json(json!({"images": views, "next": next})))
}

/// `GET /v1/images/{uuid or name}`.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Value>> {
    let image = app.engine.host_image_get(&ident).await?;
    Ok(Json(view(&image, &asked.base)))
}

type Pulling = (
    StatusCode,
    [(header::HeaderName, HeaderValue); 1],
    Json<Value>,
);

/// `POST /v1/images`: the record is there at once, its id in the engine and its size after the pull.
pub(crate) async fn pull(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Pulling> {
    let missing =
        |name: &'static str| move || Problem::value(name, "is missing; repo and host are expected");
    let repo: ImageRef = args.parsed("repo")?.ok_or_else(missing("repo"))?;
    let host = args.text("host")?.ok_or_else(missing("host"))?;
    // Accepted by Zun: written over by the pull, or without effect there too.
    for name in ["image_id", "size", "tag", "image_pull_policy"] {
        args.take(name);
    }
    args.end()?;
    let no_host = |error| match error {
        zun_engine::Error::NotFound { what: "host", .. } => Problem::value(
            "host",
            format!("{host:?} is none of the hosts: a uuid or a name is expected"),
        ),
        other => other.into(),
    };
    let pulling = app.engine.host_image_pull(&asked.call, &host, repo).await;
    let (image, _) = pulling.map_err(no_host)?;
    let location = format!("{}/v1/images/{}", asked.base, image.id);
    let location = HeaderValue::try_from(location).map_err(|error| Problem::internal(&error))?;
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(view(&image, &asked.base)),
    ))
}

/// `DELETE /v1/images/{uuid or name}`: from the host too, unless a container is made of it.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Value>> {
    app.engine.host_image_delete(&asked.call, &ident).await?;
    Ok(Json(Value::Null))
}
