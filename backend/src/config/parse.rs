//! Texts of settings into their values. `None` is a refusal; the sentence is made by the key.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::Ipv4Net;
use zun_domain::id::ProjectId;
use zun_domain::registry::RegistryDomain;

/// A number within bounds.
pub(super) fn number<T: FromStr + PartialOrd>(text: &str, bounds: RangeInclusive<T>) -> Option<T> {
    text.trim()
        .parse()
        .ok()
        .filter(|number| bounds.contains(number))
}

/// A limit: -1 is unlimited.
pub(super) fn limit(text: &str) -> Option<i64> {
    number(text, -1..=i64::from(i32::MAX))
}

/// A factor of overcommit.
pub(super) fn factor(text: &str) -> Option<f64> {
    number(text, 0.1..=1000.0)
}

/// An absolute path.
pub(super) fn path(text: &str) -> Option<PathBuf> {
    Some(PathBuf::from(text)).filter(|path| path.is_absolute())
}

/// A path; what is relative is below the working directory.
pub(super) fn any_path(text: &str) -> Option<PathBuf> {
    if text.is_empty() {
        return None;
    }
    std::path::absolute(text).ok()
}

/// `true` or `false`.
pub(super) fn switch(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// `FIRST-LAST`.
pub(super) fn ports(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (number(first, 1..=u16::MAX)?, number(last, 1..=u16::MAX)?);
    (first <= last).then_some(first..=last)
}

/// A network of the outside with nothing in its host part.
pub(super) fn external(text: &str) -> Option<Ipv4Net> {
    let net: Ipv4Net = text.parse().ok()?;
    let plain = net.trunc() == net && net.prefix_len() >= 16;
    (plain && !net.addr().is_loopback() && !net.addr().is_unspecified()).then_some(net)
}

/// A private network with nothing in its host part.
pub(super) fn pool(text: &str) -> Option<Ipv4Net> {
    let net: Ipv4Net = text.trim().parse().ok()?;
    (net.trunc() == net && (8..=24).contains(&net.prefix_len())).then_some(net)
}

/// Ids of projects, separated by commas.
pub(super) fn projects(text: &str) -> Option<Vec<ProjectId>> {
    text.split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(|id| id.parse().ok())
        .collect()
}

/// Registries, separated by commas.
pub(super) fn registries(text: &str) -> Option<BTreeSet<RegistryDomain>> {
    text.split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .map(|host| host.parse().ok())
        .collect()
}

/// Hours; the inner `None` is for 0.
#[expect(clippy::option_option, reason = "the outer one is a refusal")]
pub(super) fn hours(text: &str) -> Option<Option<Duration>> {
    let hours = number(text, 0..=87_600_u64)?;
    Some((hours > 0).then(|| Duration::from_hours(hours)))
}

/// `http://` or `https://`, a host, nothing behind it but a path.
pub(super) fn url(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"))?;
    let legal = !rest.is_empty()
        && !rest.starts_with('/')
        && !rest.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#' | '@'));
    legal.then(|| text.trim_end_matches('/').to_owned())
}

/// A database this program knows.
pub(super) fn database(text: &str) -> Option<String> {
    let file = text
        .strip_prefix("sqlite://")
        .is_some_and(|path| path.starts_with('/'));
    let server = ["postgres://", "postgresql://"].iter().any(|scheme| {
        text.strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty())
    });
    (file || server).then(|| text.to_owned())
}

/// A short word without spaces.
pub(super) fn word(text: &str) -> Option<String> {
    let legal = (1..=255).contains(&text.len())
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/');
    legal.then(|| text.to_owned())
}
