//! Create, update and delete: what could not be made leaves nothing behind, and the state stays true whatever happens.

use std::path::Path;

use tfplugin::{Context, Diagnostic, Diagnostics, StateResponse, UpdateRequest, Value, ValueError};
use zun_api_types::operation::Operation;
use zun_client::image::{CreateImage, PullImage};
use zun_client::{Client, Image};
use zun_domain::operation::OperationState;

use super::file::Digests;
use super::is_there;
use super::plan::unreadable;
use super::state::{Words, content_of, state_of};
use crate::report::{detail, failed, sentence};
use crate::resource::agreeing::agreeing;
use crate::resource::identity::identity_of;
use crate::session::Session;
use crate::wait::{Patience, Seen, Unfinished, Unmet, Why};

/// Why an image was not made, and whether the server may still be making it.
struct Failed {
    problem: Diagnostic,
    goes_on: bool,
}

impl From<Diagnostic> for Failed {
    fn from(problem: Diagnostic) -> Self {
        Self {
            problem,
            goes_on: false,
        }
    }
}

impl From<ValueError> for Failed {
    fn from(error: ValueError) -> Self {
        Diagnostic::from(error).into()
    }
}

/// Makes an image.
pub(super) async fn create(
    context: &Context<Session>,
    planned: &Value,
    response: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let client = &context.client()?.client;
    let words = Words::planned(planned)?;
    let path = planned.read::<Option<String>>("local_file_path")?;
    let made = match &path {
        Some(path) => of_file(context, client, planned, &words, path, response).await,
        None => of_registry(context, client, planned, &words, response).await,
    };
    if let Err(Failed { problem, goes_on }) = made {
        // What has no data is of no use to anybody.
        let id = planned_id(response);
        if let Some(id) = id.filter(|_| !goes_on)
            && client.image_delete(&id).await.is_ok()
        {
            response.remove();
        }
        return Err(problem.into());
    }
    let id = planned_id(response).unwrap_or_default();
    settle(client, &id, &words, planned, response).await
}

/// The id of what was made, if it came to that.
fn planned_id(response: &StateResponse) -> Option<String> {
    let id = response.state().get("id").ok().and_then(Value::as_str);
    id.map(str::to_owned)
}

fn accepted(response: &mut StateResponse, id: &str) {
    response.set("id", id);
    response.set_identity(identity_of(id));
}

async fn of_file(
    context: &Context<Session>,
    client: &Client,
    planned: &Value,
    words: &Words,
    path: &str,
    response: &mut StateResponse,
) -> Result<(), Failed> {
    let before = Digests::of(path).await;
    let before = before.map_err(|error| unreadable(path, &error))?;
    let body = CreateImage {
        name: words.name.clone(),
        container_format: planned.read("container_format")?,
        disk_format: planned.read("disk_format")?,
        visibility: words.visibility.clone(),
        tags: words.tags.iter().cloned().collect(),
        min_disk: words.min_disk,
        min_ram: words.min_ram,
        properties: words.properties.clone(),
    };
    let made = client.image_create(&body).await;
    let made = made.map_err(|error| failed(&error))?;
    accepted(response, &made.id);
    let sent = client.image_upload(&made.id, Path::new(path), context.timeout);
    let sent = tokio::select! {
        biased;
        () = context.cancel.cancelled() => return Err(Diagnostic::error(
            format!("Image {} is not uploaded", words.name),
            "The run was stopped. Apply again: nothing is left of this one.",
        ).into()),
        sent = sent => sent,
    };
    sent.map_err(|error| failed(&error).at("local_file_path"))?;
    let found = client.image_find(&made.id).await;
    match found.map_err(|error| failed(&error))? {
        Some(image) if before.are_of(image.checksum.as_deref(), image.os_hash_value.as_deref()) => {
            Ok(())
        }
        Some(image) => Err(Diagnostic::error(
            "What was uploaded is not what the file held",
            format!(
                "{path} had the MD5 {} and the image has {}: somebody wrote to it meanwhile. Apply again once it is \
                 finished; nothing is left of this image.",
                before.md5,
                image.checksum.as_deref().unwrap_or("none")
            ),
        )
        .at("local_file_path")
        .into()),
        None => Err(gone(&made.id).into()),
    }
}

async fn of_registry(
    context: &Context<Session>,
    client: &Client,
    planned: &Value,
    words: &Words,
    response: &mut StateResponse,
) -> Result<(), Failed> {
    let reference: String = planned.read("registry_image")?;
    let body = PullImage {
        name: words.name.clone(),
        reference: reference.clone(),
        registry: planned.read("registry")?,
        tags: words.tags.iter().cloned().collect(),
        visibility: Some(words.visibility.clone()),
    };
    let pulled = client.image_pull(&body).await;
    let pulled = pulled.map_err(|error| failed(&error).at("registry_image"))?;
    accepted(response, &pulled.image.id);
    let patience = Patience::new(context.timeout, &context.cancel);
    let ended = patience.follow(client, pulled.operation).await;
    let ended = ended.map_err(|unfinished| Failed {
        problem: of_unfinished(&words.name, &unfinished),
        goes_on: true,
    })?;
    if ended.state == OperationState::Succeeded {
        return Ok(());
    }
    let message = ended.failure.as_ref().map_or_else(
        || format!("The operation was {}", ended.state.as_str()),
        |failure| sentence(&failure.message),
    );
    Err(Diagnostic::error(
        format!("Image {} could not be made of {reference}", words.name),
        format!("{message}.\n\nCorrect the cause and apply again: nothing is left of this one."),
    )
    .at("registry_image")
    .into())
}

