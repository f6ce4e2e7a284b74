//! Microversions of Block Storage: read and answered, as clients expect, and without effect: what is served
//! here is what 3.0 has, and an answer never holds less for a later version.

use std::fmt;

use http::{HeaderMap, StatusCode};

use crate::error::{Answer, Problem};
use crate::microversion::Microversion;

/// Version `3.<minor>` of Block Storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u16);

impl Version {
    /// The lowest, and the one of a request that names none.
    pub(crate) const MIN: Self = Self(0);
    /// The highest that a client may name. Some name the highest they know without asking for ours.
    pub(crate) const MAX: Self = Self(71);
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}", self.0)
    }
}

/// The version that the headers ask for; versions of other services do not count.
pub(crate) fn asked(headers: &HeaderMap) -> Answer<Version> {
    let text = headers
        .get(Microversion::HEADER)
        .map_or_else(String::new, |value| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        });
    let ours = text
        .split(',')
        .find_map(|part| part.trim().strip_prefix("volume "));
    match ours.map(str::trim) {
        None => Ok(Version::MIN),
        Some("latest" | "3.latest") => Ok(Version::MAX),
        Some(version) => parse(version),
    }
}

fn parse(version: &str) -> Answer<Version> {
    let shown: String = version.chars().take(40).collect();
    let (min, max) = (Version::MIN, Version::MAX);
    let accepted = format!("volume 3.x with 3.x from {min} to {max}, or volume latest");
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<u16>().unwrap_or(u16::MAX))
    };
    let parts = version
        .split_once('.')
        .map(|(major, minor)| (number(major), number(minor)));
    match parts {
        Some((Some(3), Some(minor))) if Version(minor) <= max => Ok(Version(minor)),
        Some((Some(_), Some(_))) => Err(Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "",
            format!(
                "version {shown} is not supported by the API: OpenStack-API-Version takes {accepted}"
            ),
        )),
        _ => Err(Problem::bad(
            "",
            format!(
                "OpenStack-API-Version is {shown:?} for the service volume, but takes {accepted}"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_ask() {
        let ask = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(Microversion::HEADER, text.parse().unwrap());
            asked(&headers).map_err(|problem| problem.status.as_u16())
        };
        for (text, expected) in [
            ("volume 3.0", Ok(0)),
            ("volume 3.71", Ok(71)),
            ("volume latest", Ok(71)),
            ("volume 3.latest", Ok(71)),
            ("container 1.40", Ok(0)),
            ("compute 2.1,volume 3.42", Ok(42)),
            ("volume 3.72", Err(406)),
            ("volume 3.99999999", Err(406)),
            ("volume 2.0", Err(406)),
            ("volume 3", Err(400)),
            ("volume 3.x", Err(400)),
            ("volume -3.1", Err(400)),
        ] {
            assert_eq!(ask(text), expected.map(Version), "{text}");
        }
        assert_eq!(asked(&HeaderMap::new()).unwrap(), Version::MIN);
    }
}
