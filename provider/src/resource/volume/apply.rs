//! Create and update: ask, wait, look again, and keep the state true whatever happens.

use tfplugin::{Context, CreateRequest, Diagnostics, StateResponse, UpdateRequest, Value};
use zun_client::{CreateVolume, Volume};

use super::state_of;
use crate::report::failed;
use crate::resource::agreeing::agreeing;
use crate::resource::stored::{
    Deed, Stored, changes_words, failure, identity_of, settled, words_of,
};
use crate::session::Session;
use crate::wait::Patience;

fn store(response: &mut StateResponse, planned: &Value, volume: &Volume) {
    response.set_state(agreeing(planned, &state_of(volume, planned)));
    response.set_identity(identity_of(&volume.id));
}

/// Makes a volume.
pub(super) async fn create(
    context: &Context<Session>,
    request: CreateRequest,
    response: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let client = &context.client()?.client;
    let patience = Patience::new(context.timeout, &context.cancel);
    let planned = &request.planned_state;
    let words = words_of(planned)?;
    let given = |text: String| (!text.is_empty()).then_some(text);
    let text = |name: &str| {
        let value = planned.get(name).ok().and_then(Value::as_str);
        value.map(str::to_owned)
    };
    let body = CreateVolume {
        size: planned.read("size")?,
        name: given(words.name),
        description: given(words.description),
        metadata: words.metadata,
        volume_type: text("volume_type"),
        snapshot_id: text("snapshot_id"),
        source_volid: text("source_vol_id"),
    };
    let accepted = client.volume_create(&body).await;
    let accepted = accepted.map_err(|error| failed(&error))?;
    store(response, planned, &accepted);
    match settled::<Volume>(client, &patience, Deed::Create, &accepted.id).await {
        Ok(volume) => {
            store(response, planned, &volume);
            Ok(())
        }
        Err(problem) => {
            // Tainted from here on; the state says what is there all the same.
            if let Ok(Some(volume)) = client.volume_find(&accepted.id).await {
                response.set_state(state_of(&volume, planned));
            }
            Err(problem.into())
        }
    }
}

/// Changes a volume.
pub(super) async fn update(
    context: &Context<Session>,
    request: UpdateRequest,
    response: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let client = &context.client()?.client;
    let id: String = request.prior_state.read("id")?;
    let changed = change(context, &request, &id).await;
    let found = client.volume_find(&id).await;
    match (changed, found) {
        (Ok(()), Ok(Some(volume))) => {
            store(response, &request.planned_state, &volume);
            Ok(())
        }
        (Ok(()), Ok(None)) => {
            response.remove();
            Ok(())
        }
        (Ok(()), Err(error)) => Err(failed(&error).into()),
        (Err(problem), found) => {
            // Some of it may have been done.
            if let Ok(Some(volume)) = found {
                response.set_state(state_of(&volume, &request.prior_state));
            }
            Err(problem)
        }
    }
}

async fn change(
    context: &Context<Session>,
    request: &UpdateRequest,
    id: &str,
) -> Result<(), Diagnostics> {
    let client = &context.client()?.client;
    let patience = Patience::new(context.timeout, &context.cancel);
    let planned = &request.planned_state;
    if request.changes("size") {
        let size: u64 = planned.read("size")?;
        let asked = client.volume_extend(id, size).await;
        asked.map_err(|error| failed(&error))?;
        let volume: Volume = settled(client, &patience, Deed::Extend, id).await?;
        if volume.size < size {
            return Err(failure(Deed::Extend, &volume).into());
        }
    }
    if changes_words(request) {
        let described = Volume::describe(client, id, &words_of(planned)?).await;
        described.map_err(|error| failed(&error))?;
    }
    Ok(())
}
