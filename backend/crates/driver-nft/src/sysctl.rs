//! Packets within one bridge meet the rules only where `br_netfilter` hands them over.

use std::path::Path;

use zun_driver::Result;

use crate::refused;
use crate::run::Runner;

/// Where its switches are, while it is loaded (kernel documentation, `ip-sysctl`, "/proc/sys/net/bridge").
const FOLDER: &str = "/proc/sys/net/bridge";

const SWITCHES: [&str; 3] = [
    "bridge-nf-call-iptables",
    "bridge-nf-call-ip6tables",
    "bridge-nf-call-arptables",
];

/// Loads the module where it is missing, and turns its switches on. Where that cannot be done, containers of one
/// network would reach each other past every rule.
pub(crate) async fn filter_bridges(runner: &Runner) -> Result<()> {
    let tried = "see the packets within a network";
    if !Path::new(FOLDER).exists() && Runner::has("modprobe") {
        runner.run("modprobe", &["br_netfilter"], "", tried).await?;
    }
    for switch in SWITCHES {
        turn_on(&Path::new(FOLDER).join(switch)).map_err(|error| {
            refused(format!(
                "cannot {tried}: {FOLDER}/{switch}: {error}; run modprobe br_netfilter, or set firewall = \"none\", \
                 which guards nothing"
            ))
        })?;
    }
    Ok(())
}

fn turn_on(switch: &Path) -> std::io::Result<()> {
    if std::fs::read_to_string(switch)?.trim() == "1" {
        return Ok(());
    }
    std::fs::write(switch, "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_turned_on_once() {
        let folder = tempfile::tempdir().unwrap();
        let switch = folder.path().join("switch");
        assert!(turn_on(&switch).is_err());
        std::fs::write(&switch, "0\n").unwrap();
        for _ in 0..2 {
            turn_on(&switch).unwrap();
            assert_eq!(std::fs::read_to_string(&switch).unwrap(), "1");
        }
    }
}
