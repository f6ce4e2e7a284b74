//! `GET /v1/containers` and `GET /v1/containers/{ident}`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use zun_domain::container::{Status, TaskState};
use zun_domain::id::ContainerId;
use zun_domain::policy::Action;
use zun_engine::query::{ContainerFilter, SortKey};

use super::view::{self, Shown};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;
use crate::page::Paging;

const TASKS: [TaskState; 9] = [
    TaskState::ContainerCreating,
    TaskState::ContainerStarting,
    TaskState::ContainerDeleting,
    TaskState::ContainerStopping,
    TaskState::ContainerRebooting,
    TaskState::ContainerPausing,
    TaskState::ContainerUnpausing,
    TaskState::ContainerKilling,
    TaskState::ContainerRebuilding,
];

/// A page. `next` is the address of the one after it.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    containers: Vec<Shown>,
    next: Value,
}

/// A list, limited to the project of the token unless an administrator asks for all.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<Page>> {
    let keys: Vec<&str> = SortKey::ALL.iter().map(|key| key.name()).collect();
    let paging = Paging::take(&mut args, &keys)?;
    let mut call = asked.call.clone();
    if args.ext_bool("all_projects")? == Some(true) {
        asked.may(Action::Admin("container:get_all_all_projects"))?;
        call.all_projects = true;
    }
    let filter = filter(&asked, &mut args, &paging)?;
    args.end()?;
    let containers = match filter {
        Some(filter) => app.engine.container_list(&call, filter).await?,
        None => Vec::new(),
    };
    let last = containers.last().map(|last| last.container.id.to_string());
    let next = paging.next(&asked.base, "containers", containers.len(), last);
    let now = app.settings.clock.now();
    let containers = containers
        .into_iter()
        .map(|entry| view::container(entry.container, &asked, false, now))
        .collect();
    Ok(Json(Page { containers, next }))
}

/// The filter that is asked for; `None` where a value can belong to no container.
fn filter(asked: &Admitted, args: &mut Args, paging: &Paging) -> Answer<Option<ContainerFilter>> {
    let host = args.text("host")?;
    if host.is_some() {
        asked.may(Action::Admin("container:get_one:host"))?;
    }
    let marker = paging.marker.as_deref().map(|marker| {
        let id = marker.parse::<ContainerId>();
        id.map_err(|_| Problem::not_found("container", marker))
    });
    let filter = ContainerFilter {
        name: args.text("name")?,
        image: args.text("image")?,
        host,
        auto_remove: args.ext_bool("auto_remove")?,
        sort_key: SortKey::named(&paging.sort_key).unwrap_or_default(),
        descending: paging.descending,
        limit: paging.limit,
        marker: marker.transpose()?,
        ..ContainerFilter::default()
    };
    let memory = args.integer("memory", 0, i64::MAX)?;
    let (project, user) = (args.text("project_id")?, args.text("user_id")?);
    let (status, task) = (args.text("status")?, args.text("task_state")?);
    Ok(with_words(filter, memory, project, user, status, task))
}

fn with_words(
    mut filter: ContainerFilter,
    memory: Option<i64>,
    project: Option<String>,
    user: Option<String>,
    status: Option<String>,
    task: Option<String>,
) -> Option<ContainerFilter> {
    filter.memory = memory.and_then(|memory| u64::try_from(memory).ok());
    if let Some(project) = project {
        filter.project = Some(project.parse().ok()?);
    }
    if let Some(user) = user {
        filter.user = Some(user.parse().ok()?);
    }
    if let Some(word) = status {
        // One of Zun's words can stand for two of ours.
        filter.statuses = Status::ALL
            .into_iter()
            .filter(|status| status.zun() == word)
            .collect();
        if filter.statuses.is_empty() {
            return None;
        }
    }
    if let Some(word) = task {
        filter.task = Some(TASKS.into_iter().find(|task| task.as_str() == word)?);
    }
    Some(filter)
}

/// One container. `all_projects` is for administrators; anything else in the query does not count.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Json<Shown>> {
    if args.ext_bool("all_projects")? == Some(true) {
        asked.may(Action::Admin("container:get_one_all_projects"))?;
    }
    let call = asked.sight(&app, &ident).await?;
    let found = app.engine.container_entry(&call, &ident).await?;
    let now = app.settings.clock.now();
    Ok(Json(view::container(found.container, &asked, true, now)))
}
