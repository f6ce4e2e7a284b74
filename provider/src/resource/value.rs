//! Checks of values that several resources have. Each accepts a value only in the form it is shown in: another one
//! would come back different.

use std::net::IpAddr;

use ipnet::IpNet;
use tfplugin::{Validator, Value};
use zun_domain::id::VolumeId;

/// Refuses what is written with a null inside, which no object can have.
pub(crate) fn no_nulls() -> Validator {
    Validator::new(|value| {
        let listed = value.as_elements().into_iter().flatten();
        if listed.clone().any(Value::is_null) {
            return Err("An element is null; leave it out.".into());
        }
        match value
            .as_entries()
            .and_then(|entries| entries.iter().find(|(_, entry)| entry.is_null()))
        {
            Some((key, _)) => Err(format!("{key:?} is null; leave it out.")),
            None => Ok(()),
        }
    })
}

/// Accepts an id only, not a name.
pub(crate) fn an_id(such_as: &'static str) -> Validator {
    Validator::new(move |value| {
        let Some(text) = value.as_str() else {
            return Ok(());
        };
        // Ids of all nouns are written alike.
        match text.parse::<VolumeId>() {
            Ok(id) if id.to_string() == text => Ok(()),
            _ => Err(format!(
                "The value has to be an id, such as {such_as}; it is {text:?}."
            )),
        }
    })
}

/// An address.
pub(crate) fn address() -> Validator {
    Validator::new(|value| {
        let Some(text) = value.as_str() else {
            return Ok(());
        };
        match text.parse::<IpAddr>() {
            Ok(address) if address.to_string() == text => Ok(()),
            Ok(address) => Err(format!(
                "Write the address as {:?}; it is {text:?}.",
                address.to_string()
            )),
            Err(_) => Err(format!(
                "The value has to be an IPv4 or IPv6 address; it is {text:?}."
            )),
        }
    })
}

/// An IPv4 address.
pub(crate) fn v4() -> Validator {
    of_family("IPv4", IpAddr::is_ipv4)
}

/// An IPv6 address.
pub(crate) fn v6() -> Validator {
    of_family("IPv6", IpAddr::is_ipv6)
}

fn of_family(family: &'static str, is: fn(&IpAddr) -> bool) -> Validator {
    Validator::new(move |value| {
        let Some(text) = value.as_str() else {
            return Ok(());
        };
        match text.parse::<IpAddr>() {
            Ok(address) if is(&address) && address.to_string() == text => Ok(()),
            Ok(address) if is(&address) => Err(format!(
                "Write the address as {:?}; it is {text:?}.",
                address.to_string()
            )),
            _ => Err(format!(
                "The value has to be an {family} address; it is {text:?}."
            )),
        }
    })
}

/// A prefix without bits behind its length.
pub(crate) fn prefix() -> Validator {
    Validator::new(|value| {
        let Some(text) = value.as_str() else {
            return Ok(());
        };
        let found = text.parse::<IpNet>().ok();
        let found = found.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        match found {
            Some(net) if net.trunc().to_string() == text => Ok(()),
            Some(net) => Err(format!(
                "Write the prefix as {:?}; it is {text:?}.",
                net.trunc().to_string()
            )),
            None => Err(format!(
                "The value has to be a prefix, such as \"10.0.0.0/24\" or \"fd00::/64\"; it is {text:?}."
            )),
        }
    })
}

/// A MAC, in lower case with colons.
pub(crate) fn mac() -> Validator {
    Validator::new(|value| {
        let Some(text) = value.as_str() else {
            return Ok(());
        };
        let pair = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
        if text.split(':').count() != 6 || !text.split(':').all(pair) {
            return Err(format!(
                "The value has to be a MAC, such as \"02:42:0a:00:00:05\"; it is {text:?}."
            ));
        }
        let lower = text.to_lowercase();
        if lower == text {
            Ok(())
        } else {
            Err(format!("Write the MAC as {lower:?}; it is {text:?}."))
        }
    })
}
