//! What is asked of the server for a volume: to make it, to change it.

use tfplugin::{Context, Diagnostics, StateResponse, UpdateRequest, Value};
use zun_client::{Client, CreateVolume, Volume};

use crate::report::failed;
use crate::resource::stored::life::{Managed, store};
use crate::resource::stored::{Deed, describe_anew, failure, settled, words_of};
use crate::session::Session;
use crate::wait::Patience;

/// Has a volume accepted.
pub(super) async fn accept(client: &Client, planned: &Value) -> Result<Volume, Diagnostics> {
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
    Ok(accepted.map_err(|error| failed(&error))?)
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
                response.set_state(volume.state(&request.prior_state));
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
    describe_anew::<Volume>(client, id, request).await
}
