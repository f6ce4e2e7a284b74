//! `/v1/images/{name}/search` and `/v1/images/search?image=`: images that could be run.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use zun_domain::container::spec::ImageSource;
use zun_domain::image::FoundImage;

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// A row as Zun passes Docker's on.
fn row(found: &FoundImage) -> Value {
    json!({
        "name": found.name,
        "description": found.description,
        "metadata": {"is_official": found.official, "star_count": found.stars},
    })
}

/// `GET /v1/images/{name}/search`; everything between `images/` and `/search` is the name (`crate::address`).
pub(crate) async fn by_name(
    State(app): State<App>,
    asked: Admitted,
    Path(name): Path<String>,
    args: Args,
) -> Answer<Json<Vec<Value>>> {
    search(&app, &asked, &name, args).await
}

/// `GET /v1/images/search?image=`.
pub(crate) async fn by_query(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<Vec<Value>>> {
    let name = args.text("image")?;
    let name = name.ok_or_else(|| {
        Problem::value(
            "image",
            "is required: the name, or a part of it, to search for",
        )
    })?;
    search(&app, &asked, &name, args).await
}

async fn search(
    app: &App,
    asked: &Admitted,
    name: &str,
    mut args: Args,
) -> Answer<Json<Vec<Value>>> {
    let source = super::create::image_driver(&mut args)?.unwrap_or(ImageSource::Docker);
    let exact = args.ext_bool("exact_match")?.unwrap_or(false);
    args.end()?;
    let found = app
        .engine
        .image_search(&asked.call, source, name, exact)
        .await?;
    Ok(Json(found.iter().map(row).collect()))
}
