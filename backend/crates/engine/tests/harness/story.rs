//! The operations under test: how the world stands before each, and how it is asked for.

use zun_domain::container::spec::Environment;
use zun_domain::container::{Container, Wish};
use zun_domain::operation::Operation;
use zun_domain::unit::MemoryMib;
use zun_engine::Result;
use zun_engine::command::{Act, DeleteContainer};

use crate::networks::{at_other_address, on, with_port};
use crate::registry::from_registry;
use crate::world::{World, call, create, spec, update};

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Story {
    Create,
    CreateStopped,
    CreateOnTakenSubnet,
    CreateOnTakenPort,
    UpdateLive,
    UpdateRecreate,
    UpdateRecreatePaused,
    UpdateOnTakenPort,
    UpdateStop,
    UpdatePause,
    RecreateMissing,
    Delete,
    Start,
    Stop,
    Reboot,
    Pause,
    Unpause,
    Kill,
    CreateOnNetworks,
    Attach,
    Detach,
    MoveToOtherAddress,
    BindPort,
    Regroup,
    CreateFromRegistry,
    MoveToRegistry,
}

impl Story {
    pub(crate) const ALL: [Self; 26] = [
        Self::Create,
        Self::CreateStopped,
        Self::CreateOnTakenSubnet,
        Self::CreateOnTakenPort,
        Self::UpdateLive,
        Self::UpdateRecreate,
        Self::UpdateRecreatePaused,
        Self::UpdateOnTakenPort,
        Self::UpdateStop,
        Self::UpdatePause,
        Self::RecreateMissing,
        Self::Delete,
        Self::Start,
        Self::Stop,
        Self::Reboot,
        Self::Pause,
        Self::Unpause,
        Self::Kill,
        Self::CreateOnNetworks,
        Self::Attach,
        Self::Detach,
        Self::MoveToOtherAddress,
        Self::BindPort,
        Self::Regroup,
        Self::CreateFromRegistry,
        Self::MoveToRegistry,
    ];

    /// Brings the world to where the story begins.
    pub(crate) async fn prepare(self, world: &World) {
        world.has_networks().await;
        if matches!(self, Self::CreateFromRegistry | Self::MoveToRegistry) {
            world.has_registry().await;
        }
        let container = match self {
            Self::Create
            | Self::CreateStopped
            | Self::CreateOnNetworks
            | Self::CreateFromRegistry => return,
            Self::Detach => world.running_on(&["default", "app"]).await,
            Self::MoveToOtherAddress => world.running_on(&["app"]).await,
            Self::CreateOnTakenSubnet => return world.host.snatch_subnet(),
            Self::CreateOnTakenPort => return world.host.snatch_port(80),
            _ => world.running().await,
        };
        let act = match self {
            Self::Start => Some(Act::Stop(None)),
            Self::Unpause | Self::UpdateRecreatePaused => Some(Act::Pause),
            _ => None,
        };
        if let Some(act) = act {
            let accepted = world
                .engine
                .container_act(&call(), "web", act)
                .await
                .unwrap();
            world.end_of(&accepted.operation.unwrap()).await;
        }
        if self == Self::UpdateOnTakenPort {
            world.host.snatch_port(81);
        }
        if self == Self::RecreateMissing {
            world
                .host
                .remove_by_hand(zun_domain::runtime::RuntimeName::Current(container.id))
                .unwrap();
            world.until(|row| row.observed.is_none()).await;
        }
    }

    /// Asks for it.
    pub(crate) async fn ask(self, world: &World) -> Result<Option<Operation>> {
        let engine = &world.engine;
        let act = |act| engine.container_act(&CALL, "web", act);
        let change = |new, wish| engine.container_update(&CALL, "web", update(new, wish));
        let accepted = match self {
            Self::Create | Self::CreateOnTakenSubnet | Self::CreateOnTakenPort => {
                engine.container_create(&CALL, create("web")).await
            }
            Self::CreateStopped => {
                let mut ask = create("web");
                ask.wish = Some(Wish::Stopped);
                engine.container_create(&CALL, ask).await
            }
            Self::UpdateLive => {
                let mut new = spec();
                new.memory = Some(MemoryMib(128));
                change(new, None).await
            }
            Self::UpdateRecreate | Self::UpdateRecreatePaused => {
                change(with_environment(), None).await
            }
            Self::UpdateOnTakenPort => change(with_second_port(), None).await,
            Self::CreateOnNetworks => {
                let mut ask = create("web");
                ask.spec = on(&["app", "default"]);
                engine.container_create(&CALL, ask).await
            }
            Self::CreateFromRegistry => {
                let mut ask = create("web");
                ask.spec = from_registry();
                engine.container_create(&CALL, ask).await
            }
            Self::MoveToRegistry => change(from_registry(), None).await,
            Self::Attach => change(on(&["default", "app"]), None).await,
            Self::Detach => change(on(&["app"]), None).await,
            Self::MoveToOtherAddress => change(at_other_address(), None).await,
            Self::BindPort => change(with_port(), None).await,
            Self::Regroup => {
                let mut new = spec();
                new.security_groups = Some(["inner".to_owned()].into());
                change(new, None).await
            }
            Self::UpdateStop => change(spec(), Some(Wish::Stopped)).await,
            Self::UpdatePause => change(spec(), Some(Wish::Paused)).await,
            Self::RecreateMissing => change(spec(), None).await,
            Self::Delete => engine.container_delete(&CALL, "web", STOPPED).await,
            Self::Start => act(Act::Start).await,
            Self::Stop => act(Act::Stop(Some(1))).await,
            Self::Reboot => act(Act::Reboot(Some(1))).await,
            Self::Pause => act(Act::Pause).await,
            Self::Unpause => act(Act::Unpause).await,
            Self::Kill => act(Act::Kill(None)).await,
        }?;
        Ok(accepted.operation)
    }
}

const STOPPED: DeleteContainer = DeleteContainer {
    force: false,
    stop: true,
};

static CALL: std::sync::LazyLock<zun_engine::Call> = std::sync::LazyLock::new(call);

fn with_environment() -> zun_domain::container::ContainerSpec {
    let mut new = spec();
    new.memory = Some(MemoryMib(96));
    let entry = ("COLOR".parse().unwrap(), "blue".to_owned());
    new.environment = Some(Environment([entry].into_iter().collect()));
    new
}

fn with_second_port() -> zun_domain::container::ContainerSpec {
    let mut new = spec();
    let ports = new.ports.get_or_insert_default();
    let mut second = ports.first().unwrap().clone();
    second.internal = std::num::NonZeroU16::new(81).unwrap();
    ports.insert(second);
    new
}

impl World {
    /// Waits until the record of `web` is so.
    pub(crate) async fn until(&self, so: impl Fn(&Container) -> bool) {
        let look = async {
            loop {
                let row = self.engine.container_get(&call(), "web").await.unwrap();
                if so(&row) {
                    return;
                }
                crate::world::a_moment().await;
            }
        };
        tokio::time::timeout(crate::world::BOUND, look)
            .await
            .expect("the record never came to be so");
    }
}
