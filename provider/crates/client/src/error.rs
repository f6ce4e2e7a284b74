//! What went wrong, in three parts: what was tried, the cause, and what to do next.

use std::fmt;

/// A call that failed. `Display` holds the first two parts in one sentence, [`Error::next_step`] the third.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {}: {}", .0.tried, .0.cause)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    tried: String,
    cause: Cause,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// Nothing listens at the address.
    #[error("nothing listens at {url} (connection refused)")]
    Refused {
        /// What was asked.
        url: String,
    },
    /// The name has no address.
    #[error("the host name in {url} cannot be resolved ({message})")]
    Dns {
        /// What was asked.
        url: String,
        /// The resolver's words.
        message: String,
    },
    /// No answer came in time.
    #[error("{url} did not answer in time")]
    Timeout {
        /// What was asked.
        url: String,
    },
    /// No secure connection came about.
    #[error("no secure connection to {url}: {message}")]
    Tls {
        /// What was asked.
        url: String,
        /// The TLS library's words.
        message: String,
    },
    /// The connection broke, or another problem of the network.
    #[error("the connection to {url} failed: {message}")]
    Connection {
        /// What was asked.
        url: String,
        /// The cause.
        message: String,
    },
    /// The identity service refused the credentials.
    #[error("{url} refused the login: {message}")]
    Login {
        /// What was asked.
        url: String,
        /// The service's words.
        message: String,
    },
    /// The server refused the request.
    #[error("{0}")]
    Refusal(Box<Refusal>),
    /// The answer was not what this client understands.
    #[error("{url} answered with something else than expected: {message}")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        message: String,
    },
    /// The endpoint does not serve `/zund/v1`, or an older version of it.
    #[error("{url} does not serve the API this program needs: {answer}")]
    TooOld {
        /// What was asked.
        url: String,
        /// What it answered.
        answer: String,
    },
    /// The catalog names no container service.
    #[error("{message}")]
    Catalog {
        /// What was looked for and what there is.
        message: String,
    },
    /// The connection's own settings cannot work.
    #[error("{message}")]
    Settings {
        /// Which and why.
        message: String,
    },
}

/// A request the server answered with an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `container.<slug>`, or the name of the fault in the block storage or networking API; empty where the body
    /// held none.
    pub code: String,
    /// One sentence.
    pub title: String,
    /// The whole message.
    pub detail: String,
    /// Path of the field in the request.
    pub field: Option<String>,
    /// The container in the way, its uuid.
    pub existing: Option<String>,
    /// The request, for the server's log.
    pub request_id: String,
    /// Seconds after which it may be tried again.
    pub retry_after: Option<u64>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = if self.detail.is_empty() {
            &self.title
        } else {
            &self.detail
        };
        write!(f, "{said} (HTTP {}", self.status)?;
        if !self.code.is_empty() {
            write!(f, ", {}", self.code)?;
        }
        if !self.request_id.is_empty() {
            write!(f, ", {}", self.request_id)?;
        }
        f.write_str(")")
    }
}

impl Error {
    /// A failure of `tried`, an infinitive such as `create container web`.
    pub fn new(tried: impl Into<String>, cause: Cause) -> Self {
        Self(Box::new(Inner {
            tried: tried.into(),
            cause,
        }))
    }

    /// What was tried, as an infinitive.
    pub fn tried(&self) -> &str {
        &self.0.tried
    }

