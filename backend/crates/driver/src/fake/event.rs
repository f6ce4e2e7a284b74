//! The event stream of a fake host.

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::{broadcast, watch};

use super::FakeHost;
use crate::runtime::RuntimeEvent;

struct Reader {
    host: FakeHost,
    events: broadcast::Receiver<RuntimeEvent>,
    down: watch::Receiver<Option<String>>,
    lost: bool,
    /// The first `Resync` is still to be told.
    fresh: bool,
}

/// Changes from now on, after a first `Resync`. While somebody reads it, timers go off on time even if nobody calls.
pub(super) fn stream(host: FakeHost) -> BoxStream<'static, RuntimeEvent> {
    let mut reader = Reader {
        events: host.shared.events.subscribe(),
        down: host.shared.down.subscribe(),
        lost: false,
        fresh: true,
        host,
    };
    if reader.down.borrow().is_some() {
        reader.down.mark_changed();
    }
    stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await;
        Some((event, reader))
    })
    .boxed()
}

impl Reader {
    async fn next(&mut self) -> RuntimeEvent {
        loop {
            if let Some(event) = self.power() {
                return event;
            }
            if self.lost {
                drop(self.down.changed().await);
                self.down.mark_changed();
                continue;
            }
            if std::mem::take(&mut self.fresh) {
                return RuntimeEvent::Resync;
            }
            let mut timers = self.host.shared.timers.subscribe();
            let timer = self.host.lock().next_timer();
            let something = async {
                tokio::select! {
                    event = self.events.recv() => Some(event),
                    _ = self.down.changed() => { self.down.mark_changed(); None }
                    _ = timers.changed() => None,
                }
            };
            let happened = match timer {
                Some(at) => tokio::time::timeout_at(at, something).await.ok().flatten(),
                None => something.await,
            };
            match happened {
                Some(Ok(event)) => return event,
                // Too slow, or the host is gone, which cannot be while this reader holds it.
                Some(Err(_)) => return RuntimeEvent::Resync,
                None => {}
            }
        }
    }

    /// The engine went away or came back since it was last asked.
    fn power(&mut self) -> Option<RuntimeEvent> {
        if !self.down.has_changed().unwrap_or(false) {
            return None;
        }
        let down = self.down.borrow_and_update().clone();
        match (down, self.lost) {
            (Some(sentence), false) => {
                self.lost = true;
                Some(RuntimeEvent::Lost(sentence))
            }
            (None, true) => {
                self.lost = false;
                self.fresh = false;
                // What happened meanwhile is not told: an engine that is away tells nobody.
                self.events = self.host.shared.events.subscribe();
                Some(RuntimeEvent::Resync)
            }
            (Some(_), true) | (None, false) => None,
        }
    }
}
