//! `LabelFilter`: what hints ask of the host: `label:<key>` of its engine, and `runtime`, `architecture`
//! and `os` of its facts. Other hints are ignored, as in Zun.

use crate::advice::Change;
use crate::filter::{Candidate, Refused};
use crate::place::Request;
use crate::view::HostView;

/// A fact that a hint can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hint<'a> {
    /// A label of the engine by its key.
    Label(&'a str),
    /// An OCI runtime that is offered.
    Runtime,
    /// CPU architecture.
    Architecture,
    /// Operating system.
    Os,
}

impl<'a> Hint<'a> {
    fn parse(key: &'a str) -> Option<Self> {
        match key {
            "runtime" => Some(Self::Runtime),
            "architecture" => Some(Self::Architecture),
            "os" => Some(Self::Os),
            other => other.strip_prefix("label:").map(Self::Label),
        }
    }

    /// What the host has of it, for the user; `None` where it has what was asked.
    fn missing(self, host: &HostView, asked: &str) -> Option<String> {
        let facts = &host.facts;
        let differs = |has: &str| (has != asked).then(|| format!("{has:?}"));
        match self {
            Self::Label(key) => match facts.labels.get(key) {
                Some(has) => differs(has),
                None => Some("no such label".to_owned()),
            },
            Self::Runtime => (!facts.runtimes.contains(asked)).then(|| {
                let names: Vec<&str> = facts.runtimes.iter().map(String::as_str).collect();
                names.join(", ")
            }),
            Self::Architecture => differs(&facts.architecture),
            Self::Os => differs(&facts.os),
        }
    }
}

/// The hints of a request that ask something of a host, with the key as written and the value.
pub(crate) fn asked(request: &Request) -> impl Iterator<Item = (Hint<'_>, &str, &str)> {
    request
        .hints
        .iter()
        .filter_map(|(key, value)| Some((Hint::parse(key)?, key.as_str(), value.as_str())))
}

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let mut reasons = Vec::new();
    let mut hints = Vec::new();
    for (hint, key, value) in asked(request) {
        if let Some(has) = hint.missing(candidate.host, value) {
            reasons.push(format!("hint {key}: {value:?} asked, this host has {has}"));
            hints.push(format!("hint {key}"));
        }
    }
    if reasons.is_empty() {
        return None;
    }
    Some(Refused {
        reason: reasons.join(", "),
        change: Some(Change::WithoutHints(hints)),
    })
}
