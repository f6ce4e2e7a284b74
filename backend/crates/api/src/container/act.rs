//! The single verbs of `/v1`: start, stop, reboot, pause, unpause, kill. All answer 202 and `null`.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::Value;
use zun_domain::name::Signal;
use zun_engine::command::Act;

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;

type Done = (StatusCode, Json<Value>);

async fn act(app: &App, asked: &Admitted, ident: &str, act: Act) -> Answer<Done> {
    let call = asked.sight(app, ident).await?;
    // On the heap: what it holds is large.
    Box::pin(app.engine.container_act(&call, ident, act)).await?;
    Ok((StatusCode::ACCEPTED, Json(Value::Null)))
}

/// A verb that stops: `timeout` are the seconds before KILL.
async fn stopping(
    app: &App,
    asked: &Admitted,
    ident: &str,
    mut args: Args,
    verb: fn(Option<u32>) -> Act,
) -> Answer<Done> {
    let seconds = args.integer("timeout", 0, i64::from(i32::MAX))?;
    args.end()?;
    let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
    act(app, asked, ident, verb(seconds)).await
}

/// `POST …/start`.
pub(crate) async fn start(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Done> {
    act(&app, &asked, &ident, Act::Start).await
}

/// `POST …/stop?timeout=`.
pub(crate) async fn stop(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    args: Args,
) -> Answer<Done> {
    stopping(&app, &asked, &ident, args, Act::Stop).await
}

/// `POST …/reboot?timeout=`.
pub(crate) async fn reboot(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    args: Args,
) -> Answer<Done> {
    stopping(&app, &asked, &ident, args, Act::Reboot).await
}

/// `POST …/pause`.
pub(crate) async fn pause(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Done> {
    act(&app, &asked, &ident, Act::Pause).await
}

/// `POST …/unpause`.
pub(crate) async fn unpause(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Done> {
    act(&app, &asked, &ident, Act::Unpause).await
}

/// `POST …/kill?signal=`. The word `None` is what clients send for no signal.
pub(crate) async fn kill(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Done> {
    let text = args.take("signal").map(|value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    });
    let signal = text.filter(|text| text != "None").map(|text| {
        text.parse::<Signal>()
            .map_err(|error| Problem::value("signal", error))
    });
    args.end()?;
    act(&app, &asked, &ident, Act::Kill(signal.transpose()?)).await
}