    /// Why it failed.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// The server's refusal, if it was one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.0.cause {
            Cause::Refusal(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// The object is not there, or not the caller's.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// The state of the server does not allow it now.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// The same request may succeed a little later.
    pub fn is_transient(&self) -> bool {
        match &self.0.cause {
            Cause::Refused { .. } | Cause::Connection { .. } | Cause::Timeout { .. } => true,
            Cause::Refusal(refusal) => matches!(refusal.status, 429 | 502 | 503),
            Cause::Dns { .. }
            | Cause::Tls { .. }
            | Cause::Login { .. }
            | Cause::Answer { .. }
            | Cause::TooOld { .. }
            | Cause::Catalog { .. }
            | Cause::Settings { .. } => false,
        }
    }

    /// What the user can do.
    pub fn next_step(&self) -> String {
        match &self.0.cause {
            Cause::Refused { .. } => {
                "Check that the service runs and that host and port are right; `curl` the address to see it.".into()
            }
            Cause::Dns { .. } => {
                "Check the spelling of the address and the name service of this machine.".into()
            }
            Cause::Timeout { .. } => {
                "Check that the address can be reached from here (firewall, proxy, route), then try again.".into()
            }
            Cause::Tls { .. } => {
                "Name the certificate authority with cacert_file (OS_CACERT), or use the host name the certificate was issued for."
                    .into()
            }
            Cause::Connection { .. } => "Try again; if it stays, look at the server's log.".into(),
            Cause::Login { .. } => {
                "Check user name, password, project and their domains (OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME, \
                 OS_USER_DOMAIN_NAME, OS_PROJECT_DOMAIN_NAME)."
                    .into()
            }
            Cause::Refusal(refusal) => after_refusal(refusal),
            Cause::Answer { .. } => {
                "Check that the address belongs to the service that is meant, not to a web page or a proxy.".into()
            }
            Cause::TooOld { .. } => {
                "Give the endpoint of a zund of this version or newer, or upgrade that one; an upstream Zun alone is not \
                 supported yet."
                    .into()
            }
            Cause::Catalog { .. } => {
                "Set region (OS_REGION_NAME) to one that has the service, or endpoint to its address.".into()
            }
            Cause::Settings { .. } => "Correct the provider's configuration.".into(),
        }
    }
}

fn after_refusal(refusal: &Refusal) -> String {
    match refusal.status {
        401 => "Log in again: the token has ended or belongs to another deployment.".into(),
        403 if refusal.code.ends_with("over-quota") => {
            "Ask for less, remove what is not needed, or raise the project's quota.".into()
        }
        413 => "Ask for less, remove what is not needed, or raise the limit.".into(),
        403 => "Ask an administrator for the role that this needs.".into(),
        404 => "Check the id, and that the project is the one it belongs to.".into(),
        409 => after_conflict(&refusal.code).into(),
        // The block storage API's status also for what the state of an object does not allow.
        400 if refusal.code == "badRequest" => {
            "Correct the value, or clear what is in the way, then apply again.".into()
        }
        400 | 422 => "Correct the value and plan again.".into(),
        503 => "Start what does not answer, then apply again.".into(),
        507 => "Free some space on the server's disk, then apply again.".into(),
        500..=599 => format!(
            "Look for {} in the server's log.",
            if refusal.request_id.is_empty() {
                "the request"
            } else {
                &refusal.request_id
            }
        ),
        _ => "Try again; if it stays, look at the server's log.".into(),
    }
}

/// What helps against a 409. Planning again does only where the object has changed since.
fn after_conflict(code: &str) -> &'static str {
    match code.rsplit('.').next().unwrap_or_default() {
        "no-valid-host" => {
            "Ask for what a host has, or make room on one: each host's reasons are above. Another plan of the same \
             finds the same."
        }
        "container-already-exists" => "Import the one that exists, or choose another name.",
        "operation-failed" => "Correct the cause that is named above, then apply again.",
        "invalid-state-exception" => {
            "Plan again: the object is in another state than when this was planned."
        }
        "OverQuota" => "Ask for less, remove what is not needed, or raise the project's quota.",
        // Of the networking API: NetworkInUse, SubnetInUse, SecurityGroupInUse, ...
        name if name.contains("InUse") => {
            "Take it away where it is used, or let go of what is named above, then apply again."
        }
        "SecurityGroupRuleExists" => {
            "Import the rule that exists, or delete it; delete_default_rules of a group takes away the rules that each new \
             group has."
        }
        _ => {
            "Plan again where the object has changed or is being worked on; where something else is in the way, clear \
             it or choose another value."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_why_and_next() {
        let error = Error::new(
            "create container web",
            Cause::Refusal(Box::new(Refusal {
                status: 403,
                code: "container.over-quota".into(),
                detail: "over quota: memory: limit 10 MiB".into(),
                request_id: "req-1".into(),
                ..Refusal::default()
            })),
        );
        assert_eq!(
            error.to_string(),
            "cannot create container web: over quota: memory: limit 10 MiB (HTTP 403, container.over-quota, req-1)"
        );
        assert!(error.next_step().contains("quota"));
        assert!(!error.is_transient());
    }

    #[test]
    fn the_next_step_fits_the_refusal() {
        let next = |status, code: &str| {
            let code = format!("container.{code}");
            let refusal = Refusal {
                status,
                code,
                ..Refusal::default()
            };
            Error::new("create container web", Cause::Refusal(Box::new(refusal))).next_step()
        };
        for (status, code, words) in [
            (409, "no-valid-host", "make room"),
            (409, "container-already-exists", "Import"),
            (409, "operation-failed", "Correct the cause"),
            (409, "invalid-state-exception", "Plan again"),
            (409, "conflict", "choose another value"),
            (409, "SubnetInUse", "where it is used"),
            (409, "SecurityGroupRuleExists", "delete_default_rules"),
            (409, "OverQuota", "raise the project's quota"),
            (503, "unavailable", "Start what does not answer"),
            (507, "full", "Free some space"),
        ] {
            let next = next(status, code);
            assert!(next.contains(words), "{status} {code}: {next}");
        }
        assert!(!next(409, "no-valid-host").contains("Plan again"));
    }
}
