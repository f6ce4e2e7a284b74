//! Who may log in: domains, projects, users, roles, passwords, tokens and application credentials.
//!
//! [`Identity::login`] turns a proof (password, token, application credential) into a token,
//! [`Identity::validate`] turns a token into who asks; every API request passes through the latter, so it
//! answers from memory most of the time. A token says what its user may do *now*: roles taken away, a
//! disabled user or project, and a changed password end it at once.
//!
//! At rest are only hashes: argon2id of passwords and of application credentials' secrets, SHA-256 of
//! tokens, which are 256 random bits and need no slow hash. Whatever is wrong with a login, the answer is
//! the same sentence after the same time.

mod application_credential;
mod assignment;
mod bootstrap;
mod cache;
mod directory;
mod login;
mod password;
mod secret;
mod token;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use zun_domain::time::Clock;
use zun_store::Store;

pub use application_credential::NewApplicationCredential;
pub use assignment::AssignmentFilter;
pub use bootstrap::{ADMIN, Bootstrapped, DEFAULT_DOMAIN, domain_named_by};
pub use directory::{EditProject, EditUser, NewProject, NewUser, ProjectFilter, UserFilter};
pub use login::{
    ApplicationCredentialRef, Credential, DomainRef, Issued, LoginRequest, ProjectRef, Scope,
    UserRef,
};
pub use secret::Secret;
pub use token::{Method, ScopedProject, TokenInfo};
pub use zun_store::{ApplicationCredential, RoleAssignment};

use crate::context::Ids;

/// What the configuration decides about logins.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// Seconds a token is good for.
    pub token_seconds: u32,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            token_seconds: 43_200,
        }
    }
}

/// The identity use cases. Cloning is cheap; clones share the memory of validated tokens.
#[derive(Clone)]
pub struct Identity(Arc<Parts>);

struct Parts {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    settings: IdentitySettings,
    hasher: password::Hasher,
    cache: cache::Cache,
}

impl Identity {
    /// Wires it. Nothing is read or written yet.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        settings: IdentitySettings,
    ) -> Self {
        Self(Arc::new(Parts {
            store,
            clock,
            ids,
            settings,
            hasher: password::Hasher::new(),
            cache: cache::Cache::default(),
        }))
    }
}
