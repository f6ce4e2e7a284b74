//! Operations on `/zund/v1`: shown, listed, waited for, streamed.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{Stream, unfold};
use zun_api_types::operation::{Operation, OperationPage};
use zun_domain::id::OperationId;
use zun_domain::operation as domain;
use zun_engine::Call;

use super::view;
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;
use crate::page::MOST;

/// Longest a request is kept waiting.
const LONGEST_WAIT: i64 = 60;
/// How long a stream waits for the next step before it looks at the words of the current one again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

fn parse(id: &str) -> Answer<OperationId> {
    let shown = || id.chars().take(80).collect::<String>();
    id.parse()
        .map_err(|_| Problem::not_found("operation", shown()))
}

/// The request with the view in which operations are looked up.
fn sight(asked: &Admitted) -> Call {
    if asked.is_admin() {
        asked.everywhere()
    } else {
        asked.call.clone()
    }
}

/// `GET /zund/v1/operations/{id}?wait=&after=`.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(id): Path<String>,
    mut args: Args,
) -> Answer<Json<Operation>> {
    let id = parse(&id)?;
    let wait = args
        .integer("wait", 0, i64::from(u32::MAX))?
        .unwrap_or(0)
        .min(LONGEST_WAIT);
    let after = args.integer("after", 0, i64::from(u32::MAX))?;
    args.end()?;
    let call = sight(&asked);
    let found = match u64::try_from(wait) {
        Ok(seconds) if seconds > 0 => {
            let after = after.and_then(|after| u32::try_from(after).ok());
            let bound = Duration::from_secs(seconds);
            app.engine.operation_wait(&call, id, after, bound).await?
        }
        _ => app.engine.operation_get(&call, id).await?,
    };
    Ok(Json(view::operation(&found)))
}

/// `GET /zund/v1/operations?unconfirmed=&container=&limit=&marker=`, newest first.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<OperationPage>> {
    let unconfirmed = args.ext_bool("unconfirmed")?.unwrap_or(false);
    let container = args.text("container")?;
    let limit = args.integer("limit", 1, i64::MAX)?;
    let limit = limit.map_or(MOST, |limit| u32::try_from(limit).unwrap_or(MOST).min(MOST));
    let marker: Option<OperationId> = args.parsed("marker")?;
    args.end()?;
    let call = match &container {
        Some(ident) => asked.sight(&app, ident).await?,
        None => asked.call.clone(),
    };
    let found =
        app.engine
            .operation_list(&call, container.as_deref(), unconfirmed, limit + 1, marker);
    let mut found = found.await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| last.id.to_string());
    Ok(Json(OperationPage {
        operations: found.iter().map(view::operation).collect(),
        next,
    }))
}

/// Where a stream stands.
struct Follower {
    app: App,
    call: Call,
    id: OperationId,
    told: Option<domain::Operation>,
}

impl Follower {
    /// The operation once it differs from what was told last; `None` after its end.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if self.told.as_ref().is_some_and(|told| told.state.is_final()) {
                return None;
            }
            // An operation that is purged, or a store that is gone, ends the stream; the client asks again.
            let now = match &self.told {
                None => self
                    .app
                    .engine
                    .operation_get(&self.call, self.id)
                    .await
                    .ok()?,
                Some(told) => {
                    let after = Some(told.steps_done);
                    let engine = &self.app.engine;
                    let wait = engine.operation_wait(&self.call, self.id, after, LOOK_AGAIN);
                    wait.await.ok()?
                }
            };
            if self.told.as_ref() == Some(&now) {
                continue;
            }
            let event = Event::default().json_data(view::operation(&now)).ok()?;
            self.told = Some(now);
            return Some((Ok(event), self));
        }
    }
}

/// `GET /zund/v1/operations/{id}/events`: every change, until the end.
pub(crate) async fn stream(
    State(app): State<App>,
    asked: Admitted,
    Path(id): Path<String>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let (id, call) = (parse(&id)?, sight(&asked));
    app.engine.operation_get(&call, id).await?;
    let follower = Follower {
        app,
        call,
        id,
        told: None,
    };
    let events = unfold(follower, Follower::next);
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
