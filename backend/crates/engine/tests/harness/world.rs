//! A deployment in a temporary directory that can crash and come back, and the check that it is whole.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use tempfile::TempDir;
use zun_domain::container::{Container, ContainerSpec, Life, WaitFor, Wish};
use zun_domain::id::{ProjectId, UserId};
use zun_domain::operation::Operation;
use zun_domain::policy::Caller;
use zun_domain::project::Role;
use zun_domain::runtime::RuntimeName;
use zun_domain::time::{Clock, Timestamp};
use zun_domain::unit::{Amounts, MemoryMib, Millicpu};
use zun_driver::fake::FakeHost;
use zun_engine::command::{CreateContainer, Edit, UpdateContainer};
use zun_engine::context::{Ids, Interrupt, Parts};
use zun_engine::identity::{Identity, IdentitySettings};
use zun_engine::settings::Settings;
use zun_engine::{Call, Engine};
use zun_store::{ContainerQuery, Store, StoreConfig};

/// Long enough for anything that ends at all.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

struct RandomIds;

impl Ids for RandomIds {
    fn uuid(&self) -> uuid::Uuid {
        uuid::Uuid::now_v7()
    }
}

/// A deployment: one data directory, one host.
pub(crate) struct World {
    directory: TempDir,
    pub(crate) host: FakeHost,
    /// Between two looks at everything.
    seconds: u64,
    /// How long what was fetched stays when nobody uses it.
    collect: Option<Duration>,
    pub(crate) engine: Process,
    pub(crate) store: Store,
}

/// An engine whose loops end with the world it belongs to.
pub(crate) struct Process(Engine);

impl std::ops::Deref for Process {
    type Target = Engine;
    fn deref(&self) -> &Engine {
        &self.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let engine = self.0.clone();
        tokio::spawn(async move { engine.drain(BOUND).await });
    }
}

impl World {
    /// A fresh deployment with the image `app` on its host.
    pub(crate) async fn new(interrupt: Option<Interrupt>) -> Self {
        Self::looking_every(1, interrupt).await
    }

    /// The same with so many seconds between two looks at everything.
    pub(crate) async fn looking_every(seconds: u64, interrupt: Option<Interrupt>) -> Self {
        Self::with(seconds, None, interrupt).await
    }

    /// The same that takes images away when nobody has used them for so long.
    pub(crate) async fn collecting(after: Duration) -> Self {
        Self::with(1, Some(after), None).await
    }

    async fn with(seconds: u64, collect: Option<Duration>, interrupt: Option<Interrupt>) -> Self {
        let directory = in_memory();
        let host = FakeHost::new();
        host.any_image();
        let (engine, store) = open(&directory, &host, (seconds, collect), interrupt).await;
        Self {
            directory,
            host,
            seconds,
            collect,
            engine,
            store,
        }
    }

    /// The process ends where it is; a new one starts on the same directory and the same host.
    pub(crate) async fn crash_and_restart(self) -> Self {
        self.restart_with(None).await
    }

    /// The same, with a hand in the new one.
    pub(crate) async fn restart_with(self, interrupt: Option<Interrupt>) -> Self {
        self.engine.drain(BOUND).await;
        let Self {
            directory,
            host,
            seconds,
            collect,
            engine,
            store,
        } = self;
        drop((engine, store));
        let (engine, store) = open(&directory, &host, (seconds, collect), interrupt).await;
        Self {
            directory,
            host,
            seconds,
            collect,
            engine,
            store,
        }
    }

    /// Waits for the end of an operation, however it ends.
    pub(crate) async fn end_of(&self, operation: &Operation) -> Operation {
        let ended = self
            .engine
            .operation_wait(&call(), operation.id, None, BOUND)
            .await
            .unwrap();
        assert!(ended.state.is_final(), "{ended:?} did not end");
        ended
    }

    /// A running container with a published port.
    pub(crate) async fn running(&self) -> Container {
        let accepted = self
            .engine
            .container_create(&call(), create("web"))
            .await
            .unwrap();
        let ended = self.end_of(&accepted.operation.unwrap()).await;
        assert_eq!(ended.failure, None);
        self.engine.container_get(&call(), "web").await.unwrap()
    }

