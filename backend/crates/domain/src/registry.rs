//! Registries: where images come from that not everybody may fetch, and who one has to be for that.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{ProjectId, RegistryId, UserId};
use crate::name::ImageRef;
use crate::time::Timestamp;

/// Docker Hub, as references without a registry mean it.
pub const DOCKER_HUB: &str = "docker.io";

/// Why a text about a registry was refused. `Display` says what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The host, with or without a port.
    #[error(
        "registry domain {0:?} is not valid: a host with a dot, localhost, or a host with a port is accepted, such as \
         registry.example or registry:5000, without scheme and path"
    )]
    Domain(String),
    /// The name.
    #[error(
        "registry name {0:?} is not valid: 2 to 255 characters without control characters are accepted"
    )]
    Name(String),
    /// The user name, which is not repeated.
    #[error(
        "the user name is not valid: 1 to 255 characters without ':' and control characters are accepted"
    )]
    Username,
    /// The password, which is not repeated.
    #[error(
        "the password is not valid: 1 to 4096 characters without control characters are accepted"
    )]
    Password,
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// What stands before the first slash of an image reference: a host and, maybe, a port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistryDomain(String);

impl RegistryDomain {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, without the port.
    pub fn host(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(host, _)| host)
    }

    /// The one that an image is asked from: what is before the first slash where Docker reads that as a host, and
    /// Docker Hub elsewhere (<https://pkg.go.dev/github.com/distribution/reference#ParseNormalizedNamed>).
    pub fn of(image: &ImageRef) -> Self {
        match given_domain(image) {
            Some(text) => Self(text.to_owned()).plain(),
            None => Self(DOCKER_HUB.to_owned()),
        }
    }

    /// The one spelling of those that mean the same: Docker Hub has two names, and hosts are the same in capitals.
    #[must_use]
    pub fn plain(&self) -> Self {
        let lower = self.0.to_ascii_lowercase();
        match lower.as_str() {
            "index.docker.io" => Self(DOCKER_HUB.to_owned()),
            _ => Self(lower),
        }
    }
}

/// What is before the first slash, where Docker takes that for a registry.
fn given_domain(image: &ImageRef) -> Option<&str> {
    let (first, _) = image.as_str().split_once('/')?;
    names_a_host(first).then_some(first)
}

/// Without one of these it is the first part of a path on Docker Hub.
fn names_a_host(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost"
}

/// A host name as Docker's references take it, with a port or without.
fn is_domain(text: &str) -> bool {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let port_ok = port.is_none_or(|port| {
        let digits = port.chars().all(|c| c.is_ascii_digit());
        digits && port.parse::<u16>().is_ok_and(|number| number > 0)
    });
    text.len() <= 200 && names_a_host(text) && host.split('.').all(label) && port_ok
}

impl TryFrom<String> for RegistryDomain {
    type Error = RegistryError;
    fn try_from(text: String) -> Result<Self, RegistryError> {
        if is_domain(&text) {
            Ok(Self(text))
        } else {
            Err(RegistryError::Domain(cut(&text)))
        }
    }
}

impl FromStr for RegistryDomain {
    type Err = RegistryError;
    fn from_str(text: &str) -> Result<Self, RegistryError> {
        Self::try_from(text.to_owned())
    }
}

impl From<RegistryDomain> for String {
    fn from(domain: RegistryDomain) -> Self {
        domain.0
    }
}

impl fmt::Display for RegistryDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RegistryDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// A password of a registry. It does not print.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Password(String);

impl Password {
    /// The text, for handing it to the registry or to the vault.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Password {
    type Error = RegistryError;
    fn try_from(text: String) -> Result<Self, RegistryError> {
        let length = text.chars().count();
        if (1..=4096).contains(&length) && !text.contains(char::is_control) {
            Ok(Self(text))
        } else {
            Err(RegistryError::Password)
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

/// Who one is to a registry, for one call of a driver. Never part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// Whom it is told to, and nobody else.
    pub domain: RegistryDomain,
    /// User name.
    pub username: String,
    /// Password.
    pub password: Password,
}

impl Credentials {
    /// The same, if they are for the registry that this image is on.
    pub fn for_image(&self, image: &ImageRef) -> Option<&Self> {
        (RegistryDomain::of(image) == self.domain.plain()).then_some(self)
    }
}

/// A registry of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Its identity.
    pub id: RegistryId,
    /// Owner.
    pub project: ProjectId,
    /// Who created it.
    pub user: UserId,
    /// Name; not unique.
    pub name: Option<String>,
    /// Where it is.
    pub domain: RegistryDomain,
    /// User name; it is asked without one where none is given.
    pub username: Option<String>,
    /// Password.
    pub password: Option<Password>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Option<Timestamp>,
}

impl Registry {
    /// A name that can be kept.
    pub fn check_name(name: &str) -> Result<(), RegistryError> {
        let legal = (2..=255).contains(&name.chars().count()) && !name.contains(char::is_control);
        legal
            .then_some(())
            .ok_or_else(|| RegistryError::Name(cut(name)))
    }

