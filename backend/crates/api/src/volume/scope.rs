//! The project in an address of Block Storage: always the token's own, for administrators too.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::StatusCode;
use http::request::Parts;
use zun_domain::id::ProjectId;
use zun_engine::Call;

use crate::admit::Admitted;
use crate::error::{Answer, Problem};

/// A request whose address holds the project of its token.
#[derive(Debug)]
pub(crate) struct Scope(pub(super) Admitted);

impl Scope {
    /// The project as addresses write it.
    pub(super) fn project(&self) -> String {
        self.0.call.caller.project.0.simple().to_string()
    }

    /// The view in which an id is looked up: administrators see every project's.
    pub(super) fn sight(&self) -> Call {
        if self.0.is_admin() {
            self.0.everywhere()
        } else {
            self.0.call.clone()
        }
    }

    /// The address of something of this project.
    pub(super) fn href(&self, rest: &str) -> String {
        format!("{}/volume/v3/{}/{rest}", self.0.base, self.project())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Scope {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asked = Admitted::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::bad("", "the address cannot be read"))?;
        let named = params.iter().find(|(name, _)| *name == "project_id");
        let named = named.map_or("", |(_, value)| value);
        let scope = Self(asked);
        if named.parse::<ProjectId>().ok() == Some(scope.0.call.caller.project) {
            return Ok(scope);
        }
        let shown: String = named.chars().take(80).collect();
        Err(Problem::new(
            StatusCode::NOT_FOUND,
            "",
            format!(
                "project {shown:?} could not be found: the address takes the project of the token, {}",
                scope.project()
            ),
        ))
    }
}

/// An id as an address names it; what is none belongs to nothing.
pub(super) fn id<T: FromStr>(what: &'static str, text: &str) -> Answer<T> {
    let shown = || text.chars().take(80).collect::<String>();
    text.parse().map_err(|_| Problem::not_found(what, shown()))
}
