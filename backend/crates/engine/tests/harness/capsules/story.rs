//! The operations under test: how the world stands before each, and how it is asked for.

use zun_domain::capsule::{Capsule, CapsuleContainer, CapsuleSpec, CapsuleVolume, Role};
use zun_domain::container::{
    Container, ContainerSpec, MountSpec, MountType, Phase, PortMapping, Status, WaitFor, Wish,
};
use zun_domain::operation::Operation;
use zun_domain::runtime::RuntimeName;
use zun_domain::unit::{DiskGib, MemoryMib, Millicpu};
use zun_domain::volume::FileContent;
use zun_driver::fake::FakeImage;
use zun_driver::fake::script::{FileUse, Line, Run, Script};
use zun_engine::Result;
use zun_engine::command::capsule::{CreateCapsule, UpdateCapsule};
use zun_engine::command::{Act, DeleteContainer};
use zun_store::CapsuleQuery;

use crate::world::{BOUND, World, a_moment, call};

pub(super) static CALL: std::sync::LazyLock<zun_engine::Call> = std::sync::LazyLock::new(call);

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Story {
    Create,
    CreateFailing,
    EditMember,
    LimitMember,
    AddMember,
    RemoveMember,
    EditInit,
    EditPorts,
    MemberMissing,
    Stop,
    Start,
    StopMember,
    RebootSandbox,
    Delete,
}

impl Story {
    pub(super) const ALL: [Self; 14] = [
        Self::Create,
        Self::CreateFailing,
        Self::EditMember,
        Self::LimitMember,
        Self::AddMember,
        Self::RemoveMember,
        Self::EditInit,
        Self::EditPorts,
        Self::MemberMissing,
        Self::Stop,
        Self::Start,
        Self::StopMember,
        Self::RebootSandbox,
        Self::Delete,
    ];

    /// Whether it fails without anything in its way.
    pub(super) fn fails(self) -> bool {
        self == Self::CreateFailing
    }

    pub(super) async fn prepare(self, world: &World) {
        world.has_capsule_images();
        if matches!(self, Self::Create | Self::CreateFailing) {
            return;
        }
        let capsule = world.running_capsule().await;
        if self == Self::Start {
            let stopped = world
                .engine
                .capsule_update(&CALL, "shop", update(usual(), Some(Wish::Stopped)))
                .await;
            let ended = world.end_of(&stopped.unwrap().operation.unwrap()).await;
            assert_eq!(ended.failure, None);
        }
        if self == Self::MemberMissing {
            let log = part(&capsule, "log").id;
            world
                .host
                .remove_by_hand(RuntimeName::Current(log))
                .unwrap();
            let seen = |capsule: &Capsule| part(capsule, "log").observed.is_none();
            world.until_capsule(seen).await;
        }
    }

    pub(super) async fn ask(self, world: &World) -> Result<Option<Operation>> {
        let engine = &world.engine;
        let edit = |spec| engine.capsule_update(&CALL, "shop", update(spec, None));
        let accepted = match self {
            Self::Create => engine.capsule_create(&CALL, create(usual())).await,
            Self::CreateFailing => {
                let mut spec = usual();
                spec.containers[1].spec.image = "bad:1".parse().unwrap();
                engine.capsule_create(&CALL, create(spec)).await
            }
            Self::EditMember => edit(edited()).await,
            Self::LimitMember => {
                let mut spec = usual();
                spec.containers[0].spec.memory = Some(MemoryMib(128));
                edit(spec).await
            }
            Self::AddMember => {
                let mut spec = usual();
                spec.containers.insert(0, with_file(one("proxy")));
                edit(spec).await
            }
            Self::RemoveMember => {
                let mut spec = usual();
                spec.containers.pop();
                edit(spec).await
            }
            Self::EditInit => {
                let mut spec = usual();
                for init in spec.init_containers.iter_mut().flatten() {
                    init.spec.workdir = Some("/data".to_owned());
                }
                edit(spec).await
            }
            Self::EditPorts => {
                let mut spec = usual();
                spec.containers[1] = publishing(on_data(one("log")), 81);
                edit(spec).await
            }
            Self::MemberMissing => edit(usual()).await,
            Self::Stop => {
                let ask = update(usual(), Some(Wish::Stopped));
                engine.capsule_update(&CALL, "shop", ask).await
            }
            Self::Start => {
                let ask = update(usual(), Some(Wish::Running));
                engine.capsule_update(&CALL, "shop", ask).await
            }
            Self::StopMember => return act(world, "web", Act::Stop(Some(1))).await,
            Self::RebootSandbox => return act(world, "shop", Act::Reboot(Some(1))).await,
            Self::Delete => engine.capsule_delete(&CALL, "shop", STOPPED).await,
        }?;
        Ok(accepted.operation)
    }
}

