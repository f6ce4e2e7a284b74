//! Links that may send with the MAC of their port only.
//!
//! The guard of the `bridge` table knows which MAC goes with which address, and not which link a container has. So a
//! container that may write packets by hand could still send as a neighbor, MAC and address and all. A locked port of a
//! bridge (`bridge(8)`, Linux 5.18) takes no packet but from a MAC whose entry leads to it, and a sticky entry leads
//! nowhere else: with both, a container is its port and nothing else. All of that goes with the link, so that a
//! container that starts again is not cut off, whoever is there to see it: until it is tied, the guard alone holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use zun_domain::firewall::Ruleset;
use zun_driver::{Class, Error, Result};

use crate::run::{Ended, Runner};

/// Where Docker keeps the network namespaces of its containers.
pub(crate) const NAMESPACES: &str = "/var/run/docker/netns";

const TRIED: &str = "tie containers to their links";

/// One end of a pair of links.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    index: u32,
    /// The index of the other end, in its namespace.
    peer: u32,
    name: String,
    mac: String,
    /// The bridge it is on.
    bridge: Option<String>,
    /// Whether its port is locked; `None` where the kernel knows of no such thing.
    locked: Option<bool>,
}

/// What was found out so far.
#[derive(Debug, Default)]
pub(crate) struct Ties {
    /// The links inside of each namespace, by its file and inode.
    inside: BTreeMap<(PathBuf, u64), Vec<Link>>,
    /// How often each link on our bridges was looked at, by its name.
    looks: BTreeMap<String, u8>,
}

/// A link is looked at so often before it is taken for one of nobody we know. The first look may meet it half made.
const LOOKS: u8 = 4;

impl Ties {
    /// Ties every link on one of our bridges that is not tied yet.
    pub(crate) async fn tie(
        &mut self,
        runner: &Runner,
        namespaces: &Path,
        rules: &Ruleset,
    ) -> Result<()> {
        if rules.bridges.is_empty() || (runner.is_direct() && !self.has_new(rules)) {
            return Ok(());
        }
        let links = outer_links(runner).await?;
        let ours = |link: &&Link| {
            let bridge = link.bridge.as_ref();
            bridge.is_some_and(|bridge| rules.bridges.contains_key(bridge))
        };
        let links: Vec<&Link> = links.iter().filter(ours).collect();
        self.looks
            .retain(|name, _| links.iter().any(|link| link.name == *name));
        for link in links.iter().filter(|link| link.locked != Some(false)) {
            self.looks.insert(link.name.clone(), LOOKS);
        }
        let open: Vec<&Link> = links
            .into_iter()
            .filter(|link| self.is_new(&link.name))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        for link in &open {
            *self.looks.entry(link.name.clone()).or_default() += 1;
        }
        self.look_inside(runner, namespaces, &open).await;
        self.bind(runner, rules, &open).await
    }

    fn is_new(&self, name: &str) -> bool {
        self.looks.get(name).is_none_or(|looks| *looks < LOOKS)
    }

    /// Whether a link is on a bridge of this machine that is neither tied nor given up. Costs no program.
    fn has_new(&self, rules: &Ruleset) -> bool {
        rules.bridges.keys().any(|bridge| {
            let folder = format!("/sys/class/net/{bridge}/brif");
            let ports = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut names = ports.map(|port| port.file_name().to_string_lossy().into_owned());
            names.any(|name| self.is_new(&name))
        })
    }

