//! Everything needed to reach a deployment: where it is, who asks, and how its certificate is judged.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use url::Url;

/// A password, a token or an application credential's secret. Never printed.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a secret in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text, for the request that carries it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// For the body of the request that carries it.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// An object of the identity service, by the id that is unique or by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}

/// A domain. `Default` names the domain every Keystone has from the start.
pub type Domain = Named;

/// A user; a name counts inside a domain only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Which.
    pub who: Named,
    /// Where a name counts; ignored with an id.
    pub domain: Domain,
}

/// A project; a name counts inside a domain only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Which.
    pub which: Named,
    /// Where a name counts; ignored with an id.
    pub domain: Domain,
}

/// How the identity service is convinced.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A user's password.
    Password {
        /// The user.
        user: User,
        /// The password.
        password: Secret,
        /// What the token is for; the user's default project where none is given.
        scope: Option<Project>,
    },
    /// A token that was issued before.
    Token {
        /// The token.
        token: Secret,
        /// What a new token is for; none is asked for where no scope is given.
        scope: Option<Project>,
    },
    /// An application credential, which has its project already.
    ApplicationCredential {
        /// The credential; a name needs the user.
        credential: Named,
        /// Whose it is, where it is named.
        user: Option<User>,
        /// Its secret.
        secret: Secret,
    },
}

/// How the server's certificate is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Accept any certificate.
    pub insecure: bool,
    /// Trust the certificates in this file instead of the machine's own.
    pub cacert_file: Option<PathBuf>,
}

/// Everything a [`Client`](crate::Client) is made from.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The identity service, with or without `/v3`. Not needed with a token and an endpoint.
    pub auth_url: Option<Url>,
    /// Who asks.
    pub credentials: Credentials,
    /// The region whose endpoint is looked up; any where none is given.
    pub region: Option<String>,
    /// The container service, instead of the one in the catalog.
    pub endpoint: Option<Url>,
    /// How certificates are judged.
    pub tls: Tls,
    /// What the client calls itself.
    pub user_agent: String,
}
