//! The API as a whole: the real engine on a real SQLite file, a fake host, one user per role.

mod block_storage;
mod container;
mod error_body;
mod extension;
mod hostile;
mod identity;
mod image_commit;
mod image_host;
mod image_life;
mod image_list;
mod image_refusal;
mod image_search;
mod isolation;
mod metrics;
mod microversion;
mod mounts;
mod network_floating;
mod network_group;
mod network_interface;
mod network_leftover;
mod network_life;
mod network_list;
mod network_refusal;
mod network_refusal_port;
mod network_refusal_use;
mod network_router;
mod network_router_refusal;
mod network_rule;
mod paging;
mod quota;
mod refusal;
mod registry;
mod robust;
mod volume_life;
mod volume_list;
mod volume_refusal;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;
use zun_domain::id::ProjectId;
use zun_domain::policy::Exceptions;
use zun_domain::project::Role;
use zun_domain::time::{Clock, Timestamp};
use zun_driver::fake::{FakeHost, FakeImage, Script};
use zun_engine::Engine;
use zun_engine::context::{Ids, Parts};
use zun_engine::identity::{
    DEFAULT_DOMAIN, Identity, IdentitySettings, NewProject, NewUser, RoleAssignment, Secret,
};
use zun_engine::settings::Settings;
use zun_store::{Store, StoreConfig};

use crate::{ApiSettings, router};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    /// Without a token.
    Nobody,
    /// Reader in the project `shop`.
    Reader,
    /// Member of the project `shop`.
    Member,
    /// Member of another project.
    Stranger,
    /// Administrator, of the project `admin`.
    Admin,
}

const PASSWORD: &str = "open sesame";

struct Frozen(Mutex<Timestamp>);

impl Frozen {
    fn advance(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now += jiff::SignedDuration::from_secs(seconds);
    }
}

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct Counted(AtomicU64);

impl Ids for Counted {
    fn uuid(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0000 + u128::from(count))
    }
}

