//! What a container shows: logs, processes, use of resources; and its terminal's size.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use zun_domain::time::Timestamp;
use zun_engine::query::LogQuery;

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// `GET …/logs`: a JSON string.
pub(crate) async fn logs(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Json<Value>> {
    let query = LogQuery {
        stdout: args.ext_bool("stdout")?.unwrap_or(true),
        stderr: args.ext_bool("stderr")?.unwrap_or(true),
        timestamps: args.ext_bool("timestamps")?.unwrap_or(false),
        tail: tail(&mut args)?,
        since: since(&mut args)?,
    };
    args.end()?;
    let call = asked.sight(&app, &ident).await?;
    let text = app.engine.container_logs(&call, &ident, query).await?;
    Ok(Json(Value::String(text)))
}

fn tail(args: &mut Args) -> Answer<Option<u64>> {
    match args.take("tail") {
        None => Ok(None),
        Some(Value::String(text)) if matches!(&*text, "all" | "") => Ok(None),
        Some(value) => {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), ToOwned::to_owned);
            let lines = text.parse().map(Some);
            lines.map_err(|_| Problem::value("tail", "must be a number of lines, or all"))
        }
    }
}

/// Seconds since 1970, or `2026-01-31 23:59:59,000`.
fn since(args: &mut Args) -> Answer<Option<Timestamp>> {
    let text = match args.take("since") {
        None => return Ok(None),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refused = || {
        Problem::value(
            "since",
            "must be seconds since 1970, or a time (UTC) such as 2026-01-31 23:59:59,000",
        )
    };
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().map_err(|_| refused())?;
        return Timestamp::from_second(seconds)
            .map(Some)
            .map_err(|_| refused());
    }
    let written = format!("{}Z", text.replacen(',', ".", 1));
    written.parse().map(Some).map_err(|_| refused())
}

/// Options of ps that choose processes and columns, as Unix writes them and as BSD does. Formats of one's own and BSD's
/// `e` are not among them: they show environments, which hold secrets.
const UNIX_OPTIONS: &str = "AadefFHjlLMNTwyZ";
const BSD_OPTIONS: &str = "afhjlmrSTuvwXx";

/// Why these arguments are not given to ps.
fn unfit_for_ps(arguments: &str) -> Option<String> {
    let fits = |word: &str| match word.strip_prefix('-') {
        Some(letters) => !letters.is_empty() && letters.chars().all(|c| UNIX_OPTIONS.contains(c)),
        None => word.chars().all(|c| BSD_OPTIONS.contains(c)),
    };
    let wrong = arguments.split_whitespace().find(|word| !fits(word))?;
    let shown: String = wrong.chars().take(40).collect();
    Some(format!(
        "{shown:?} is not passed on to ps; give letters of {UNIX_OPTIONS} behind a hyphen, such as -ef, or of {BSD_OPTIONS} \
         without one, such as aux"
    ))
}

/// `GET …/top?ps_args=`.
pub(crate) async fn top(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Json<Value>> {
    let arguments = args
        .text("ps_args")?
        .filter(|text| !text.is_empty() && text != "None");
    args.end()?;
    if let Some(refused) = arguments.as_deref().and_then(unfit_for_ps) {
        return Err(Problem::value("ps_args", &refused));
    }
    let call = asked.sight(&app, &ident).await?;
    let top = app
        .engine
        .container_top(&call, &ident, arguments.as_deref())
        .await?;
    Ok(Json(
        json!({"Titles": top.titles, "Processes": top.processes}),
    ))
}

/// `GET …/stats`.
pub(crate) async fn stats(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Value>> {
    let call = asked.sight(&app, &ident).await?;
    let container = app.engine.container_get(&call, &ident).await?;
    let stats = app.engine.container_stats(&call, &ident).await?;
    let (used, limit) = (mib(stats.memory_bytes), mib(stats.memory_limit_bytes));
    let percent = if limit > 0.0 {
        used / limit * 100.0
    } else {
        0.0
    };
    Ok(Json(json!({
        "CONTAINER": container.desired.name.as_str(),
        "CPU %": stats.cpu_percent,
        "MEM USAGE(MiB)": used,
        "MEM LIMIT(MiB)": limit,
        "MEM %": percent,
        "BLOCK I/O(B)": format!("{}/{}", stats.block_read_bytes, stats.block_write_bytes),
        "NET I/O(B)": format!("{}/{}", stats.net_rx_bytes, stats.net_tx_bytes),
    })))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "memory of one machine is far below 2^52 bytes"
)]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// `POST …/resize?h=&w=`.
pub(crate) async fn resize(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Json<Value>> {
    let height = size(&mut args, "h")?;
    let width = size(&mut args, "w")?;
    args.end()?;
    let call = asked.sight(&app, &ident).await?;
    app.engine
        .container_resize_tty(&call, &ident, height, width)
        .await?;
    Ok(Json(Value::Null))
}

fn size(args: &mut Args, name: &str) -> Answer<u16> {
    let size = args.integer(name, 1, i64::from(u16::MAX))?;
    size.and_then(|size| u16::try_from(size).ok())
        .ok_or_else(|| Problem::value(name, "is required: the terminal's size in characters"))
}
