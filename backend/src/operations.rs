//! `zund operations`: read from the database, so that it works whether zund runs or not.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use zun_domain::operation::Subject;
use zun_store::{OperationQuery, Store};

use crate::config::Config;
use crate::place::Place;
use crate::{bootstrap, cli, compose};

const MOST: u32 = 1000;

/// Prints the operations of all projects, the newest first.
pub(crate) fn list(config: &Config, unconfirmed: bool) -> anyhow::Result<ExitCode> {
    let text = on_database(config, async |_, store| table(store, unconfirmed).await)?;
    cli::print(&text)
}

/// Does something with the database that is there, whether zund runs or not.
pub(crate) fn on_database(
    config: &Config,
    work: impl AsyncFnOnce(&Place, &Store) -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    let place = Place::at(&config.data_dir);
    if config.database.is_none() && !place.file(bootstrap::DATABASE).exists() {
        bail!(
            "there is no database in {}; name the data directory with --data-dir, or start zund first",
            config.data_dir.display()
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(async {
        let key = bootstrap::key(&place, config)?;
        let store = compose::store(config, &place, key).await?;
        let text = work(&place, &store).await;
        store.close().await;
        text
    })
}

async fn table(store: &Store, unconfirmed: bool) -> anyhow::Result<String> {
    let query = OperationQuery {
        unconfirmed,
        limit: MOST,
        ..OperationQuery::default()
    };
    let operations = store
        .operation_list(&query)
        .await
        .context("cannot read the operations")?;
    if operations.is_empty() {
        return Ok("no operations\n".to_owned());
    }
    let mut text = format!(
        "{:<24} {:<10} {:<10} {:<46} {:<32} name\n",
        "accepted", "kind", "state", "subject", "project"
    );
    for operation in operations {
        let name = name_of(store, operation.subject).await?;
        let _ = writeln!(
            text,
            "{:<24.0} {:<10} {:<10} {:<46} {:<32} {name}",
            operation.created_at,
            operation.kind.as_str(),
            operation.state.as_str(),
            operation.subject.to_string(),
            operation.project.0.simple(),
        );
    }
    Ok(text)
}

/// The name users know the subject by.
async fn name_of(store: &Store, subject: Subject) -> anyhow::Result<String> {
    let name = match subject {
        Subject::Container(id) => {
            let found = store.container_find(id).await;
            found.map(|found| found.map(|container| container.desired.name.to_string()))
        }
        Subject::Volume(id) => {
            let found = store.volume_find(id).await;
            found.map(|found| found.map(|volume| volume.name))
        }
        Subject::Snapshot(id) => {
            let found = store.snapshot_find(id).await;
            found.map(|found| found.map(|snapshot| snapshot.name))
        }
        Subject::Image(id) => {
            let found = store.image_find(id).await;
            found.map(|found| found.map(|image| image.name))
        }
        Subject::HostImage(id) => {
            let found = store.pulled_image_find(id).await;
            found.map(|found| found.map(|image| image.reference.to_string()))
        }
    };
    let name = name.with_context(|| format!("cannot read {subject}"))?;
    Ok(name.unwrap_or_else(|| "(gone)".to_owned()))
}
