//! What only this driver has: a file for the next boot, a rule among the engine's, addresses on `lo`, neighbors.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;
use zun_domain::firewall::{Bridge, Ruleset};
use zun_driver::conformance::skip;
use zun_driver::{Class, FirewallDriver as _};
use zun_driver_nft::{FILE, Nft};

use crate::namespace::Namespace;

/// A host of which only the rules matter.
struct Host {
    namespace: Namespace,
    folder: TempDir,
}

impl Host {
    fn new(test: &str) -> Option<Self> {
        skip::machine_allowed(test).then(|| Self {
            namespace: Namespace::new("own"),
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn nft(&self, deployment: &str) -> Nft {
        let folder = self.folder.path().join(deployment);
        Nft::new(deployment.to_owned(), &folder).through(self.namespace.through())
    }

    fn tables(&self) -> Vec<String> {
        let listed = self.namespace.run(&["nft", "list", "tables"], "");
        listed.lines().map(ToOwned::to_owned).collect()
    }

    fn table(&self, nft: &Nft, family: &str) -> String {
        self.namespace
            .run(&["nft", "list", "table", family, nft.table()], "")
    }

    fn consent(&self) -> Vec<String> {
        let listed = self.namespace.run(&["iptables", "-S", "DOCKER-USER"], "");
        listed.lines().skip(1).map(ToOwned::to_owned).collect()
    }

    fn on_lo(&self) -> BTreeSet<String> {
        let listed = self.namespace.ip("address show dev lo\n");
        let mut words = listed.split_whitespace();
        let mut found = BTreeSet::new();
        while words.any(|word| word == "inet") {
            found.extend(words.next().map(ToOwned::to_owned));
        }
        found
    }
}

fn rules(bridge: &str, third: u8, external: &[u8]) -> Ruleset {
    let subnet = format!("10.78.{third}.0/24").parse().unwrap();
    let gateway = format!("10.78.{third}.1").parse().unwrap();
    let bridge_of = Bridge {
        subnets: [(subnet, gateway)].into(),
        outside_v4: None,
        outside_v6: false,
    };
    Ruleset {
        bridges: [(bridge.to_owned(), bridge_of)].into(),
        external: external
            .iter()
            .map(|last| Ipv4Addr::new(203, 0, 113, *last))
            .collect(),
        ..Ruleset::default()
    }
}

#[tokio::test]
async fn the_kept_rules_are_those_of_the_next_boot() {
    let Some(host) = Host::new("the_kept_rules_are_those_of_the_next_boot") else {
        return;
    };
    let nft = host.nft("a");
    assert_eq!(nft.restore().await, Ok(false));
    nft.apply(&rules("zn1", 1, &[])).await.unwrap();
    nft.apply(&rules("zn2", 2, &[])).await.unwrap();
    let file = host.folder.path().join("a").join(FILE);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    nft.mend().await.unwrap();
    let before = ["inet", "bridge"].map(|family| host.table(&nft, family));
    host.namespace.nft("flush ruleset\n");
    let booted = host.nft("a");
    assert_eq!(booted.restore().await, Ok(true));
    assert_eq!(
        ["inet", "bridge"].map(|family| host.table(&nft, family)),
        before
    );
    // Nothing of that is taken for granted afterwards.
    assert_eq!(booted.mend().await, Ok(false));
    booted.apply(&rules("zn3", 3, &[])).await.unwrap();
    assert!(host.table(&nft, "inet").contains("zn3"));
    booted.clear().await.unwrap();
    assert_eq!((host.tables(), file.exists()), (Vec::new(), false));
}

#[tokio::test]
async fn deployments_and_strangers_are_left_alone() {
    let Some(host) = Host::new("deployments_and_strangers_are_left_alone") else {
        return;
    };
    host.namespace.nft("table inet stranger {\n}\n");
    host.namespace
        .ip("address add 203.0.113.7/32 dev lo label lo:stranger\n");
    let (one, other) = (host.nft("one"), host.nft("other"));
    one.apply(&rules("zn1", 1, &[8, 9])).await.unwrap();
    other.apply(&rules("zn2", 2, &[10])).await.unwrap();
    assert_eq!(host.tables().len(), 5);
    let on_lo = |last: &[&str]| {
        let ours = last.iter().map(|last| format!("203.0.113.{last}/32"));
        ours.chain(["127.0.0.1/8".to_owned()])
            .collect::<BTreeSet<String>>()
    };
    assert_eq!(host.on_lo(), on_lo(&["7", "8", "9", "10"]));

    one.apply(&rules("zn1", 1, &[9, 7])).await.unwrap();
    assert_eq!(host.on_lo(), on_lo(&["7", "9", "10"]));
    host.namespace.ip("address del 203.0.113.9/32 dev lo\n");
    one.mend().await.unwrap();
    assert_eq!(host.on_lo(), on_lo(&["7", "9", "10"]));
    one.clear().await.unwrap();
    assert_eq!(host.on_lo(), on_lo(&["7", "10"]));
    other.clear().await.unwrap();
    assert_eq!(host.on_lo(), on_lo(&["7"]));
    assert_eq!(host.tables(), ["table inet stranger"]);
}

#[tokio::test]
async fn the_engine_lets_pass_what_we_let_pass() {
    let Some(host) = Host::new("the_engine_lets_pass_what_we_let_pass") else {
        return;
    };
    let (one, other) = (host.nft("one"), host.nft("other"));
    one.apply(&rules("zn1", 1, &[])).await.unwrap();
    let run = |words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        host.namespace.run(&words, "")
    };
    run("iptables -N DOCKER-USER");
    run("iptables -A DOCKER-USER -j RETURN");
    // The engine came later than we did.
    one.mend().await.unwrap();
    other.apply(&rules("zn2", 2, &[])).await.unwrap();
    let rule = |name: &str| {
        format!(
            "-A DOCKER-USER -m mark --mark 0x40000000/0x40000000 -m comment --comment \
             zun-deployment-{name} -j ACCEPT"
        )
    };
    let back = "-A DOCKER-USER -j RETURN".to_owned();
    let both = [rule("other"), rule("one"), back.clone()];
    assert_eq!(host.consent(), both);
    one.mend().await.unwrap();
    assert_eq!(host.consent(), both);

    run("iptables -F DOCKER-USER");
    run("iptables -A DOCKER-USER -j RETURN");
    one.mend().await.unwrap();
    assert_eq!(host.consent(), [rule("one"), back.clone()]);
    other.mend().await.unwrap();
    one.clear().await.unwrap();
    assert_eq!(host.consent(), [rule("other"), back.clone()]);
    other.clear().await.unwrap();
    assert_eq!(host.consent(), [back]);
}

#[tokio::test]
async fn what_cannot_be_written_is_told_and_tried_again() {
    let Some(host) = Host::new("what_cannot_be_written_is_told_and_tried_again") else {
        return;
    };
    let nft = host.nft("a");
    nft.apply(&rules("zn1", 1, &[])).await.unwrap();
    let refusal = nft
        .apply(&rules("longer than any link", 1, &[]))
        .await
        .unwrap_err();
    assert_eq!(refusal.class, Class::Internal);
    let told = "cannot write the firewall's rules: nft says: ";
    assert!(refusal.message.starts_with(told), "{refusal}");
    assert!(
        host.table(&nft, "inet").contains("zn1"),
        "the former rules hold"
    );
    let file = host.folder.path().join("a").join(FILE);
    assert!(std::fs::read_to_string(&file).unwrap().contains("zn1"));
    assert_eq!(nft.mend().await, Ok(false));
    nft.apply(&rules("zn2", 1, &[])).await.unwrap();
    assert!(host.table(&nft, "inet").contains("zn2"));
    nft.clear().await.unwrap();
}
