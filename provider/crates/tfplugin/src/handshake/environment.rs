//! The environment Terraform starts a provider in, read in one place.

use std::path::PathBuf;

use tracing::level_filters::LevelFilter;

/// Proves that Terraform, not a curious user, started the executable.
pub const COOKIE_NAME: &str = "TF_PLUGIN_MAGIC_COOKIE";
/// The value the cookie has.
pub const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// What the environment says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// Whether Terraform started this process.
    pub from_terraform: bool,
    /// The certificate Terraform will show; none means no encryption.
    pub client_certificate: Option<String>,
    /// Where sockets go instead of the directory for temporary files.
    pub socket_directory: Option<PathBuf>,
    /// Whether the client wants to hear that multiplexing is not supported.
    pub multiplex_asked: bool,
    /// How much is to be logged; none means nothing.
    pub log: Option<LevelFilter>,
}

impl Environment {
    /// Reads the process's own environment. `provider` is the short name, for the variable that
    /// sets the log level of one provider.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the environment is read"
    )]
    pub fn read(provider: &str) -> Self {
        Self::from(provider, |name| std::env::var(name).ok())
    }

    /// Reads any environment. Empty variables count as absent.
    pub fn from(provider: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let own = format!(
            "TF_LOG_PROVIDER_{}",
            provider.to_uppercase().replace('-', "_")
        );
        let log = get(&own)
            .or_else(|| get("TF_LOG_PROVIDER"))
            .or_else(|| get("TF_LOG"));
        Self {
            from_terraform: get(COOKIE_NAME).as_deref() == Some(COOKIE),
            client_certificate: get("PLUGIN_CLIENT_CERT"),
            socket_directory: get("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            multiplex_asked: get("PLUGIN_MULTIPLEX_GRPC").is_some(),
            log: log.and_then(|level| level_of(&level)),
        }
    }
}

/// A value that is no level means everything, as in Terraform.
fn level_of(text: &str) -> Option<LevelFilter> {
    match text.to_uppercase().as_str() {
        "OFF" => None,
        "ERROR" => Some(LevelFilter::ERROR),
        "WARN" => Some(LevelFilter::WARN),
        "INFO" => Some(LevelFilter::INFO),
        "DEBUG" => Some(LevelFilter::DEBUG),
        _ => Some(LevelFilter::TRACE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Environment {
        Environment::from("my-cloud", |name| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_cookie_has_to_be_right() {
        assert!(read(&[(COOKIE_NAME, COOKIE)]).from_terraform);
        assert!(!read(&[(COOKIE_NAME, "yes")]).from_terraform);
        assert_eq!(read(&[("PLUGIN_CLIENT_CERT", "")]), Environment::default());
    }

    #[test]
    fn the_narrowest_log_level_counts() {
        let level = |pairs: &[(&str, &str)]| read(pairs).log;
        assert_eq!(level(&[("TF_LOG", "warn")]), Some(LevelFilter::WARN));
        assert_eq!(level(&[("TF_LOG", "JSON")]), Some(LevelFilter::TRACE));
        let own = ("TF_LOG_PROVIDER_MY_CLOUD", "off");
        assert_eq!(level(&[("TF_LOG", "trace"), own]), None);
    }
}