    /// Asks namespaces for the links in them: those that are new; all where a container that was there before has got
    /// another link.
    async fn look_inside(&mut self, runner: &Runner, namespaces: &Path, open: &[&Link]) {
        let files = fs::read_dir(namespaces).into_iter().flatten().flatten();
        let all: BTreeSet<(PathBuf, u64)> = files
            .filter_map(|file| Some((file.path(), fs::metadata(file.path()).ok()?.ino())))
            .collect();
        self.inside.retain(|namespace, _| all.contains(namespace));
        for anew in [false, true] {
            let asked: Vec<&(PathBuf, u64)> = all
                .iter()
                .filter(|namespace| anew || !self.inside.contains_key(*namespace))
                .collect();
            for few in asked.chunks(8) {
                let looks = few.iter().map(|(file, _)| inside(runner, file));
                let found = futures::future::join_all(looks).await;
                let found = few.iter().copied().cloned().zip(found);
                self.inside
                    .extend(found.filter_map(|(key, links)| Some((key, links?))));
            }
            if open.iter().all(|link| self.mac_of(link).is_some()) {
                return;
            }
        }
    }

    /// The MAC at the other end, where exactly one namespace has that.
    fn mac_of(&self, link: &Link) -> Option<&str> {
        let all = self.inside.values().flatten();
        let mut ends = all.filter(|end| (end.index, end.peer) == (link.peer, link.index));
        let end = ends.next()?;
        ends.next().is_none().then_some(end.mac.as_str())
    }

