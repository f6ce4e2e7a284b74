//! What all calls share: the resources with their schemas, the client, the stop signal.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::data_source::DataSource;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::provider::{Context, Provider};
use crate::resource::Resource;
use crate::schema::timeouts::DEFAULT_TIMEOUT;
use crate::schema::{IdentitySchema, Operation, Schema};
use crate::types::Type;
use crate::value::Value;

/// A schema and the type it implies, which every call needs.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) schema: Schema,
    pub(super) ty: Type,
}

impl Compiled {
    fn new(schema: Schema) -> Self {
        let ty = schema.object_type();
        Self { schema, ty }
    }
}

/// A resource; its schema is built when first needed.
pub(super) struct ResourceEntry<C: Send + Sync + 'static> {
    pub(super) resource: Box<dyn Resource<C>>,
    compiled: OnceLock<Compiled>,
    identity: OnceLock<Option<(IdentitySchema, Type)>>,
}

impl<C: Send + Sync + 'static> ResourceEntry<C> {
    pub(super) fn compiled(&self) -> &Compiled {
        self.compiled
            .get_or_init(|| Compiled::new(self.resource.schema()))
    }

    pub(super) fn identity(&self) -> Option<&(IdentitySchema, Type)> {
        let make = || {
            let identity = self.resource.identity()?;
            let ty = identity.object_type();
            Some((identity, ty))
        };
        self.identity.get_or_init(make).as_ref()
    }

    /// The time an operation has, given the values it works on.
    pub(super) fn timeout(&self, operation: Operation, object: &Value) -> Duration {
        self.compiled()
            .schema
            .default_timeouts()
            .map_or(DEFAULT_TIMEOUT, |timeouts| {
                timeouts.resolve(operation, object)
            })
    }
}

/// A data source; its schema is built when first needed.
pub(super) struct DataEntry<C: Send + Sync + 'static> {
    pub(super) source: Box<dyn DataSource<C>>,
    compiled: OnceLock<Compiled>,
}

impl<C: Send + Sync + 'static> DataEntry<C> {
    pub(super) fn compiled(&self) -> &Compiled {
        self.compiled
            .get_or_init(|| Compiled::new(self.source.schema()))
    }
}

type ByName<T> = OnceLock<BTreeMap<String, T>>;

/// What all calls share.
pub(crate) struct Core<P: Provider> {
    pub(super) provider: P,
    compiled: OnceLock<Compiled>,
    resources: ByName<ResourceEntry<P::Client>>,
    data_sources: ByName<DataEntry<P::Client>>,
    client: RwLock<Option<Arc<P::Client>>>,
    stop: Mutex<CancellationToken>,
}

impl<P: Provider> fmt::Debug for Core<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").finish_non_exhaustive()
    }
}

impl<P: Provider> Core<P> {
    pub(super) fn new(provider: P) -> Self {
        Self {
            provider,
            compiled: OnceLock::new(),
            resources: OnceLock::new(),
            data_sources: OnceLock::new(),
            client: RwLock::new(None),
            stop: Mutex::new(CancellationToken::new()),
        }
    }

    pub(super) fn compiled(&self) -> &Compiled {
        self.compiled
            .get_or_init(|| Compiled::new(self.provider.schema()))
    }

    pub(super) fn resources(&self) -> &BTreeMap<String, ResourceEntry<P::Client>> {
        self.resources.get_or_init(|| {
            let entries = self.provider.resources().into_iter().map(|resource| {
                let entry = ResourceEntry {
                    resource,
                    compiled: OnceLock::new(),
                    identity: OnceLock::new(),
                };
                (entry.resource.type_name().to_owned(), entry)
            });
            entries.collect()
        })
    }

    pub(super) fn data_sources(&self) -> &BTreeMap<String, DataEntry<P::Client>> {
        self.data_sources.get_or_init(|| {
            let entries = self.provider.data_sources().into_iter().map(|source| {
                let entry = DataEntry {
                    source,
                    compiled: OnceLock::new(),
                };
                (entry.source.type_name().to_owned(), entry)
            });
            entries.collect()
        })
    }

    pub(super) fn resource(&self, name: &str) -> Result<&ResourceEntry<P::Client>, Diagnostics> {
        self.resources()
            .get(name)
            .ok_or_else(|| unknown("resource", name))
    }

    pub(super) fn data_source(&self, name: &str) -> Result<&DataEntry<P::Client>, Diagnostics> {
        self.data_sources()
            .get(name)
            .ok_or_else(|| unknown("data source", name))
    }

    /// What a call may use. The client and the stop signal are those of this moment.
    pub(super) fn context(&self, timeout: Duration) -> Context<P::Client> {
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner);
        Context::new(client.clone(), self.token(), timeout)
    }

    pub(super) fn token(&self) -> CancellationToken {
        self.stop
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn set_client(&self, client: Option<P::Client>) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client.map(Arc::new);
    }

    /// Tells the calls under way to stop; later ones begin afresh.
    pub(super) fn stop(&self) {
        let mut token = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }
}

fn unknown(what: &str, name: &str) -> Diagnostics {
    Diagnostic::error(
        format!("Unknown {what} type"),
        format!("The provider has no {what} {name:?}."),
    )
    .into()
}
