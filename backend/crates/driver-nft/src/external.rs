//! External addresses that the host answers for: on `lo`, with a label by which we know ours.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use zun_driver::{Class, Error, Result};

use crate::name;
use crate::run::Runner;

const TRIED: &str = "put the external addresses on lo";

/// An address of the host.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    address: Ipv4Addr,
    ours: bool,
}

/// These are on the host, and none with our label but these. One that a link of the host has anyway is left there.
pub(crate) async fn set(
    runner: &Runner,
    deployment: &str,
    wanted: &BTreeSet<Ipv4Addr>,
) -> Result<()> {
    let label = name::label(deployment);
    let listed = ip(runner, &["-4", "-o", "address", "show"], "").await?;
    let held = held(&listed, &label);
    let is_there = |address: &Ipv4Addr| held.iter().any(|held| held.address == *address);
    let missing = wanted.iter().filter(|address| !is_there(address));
    let added = missing.map(|address| format!("address add {address}/32 dev lo label {label}\n"));
    let unwanted = held
        .iter()
        .filter(|held| held.ours && !wanted.contains(&held.address));
    let removed = unwanted.map(|held| format!("address del {}/32 dev lo\n", held.address));
    let commands: String = removed.chain(added).collect();
    if !commands.is_empty() {
        ip(runner, &["-batch", "-"], &commands).await?;
    }
    Ok(())
}

async fn ip(runner: &Runner, arguments: &[&str], input: &str) -> Result<String> {
    let ended = runner.run("ip", arguments, input, TRIED).await?;
    if ended.succeeded {
        return Ok(ended.printed);
    }
    let said = ended.said;
    Err(Error::new(
        Class::Internal,
        format!("cannot {TRIED}: ip says: {said}"),
    ))
}

/// From lines such as `1: lo    inet 203.0.113.9/32 scope global lo:9f86d081\ valid_lft forever`.
fn held(listed: &str, label: &str) -> Vec<Held> {
    let lines = listed.lines().filter_map(|line| {
        let mut words = line
            .split_whitespace()
            .skip_while(|word| *word != "inet")
            .skip(1);
        let address = words.next()?.split('/').next()?.parse().ok()?;
        let ours = words.any(|word| word.trim_end_matches('\\') == label);
        Some(Held { address, ours })
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_known_by_their_label() {
        let listed = "\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
1: lo    inet 203.0.113.9/32 scope global lo:9f86d081\\       valid_lft forever preferred_lft forever
1: lo    inet 203.0.113.8/32 scope global lo:00000000\\       valid_lft forever preferred_lft forever
2: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever preferred_lft forever
";
        let found = held(listed, "lo:9f86d081");
        let shown: Vec<String> = found
            .iter()
            .map(|held| format!("{} {}", held.address, held.ours))
            .collect();
        assert_eq!(
            shown,
            [
                "127.0.0.1 false",
                "203.0.113.9 true",
                "203.0.113.8 false",
                "192.0.2.2 false"
            ]
        );
    }
}
