//! A stand-in for zund, for tests that need neither an engine nor a server: containers that do at once
//! what they are told, and can be changed behind the provider's back.

mod capsule;
mod http;
mod images;
pub(crate) mod networking;
mod registries;
mod storage;
mod world;

use std::sync::{Arc, Mutex};

use tfplugin::testing::Terraform;
use tfplugin::testing::host::Refusal;
use tfplugin::{Schema, Value};
use tokio::task::JoinSet;

use crate::provider::Zun;
pub(crate) use world::{World, fresh};

/// A listening stand-in; it ends with the test.
pub(crate) struct Zund {
    pub(crate) address: String,
    pub(crate) world: Arc<Mutex<World>>,
    _tasks: JoinSet<()>,
}

impl Zund {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let world = Arc::new(Mutex::new(World::default()));
        let handle = Arc::clone(&world);
        let (address, tasks) =
            http::serve(move |request| handle.lock().unwrap().answer(&request)).await;
        world.lock().unwrap().address.clone_from(&address);
        Self {
            address,
            world,
            _tasks: tasks,
        }
    }

    /// Changes the world, or looks at it.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.world.lock().unwrap())
    }

    /// The provider, configured for this stand-in.
    pub(crate) fn config(&self) -> Value {
        object(
            &crate::config::schema(),
            &[
                ("auth_url", Value::string(&self.address)),
                ("user_name", Value::string("ann")),
                ("password", Value::string("hunter2")),
                ("project_name", Value::string("shop")),
            ],
        )
    }

    /// Terraform with that provider.
    pub(crate) async fn terraform(&self) -> Terraform<Zun> {
        Terraform::start(Zun, self.config()).await.unwrap()
    }

    /// A session for calls that Terraform's stand-in does not make.
    pub(crate) fn session(&self) -> crate::session::Session {
        let environment = crate::config::environment::Environment::default();
        let connection = crate::config::connection(&self.config(), &environment, "test".into());
        crate::session::Session::new(connection.unwrap())
    }
}

/// An object of a schema: everything null but what is given.
pub(crate) fn object(schema: &Schema, set: &[(&str, Value)]) -> Value {
    let names = schema.fields().attributes().keys();
    let mut all = Value::object(names.map(|name| (name, Value::Null)));
    for (name, value) in set {
        all.set(*name, value);
    }
    all
}

/// The messages of a plan or call that Terraform refuses.
pub(crate) fn refused<T>(result: Result<T, Refusal>) -> String {
    match result {
        Ok(_) => "accepted".into(),
        Err(refusal) => refusal.to_string(),
    }
}