pub(super) const STOPPED: DeleteContainer = DeleteContainer {
    force: false,
    stop: true,
};

/// One verb on the container of this name.
pub(super) async fn act(world: &World, name: &str, act: Act) -> Result<Option<Operation>> {
    let capsule = world.engine.capsule_get(&CALL, "shop").await?;
    let id = part(&capsule, name).id.to_string();
    let accepted = world.engine.container_act(&CALL, &id, act).await?;
    Ok(accepted.operation)
}

/// The container of this name; the sandbox has the capsule's.
pub(super) fn part<'a>(capsule: &'a Capsule, name: &str) -> &'a Container {
    let mut parts = capsule.containers.iter();
    parts
        .find(|one| one.desired.name.as_str() == name)
        .unwrap_or_else(|| panic!("{name} of {capsule:?}"))
}

pub(super) fn one(name: &str) -> CapsuleContainer {
    let mut spec = ContainerSpec::of("app:1".parse().unwrap());
    spec.cpu = Some(Millicpu(250));
    spec.memory = Some(MemoryMib(64));
    CapsuleContainer {
        name: name.parse().unwrap(),
        spec,
    }
}

fn mounted(one: &mut CapsuleContainer, mount: MountSpec) {
    one.spec.mounts.get_or_insert_default().insert(mount);
}

pub(super) fn on_data(mut one: CapsuleContainer) -> CapsuleContainer {
    let mount = MountSpec {
        destination: "/data".parse().unwrap(),
        kind: None,
        source: Some("data".to_owned()),
        size: None,
        content: None,
        read_only: None,
    };
    mounted(&mut one, mount);
    one
}

fn with_file(mut one: CapsuleContainer) -> CapsuleContainer {
    let mount = MountSpec {
        destination: "/etc/app.conf".parse().unwrap(),
        kind: Some(MountType::Bind),
        source: None,
        size: None,
        content: Some(FileContent(b"first".to_vec())),
        read_only: None,
    };
    mounted(&mut one, mount);
    one
}

fn publishing(mut one: CapsuleContainer, internal: u16) -> CapsuleContainer {
    let port = PortMapping {
        internal: internal.try_into().unwrap(),
        external: None,
        protocol: None,
        ip: None,
    };
    one.spec.ports = Some([port].into());
    one
}

/// The capsule of these stories.
pub(super) fn usual() -> CapsuleSpec {
    let mut fill = on_data(one("fill"));
    fill.spec.image = "fill:1".parse().unwrap();
    let text = r#"{"containers": []}"#;
    CapsuleSpec {
        containers: vec![
            publishing(with_file(on_data(one("web"))), 80),
            on_data(one("log")),
        ],
        init_containers: Some(vec![fill]),
        volumes: Some(vec![CapsuleVolume {
            name: "data".to_owned(),
            volume: None,
            size: Some(DiskGib(1)),
            auto_remove: None,
        }]),
        ..serde_json::from_str(text).unwrap()
    }
}

/// The same with another `web`.
pub(super) fn edited() -> CapsuleSpec {
    let mut spec = usual();
    spec.containers[0].spec.workdir = Some("/data".to_owned());
    spec
}

pub(super) fn create(spec: CapsuleSpec) -> CreateCapsule {
    CreateCapsule {
        name: Some("shop".parse().unwrap()),
        spec,
        wish: None,
        wait_for: WaitFor::Running,
        unique: true,
    }
}

pub(super) fn update(spec: CapsuleSpec, wish: Option<Wish>) -> UpdateCapsule {
    UpdateCapsule {
        generation: None,
        name: None,
        spec,
        wish,
        wait_for: WaitFor::Running,
    }
}