    /// Ties those whose MAC is that of a port on the same bridge, and of no other link.
    async fn bind(&mut self, runner: &Runner, rules: &Ruleset, open: &[&Link]) -> Result<()> {
        let mut wanted: BTreeMap<(&str, &str), Vec<&Link>> = BTreeMap::new();
        for link in open {
            let (Some(mac), Some(bridge)) = (self.mac_of(link), &link.bridge) else {
                continue;
            };
            let mut ports = rules.ports.values();
            if ports.any(|port| port.mac == mac && port.bridge == *bridge) {
                wanted.entry((bridge, mac)).or_default().push(link);
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        // An address that a link has already is not given to another: one of both has taken it by itself.
        let sticky = sticky(&output(runner, "bridge", &["fdb", "show"], "").await?);
        let (mut commands, mut tied) = (Vec::new(), Vec::new());
        for ((bridge, mac), links) in wanted {
            let held = sticky.iter().any(|(at, held)| at == bridge && held == mac);
            if let ([link], false) = (links.as_slice(), held) {
                let name = &link.name;
                commands.push(format!(
                    "fdb replace {mac} dev {name} master static sticky\n"
                ));
                commands.push(format!("link set dev {name} learning off locked on\n"));
                tied.push(name.clone());
            }
        }
        // A link may be gone again by now; the others are tied all the same.
        let script = commands.concat();
        let ended = batch(runner, &script).await?;
        let gone =
            ended.said.contains("Cannot find device") || ended.said.contains("No such device");
        if !ended.succeeded && !gone {
            return Err(failed("bridge", &ended.said));
        }
        self.looks
            .extend(tied.into_iter().map(|name| (name, LOOKS)));
        Ok(())
    }
}

/// The links in a namespace; `None` where it is gone by now.
async fn inside(runner: &Runner, file: &Path) -> Option<Vec<Link>> {
    let namespace = format!("--net={}", file.display());
    let arguments = [
        namespace.as_str(),
        "ip",
        "-o",
        "link",
        "show",
        "type",
        "veth",
    ];
    let listed = output(runner, "nsenter", &arguments, "").await;
    listed.ok().map(|listed| links(&listed))
}

/// Lets every link on these bridges send as it likes again.
pub(crate) async fn untie(runner: &Runner, bridges: &BTreeSet<String>) -> Result<()> {
    if bridges.is_empty() {
        return Ok(());
    }
    let links = outer_links(runner).await?;
    let tied = links.iter().filter(|link| {
        let bridge = link.bridge.as_ref();
        link.locked == Some(true) && bridge.is_some_and(|bridge| bridges.contains(bridge))
    });
    let commands = tied.map(|link| format!("link set dev {} learning on locked off\n", link.name));
    let script = commands.collect::<Vec<_>>().concat();
    if script.is_empty() {
        return Ok(());
    }
    batch(runner, &script).await.map(drop)
}

/// The ends that are on the host, of all pairs.
async fn outer_links(runner: &Runner) -> Result<Vec<Link>> {
    let arguments = ["-d", "-o", "link", "show", "type", "veth"];
    Ok(links(&output(runner, "ip", &arguments, "").await?))
}

/// Commands of `bridge`, each whatever became of the one before.
async fn batch(runner: &Runner, commands: &str) -> Result<Ended> {
    runner
        .run("bridge", &["-force", "-batch", "-"], commands, TRIED)
        .await
}

async fn output(runner: &Runner, program: &str, arguments: &[&str], input: &str) -> Result<String> {
    let ended = runner.run(program, arguments, input, TRIED).await?;
    if ended.succeeded {
        return Ok(ended.printed);
    }
    Err(failed(program, &ended.said))
}

fn failed(program: &str, said: &str) -> Error {
    Error::new(
        Class::Internal,
        format!("cannot {TRIED}: {program} says: {said}"),
    )
}

/// From lines such as `3: va@if2: <UP> mtu 1500 master zn1 …\    link/ether 02:42:0a:00:00:02 … locked off`.
fn links(listed: &str) -> Vec<Link> {
    listed.lines().filter_map(link).collect()
}

fn link(line: &str) -> Option<Link> {
    let words: Vec<&str> = line
        .split_whitespace()
        .map(|word| word.trim_matches('\\'))
        .collect();
    let after = |key: &str| {
        let mut words = words.iter().skip_while(|word| **word != key);
        words.nth(1).copied()
    };
    let (name, peer) = words.get(1)?.trim_end_matches(':').split_once("@if")?;
    Some(Link {
        index: words.first()?.trim_end_matches(':').parse().ok()?,
        peer: peer.parse().ok()?,
        name: name.to_owned(),
        mac: after("link/ether")?.to_owned(),
        bridge: after("master").map(ToOwned::to_owned),
        locked: after("locked").map(|word| word == "on"),
    })
}

/// The bridge and the MAC of every sticky entry, from lines such as
/// `02:42:0a:00:00:02 dev va sticky master zn1 static`.
fn sticky(listed: &str) -> Vec<(String, String)> {
    let lines = listed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let sticky = lines.filter(|words| words.contains(&"sticky"));
    let found = sticky.filter_map(|words| {
        let bridge = words.iter().skip_while(|word| **word != "master").nth(1)?;
        Some(((*bridge).to_owned(), (*words.first()?).to_owned()))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read() {
        let listed = "\
3: va@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master zn1 state UP mode DEFAULT group default \\    link/ether fa:4c:ac:1e:65:9c brd ff:ff:ff:ff:ff:ff link-netnsid 0 promiscuity 1 \\    veth \\    bridge_slave state forwarding locked off addrgenmode eui64
7: veth1@veth0: <BROADCAST> mtu 1500\\    link/ether ee:db:81:eb:21:ec brd ff:ff:ff:ff:ff:ff
2: eth0@if3: <BROADCAST> mtu 1500 qdisc noqueue state UP\\    link/ether 02:42:0a:42:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0
";
        let link = |index, peer, name: &str, mac: &str| Link {
            index,
            peer,
            name: name.to_owned(),
            mac: mac.to_owned(),
            bridge: None,
            locked: None,
        };
        let outer = Link {
            bridge: Some("zn1".to_owned()),
            locked: Some(false),
            ..link(3, 2, "va", "fa:4c:ac:1e:65:9c")
        };
        assert_eq!(
            links(listed),
            [outer, link(2, 3, "eth0", "02:42:0a:42:00:02")]
        );
    }

    #[test]
    fn sticky_entries_are_read() {
        let listed = "\
33:33:00:00:00:01 dev zn1 self permanent
02:42:0a:42:00:02 dev va sticky master zn1 static
02:42:0a:42:00:03 dev vb master zn1
";
        let expected = ("zn1".to_owned(), "02:42:0a:42:00:02".to_owned());
        assert_eq!(sticky(listed), [expected]);
    }
}
