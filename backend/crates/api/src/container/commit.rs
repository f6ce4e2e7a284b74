//! `/v1`: an image made of a container, and a container made anew from an image.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};
use zun_domain::container::spec::ImageSource;
use zun_domain::name::ImageRef;

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// `POST …/commit?repository=&tag=`: the uuid of the image, which has its data when it is active. Of a commit that is
/// pushed to a registry, that of the operation.
pub(crate) async fn commit(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<(StatusCode, Json<Value>)> {
    let repository = args.text("repository")?;
    let tag = args.text("tag")?;
    args.end()?;
    let missing = || Problem::value("repository", "is missing; give the name of the image");
    let repository = repository
        .filter(|text| !text.is_empty())
        .ok_or_else(missing)?;
    let tag = tag.filter(|tag| !tag.is_empty());
    let (repository, tag) = split(repository, tag);
    let call = asked.sight(&app, &ident).await?;
    let committing = app.engine.container_commit(&call, &ident, repository, tag);
    let accepted = Box::pin(committing).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(json!({"uuid": accepted.uuid().to_string()})),
    ))
}

/// A tag inside the repository counts where none is given; the colon of a port is none.
fn split(repository: String, tag: Option<String>) -> (String, String) {
    if let Some(tag) = tag {
        return (repository, tag);
    }
    match repository.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') && !name.is_empty() && !tag.is_empty() => {
            (name.to_owned(), tag.to_owned())
        }
        _ => (repository, "latest".to_owned()),
    }
}

/// `POST …/rebuild?image=&image_driver=`.
pub(crate) async fn rebuild(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<(StatusCode, Json<Value>)> {
    let image: Option<ImageRef> = args.parsed("image")?;
    let source = match args.text("image_driver")?.as_deref() {
        None | Some("None" | "") => None,
        Some("docker") => Some(ImageSource::Docker),
        Some("glance") => Some(ImageSource::Glance),
        Some(other) => {
            let shown: String = other.chars().take(80).collect();
            return Err(Problem::bad(
                "validation-error",
                format!("image_driver: {shown:?} is not valid: docker or glance is expected"),
            ));
        }
    };
    args.end()?;
    let call = asked.sight(&app, &ident).await?;
    let rebuilding = app.engine.container_rebuild(&call, &ident, image, source);
    Box::pin(rebuilding).await?;
    Ok((StatusCode::ACCEPTED, Json(Value::Null)))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_tag_is_told_from_a_port() {
        for (repository, tag, expected) in [
            ("web", None, ("web", "latest")),
            ("web", Some("2"), ("web", "2")),
            ("web:1", None, ("web", "1")),
            ("host:5000/web", None, ("host:5000/web", "latest")),
            ("host:5000/web:1", None, ("host:5000/web", "1")),
        ] {
            let found = split(repository.to_owned(), tag.map(str::to_owned));
            assert_eq!((found.0.as_str(), found.1.as_str()), expected);
        }
    }
}