fn of_unfinished(name: &str, unfinished: &Unfinished) -> Diagnostic {
    let progress = |operation: &Operation| match operation.progress.as_str() {
        "" => operation.state.as_str().to_owned(),
        progress => progress.to_owned(),
    };
    let text = match unfinished {
        Unfinished::Stopped(operation) => format!(
            "The run was stopped; the server goes on with it ({}). Apply again: this one is then replaced.",
            progress(operation)
        ),
        Unfinished::TimedOut(operation, timeout) => format!(
            "It took longer than {} seconds and the server goes on with it ({}). Give it more time with timeouts = {{ create = \
             \"1h\" }} and apply again: this one is then replaced.",
            timeout.as_secs(),
            progress(operation)
        ),
        Unfinished::Lost(error) => format!(
            "{} The server goes on with it; apply again: this one is then replaced.",
            detail(error)
        ),
    };
    Diagnostic::error(format!("Image {name} is not made yet"), text)
}

fn gone(id: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Image {id} is gone"),
        "Somebody deleted it in the meantime. Plan again: it is then made anew.",
    )
}

/// Says what is still to be said of an image that has its data, and answers with its state.
async fn settle(
    client: &Client,
    id: &str,
    words: &Words,
    planned: &Value,
    response: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let found = client.image_find(id).await;
    let Some(mut image) = found.map_err(|error| failed(&error))?.filter(is_there) else {
        response.remove();
        return Err(gone(id).into());
    };
    let changes = Words::of(&image).changes_to(words);
    if !changes.is_empty() {
        let changed = client.image_update(id, &changes).await;
        image = changed.map_err(|error| failed(&error))?;
    }
    let content = content_of(client, &image).await;
    let content = content.map_err(|error| failed(&error))?;
    let state = state_of(&image, &content, planned);
    response.set_state(agreeing(planned, &state));
    response.set_identity(identity_of(id));
    Ok(())
}

/// What the server holds, in the plan's words.
const HELD: [&str; 8] = [
    "name",
    "visibility",
    "tags",
    "properties",
    "min_disk_gb",
    "min_ram_mb",
    "protected",
    "hidden",
];

/// Changes an image.
pub(super) async fn update(
    context: &Context<Session>,
    request: &UpdateRequest,
    response: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let planned = &request.planned_state;
    if !HELD.iter().any(|name| request.changes(name)) {
        response.set_state(planned);
        return Ok(());
    }
    let client = &context.client()?.client;
    let id: String = request.prior_state.read("id")?;
    let words = Words::planned(planned)?;
    settle(client, &id, &words, planned, response).await
}

/// Deletes an image, and waits until it is gone.
pub(super) async fn delete(context: &Context<Session>, prior: &Value) -> Result<(), Diagnostics> {
    let client = &context.client()?.client;
    let id: String = prior.read("id")?;
    if prior.read::<Option<bool>>("protected")? == Some(true) {
        return Err(Diagnostic::error(
            format!("Image {id} is protected"),
            "It was made so that it cannot be deleted. Set protected = false and apply, then delete or replace it.",
        )
        .into());
    }
    let deleted = client.image_delete(&id).await;
    let deleted = deleted.map_err(|error| {
        if !error.is_conflict() {
            return failed(&error);
        }
        let text = format!(
            "{} An image that is replaced while containers run it needs lifecycle {{ create_before_destroy = true }}: they \
             are then given the new one before the old one goes.",
            detail(&error)
        );
        Diagnostic::error(format!("Image {id} cannot be deleted"), text)
    })?;
    if !deleted {
        return Ok(());
    }
    let look = || async {
        Ok(match client.image_find(&id).await? {
            Some(image) if image.status == "pending_delete" => Seen::Still(image.status),
            found => Seen::Done(found.filter(is_there)),
        })
    };
    let patience = Patience::new(context.timeout, &context.cancel);
    match patience.until(look).await {
        Ok(None) => Ok(()),
        Ok(Some(image)) => Err(left(&image).into()),
        Err(unmet) => Err(not_gone(&id, &unmet).into()),
    }
}

fn left(image: &Image) -> Diagnostic {
    Diagnostic::error(
        format!("Image {} could not be deleted", image.id),
        format!(
            "It is {}; `openstack image show {}` shows it. Apply again.",
            image.status, image.id
        ),
    )
}

fn not_gone(id: &str, unmet: &Unmet) -> Diagnostic {
    let text = match &unmet.why {
        Why::Stopped => {
            "The run was stopped; the server goes on with it. Plan again to see how it ended."
                .to_owned()
        }
        Why::TimedOut(timeout) => format!(
            "It took longer than {} seconds; it is {}. Plan again to see how it ended.",
            timeout.as_secs(),
            unmet.progress
        ),
        Why::Lost(error) => detail(error),
    };
    Diagnostic::error(format!("Image {id} is not deleted yet"), text)
}