impl World {
    /// An image that fills the volume and ends, and one that fails.
    pub(super) fn has_capsule_images(&self) {
        let ends = |code, text: &str, files| Script {
            run: Run::Exits {
                code,
                after_ms: 0,
                oom: false,
            },
            output: vec![Line {
                stderr: true,
                text: text.to_owned(),
            }],
            files,
            ..Script::default()
        };
        let write = FileUse::Write {
            path: "/data/seed".to_owned(),
            text: "sown".to_owned(),
        };
        for (name, script) in [
            ("fill:1", ends(0, "filled", vec![write])),
            ("bad:1", ends(3, "no configuration", Vec::new())),
        ] {
            self.host
                .add_image(&FakeImage::of(name.parse().unwrap(), script));
        }
    }

    pub(super) async fn running_capsule(&self) -> Capsule {
        self.has_capsule_images();
        let accepted = self.engine.capsule_create(&CALL, create(usual())).await;
        let ended = self.end_of(&accepted.unwrap().operation.unwrap()).await;
        assert_eq!(ended.failure, None);
        self.capsule().await
    }

    pub(super) async fn capsule(&self) -> Capsule {
        self.engine.capsule_get(&CALL, "shop").await.unwrap()
    }

    pub(super) async fn capsule_if_any(&self) -> Option<Capsule> {
        let all = self.store.capsule_list(&CapsuleQuery::default()).await;
        all.unwrap().pop()
    }

    /// Waits until the record of the capsule is so.
    pub(super) async fn until_capsule(&self, so: impl Fn(&Capsule) -> bool) {
        let look = async {
            while !so(&self.capsule().await) {
                a_moment().await;
            }
        };
        let in_time = tokio::time::timeout(BOUND, look).await;
        assert!(
            in_time.is_ok(),
            "never so: {:?}",
            statuses(&self.capsule().await)
        );
    }

    /// Waits until the loops have mended what a fault or a reboot left: what is to run runs, in its sandbox's network.
    pub(super) async fn until_capsule_mended(&self, what: &str) {
        let mut wrong = None;
        let mended = async {
            loop {
                wrong = self.capsule_not_mended().await;
                if wrong.is_none() {
                    return;
                }
                a_moment().await;
            }
        };
        let in_time = tokio::time::timeout(BOUND, mended).await.is_ok();
        let shown = self.capsule_if_any().await;
        let shown = shown.map(|capsule| statuses(&capsule));
        assert!(in_time, "{what}: {wrong:?}, {shown:?}");
    }

    async fn capsule_not_mended(&self) -> Option<String> {
        let wrong = self.not_mended().await;
        if wrong.is_some() {
            return wrong;
        }
        let capsule = self.capsule_if_any().await?;
        let sandbox = capsule.sandbox()?.observed.clone()?;
        let cut_off = capsule.with_role(Role::Member).find(|one| {
            let seen = one.observed.as_ref();
            seen.is_some_and(|seen| zun_planner::capsule::cut_off(Some(&sandbox), seen))
        });
        cut_off.map(|one| format!("{} is cut off", one.desired.name))
    }

    /// After a crash, with or without the host: what is to run runs. In between, the volumes are back and the engine's
    /// own try to start a member has failed, of which the record tells.
    pub(super) async fn until_capsule_runs(&self, what: &str) {
        let ended = |one: &&Container| {
            let seen = one.observed.as_ref();
            one.desired.wish == Wish::Running && seen.map(|seen| seen.phase) == Some(Phase::Exited)
        };
        let back = async {
            while let Some(capsule) = self.capsule_if_any().await {
                if capsule.with_role(Role::Member).find(ended).is_none() {
                    return;
                }
                a_moment().await;
            }
        };
        let in_time = tokio::time::timeout(BOUND, back).await.is_ok();
        let shown = self.capsule_if_any().await;
        let shown = shown.map(|capsule| statuses(&capsule));
        assert!(in_time, "{what}: {shown:?}");
    }
}

/// Name and status of each.
pub(super) fn statuses(capsule: &Capsule) -> Vec<(String, Status)> {
    let parts = capsule.containers.iter();
    parts
        .map(|one| (one.desired.name.to_string(), one.status()))
        .collect()
}
