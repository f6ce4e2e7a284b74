//! Names and other short texts, parsed once. Each error says the value and what would be accepted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text was refused. `Display` names the value and the accepted form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} is not valid: {accepted}")]
pub struct NameError {
    /// What the text was meant to be, such as `container name`.
    pub what: &'static str,
    /// The text, cut to 80 characters.
    pub value: String,
    /// What would be accepted, as a clause.
    pub accepted: &'static str,
}

impl NameError {
    fn new(what: &'static str, value: &str, accepted: &'static str) -> Self {
        Self {
            what,
            value: value.chars().take(80).collect(),
            accepted,
        }
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $accepted:literal, $check:expr);* $(;)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What a value of this type looks like, as a clause for messages.
            pub const ACCEPTED: &'static str = $accepted;

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err(NameError::new($what, &text, $accepted)) }
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    )*};
}

fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

texts! {
    /// A container's name.
    ContainerName, "container name",
        "2 to 255 characters out of a-z, A-Z, 0-9, '_', '.', '-', the first a letter or digit",
        |t| (2..=255).contains(&t.len()) && t.chars().all(plain) && t.starts_with(|c: char| c.is_ascii_alphanumeric());
    /// A reference to an image, `[registry[:port]/]path[:tag][@digest]`.
    ImageRef, "image",
        "2 to 255 characters without spaces, such as nginx:1.27, registry.example:5000/team/app:3 or name@sha256:digest",
        image_ref;
    /// The hostname inside a container (RFC 1123, at most 63 characters).
    Hostname, "hostname",
        "1 to 63 characters out of a-z, A-Z, 0-9, '.', '-', neither first nor last a '-' or '.'",
        |t| (1..=63).contains(&t.len())
            && t.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
            && !t.starts_with(['-', '.']) && !t.ends_with(['-', '.']);
    /// The name of a host, as its operating system gives it.
    HostName, "host name", "1 to 255 characters without spaces or slashes",
        |t| (1..=255).contains(&t.len()) && !t.contains(|c: char| c.is_whitespace() || c == '/' || c.is_control());
    /// A key of a label. Keys that start with `zun.` are the product's own.
    LabelKey, "label key", "1 to 255 characters that do not start with 'zun.', which is reserved",
        |t| (1..=255).contains(&t.len()) && !t.starts_with("zun.") && !t.contains(char::is_control);
    /// The name of an environment variable.
    EnvName, "environment variable", "1 to 255 characters without '=', spaces or control characters",
        |t| (1..=255).contains(&t.len()) && !t.contains(|c: char| c == '=' || c.is_whitespace() || c.is_control());
    /// A signal, with or without `SIG`, or its number.
    Signal, "signal", "a signal such as TERM, SIGTERM or 15", signal;
    /// A Linux capability, without the `CAP_` prefix, or ALL.
    Capability, "capability", "a Linux capability in capitals without CAP_, such as NET_ADMIN, or ALL",
        |t| (3..=32).contains(&t.len()) && !t.starts_with("CAP_") && t.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    /// An absolute path inside a container.
    AbsolutePath, "path", "an absolute path inside the container, such as /run",
        |t| t.starts_with('/') && t.len() <= 4096 && !t.contains(|c: char| c.is_control() || c == ':');
    /// The name of a resource limit of a process, as `ulimit` and Docker spell it.
    UlimitName, "ulimit name",
        "core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending or stack",
        |t| matches!(t, "core" | "cpu" | "data" | "fsize" | "locks" | "memlock" | "msgqueue" | "nice" | "nofile"
            | "nproc" | "rss" | "rtprio" | "rttime" | "sigpending" | "stack");
}

fn image_ref(text: &str) -> bool {
    let legal =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ':' | '@' | '+');
    let (rest, digest) = text
        .split_once('@')
        .map_or((text, None), |(r, d)| (r, Some(d)));
    let path = match rest.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => {
            if tag.is_empty() || tag.len() > 128 || !tag.chars().all(plain) {
                return false;
            }
            path
        }
        _ => rest,
    };
    let segments = path.split('/').all(|s| !s.is_empty());
    let digest_ok = digest.is_none_or(|d| {
        d.split_once(':').is_some_and(|(algorithm, hex)| {
            !algorithm.is_empty() && hex.len() >= 32 && hex.chars().all(|c| c.is_ascii_hexdigit())
        })
    });
    let start = path.starts_with(|c: char| c.is_ascii_alphanumeric());
    // The repository is lower case; only a registry's host name in front may hold capitals.
    let repository = path.split_once('/').map_or(path, |(first, rest)| {
        if first.contains(['.', ':']) {
            rest
        } else {
            path
        }
    });
    (2..=255).contains(&text.len())
        && text.chars().all(legal)
        && segments
        && digest_ok
        && start
        && !repository.chars().any(|c| c.is_ascii_uppercase())
}

impl ImageRef {
    /// The reference with `:latest` added where neither tag nor digest is given, as engines read it.
    pub fn with_tag(&self) -> String {
        let tagged = self.0.contains('@')
            || self
                .0
                .rsplit_once(':')
                .is_some_and(|(_, tag)| !tag.contains('/'));
        if tagged {
            self.0.clone()
        } else {
            format!("{}:latest", self.0)
        }
    }
}

const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

fn signal(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    SIGNALS.contains(&bare)
        || bare.starts_with("RTM")
        || bare.parse::<u8>().is_ok_and(|n| (1..=64).contains(&n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromStr<Err = NameError>>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(text.parse::<T>().is_ok(), "{text} should be accepted");
        }
        for text in bad {
            let Err(error) = text.parse::<T>() else {
                panic!("{text} should be refused")
            };
            assert!(error.to_string().contains(error.accepted));
        }
    }

    #[test]
    fn container_names() {
        check::<ContainerName>(
            &["web", "a1", "Web_1.x-y"],
            &["", "a", "-web", "web site", "é1", "a/b"],
        );
    }

    #[test]
    fn image_references() {
        check::<ImageRef>(
            &[
                "nginx",
                "nginx:1.27",
                "a/b/c:t",
                "registry.example:5000/x",
                "Reg.example/x:1",
                "zun/test@sha256:0123456789abcdef0123456789abcdef",
            ],
            &[
                "x",
                "nginx:",
                "a b",
                "a//b",
                "Nginx",
                "x@y",
                ":tag",
                "nginx:a:b/",
            ],
        );
        assert_eq!(
            "nginx".parse::<ImageRef>().unwrap().with_tag(),
            "nginx:latest"
        );
        assert_eq!(
            "h:5000/x".parse::<ImageRef>().unwrap().with_tag(),
            "h:5000/x:latest"
        );
        assert_eq!("nginx:1".parse::<ImageRef>().unwrap().with_tag(), "nginx:1");
    }

    #[test]
    fn other_texts() {
        check::<Hostname>(&["web", "a.b-c"], &["", "-a", "a-", "a_b"]);
        check::<LabelKey>(&["app", "zunx"], &["", "zun.container"]);
        check::<Signal>(
            &["TERM", "SIGTERM", "sigkill", "9", "RTMIN+3"],
            &["", "FOO", "0", "65"],
        );
        check::<Capability>(&["ALL", "NET_ADMIN"], &["CAP_NET_ADMIN", "net_admin", ""]);
        check::<AbsolutePath>(&["/run"], &["run", "/a:b"]);
    }
}
