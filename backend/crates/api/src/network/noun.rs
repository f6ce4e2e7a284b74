//! What is asked of every noun in the same way: a list of them, one of them, the end of one.

use std::str::FromStr;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::Value;
use zun_engine::Call;

use super::listing::Listing;
use super::{body, view};
use crate::App;
use crate::admit::Admitted;
use crate::error::Answer;
use crate::extract::Args;

/// A noun of Networking: how it is called, and which calls of the engine it is looked up and ended with.
pub(crate) trait Noun: 'static {
    /// The address of the collection, which messages call it by, too; with underscores its name in the body of a list.
    const ADDRESS: &'static str;
    /// In the body of one.
    const ONE: &'static str;
    /// In messages.
    const WHAT: &'static str;
    /// What names one.
    type Id: FromStr + Send;

    /// Every one that can be seen.
    fn all(app: &App, call: &Call) -> impl Future<Output = Answer<Vec<Value>>> + Send;

    /// One of them.
    fn one(app: &App, call: &Call, id: Self::Id) -> impl Future<Output = Answer<Value>> + Send;

    /// Ends one.
    fn remove(app: &App, call: &Call, id: Self::Id) -> impl Future<Output = Answer<()>> + Send;
}

/// `GET /network/v2.0/NOUNS`.
pub(crate) async fn list<N: Noun>(
    State(app): State<App>,
    asked: Admitted,
    args: Args,
) -> Answer<Json<Value>> {
    let listing = Listing::take(&asked, args)?;
    let found = N::all(&app, &listing.call).await?;
    let name = N::ADDRESS.replace('-', "_");
    listing.body(N::ADDRESS, &name, found.into_iter())
}

/// `GET /network/v2.0/NOUNS/{id}`.
pub(crate) async fn show<N: Noun>(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    args: Args,
) -> Answer<Json<Value>> {
    let id = body::id(N::WHAT, &ident)?;
    let found = N::one(&app, &body::sight(&asked), id).await?;
    Ok(view::shown(N::ONE, args, found))
}

/// `DELETE /network/v2.0/NOUNS/{id}`.
pub(crate) async fn delete<N: Noun>(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<StatusCode> {
    let id = body::id(N::WHAT, &ident)?;
    N::remove(&app, &body::sight(&asked), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
