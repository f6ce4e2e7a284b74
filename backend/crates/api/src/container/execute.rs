//! `POST /v1/containers/{ident}/execute`: a command run to its end, its output answered.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// `POST …/execute?command=&run=&interactive=`. The command is one text, split as a shell does, which is how clients
/// send it, or a list.
pub(crate) async fn execute(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Json<Value>> {
    let command = command(&mut args)?;
    let run = args.bool("run")?.unwrap_or(true);
    let interactive = args.bool("interactive")?.unwrap_or(false);
    args.end()?;
    if interactive || !run {
        let field = if interactive { "interactive" } else { "run" };
        return Err(Problem::value(
            field,
            "sessions are not served by this version of zund; leave out interactive, and run, which is true then: the \
             command is run to its end and the answer has its output and exit code",
        ));
    }
    let call = asked.sight(&app, &ident).await?;
    let done = app.engine.container_exec(&call, &ident, command).await?;
    Ok(Json(json!({
        "output": done.output,
        "exit_code": done.exit_code,
        "exec_id": null,
        "proxy_url": null,
    })))
}

fn command(args: &mut Args) -> Answer<Vec<String>> {
    let words = match args.take("command") {
        Some(Value::String(text)) => shlex::split(&text)
            .ok_or_else(|| Problem::value("command", "has a quote that is not closed"))?,
        Some(Value::Array(words)) => words
            .into_iter()
            .map(|word| match word {
                Value::String(word) => Ok(word),
                _ => Err(Problem::value("command", "must be a list of strings")),
            })
            .collect::<Answer<_>>()?,
        Some(_) => return Err(Problem::value("command", "must be a string")),
        None => Vec::new(),
    };
    if words.is_empty() {
        return Err(Problem::value(
            "command",
            "is required: the command to run, such as \"ls -l\"",
        ));
    }
    Ok(words)
}