    /// Waits until the sweep has taken what a failed removal left.
    async fn until_swept(&self) {
        let swept = async {
            while !self.host.aside().is_empty() {
                crate::world::a_moment().await;
            }
        };
        let in_time = tokio::time::timeout(BOUND, swept).await;
        assert!(in_time.is_ok(), "left over: {:?}", self.host.aside());
    }

    /// Waits for the end of what the engine began by itself to mend what a fault left.
    pub(crate) async fn until_idle(&self, what: &str) {
        let mut unfinished = Vec::new();
        let idle = async {
            loop {
                unfinished = self.store.operations_unfinished().await.unwrap();
                if unfinished.is_empty() {
                    return;
                }
                a_moment().await;
            }
        };
        let in_time = tokio::time::timeout(BOUND, idle).await.is_ok();
        assert!(in_time, "{what}: have not ended: {unfinished:?}");
    }

    /// Nothing is left over, claims are those of the rows, the state is what the engine shows.
    pub(crate) async fn assert_whole(&self, what: &str) {
        self.until_idle(what).await;
        let query = ContainerQuery {
            limit: 1000,
            ..ContainerQuery::default()
        };
        let rows = self.store.container_list(&query).await.unwrap();
        let shown = rows.iter().filter(|row| self.assert_true(row, what));
        let expected: BTreeSet<String> = shown.map(|row| Container::runtime_name(row.id)).collect();
        self.until_swept().await;
        let there: BTreeSet<String> = self.host.containers().into_keys().collect();
        assert_eq!(
            there, expected,
            "{what}: containers of the engine against rows"
        );
        self.assert_storage(&rows, what).await;
        self.assert_networks(&rows, what).await;
        self.assert_fetched(&rows, what).await;
        self.assert_images(what).await;
        self.assert_claims(&rows, what).await;
    }

    /// The row is what the engine shows; whether it shows anything.
    fn assert_true(&self, row: &Container, what: &str) -> bool {
        let name = RuntimeName::Current(row.id);
        let shown = self.host.look_at(name);
        assert_eq!(
            row.observed, shown,
            "{what}: the record is not what the engine shows"
        );
        assert_eq!(row.task, None, "{what}: a task is left");
        let settled = !matches!(row.life, Life::Creating | Life::Deleting);
        assert!(settled, "{what}: {:?}", row.life);
        let Some(seen) = shown else { return false };
        assert_eq!(
            seen.revision, row.desired.revision,
            "{what}: another revision runs"
        );
        true
    }

    async fn assert_claims(&self, rows: &[Container], what: &str) {
        let amounts = rows.iter().map(|row| row.desired.amounts());
        let claimed = amounts.fold(Amounts::default(), Amounts::plus);
        let usage = self.store.claims_total().await.unwrap();
        let expected = (rows.len() as u64, claimed);
        assert_eq!(
            (usage.containers, usage.amounts),
            expected,
            "{what}: claims"
        );
        let published = rows.iter().flat_map(|row| &row.desired.published);
        let ports: BTreeSet<_> = published
            .map(|port| (port.protocol, port.external))
            .collect();
        for host in self.engine.hosts().await.unwrap() {
            let taken = self
                .store
                .host_ports_taken(host.host.place.id)
                .await
                .unwrap();
            let taken = taken
                .into_iter()
                .map(|(_, port)| (port.protocol, port.external));
            assert_eq!(taken.collect::<BTreeSet<_>>(), ports, "{what}: host ports");
        }
    }
}

/// Tries these cases, several at a time: a world mostly waits, for its loops and for its log.
pub(crate) async fn each<Case, Trial: Future<Output = ()>>(
    cases: impl IntoIterator<Item = Case>,
    trial: impl Fn(Case) -> Trial,
) {
    const AT_ONCE: usize = 8;
    let trials = futures::stream::iter(cases).map(|case| Box::pin(trial(case)));
    trials.buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// Between two looks at a condition that gives no sign: short, and leaves the processor to what is waited for.
pub(crate) async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(2)).await;
}

/// A directory that is quick to write to, where the machine has one: what a power cut does to a disk is the
/// store's to try.
fn in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

