//! [`Engine`]: the store, the drivers, the clock and the loops, wired once by `zund`'s `compose.rs`.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use zun_domain::id::{HostId, OperationId};
use zun_domain::operation::{Operation, Subject};
use zun_domain::policy::Exceptions;
use zun_domain::time::Clock;
use zun_driver::HostDrivers;
use zun_store::Store;

use crate::command::image_reference::Tags;
use crate::error::{Error, Result};
use crate::execute::pull::Flights;
use crate::firewall::Guarding;
use crate::identity::Identity;
use crate::settings::Settings;
use crate::sweep::fetched::Collecting;

/// Where ids come from. Tests hand out numbers in order.
pub trait Ids: Send + Sync {
    /// A fresh id.
    fn uuid(&self) -> Uuid;
}

/// Asked before and after every write of the operation log; `true` ends the operation there, as a crash
/// would.
/// Only the crash harness answers `true`.
pub type Interrupt = Arc<dyn Fn() -> bool + Send + Sync>;

/// Everything an engine is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Drivers of the local host.
    pub local: HostDrivers,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The id source.
    pub ids: Arc<dyn Ids>,
    /// Who may log in.
    pub identity: Identity,
    /// Settings.
    pub settings: Settings,
    /// The crash harness's hand; `None` outside of it.
    pub interrupt: Option<Interrupt>,
}

/// A handle; cloning it is cheap.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

impl std::ops::Deref for Engine {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What every use case works with.
pub struct Inner {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) settings: Settings,
    pub(crate) identity: Identity,
    pub(crate) interrupt: Option<Interrupt>,
    pub(crate) local: HostId,
    hosts: HashMap<HostId, HostDrivers>,
    /// Why a host does not answer; absent while it does.
    down: Mutex<HashMap<HostId, String>>,
    /// Hosts whose storage driver enforces a size.
    sizing: Mutex<HashSet<HostId>>,
    /// Told when a host answers again.
    pub(crate) host_back: Notify,
    pub(crate) slots: Semaphore,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    /// Operations that have not ended, as followers see them.
    pub(crate) following: Mutex<HashMap<OperationId, watch::Sender<Operation>>>,
    /// Cancels the work on a subject, for a delete.
    pub(crate) cancels: Mutex<HashMap<OperationId, CancellationToken>>,
    /// Taken while an operation works on a subject.
    pub(crate) turns: Mutex<HashMap<Subject, Arc<tokio::sync::Mutex<()>>>>,
    /// Held while a network is made in an engine, and while another subnet is chosen for one.
    pub(crate) choosing: tokio::sync::Mutex<()>,
    /// Held from the question to the engine of each host to the record of its answer.
    pub(crate) looking_at_hosts: tokio::sync::Mutex<()>,
    /// How far the firewall's rules are behind the records.
    pub(crate) guarding: Guarding,
    /// Downloads of images that are under way.
    pub(crate) flights: Flights,
    /// What registries said of tags of late.
    pub(crate) tags: Tags,
    /// What keeps the images that are about to be used.
    pub(crate) collecting: Collecting,
    /// A step could not be taken back: something is left over.
    pub(crate) leftovers: AtomicBool,
    /// Asks for a look at everything before its time.
    pub(crate) sweep_now: Notify,
    /// What changed in an engine and was not looked at since: somebody has its turn.
    pub(crate) unseen: Mutex<HashSet<Subject>>,
}

/// A lock whose holders only copy values in and out, so that a poisoned one is still right.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const LOCAL_HOST_KEY: &str = "local_host_id";

