//! Who listens on a port: the answer to "address already in use".

use std::fs;
use std::net::{SocketAddr, TcpListener};

/// Fails, naming the process where it can be seen, when the address is taken.
pub fn must_be_free(address: SocketAddr) -> anyhow::Result<()> {
    let Err(error) = TcpListener::bind(address) else {
        return Ok(());
    };
    let port = address.port();
    let owner = owner(port).unwrap_or_else(|| {
        format!("a process that this user may not see (`sudo ss -ltnp 'sport = :{port}'` names it)")
    });
    anyhow::bail!(
        "zund cannot listen on {address}: {error}. The port is held by {owner}.\n\
         End that process (`./dev down`, where it is the zund of another checkout), or take another port: ZUND_LISTEN={}:{} ./dev up",
        address.ip(),
        port.checked_add(100).unwrap_or(9517)
    )
}

fn owner(port: u16) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening(&table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|process| {
        let pid = process.file_name().into_string().ok()?;
        pid.parse::<u32>().ok()?;
        let files = fs::read_dir(process.path().join("fd")).ok()?;
        let holds = files.flatten().any(|file| {
            fs::read_link(file.path()).is_ok_and(|target| {
                inodes
                    .iter()
                    .any(|inode| target.as_os_str() == inode.as_str())
            })
        });
        holds.then(|| describe(&pid))
    })
}

fn describe(pid: &str) -> String {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    format!("process {pid}, `{}`", command.trim())
}

/// The inodes of the listening sockets on this port in a table of `/proc/net`.
fn listening(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.len() > 9 && fields[1].ends_with(&suffix) && fields[3] == LISTEN)
        .map(|fields| fields[9].to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::{listening, must_be_free};

    #[test]
    fn only_listening_sockets_of_the_port_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:252D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n\
             1: 0100007F:252D 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n\
             2: 0100007F:252E 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0\n";
        assert_eq!(listening(table, 9517), ["111"]);
    }

    #[test]
    fn a_taken_port_names_its_holder() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let message = must_be_free(listener.local_addr().unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            message.contains(&format!("process {}", std::process::id())),
            "{message}"
        );
        assert!(message.contains("ZUND_LISTEN=127.0.0.1:"), "{message}");
    }
}
