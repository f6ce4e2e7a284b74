//! Waiting for an operation.

use std::time::Duration;

use tokio::runtime::Handle;
use zun_domain::id::OperationId;
use zun_domain::operation::Operation;
use zun_engine::Call;

use crate::App;
use crate::error::{Answer, Problem};

/// [`zun_engine::Engine::operation_wait`] holds a lock's guard in its future, which therefore cannot move
/// between threads as a handler's must, so it is given a thread of its own.
pub(crate) async fn operation_wait(
    app: &App,
    call: &Call,
    id: OperationId,
    after: Option<u32>,
    bound: Duration,
) -> Answer<Operation> {
    let (engine, call, runtime) = (app.engine.clone(), call.clone(), Handle::current());
    let wait = move || runtime.block_on(engine.operation_wait(&call, id, after, bound));
    let done = tokio::task::spawn_blocking(wait).await;
    Ok(done.map_err(|error| Problem::internal(&error))??)
}

/// The same, until it has ended well.
pub(crate) async fn operation_end(app: &App, call: &Call, id: OperationId) -> Answer<Operation> {
    let (engine, call, runtime) = (app.engine.clone(), call.clone(), Handle::current());
    let bound = app.settings.verb_timeout;
    let wait = move || runtime.block_on(engine.wait_for_operation(&call, id, bound));
    let done = tokio::task::spawn_blocking(wait).await;
    Ok(done.map_err(|error| Problem::internal(&error))??)
}
