//! Every refusal, on real SQLite with a frozen clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use uuid::Uuid;
use zun_domain::id::{ProjectId, UserId};
use zun_domain::project::Role;
use zun_domain::time::{Clock, Timestamp};
use zun_store::{Store, StoreConfig};

use super::*;
use crate::context::Ids;
use crate::error::Error;

mod administration;
mod credentials;
mod logins;

struct Frozen(Mutex<Timestamp>);

impl Frozen {
    fn pass(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now
            .checked_add(jiff::SignedDuration::from_secs(seconds))
            .unwrap();
    }
}

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct InOrder(AtomicU64);

impl Ids for InOrder {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

/// A bootstrapped store, and a second process on the same database.
struct World {
    identity: Identity,
    elsewhere: Identity,
    clock: Arc<Frozen>,
    admin: UserId,
    admin_project: ProjectId,
    _dir: tempfile::TempDir,
}

const PASSWORD: &str = "the first password";

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig {
        url: format!("sqlite://{}", dir.path().join("zun.db").display()),
        key: [7; 32],
    };
    let store = Store::open(&config).await.unwrap();
    let clock = Arc::new(Frozen(Mutex::new("2026-01-01T00:00:00Z".parse().unwrap())));
    let ids: Arc<dyn Ids> = Arc::new(InOrder(AtomicU64::new(1)));
    let wired = |store: &Store| {
        let clock: Arc<dyn Clock> = clock.clone();
        Identity::new(
            store.clone(),
            clock,
            ids.clone(),
            IdentitySettings {
                token_seconds: 3600,
            },
        )
    };
    let identity = wired(&store);
    let made = identity.bootstrap(&Secret::new(PASSWORD)).await.unwrap();
    let made = made.unwrap();
    World {
        elsewhere: wired(&store),
        identity,
        clock,
        admin: made.user,
        admin_project: made.project,
        _dir: dir,
    }
}

fn by_password(name: &str, password: &str) -> Credential {
    Credential::Password {
        user: UserRef::Name {
            name: name.to_owned(),
            domain: DomainRef::Id("default".to_owned()),
        },
        password: Secret::new(password),
    }
}

fn to_project(name: &str) -> Scope {
    Scope::Project(ProjectRef::Name {
        name: name.to_owned(),
        domain: DomainRef::Name("Default".to_owned()),
    })
}

impl World {
    async fn login(&self, credential: Credential, scope: Scope) -> Result<Issued, Error> {
        self.identity
            .login(LoginRequest { credential, scope })
            .await
    }

    async fn admin_token(&self) -> Issued {
        let credential = by_password(ADMIN, PASSWORD);
        self.login(credential, to_project(ADMIN)).await.unwrap()
    }

    async fn user(&self, name: &str, password: &str) -> UserId {
        let new = NewUser {
            domain: DEFAULT_DOMAIN,
            name: name.to_owned(),
            password: Some(Secret::new(password)),
            enabled: true,
        };
        self.identity.user_create(new).await.unwrap().id
    }

    async fn project(&self, name: &str) -> ProjectId {
        let new = NewProject {
            domain: DEFAULT_DOMAIN,
            name: name.to_owned(),
            description: String::new(),
            enabled: true,
        };
        self.identity.project_create(new).await.unwrap().id
    }

    /// A user `name` with that role in the new project of the same name; its password is its name.
    async fn tenant(&self, name: &str, role: Role) -> RoleAssignment {
        let user = self.user(name, name).await;
        let project = self.project(name).await;
        let assignment = RoleAssignment {
            user,
            project,
            role,
        };
        self.identity.assign(assignment).await.unwrap();
        assignment
    }

    async fn refusal(&self, credential: Credential, scope: Scope) -> String {
        match self.login(credential, scope).await {
            Err(Error::Unauthorized(sentence)) => sentence,
            other => panic!("should have been refused: {other:?}"),
        }
    }

    async fn is_good(&self, token: &Secret) -> bool {
        match self.identity.validate(token).await {
            Ok(_) => true,
            Err(Error::Unauthorized(_)) => false,
            Err(other) => panic!("{other}"),
        }
    }
}