    /// A user name that can be told: in HTTP's basic authentication a colon ends it (RFC 7617).
    pub fn check_username(name: &str) -> Result<(), RegistryError> {
        let length = (1..=255).contains(&name.chars().count());
        let legal = length && !name.contains(|c: char| c.is_control() || c == ':');
        legal.then_some(()).ok_or(RegistryError::Username)
    }

    /// What its images are asked for with; nothing where it has no user name.
    pub fn credentials(&self) -> Option<Credentials> {
        Some(Credentials {
            domain: self.domain.clone(),
            username: self.username.clone()?,
            password: self.password.clone()?,
        })
    }

    /// The image in this registry: its domain goes in front of a reference that has none. A sentence where the
    /// reference names another one.
    pub fn qualify(&self, image: &ImageRef) -> Result<ImageRef, String> {
        match given_domain(image) {
            Some(_) if RegistryDomain::of(image) == self.domain.plain() => Ok(image.clone()),
            Some(other) => Err(format!(
                "{image} is on {other}, and the registry {} is {}; leave the host out of the image, or name a registry \
                 of {other}",
                self.name.as_deref().unwrap_or(&self.id.to_string()),
                self.domain
            )),
            None => format!("{}/{image}", self.domain)
                .parse()
                .map_err(|error: crate::name::NameError| error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn registry(domain: &str) -> Registry {
        Registry {
            id: RegistryId(Uuid::from_u128(1)),
            project: ProjectId(Uuid::from_u128(2)),
            user: UserId(Uuid::from_u128(3)),
            name: Some("ours".to_owned()),
            domain: domain.parse().unwrap(),
            username: Some("me".to_owned()),
            password: Some(Password::try_from("hidden".to_owned()).unwrap()),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: None,
        }
    }

    #[test]
    fn domains_are_what_docker_takes_for_a_host() {
        for good in [
            "docker.io",
            "registry.example",
            "Registry.Example:5000",
            "localhost",
            "localhost:5000",
            "registry:5000",
            "127.0.0.1:5000",
        ] {
            assert!(good.parse::<RegistryDomain>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "registry",
            "https://registry.example",
            "registry.example/team",
            "registry.example:",
            "registry.example:0",
            "registry.example:70000",
            "registry.example:http",
            "-a.example",
            "a..example",
            "a_b.example",
            "user@registry.example",
        ] {
            let error = bad.parse::<RegistryDomain>().unwrap_err();
            assert!(error.to_string().contains("registry.example"), "{error}");
        }
    }

    #[test]
    fn an_image_without_a_host_is_asked_from_the_registry() {
        for (domain, image, meant) in [
            ("r.example:5000", "app:1", Ok("r.example:5000/app:1")),
            ("r.example:5000", "team/app", Ok("r.example:5000/team/app")),
            ("r.example", "R.example/app:1", Ok("R.example/app:1")),
            ("docker.io", "nginx", Ok("docker.io/nginx")),
            (
                "docker.io",
                "index.docker.io/a/b",
                Ok("index.docker.io/a/b"),
            ),
            (
                "r.example",
                "r.example:5000/app",
                Err("is on r.example:5000"),
            ),
            (
                "r.example",
                "docker.io/nginx",
                Err("name a registry of docker.io"),
            ),
        ] {
            let answer = registry(domain).qualify(&image.parse().unwrap());
            match (answer, meant) {
                (Ok(found), Ok(meant)) => assert_eq!(found.as_str(), meant),
                (Err(sentence), Err(words)) => assert!(sentence.contains(words), "{sentence}"),
                (answer, _) => panic!("{domain} and {image}: {answer:?}"),
            }
        }
    }

    #[test]
    fn credentials_are_told_to_their_own_registry_only() {
        let credentials = registry("r.example").credentials().unwrap();
        let told = |image: &str| credentials.for_image(&image.parse().unwrap()).is_some();
        assert!(told("r.example/a:1") && told("R.EXAMPLE/a"));
        for other in [
            "r.example:5000/a",
            "a/r.example",
            "nginx",
            "s.example/r.example/a",
        ] {
            assert!(!told(other), "{other}");
        }
        let hub = registry("index.docker.io").credentials().unwrap();
        assert!(hub.for_image(&"nginx".parse().unwrap()).is_some());
    }

    #[test]
    fn nothing_prints_the_password() {
        let registry = registry("r.example");
        let shown = format!("{registry:?} {:?}", registry.credentials());
        assert!(
            !shown.contains("hidden") && shown.contains("redacted"),
            "{shown}"
        );
        let refused = Password::try_from("hid\nden".to_owned()).unwrap_err();
        assert!(!refused.to_string().contains("hid"), "{refused}");
    }

    #[test]
    fn texts_have_bounds() {
        assert!(Registry::check_name("ab").is_ok());
        for bad in ["a", "a\tb", &"x".repeat(256)] {
            assert!(Registry::check_name(bad).is_err(), "{bad}");
        }
        assert!(Registry::check_username("me").is_ok());
        for bad in ["", "a:b", "a\nb"] {
            assert!(Registry::check_username(bad).is_err(), "{bad}");
        }
    }
}
