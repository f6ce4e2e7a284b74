//! Networks, addresses of the outside and host ports of its own for each case: several deployments on one engine would
//! take them from each other.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::docker::Engine;
use crate::firewall;

/// How many cases can be at work at once.
const COUNT: u32 = 32;

/// The shares that cases of this process have.
static HELD: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// One of [`COUNT`]; it is free again when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Share {
    number: u32,
}

impl Share {
    /// One that no case has, in whose prefixes the engine has no network, and that no firewall rules guard: the engine
    /// keeps some networks, those of killed cases too, until it is restarted (Docker 20.10), and rules outlive their zund.
    ///
    /// # Errors
    ///
    /// The engine does not answer; or there is none left.
    pub(crate) fn own(engine: &Engine) -> Result<Self> {
        let mut subnets = engine.subnets()?;
        subnets.extend(firewall::guarded()?);
        let blocked = blocked(&subnets);
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        // Another process at work on the same engine begins elsewhere.
        let first = std::process::id();
        let number = (0..COUNT)
            .map(|step| first.wrapping_add(step) % COUNT)
            .find(|number| !held.contains(number) && !blocked.contains(number))
            .context(
                "the engine has networks in all prefixes for tests: see `docker network ls`",
            )?;
        held.insert(number);
        Ok(Self { number })
    }

    /// The first two numbers of IPv4 prefixes that networks of the case may have, as `10.192`.
    pub(crate) fn prefix(&self) -> String {
        format!("10.{}", 192 + self.number)
    }

    /// What the default networks of projects are cut from.
    pub(crate) fn pool(&self) -> String {
        format!("10.{}.0.0/16", 224 + self.number)
    }

    /// Below those that the kernel gives to outgoing connections.
    pub(crate) fn ports(&self) -> String {
        let first = 14_000 + 500 * self.number;
        format!("{first}-{}", first + 499)
    }

    /// Addresses of the outside (RFC 5737), eight for each.
    pub(crate) fn outside(&self) -> String {
        format!("203.0.113.{}/29", 8 * self.number)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&self.number);
    }
}

/// The shares with one of these prefixes, as `10.192.0.0/24`.
fn blocked(subnets: &[String]) -> BTreeSet<u32> {
    let share = |subnet: &String| {
        let address: Ipv4Addr = subnet.split('/').next()?.parse().ok()?;
        let [first, second, ..] = address.octets();
        let second = u32::from(second).checked_sub(192)?;
        (first == 10).then_some(second % COUNT)
    };
    subnets.iter().filter_map(share).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::blocked;

    #[test]
    fn a_network_of_the_engine_blocks_the_share_that_it_was_cut_from() {
        let subnets = [
            "10.192.0.0/24",
            "10.202.3.0/24",
            "10.255.1.0/24",
            "10.0.0.0/24",
            "172.17.0.0/16",
            "fd00::/64",
        ];
        let blocked = blocked(&subnets.map(str::to_owned));
        assert_eq!(blocked, BTreeSet::from([0, 10, 31]));
    }
}