impl Engine {
    /// Wires an engine and gives the local host its lasting id. Nothing runs until [`Engine::start`].
    pub async fn open(parts: Parts) -> Result<Self> {
        let local = local_host_id(&parts).await?;
        let workers = parts.settings.workers.max(1);
        Ok(Self(Arc::new(Inner {
            store: parts.store,
            clock: parts.clock,
            ids: parts.ids,
            settings: parts.settings,
            identity: parts.identity,
            interrupt: parts.interrupt,
            local,
            hosts: HashMap::from([(local, parts.local)]),
            down: Mutex::default(),
            sizing: Mutex::default(),
            host_back: Notify::new(),
            slots: Semaphore::new(workers),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            following: Mutex::default(),
            cancels: Mutex::default(),
            turns: Mutex::default(),
            choosing: tokio::sync::Mutex::default(),
            looking_at_hosts: tokio::sync::Mutex::default(),
            guarding: Guarding::default(),
            flights: Flights::default(),
            tags: Tags::default(),
            collecting: Collecting::default(),
            leftovers: AtomicBool::new(false),
            sweep_now: Notify::new(),
            unseen: Mutex::default(),
        })))
    }

    /// Looks at the hosts, puts their rules in force, goes on with interrupted operations, and starts the loops.
    pub async fn start(&self) -> Result<()> {
        self.look_at_hosts().await?;
        self.ensure_external().await?;
        self.guard().await?;
        self.recover().await?;
        self.watch_hosts();
        Ok(())
    }

    /// Ends the loops and waits until the steps that are being done have ended; operations go on from
    /// their log at the next start.
    pub async fn drain(&self, bound: Duration) -> bool {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(bound, self.tasks.wait()).await.is_ok()
    }

    /// Who may log in.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Who may what is otherwise allowed to nobody.
    pub fn exceptions(&self) -> &Exceptions {
        &self.settings.exceptions
    }

    /// Runs `work` until it ends; the drain waits for it.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }
}

impl Inner {
    /// The drivers of a host.
    pub(crate) fn drivers(&self, host: HostId) -> Result<&HostDrivers> {
        self.hosts.get(&host).ok_or_else(|| {
            Error::Unavailable(format!("host {host} is not connected to this process"))
        })
    }

    /// Every host this process drives.
    pub(crate) fn driven(&self) -> Vec<HostId> {
        self.hosts.keys().copied().collect()
    }

    /// Notes whether a host answers; the first answer after a silence wakes what waits for it.
    pub(crate) fn note_host(&self, host: HostId, down: Option<String>) {
        let mut notes = lock(&self.down);
        match down {
            Some(reason) => {
                notes.insert(host, reason);
            }
            None => {
                if notes.remove(&host).is_some() {
                    self.host_back.notify_waiters();
                }
            }
        }
    }

    /// Why a host does not answer; `None` while it does.
    pub(crate) fn why_down(&self, host: HostId) -> Option<String> {
        lock(&self.down).get(&host).cloned()
    }

    /// Notes whether a host's storage driver enforces a size.
    pub(crate) fn note_sizing(&self, host: HostId, enforced: bool) {
        let mut notes = lock(&self.sizing);
        if enforced {
            notes.insert(host);
        } else {
            notes.remove(&host);
        }
    }

    /// Whether `disk` is enforced on this host.
    pub(crate) fn enforces_disk(&self, host: HostId) -> bool {
        lock(&self.sizing).contains(&host)
    }

    /// Whether `disk` is enforced on any host.
    pub(crate) fn enforces_disk_somewhere(&self) -> bool {
        !lock(&self.sizing).is_empty()
    }

    /// The lock that an operation holds while it works on a subject.
    pub(crate) fn turn(&self, subject: Subject) -> Arc<tokio::sync::Mutex<()>> {
        lock(&self.turns).entry(subject).or_default().clone()
    }
}

async fn local_host_id(parts: &Parts) -> Result<HostId> {
    if let Some(text) = parts.store.meta_find(LOCAL_HOST_KEY).await? {
        return text.parse().map_err(|_| {
            Error::Internal(format!("the stored id of this host is {text:?}, no uuid"))
        });
    }
    let id = HostId(parts.ids.uuid());
    let mut tx = parts.store.begin().await?;
    tx.meta_set(LOCAL_HOST_KEY, &id.to_string()).await?;
    tx.commit().await?;
    Ok(id)
}
