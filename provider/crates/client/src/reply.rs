//! From what the network gives to a value or a cause.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::io;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zun_api_types::error::ErrorBody;

use crate::error::{Cause, Refusal};

#[derive(Deserialize)]
struct Fault {
    /// The networking API's word for what went wrong, such as `SubnetInUse`.
    #[serde(default, rename = "type")]
    kind: Option<String>,
    message: String,
}

/// The error of the image API. Its message may end in line breaks of HTML.
#[derive(Deserialize)]
struct ImageFault {
    message: String,
    title: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) url: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The body as the expected type; the message names the field that did not fit.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Cause> {
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut json).map_err(|error| Cause::Answer {
            url: self.url.clone(),
            message: format!("{} (HTTP {})", describe(&error), self.status.as_u16()),
        })
    }

    /// The cause behind a status of 400 and above.
    pub(crate) fn refusal(&self) -> Box<Refusal> {
        let header = |name: &str| {
            self.headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let mut refusal = Refusal {
            status: self.status.as_u16(),
            request_id: header("x-openstack-request-id"),
            retry_after: header(RETRY_AFTER.as_str()).parse().ok(),
            ..Refusal::default()
        };
        match serde_json::from_slice::<ErrorBody>(&self.body) {
            Ok(body) if !body.errors.is_empty() => {
                let details: Vec<&str> = body.errors.iter().map(|e| e.detail.as_str()).collect();
                refusal.detail = details.join("; ");
                let first = &body.errors[0];
                refusal.code.clone_from(&first.code);
                refusal.title.clone_from(&first.title);
                refusal.field.clone_from(&first.field);
                refusal.existing.clone_from(&first.existing);
                if !first.request_id.is_empty() {
                    refusal.request_id.clone_from(&first.request_id);
                }
            }
            _ => match self.named_fault() {
                Some((name, fault)) => {
                    if fault.kind.is_some() {
                        refusal.field = leading_field(&fault.message);
                    }
                    refusal.code = fault.kind.unwrap_or(name);
                    refusal.detail = fault.message;
                }
                None => match serde_json::from_slice::<ImageFault>(&self.body) {
                    Ok(fault) => {
                        let message = fault.message.replace("<br />", " ");
                        message.trim().clone_into(&mut refusal.detail);
                        refusal.title = fault.title;
                    }
                    Err(_) => refusal.detail = format!("{} answered {}", self.url, self.summary()),
                },
            },
        }
        Box::new(refusal)
    }

    /// The error of the block storage and the networking API: one object with a name. In the first that is the kind
    /// of fault.
    fn named_fault(&self) -> Option<(String, Fault)> {
        let body: BTreeMap<String, Fault> = serde_json::from_slice(&self.body).ok()?;
        let mut faults = body.into_iter();
        match (faults.next(), faults.next()) {
            (Some(named), None) => Some(named),
            _ => None,
        }
    }

    /// Status and the beginning of the body, for people.
    pub(crate) fn summary(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(120)
            .collect();
        if text.trim().is_empty() {
            format!("HTTP {} without a body", self.status.as_u16())
        } else {
            format!("HTTP {}: {}", self.status.as_u16(), text.trim())
        }
    }
}

/// The field that a sentence begins with, as in `cidr: 10.0.0.0/8 overlaps ...`: the networking API has no other
/// place for it.
fn leading_field(sentence: &str) -> Option<String> {
    let (field, _) = sentence.split_once(": ")?;
    let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.[]".contains(c);
    (!field.is_empty() && field.chars().all(part)).then(|| field.to_owned())
}

fn describe(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let path = error.path().to_string();
    if path == "." {
        error.inner().to_string()
    } else {
        format!("at {path}: {}", error.inner())
    }
}

/// Why no answer came.
pub(crate) fn cause_of(url: &str, error: &reqwest::Error) -> Cause {
    let url = url.to_owned();
    let chain = chain_of(error);
    if let Some(message) = chain.iter().find_map(|source| tls_words(*source)) {
        return Cause::Tls { url, message };
    }
    let kind = chain
        .iter()
        .find_map(|source| source.downcast_ref::<io::Error>().map(io::Error::kind));
    if kind == Some(io::ErrorKind::ConnectionRefused) {
        return Cause::Refused { url };
    }
    if error.is_timeout() || kind == Some(io::ErrorKind::TimedOut) {
        return Cause::Timeout { url };
    }
    let message = chain
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    if chain
        .iter()
        .any(|source| source.to_string().contains("dns error"))
    {
        return Cause::Dns { url, message };
    }
    Cause::Connection { url, message }
}

fn chain_of(error: &reqwest::Error) -> Vec<&(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |source| (**source).source()).collect()
}

/// The words of the TLS library, wherever it sits in an error. An I/O error hides what it carries.
fn tls_words(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls.to_string());
    }
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    inner
        .downcast_ref::<rustls::Error>()
        .map(ToString::to_string)
}
