//! Ports of this host that somebody listens on, as the kernel lists them.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;
use zun_domain::container::Protocol;
use zun_driver::{Class, Error, Result};

use crate::Docker;

/// The kernel's lists of sockets, and the state of one that takes a port: listening, or bound and unconnected.
const TABLES: &[(&str, Protocol, &str)] = &[
    ("/proc/net/tcp", Protocol::Tcp, "0A"),
    ("/proc/net/tcp6", Protocol::Tcp, "0A"),
    ("/proc/net/udp", Protocol::Udp, "07"),
    ("/proc/net/udp6", Protocol::Udp, "07"),
];

/// The ports as they were read last, and when.
pub(crate) type LastRead = Option<(Instant, BTreeSet<(Protocol, u16)>)>;

/// How long an answer is good for. The kernel walks all of its table of connections for it, 15 ms on a machine with
/// 24 GiB; and whatever is read may be wrong by the time a container starts, which is found out then.
const FRESH: Duration = Duration::from_secs(1);

impl Docker {
    /// The busy ports of this host, as of the last second.
    pub(super) async fn ports(&self) -> Result<BTreeSet<(Protocol, u16)>> {
        let mut last = self.inner.busy_ports.lock().await;
        if let Some((read, ports)) = &*last
            && read.elapsed() < FRESH
        {
            return Ok(ports.clone());
        }
        let ports = busy().await?;
        *last = Some((Instant::now(), ports.clone()));
        Ok(ports)
    }

    /// A port turned out to be taken: whoever asks next gets a new answer.
    pub(super) async fn forget_ports(&self) {
        *self.inner.busy_ports.lock().await = None;
    }
}

/// Reads all four lists in one trip to a thread that may block.
async fn busy() -> Result<BTreeSet<(Protocol, u16)>> {
    let read = tokio::task::spawn_blocking(|| {
        let mut busy = BTreeSet::new();
        for (path, protocol, state) in TABLES {
            match std::fs::read_to_string(path) {
                Ok(table) => busy.extend(ports(&table, state).map(|port| (*protocol, port))),
                // A kernel without IPv6 has no list of it.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("cannot read {path}: {error}")),
            }
        }
        Ok(busy)
    });
    let busy = read
        .await
        .map_err(|error| error.to_string())
        .and_then(|busy| busy);
    busy.map_err(|message| Error::new(Class::Internal, message))
}

/// The local ports of the sockets in this state. The columns: number, local address, remote address, state.
fn ports<'a>(table: &'a str, state: &'a str) -> impl Iterator<Item = u16> + 'a {
    table.lines().skip(1).filter_map(move |line| {
        let mut columns = line.split_ascii_whitespace();
        let local = columns.nth(1)?;
        let in_state = columns.nth(1)? == state;
        let (_, port) = local.rsplit_once(':')?;
        u16::from_str_radix(port, 16).ok().filter(|_| in_state)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_sockets_are_busy() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n\
            1: 0100007F:1F91 0100007F:8000 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0\n\
            2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000\n";
        assert_eq!(ports(table, "0A").collect::<Vec<_>>(), [8080, 80]);
    }

    #[tokio::test]
    async fn this_test_s_own_sockets_are_busy() {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let busy = busy().await.unwrap();
        assert!(busy.contains(&(Protocol::Tcp, tcp.local_addr().unwrap().port())));
        assert!(busy.contains(&(Protocol::Udp, udp.local_addr().unwrap().port())));
    }
}
