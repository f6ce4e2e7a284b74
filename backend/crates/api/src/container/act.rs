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
    app.engine.container_act(&call, ident, act).await?;
    Ok((StatusCode::ACCEPTED, Json(Value::Null)))
}

/// Seconds before KILL.
fn timeout(args: &mut Args) -> Answer<Option<u32>> {
    let seconds = args.integer("timeout", 0, i64::from(i32::MAX))?;
    Ok(seconds.and_then(|seconds| u32::try_from(seconds).ok()))
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
    mut args: Args,
) -> Answer<Done> {
    let timeout = timeout(&mut args)?;
    args.end()?;
    act(&app, &asked, &ident, Act::Stop(timeout)).await
}

/// `POST …/reboot?timeout=`.
pub(crate) async fn reboot(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Done> {
    let timeout = timeout(&mut args)?;
    args.end()?;
    act(&app, &asked, &ident, Act::Reboot(timeout)).await
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
