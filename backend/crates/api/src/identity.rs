//! `/identity/v3`: the part of Keystone v3 that clients use.

pub(crate) mod application_credential;
pub(crate) mod discovery;
pub(crate) mod domain;
mod login;
pub(crate) mod project;
pub(crate) mod role;
pub(crate) mod token;
pub(crate) mod user;
mod view;

use zun_domain::id::{DomainId, UserId};
use zun_engine::identity::{TokenInfo, domain_named_by};

use crate::error::{Answer, Problem};

/// A domain as an address or a field names it.
fn parse_domain(id: &str) -> Answer<DomainId> {
    let shown = || id.chars().take(80).collect::<String>();
    domain_named_by(id).ok_or_else(|| Problem::not_found("domain", shown()))
}

/// A user as an address names it.
fn parse_user(id: &str) -> Answer<UserId> {
    let shown = || id.chars().take(80).collect::<String>();
    id.parse().map_err(|_| Problem::not_found("user", shown()))
}

/// A user that the asker may see: itself, or any for administrators.
fn own_user(asker: &TokenInfo, id: &str) -> Answer<UserId> {
    let user = parse_user(id)?;
    let admin = asker.caller().is_some_and(|caller| caller.is_admin());
    if admin || user == asker.user {
        Ok(user)
    } else {
        Err(Problem::not_found("user", user))
    }
}

/// The domain of something new: the one given, else that of the token.
fn domain_of(asker: &TokenInfo, given: Option<&str>) -> Answer<DomainId> {
    match given {
        Some(id) => parse_domain(id),
        None => Ok(asker
            .project
            .as_ref()
            .map_or(asker.user_domain.id, |scoped| scoped.domain.id)),
    }
}
