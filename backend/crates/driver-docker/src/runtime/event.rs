//! The engine's event stream as ours, over every restart of the engine.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{EventActor, EventMessage, EventMessageTypeEnum};
use bollard::query_parameters::EventsOptionsBuilder;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use zun_domain::id::ContainerId;
use zun_domain::time::Timestamp;
use zun_driver::Result;
use zun_driver::runtime::RuntimeEvent;

use super::wait::unix;
use crate::{Docker, Seen, label};

/// The pause before the second attempt to reach the engine; each further one takes twice as long.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// No pause is longer: an engine that is back is noticed within this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What changes a container. `kill` and `stop` are not here: `die` comes before their end is told.
const ACTIONS: &[&str] = &[
    "create",
    "start",
    "die",
    "pause",
    "unpause",
    "oom",
    "health_status",
    "update",
    "rename",
    "destroy",
];

/// Messages of the engine; `None` is the end of the connection.
type Messages = BoxStream<'static, Option<EventMessage>>;

struct Reader {
    docker: Docker,
    messages: Option<Messages>,
    pause: Option<Duration>,
    lost: bool,
}

pub(super) fn stream(docker: Docker) -> BoxStream<'static, RuntimeEvent> {
    let reader = Reader {
        docker,
        messages: None,
        pause: None,
        lost: false,
    };
    stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await;
        Some((event, reader))
    })
    .boxed()
}

impl Reader {
    async fn next(&mut self) -> RuntimeEvent {
        loop {
            let event = match self.messages.take() {
                Some(messages) => self.read(messages).await,
                None => self.connect().await,
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    async fn read(&mut self, mut messages: Messages) -> Option<RuntimeEvent> {
        let Some(message) = messages.next().await.flatten() else {
            self.docker.forget().await;
            self.pause = Some(SHORTEST_PAUSE);
            return self.say_lost(format!(
                "the Docker Engine at {} closed the connection",
                self.docker.inner.socket.display()
            ));
        };
        self.messages = Some(messages);
        self.docker.understand(message)
    }

    async fn connect(&mut self) -> Option<RuntimeEvent> {
        if let Some(pause) = self.pause {
            crate::wait_a_little(pause).await;
        }
        match self.docker.subscribe().await {
            Ok(messages) => {
                self.messages = Some(messages);
                self.pause = None;
                self.lost = false;
                Some(RuntimeEvent::Resync)
            }
            Err(error) => {
                let longer = self
                    .pause
                    .map_or(SHORTEST_PAUSE, |pause| pause.saturating_mul(2));
                self.pause = Some(longer.min(LONGEST_PAUSE));
                self.say_lost(error.message)
            }
        }
    }

    /// Tells the loss once, however many attempts fail after it.
    fn say_lost(&mut self, sentence: String) -> Option<RuntimeEvent> {
        let news = !std::mem::replace(&mut self.lost, true);
        news.then(|| {
            tracing::warn!(%sentence, "the event stream is lost: {sentence}");
            RuntimeEvent::Lost(sentence)
        })
    }
}

impl Docker {
    /// Events of our containers, and of every network: those do not carry our labels. They begin at the
    /// engine's own present before the subscription, so that none is missed in between.
    async fn subscribe(&self) -> Result<Messages> {
        let client = self.client().await?;
        let info = client
            .info()
            .await
            .map_err(|error| self.told("read the engine's time", error));
        let info = match info {
            Ok(info) => info,
            Err(error) => {
                self.forget().await;
                return Err(error);
            }
        };
        let now: Option<Timestamp> = info.system_time.and_then(|text| text.parse().ok());
        let ours = label::filter(self.deployment());
        let containers = HashMap::from([
            ("type", vec!["container"]),
            ("label", vec![ours.as_str()]),
            ("event", ACTIONS.to_vec()),
        ]);
        let networks = HashMap::from([
            ("type", vec!["network"]),
            ("event", vec!["connect", "disconnect", "destroy"]),
        ]);
        let streams = [containers, networks].map(|filters| {
            let mut options = EventsOptionsBuilder::new().filters(&filters);
            if let Some(now) = now {
                options = options.since(&unix(now));
            }
            until_it_ends(client.events(Some(options.build())))
        });
        Ok(stream::select_all(streams).boxed())
    }

    /// Our event for one of the engine's, if it is about one of our containers.
    fn understand(&self, message: EventMessage) -> Option<RuntimeEvent> {
        let action = message.action.unwrap_or_default();
        let actor = message.actor.unwrap_or_default();
        match message.typ {
            Some(EventMessageTypeEnum::CONTAINER) => self.container_event(&action, actor),
            Some(EventMessageTypeEnum::NETWORK) => self.network_event(&action, &actor),
            _ => None,
        }
    }

    fn container_event(&self, action: &str, actor: EventActor) -> Option<RuntimeEvent> {
        let container = label::container(&actor.attributes.unwrap_or_default())?;
        let id = actor.id.unwrap_or_default();
        let known = &mut self.memory().containers;
        match action {
            "create" => {
                known.insert(
                    id,
                    Seen {
                        container,
                        running: false,
                    },
                );
                return None;
            }
            "destroy" => drop(known.remove(&id)),
            "start" => drop(known.insert(
                id,
                Seen {
                    container,
                    running: true,
                },
            )),
            "die" => drop(known.insert(
                id,
                Seen {
                    container,
                    running: false,
                },
            )),
            _ => {}
        }
        Some(RuntimeEvent::Changed(container))
    }

    /// A connection counts while the container runs: at its start and end the engine connects and
    /// disconnects it by itself, and tells that as a start or an end too.
    fn network_event(&self, action: &str, actor: &EventActor) -> Option<RuntimeEvent> {
        let attributes = actor.attributes.as_ref()?;
        let mut memory = self.memory();
        if action == "destroy" {
            memory.networks.remove(attributes.get("name")?);
            return None;
        }
        let seen = memory.containers.get(attributes.get("container")?)?;
        let container: Option<ContainerId> = seen.running.then_some(seen.container);
        container.map(RuntimeEvent::Changed)
    }
}

/// Messages, then one `None` when the connection ends, however it ends.
fn until_it_ends(
    messages: impl Stream<Item = std::result::Result<EventMessage, bollard::errors::Error>>
    + Send
    + 'static,
) -> Messages {
    messages
        .map(std::result::Result::ok)
        .chain(stream::once(async { None }))
        .boxed()
}
