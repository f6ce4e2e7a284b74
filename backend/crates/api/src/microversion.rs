//! Microversions of `/v1`: which one a request asks for, and what it may ask with it.

use std::fmt;

use http::HeaderMap;

use crate::error::Problem;

/// Version `1.<minor>` of Zun's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Microversion(pub u16);

impl Microversion {
    /// The lowest that is served, and the one of a request that names none.
    pub const MIN: Self = Self(1);
    /// The highest that is served.
    pub const MAX: Self = Self(40);
    /// The request's, and in every answer the chosen one.
    pub const HEADER: &str = "openstack-api-version";
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// What is wrong with the header of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It cannot be read.
    Malformed(String),
    /// It names a version that is not served.
    Unsupported(String),
}

/// The version that the headers ask for.
pub(crate) fn asked(headers: &HeaderMap) -> Result<Microversion, Unusable> {
    let Some(value) = headers.get(Microversion::HEADER) else {
        return Ok(Microversion::MIN);
    };
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let malformed = || Unusable::Malformed(text.chars().take(80).collect());
    let words: Vec<&str> = text.split_whitespace().collect();
    let [service, version] = words[..] else {
        return Err(malformed());
    };
    // The second is the service's official type, which gophercloud sends.
    let known = ["container", "application-container"];
    if !known.iter().any(|name| service.eq_ignore_ascii_case(name)) {
        return Err(malformed());
    }
    if version.eq_ignore_ascii_case("latest") {
        return Ok(Microversion::MAX);
    }
    let (major, minor) = version.split_once('.').ok_or_else(malformed)?;
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<u16>().unwrap_or(u16::MAX))
    };
    let (major, minor) = (
        number(major).ok_or_else(malformed)?,
        number(minor).ok_or_else(malformed)?,
    );
    if major != 1 || !(Microversion::MIN.0..=Microversion::MAX.0).contains(&minor) {
        return Err(Unusable::Unsupported(version.chars().take(80).collect()));
    }
    Ok(Microversion(minor))
}

impl From<Unusable> for Problem {
    fn from(unusable: Unusable) -> Self {
        let (min, max) = (Microversion::MIN, Microversion::MAX);
        match unusable {
            Unusable::Malformed(text) => Problem::new(
                http::StatusCode::NOT_ACCEPTABLE,
                "not-acceptable",
                format!(
                    "OpenStack-API-Version is {text:?}, but must be \"container X.Y\" with X.Y from {min} to {max}, or \
                     \"container latest\""
                ),
            ),
            Unusable::Unsupported(version) => Problem::unsupported_version(&version),
        }
    }
}

/// The parameter came with a later version than the one the request asked for.
pub(crate) fn too_old(parameter: &str, since: Microversion, asked: Microversion) -> Problem {
    Problem::bad("invalid-param-in-version", format!(
        "{parameter} takes API version {since} or later, and this request asked for {asked}; send the header \
         OpenStack-API-Version: container {since}"
    ))
    .field(parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_ask() {
        let ask = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(Microversion::HEADER, text.parse().unwrap());
            asked(&headers)
        };
        assert_eq!(asked(&HeaderMap::new()), Ok(Microversion(1)));
        for (text, minor) in [
            ("container 1.1", 1),
            ("container 1.40", 40),
            ("container latest", 40),
            ("Container 1.7", 7),
            ("application-container 1.32", 32),
        ] {
            assert_eq!(ask(text), Ok(Microversion(minor)), "{text}");
        }
        for text in [
            "1.1",
            "container",
            "compute 1.1",
            "container 1",
            "container 1.x",
            "container 1.1 2",
            "container -1.1",
        ] {
            assert!(matches!(ask(text), Err(Unusable::Malformed(_))), "{text}");
        }
        for text in [
            "container 1.0",
            "container 1.41",
            "container 2.1",
            "container 1.99999999",
        ] {
            assert!(matches!(ask(text), Err(Unusable::Unsupported(_))), "{text}");
        }
    }
}
