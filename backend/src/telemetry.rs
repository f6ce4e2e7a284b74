//! The log: lines for people on a terminal, an object per line elsewhere. On the standard error, so that
//! the standard output holds only what was asked for. Values of secret types print as `redacted`, and
//! neither bodies nor headers are logged anywhere.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{self, Config, LogFormat};

/// What prints bodies and frames below this level: environments of users are in them.
const BODIES: [&str; 6] = ["bollard", "hyper", "hyper_util", "h2", "sqlx", "tower_http"];

/// Starts logging. Called once, before anything that may log.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    let mut filter = EnvFilter::try_new(&config.log)?;
    for target in BODIES {
        filter = filter.add_directive(format!("{target}=info").parse()?);
    }
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let terminal = std::io::stderr().is_terminal();
    let text = match config.log_format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let started = if text {
        builder.with_ansi(terminal).try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("cannot start the log: {error}"))?;
    for warning in strangers() {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Variables that look like settings and are none.
pub(crate) fn strangers() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    config::strangers(names)
}