async fn open(
    directory: &TempDir,
    host: &FakeHost,
    (reconcile_seconds, collect): (u64, Option<Duration>),
    interrupt: Option<Interrupt>,
) -> (Process, Store) {
    let url = format!("sqlite://{}/zund.db", directory.path().display());
    let store = Store::open(&StoreConfig { url, key: [7; 32] })
        .await
        .unwrap();
    let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) =
        (Arc::new(MachineClock), Arc::new(RandomIds));
    let identity = Identity::new(
        store.clone(),
        clock.clone(),
        ids.clone(),
        IdentitySettings::default(),
    );
    let settings = Settings {
        wait_seconds: 10,
        reconcile_seconds,
        collect_images_after: collect,
        ..Settings::default()
    };
    let parts = Parts {
        store: store.clone(),
        local: host.drivers(),
        clock,
        ids,
        identity,
        settings,
        interrupt,
    };
    let engine = Engine::open(parts).await.unwrap();
    engine.start().await.unwrap();
    (Process(engine), store)
}

/// The member of a project.
pub(crate) fn call() -> Call {
    Call {
        caller: Caller {
            user: UserId(uuid::Uuid::from_u128(2)),
            user_name: "tester".to_owned(),
            project: ProjectId(uuid::Uuid::from_u128(1)),
            roles: vec![Role::Member],
        },
        request_id: "req-harness".to_owned(),
        all_projects: false,
    }
}

/// A small specification with a published port.
pub(crate) fn spec() -> ContainerSpec {
    let mut spec = ContainerSpec::of("app:1".parse().unwrap());
    spec.cpu = Some(Millicpu(500));
    spec.memory = Some(MemoryMib(64));
    let port = zun_domain::container::PortMapping {
        internal: std::num::NonZeroU16::new(80).unwrap(),
        external: None,
        protocol: None,
        ip: None,
    };
    spec.ports = Some(BTreeSet::from([port]));
    spec
}

/// A create of that, waited for until it runs.
pub(crate) fn create(name: &str) -> CreateContainer {
    CreateContainer {
        name: Some(name.parse().unwrap()),
        spec: spec(),
        wish: None,
        wait_for: WaitFor::Running,
        unique: true,
    }
}

/// An update to this specification.
pub(crate) fn update(spec: ContainerSpec, wish: Option<Wish>) -> UpdateContainer {
    UpdateContainer {
        expected: None,
        name: None,
        edit: Edit::Whole(Box::new(spec)),
        wish,
        wait_for: WaitFor::Running,
        unique: true,
    }
}

/// Crashes at the n-th place a crash can come, and stays crashed. Counts places while `n` is 0.
pub(crate) struct Crash {
    places: AtomicU64,
    at: u64,
}

impl Crash {
    pub(crate) fn at(n: u64) -> Arc<Self> {
        Arc::new(Self {
            places: AtomicU64::new(0),
            at: n,
        })
    }

    pub(crate) fn hand(self: &Arc<Self>) -> Interrupt {
        let crash = self.clone();
        Arc::new(move || {
            let place = crash.places.fetch_add(1, Ordering::SeqCst) + 1;
            crash.at != 0 && place >= crash.at
        })
    }

    /// Waits until the process has crashed; false where the operation ended before it came to that place.
    pub(crate) async fn comes(&self, world: &World, operation: Option<&Operation>) -> bool {
        let crashed = async {
            while self.places() < self.at {
                let Some(operation) = operation else {
                    return self.came();
                };
                let now = world.store.operation_get(operation.id).await.unwrap();
                if now.state.is_final() {
                    return self.places() >= self.at;
                }
                crate::world::a_moment().await;
            }
            true
        };
        tokio::time::timeout(BOUND, crashed)
            .await
            .expect("neither a crash nor an end")
    }

    /// The process has crashed.
    pub(crate) fn came(&self) -> bool {
        self.places() >= self.at
    }

    pub(crate) fn places(&self) -> u64 {
        self.places.load(Ordering::SeqCst)
    }

    /// Begins to count again: what was done before the operation under test does not matter.
    pub(crate) fn reset(&self) {
        self.places.store(0, Ordering::SeqCst);
    }
}
