//! Registries that images come from, of the container API `/v1`.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::client::{Call, Client};
use crate::connection::Secret;
use crate::error::Error;

/// Where images come from, and as whom. The password is never shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Registry {
    /// Identity.
    pub uuid: String,
    /// Name; null where it has none.
    #[serde(default)]
    pub name: Option<String>,
    /// Host and port.
    pub domain: String,
    /// Who logs in; null where nobody does.
    #[serde(default)]
    pub username: Option<String>,
    /// The project it belongs to.
    #[serde(default)]
    pub project_id: Option<String>,
}

/// A registry to be written down. What is not given is not sent.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CreateRegistry {
    /// Host and port.
    pub domain: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who logs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// With what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// What becomes of a text that a registry may have.
#[derive(Debug, Clone, Default)]
pub enum Edit<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// It becomes this.
    Set(T),
}

/// What changes about a registry.
#[derive(Debug, Clone, Default)]
pub struct ChangeRegistry {
    /// Host and port.
    pub domain: Option<String>,
    /// Name.
    pub name: Edit<String>,
    /// Who logs in.
    pub username: Edit<String>,
    /// With what.
    pub password: Edit<Secret>,
}

impl ChangeRegistry {
    /// Nothing changes.
    pub fn is_empty(&self) -> bool {
        self.body().is_empty()
    }

    fn body(&self) -> BTreeMap<&'static str, Option<&str>> {
        let mut body = BTreeMap::new();
        if let Some(domain) = &self.domain {
            body.insert("domain", Some(domain.as_str()));
        }
        let password = match &self.password {
            Edit::Keep => Edit::Keep,
            Edit::Clear => Edit::Clear,
            Edit::Set(secret) => Edit::Set(secret.expose()),
        };
        for (name, edit) in [
            ("name", self.name.as_deref()),
            ("username", self.username.as_deref()),
            ("password", password),
        ] {
            match edit {
                Edit::Keep => {}
                Edit::Clear => {
                    body.insert(name, None);
                }
                Edit::Set(text) => {
                    body.insert(name, Some(text));
                }
            }
        }
        body
    }
}

impl Edit<String> {
    fn as_deref(&self) -> Edit<&str> {
        match self {
            Self::Keep => Edit::Keep,
            Self::Clear => Edit::Clear,
            Self::Set(text) => Edit::Set(text),
        }
    }
}

#[derive(Deserialize)]
struct Wrapped {
    registry: Registry,
}

#[derive(Deserialize)]
struct Page {
    registries: Vec<Registry>,
}

/// The microversion of all that is asked of registries.
const MICROVERSION: &str = "container 1.40";

fn call(tried: String, method: Method, path: &[&str]) -> Call {
    Call::container_api(tried, method, path).header("openstack-api-version", MICROVERSION)
}

impl Client {
    /// Writes a registry down. Never sent twice: names are not unique, and a second one would be made.
    pub async fn registry_create(&self, body: &CreateRegistry) -> Result<Registry, Error> {
        self.features().await?;
        let tried = match &body.name {
            Some(name) => format!("create registry {name}"),
            None => format!("create a registry of {}", body.domain),
        };
        let call = call(tried, Method::POST, &["registries"]);
        let made = self.call::<Wrapped>(call.body(&BTreeMap::from([("registry", body)])));
        made.await.map(|wrapped| wrapped.registry)
    }

    /// A registry by id, or by a name that no other one has; `None` when there is none.
    pub async fn registry_find(&self, which: &str) -> Result<Option<Registry>, Error> {
        self.features().await?;
        let tried = format!("read registry {which}");
        let call = call(tried, Method::GET, &["registries", which]);
        match self.call::<Wrapped>(call).await {
            Ok(wrapped) => Ok(Some(wrapped.registry)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Registries of this name.
    pub async fn registries_named(&self, name: &str) -> Result<Vec<Registry>, Error> {
        self.features().await?;
        let tried = format!("look for a registry named {name}");
        let call = call(tried, Method::GET, &["registries"]).query("name", name);
        let page = self.call::<Page>(call).await?;
        let named = page.registries.into_iter();
        Ok(named
            .filter(|registry| registry.name.as_deref() == Some(name))
            .collect())
    }

    /// Changes a registry.
    pub async fn registry_update(
        &self,
        id: &str,
        change: &ChangeRegistry,
    ) -> Result<Registry, Error> {
        self.features().await?;
        let tried = format!("change registry {id}");
        let call = call(tried, Method::PATCH, &["registries", id]);
        let changed =
            self.call::<Wrapped>(call.body(&BTreeMap::from([("registry", change.body())])));
        changed.await.map(|wrapped| wrapped.registry)
    }

    /// Forgets a registry; whether there was one.
    pub async fn registry_delete(&self, id: &str) -> Result<bool, Error> {
        self.features().await?;
        let tried = format!("delete registry {id}");
        let call = call(tried, Method::DELETE, &["registries", id]);
        match self.call_empty(call).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_what_goes_and_prints_no_password() {
        let change = ChangeRegistry {
            name: Edit::Clear,
            password: Edit::Set(Secret::new("hunter2")),
            ..ChangeRegistry::default()
        };
        let json = serde_json::to_string(&change.body()).unwrap();
        assert_eq!(json, r#"{"name":null,"password":"hunter2"}"#);
        assert!(!format!("{change:?}").contains("hunter2"));
        assert!(!change.is_empty() && ChangeRegistry::default().is_empty());
        let create = CreateRegistry {
            domain: "a.example".into(),
            password: Some(Secret::new("hunter2")),
            ..CreateRegistry::default()
        };
        let json = serde_json::to_string(&create).unwrap();
        assert_eq!(json, r#"{"domain":"a.example","password":"hunter2"}"#);
        assert!(!format!("{create:?}").contains("hunter2"));
    }
}
