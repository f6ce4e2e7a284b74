//! Registries: made, changed, deleted; and the one that a container names.

use zun_domain::id::{ProjectId, RegistryId};
use zun_domain::registry::{Password, Registry, RegistryDomain};

use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};
use crate::query::one_of;

/// A registry to be made.
#[derive(Debug, Clone)]
pub struct CreateRegistry {
    /// Name; not unique.
    pub name: Option<String>,
    /// Where it is.
    pub domain: RegistryDomain,
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<Password>,
}

/// What becomes of a field.
#[derive(Debug, Clone, Default)]
pub enum Field<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// There is none any more.
    Clear,
    /// This.
    Set(T),
}

impl<T> Field<T> {
    fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

/// What changes about a registry. Containers that were made with it are left alone: what it is now counts when an image
/// is looked up or fetched the next time.
#[derive(Debug, Clone, Default)]
pub struct UpdateRegistry {
    /// Name.
    pub name: Field<String>,
    /// Where it is; as it was where none is given.
    pub domain: Option<RegistryDomain>,
    /// User name.
    pub username: Field<String>,
    /// Password.
    pub password: Field<Password>,
}

/// Which registries.
#[derive(Debug, Clone, Default)]
pub struct RegistryFilter {
    /// Exact name.
    pub name: Option<String>,
    /// Exact domain.
    pub domain: Option<String>,
    /// Exact user name.
    pub username: Option<String>,
    /// Owner; for administrators who look beyond their project.
    pub project: Option<ProjectId>,
    /// Who created it.
    pub user: Option<zun_domain::id::UserId>,
}

impl RegistryFilter {
    fn fits(&self, registry: &Registry) -> bool {
        let same = |asked: &Option<String>, found: Option<&str>| {
            asked.is_none() || asked.as_deref() == found
        };
        same(&self.name, registry.name.as_deref())
            && same(&self.domain, Some(registry.domain.as_str()))
            && same(&self.username, registry.username.as_deref())
            && self.project.is_none_or(|id| id == registry.project)
            && self.user.is_none_or(|id| id == registry.user)
    }
}

fn check(registry: &Registry) -> Result<()> {
    if let Some(name) = &registry.name {
        Registry::check_name(name).map_err(|error| Error::invalid("name", error.to_string()))?;
    }
    if let Some(name) = &registry.username {
        Registry::check_username(name)
            .map_err(|error| Error::invalid("username", error.to_string()))?;
    }
    if registry.password.is_some() && registry.username.is_none() {
        return Err(Error::invalid(
            "password",
            "goes with a username; give both, or neither for a registry that everybody may ask",
        ));
    }
    Ok(())
}

impl Engine {
    /// Makes a registry. Nobody asks it: what is wrong with it is told when an image is.
    pub async fn registry_create(&self, call: &Call, ask: CreateRegistry) -> Result<Registry> {
        let registry = Registry {
            id: RegistryId(self.ids.uuid()),
            project: call.caller.project,
            user: call.caller.user,
            name: ask.name,
            domain: ask.domain,
            username: ask.username,
            password: ask.password,
            created_at: self.clock.now(),
            updated_at: None,
        };
        check(&registry)?;
        let mut tx = self.store.begin().await?;
        tx.registry_insert(&registry).await?;
        tx.commit().await?;
        Ok(registry)
    }

    /// A registry by uuid or name that the caller can see.
    pub async fn registry_get(&self, call: &Call, ident: &str) -> Result<Registry> {
        if let Ok(id) = ident.parse::<RegistryId>() {
            let found = self.store.registry_find(id).await?;
            return found
                .filter(|registry| call.sees(registry.project))
                .ok_or_else(|| Error::not_found("registry", ident));
        }
        let named = self.store.registries_named(call.visible(), ident).await?;
        one_of(named, "registry", ident)
    }

    /// Registries that the caller can see, in the order in which they were made.
    pub async fn registry_list(
        &self,
        call: &Call,
        filter: &RegistryFilter,
    ) -> Result<Vec<Registry>> {
        let mut all = self.store.registry_list(call.visible()).await?;
        all.retain(|registry| filter.fits(registry));
        Ok(all)
    }

    /// Changes it.
    pub async fn registry_update(
        &self,
        call: &Call,
        ident: &str,
        ask: UpdateRegistry,
    ) -> Result<Registry> {
        let seen = self.registry_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut registry = tx.registry_get(seen.id).await?;
        ask.name.apply(&mut registry.name);
        ask.username.apply(&mut registry.username);
        ask.password.apply(&mut registry.password);
        registry.domain = ask.domain.unwrap_or(registry.domain);
        check(&registry)?;
        registry.updated_at = Some(self.clock.now());
        tx.registry_update(&registry).await?;
        tx.commit().await?;
        Ok(registry)
    }

    /// Deletes it, unless a container refers to it.
    pub async fn registry_delete(&self, call: &Call, ident: &str) -> Result<()> {
        let seen = self.registry_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let users = tx.containers_of_registry(seen.id).await?;
        if let Some(first) = users.first() {
            let name = match tx.container_find(*first).await? {
                Some(container) => container.desired.name.to_string(),
                None => String::new(),
            };
            let others = match users.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            return Err(Error::Conflict(format!(
                "cannot delete registry {}: container {name} ({first}){others} gets its image from it; delete the \
                 container, or take the registry out of it, first",
                seen.id
            )));
        }
        tx.registry_delete(seen.id).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Inner {
    /// The registry of the project that a container names, by id or name.
    pub(crate) async fn registry_of(&self, project: ProjectId, ident: &str) -> Result<Registry> {
        if let Ok(id) = ident.parse::<RegistryId>() {
            let found = self.store.registry_find(id).await?;
            return found
                .filter(|registry| registry.project == project)
                .ok_or_else(|| Error::not_found("registry", ident));
        }
        let named = self.store.registries_named(Some(project), ident).await?;
        one_of(named, "registry", ident)
    }
}
