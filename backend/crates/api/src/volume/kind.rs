//! Types of volumes: two, the same in every deployment.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use zun_domain::volume::VolumeType;

use super::listing::Page;
use super::scope::Scope;
use super::view;
use crate::App;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// The type of this id or name.
pub(super) fn by_ident(ident: &str) -> Answer<VolumeType> {
    let all = VolumeType::ALL.into_iter();
    let mut found =
        all.filter(|kind| kind.as_str() == ident || view::type_id(*kind).to_string() == ident);
    found.next().ok_or_else(|| {
        let shown: String = ident.chars().take(80).collect();
        let names = VolumeType::ALL.map(VolumeType::as_str).join(" and ");
        let mut problem = Problem::not_found("volume type", &shown);
        problem.explain(format!(
            "volume type {shown} could not be found; there are {names}"
        ));
        problem
    })
}

/// `GET …/types`. There are none that only some may see.
pub(crate) async fn list(scope: Scope, mut args: Args) -> Answer<Json<Value>> {
    let page = Page::take(&mut args)?;
    let public = match args.text("is_public")?.as_deref() {
        None | Some("None" | "none") => true,
        Some(text) => {
            let mut given = Args::nested("is_public", json!({"is_public": text}))?;
            given.ext_bool("is_public")?.unwrap_or(true)
        }
    };
    let mut all: Vec<VolumeType> = VolumeType::ALL.into_iter().filter(|_| public).collect();
    if let Some(marker) = page.marker {
        let place = all.iter().position(|kind| view::type_id(*kind) == marker);
        let place =
            place.ok_or_else(|| Problem::value("marker", format!("{marker} is none of these")))?;
        all.drain(..=place);
    }
    let found = all
        .into_iter()
        .skip(page.offset)
        .take(page.limit + 1)
        .collect();
    let id = |kind: &VolumeType| view::type_id(*kind).to_string();
    let here = scope.href("types");
    Ok(Json(page.body("volume_types", &here, found, id, |kind| {
        view::volume_type(*kind)
    })))
}

/// `GET …/types/{id}`; `default` is the one of a volume for which none is given.
pub(crate) async fn show(
    State(_): State<App>,
    _: Scope,
    Path((_, ident)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    let kind = match ident.as_str() {
        "default" => VolumeType::default(),
        other => by_ident(other)?,
    };
    Ok(Json(json!({"volume_type": view::volume_type(kind)})))
}