/// An answer, read to its end.
#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The whole message of a refusal.
    fn detail(&self) -> String {
        let body = self.json();
        let zun = body["errors"][0]["detail"].as_str();
        let cinder = || body.as_object()?.values().next()?["message"].as_str();
        zun.or_else(cinder).unwrap_or_default().to_owned()
    }

    fn field(&self) -> String {
        self.json()["errors"][0]["field"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// The images of every test.
fn stock(host: &FakeHost) {
    for name in ["nginx", "nginx:2", "busybox"] {
        host.add_image(&FakeImage::of(name.parse().unwrap(), Script::default()));
    }
}

struct TestApp {
    router: Router,
    host: FakeHost,
    clock: Arc<Frozen>,
    tokens: HashMap<Who, String>,
    shop: ProjectId,
    member: String,
    _dir: TempDir,
}

impl TestApp {
    async fn start() -> Self {
        Self::start_with(|_, _| ()).await
    }

    async fn start_with(change: impl FnOnce(&mut Settings, &mut ApiSettings)) -> Self {
        Self::start_on(FakeHost::new(), change).await
    }

    async fn start_on(
        host: FakeHost,
        change: impl FnOnce(&mut Settings, &mut ApiSettings),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("zun.db").display());
        let store = Store::open(&StoreConfig { url, key: [7; 32] })
            .await
            .unwrap();
        let clock = Arc::new(Frozen(Mutex::new(
            "2026-11-21T07:05:34.7313Z".parse().unwrap(),
        )));
        let ids: Arc<dyn Ids> = Arc::new(Counted(AtomicU64::new(1)));
        let identity = Identity::new(
            store.clone(),
            clock.clone(),
            ids.clone(),
            IdentitySettings::default(),
        );
        let mut settings = Settings {
            host_name: "host-1".to_owned(),
            ..Settings::default()
        };
        let mut api = ApiSettings::new(clock.clone(), ids.clone());
        let people = People::make(&identity).await;
        settings.exceptions = Exceptions::default();
        change(&mut settings, &mut api);
        stock(&host);
        let parts = Parts {
            store,
            local: host.drivers(),
            clock: clock.clone(),
            ids,
            identity,
            settings,
            interrupt: None,
        };
        let engine = Engine::open(parts).await.unwrap();
        engine.start().await.unwrap();
        let mut app = Self {
            router: router(engine, api),
            host,
            clock,
            tokens: HashMap::new(),
            shop: people.shop,
            member: people.member,
            _dir: dir,
        };
        for (who, name, project) in [
            (Who::Reader, "rita", "shop"),
            (Who::Member, "mel", "shop"),
            (Who::Stranger, "sam", "street"),
            (Who::Admin, "admin", "admin"),
        ] {
            let token = app.log_in(name, PASSWORD, project).await.expect(201);
            app.tokens
                .insert(who, token.header("x-subject-token").to_owned());
        }
        app
    }

    async fn log_in(&self, name: &str, password: &str, project: &str) -> Reply {
        let domain = json!({"id": "default"});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": name, "domain": domain, "password": password,
            }}},
            "scope": {"project": {"name": project, "domain": domain}},
        }});
        self.ask(Who::Nobody, "POST", "/identity/v3/auth/tokens", Some(body))
            .await
    }

    /// One request with the newest version of the API.
    async fn ask(&self, who: Who, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.ask_in("container latest", who, method, path, body)
            .await
    }

    async fn ask_in(
        &self,
        version: &str,
        who: Who,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let token = self.tokens.get(&who).map_or("", String::as_str);
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path)
            .header("host", "zun.test:9517");
        if !version.is_empty() {
            request = request.header("openstack-api-version", version);
        }
        if !token.is_empty() {
            request = request.header("x-auth-token", token);
        }
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.send(request.unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn get(&self, who: Who, path: &str) -> Reply {
        self.ask(who, "GET", path, None).await
    }

    async fn post(&self, who: Who, path: &str, body: Value) -> Reply {
        self.ask(who, "POST", path, Some(body)).await
    }

    async fn put(&self, who: Who, path: &str, body: Value) -> Reply {
        self.ask(who, "PUT", path, Some(body)).await
    }

    /// The operation of an accepted answer, when it has ended.
    async fn ended(&self, who: Who, accepted: &Value) -> Value {
        let id = accepted["operation"]["id"].as_str().unwrap();
        let operation = self
            .get(who, &format!("/zund/v1/operations/{id}?wait=30"))
            .await;
        operation.expect(200).json()
    }

    /// A running container of the member's, by our own API; its uuid.
    async fn running(&self, name: &str) -> String {
        let body = json!({"name": name, "spec": {"image": "nginx"}});
        let accepted = self
            .post(Who::Member, "/zund/v1/containers", body)
            .await
            .expect(202)
            .json();
        let operation = self.ended(Who::Member, &accepted).await;
        assert_eq!(operation["state"], "succeeded", "{operation}");
        accepted["container"]["uuid"].as_str().unwrap().to_owned()
    }
}

struct People {
    shop: ProjectId,
    member: String,
}

impl People {
    async fn make(identity: &Identity) -> Self {
        let password = Secret::new(PASSWORD);
        identity.bootstrap(&password).await.unwrap().unwrap();
        let mut shop = None;
        let mut member = String::new();
        for (project, users) in [
            (
                "shop",
                [("rita", Role::Reader), ("mel", Role::Member)].as_slice(),
            ),
            ("street", &[("sam", Role::Member)]),
        ] {
            let new = NewProject {
                domain: DEFAULT_DOMAIN,
                name: project.to_owned(),
                description: String::new(),
                enabled: true,
            };
            let project = identity.project_create(new).await.unwrap().id;
            shop.get_or_insert(project);
            for (name, role) in users {
                let new = NewUser {
                    domain: DEFAULT_DOMAIN,
                    name: (*name).to_owned(),
                    password: Some(password.clone()),
                    enabled: true,
                };
                let user = identity.user_create(new).await.unwrap().id;
                identity
                    .assign(RoleAssignment {
                        user,
                        project,
                        role: *role,
                    })
                    .await
                    .unwrap();
                if *name == "mel" {
                    member = user.0.simple().to_string();
                }
            }
        }
        Self {
            shop: shop.unwrap(),
            member,
        }
    }
}
