//! The floor of security groups: a table of nftables written by hand, that lets in and out of an address what two
//! groups allow. Every change is one transaction, one call of `nft`.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// What each of the two groups lets in; out goes everything.
const GROUPS: [(&str, [&str; 3]); 2] = [
    (
        "first",
        [
            "tcp dport 80 accept",
            "tcp dport 8000-8010 accept",
            "icmp type 8 accept",
        ],
    ),
    (
        "second",
        [
            "tcp dport 5000 accept",
            "udp dport 53 accept",
            "ip saddr 198.51.100.0/24 tcp dport 443 accept",
        ],
    ),
];

/// A table of this process. Deleted when it goes out of scope.
#[derive(Debug)]
pub struct Filter {
    table: String,
}

impl Filter {
    /// The table with both groups, and nobody in them.
    pub fn new() -> Result<Self> {
        let table = format!("zun-bench-{}", std::process::id());
        let filter = Self { table };
        filter.put(&filter.frame())?;
        Ok(filter)
    }

    /// Lets these addresses have what both groups allow, and nothing else.
    pub fn admit(&self, addresses: &[Ipv4Addr]) -> Result<()> {
        let to = joined(addresses, |address| format!("{address} : jump both"));
        let from = joined(addresses, |address| format!("{address} : jump out"));
        let table = &self.table;
        self.put(&format!(
            "add element inet {table} to {{ {to} }}\nadd element inet {table} from {{ {from} }}\n"
        ))
    }

    /// Takes them out again.
    pub fn dismiss(&self, addresses: &[Ipv4Addr]) -> Result<()> {
        let (table, all) = (&self.table, joined(addresses, Ipv4Addr::to_string));
        self.put(&format!(
            "delete element inet {table} to {{ {all} }}\ndelete element inet {table} from {{ {all} }}\n"
        ))
    }

    /// Gives the first group other rules: its own and, where there is one, this port.
    pub fn change(&self, port: Option<u16>) -> Result<()> {
        let (group, rules) = GROUPS[0];
        let table = &self.table;
        let more = port.map(|port| format!("tcp dport {port} accept"));
        let rules = rules.into_iter().chain(more.as_deref());
        let rules = rules.map(|rule| format!("add rule inet {table} in-{group} {rule}\n"));
        let rules: String = rules.collect();
        self.put(&format!("flush chain inet {table} in-{group}\n{rules}"))
    }

    fn frame(&self) -> String {
        let groups =
            GROUPS.map(|(group, rules)| format!("chain in-{group} {{\n{}\n}}\n", rules.join("\n")));
        format!(
            "table inet {} {{\n\
             map to {{\ntype ipv4_addr : verdict\n}}\n\
             map from {{\ntype ipv4_addr : verdict\n}}\n\
             {}chain both {{\njump in-first\njump in-second\ndrop\n}}\n\
             chain out {{\naccept\n}}\n\
             chain leaving {{\ntype filter hook forward priority -12; policy accept;\n\
             ct state established,related accept\nip saddr vmap @from\n}}\n\
             chain entering {{\ntype filter hook forward priority -11; policy accept;\n\
             ct state established,related accept\nip daddr vmap @to\n}}\n}}\n",
            self.table,
            groups.concat()
        )
    }

    fn put(&self, script: &str) -> Result<()> {
        nft(script).with_context(|| format!("cannot change the table {}", self.table))
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        if let Err(error) = self.put(&format!("delete table inet {}\n", self.table)) {
            eprintln!("{error:#}");
        }
    }
}

fn joined(addresses: &[Ipv4Addr], element: impl Fn(&Ipv4Addr) -> String) -> String {
    let elements: Vec<String> = addresses.iter().map(element).collect();
    elements.join(", ")
}

/// One transaction. Waited for without a deadline, which would look every few milliseconds: as long as all of it takes.
fn nft(script: &str) -> Result<()> {
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start nft: is it installed?")?;
    let mut input = child.stdin.take().context("nft reads nothing")?;
    input.write_all(script.as_bytes())?;
    drop(input);
    let ended = child.wait_with_output().context("cannot wait for nft")?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "nft says: {said}");
    Ok(())
}
