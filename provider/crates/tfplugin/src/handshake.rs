//! The way from the start of the process to a connection with Terraform.
//!
//! Terraform starts the executable with a few environment variables and waits for one line on
//! standard output, which says where the provider listens and by which certificate it will be
//! known. Nothing is done before that line but what it needs: Terraform starts a provider three
//! or four times per command.
//!
//! The facts about the line, the variables and the certificates are those of HashiCorp's
//! go-plugin library.

pub mod environment;
pub mod listen;
pub mod socket;
pub mod tls;
pub mod watch;

pub use environment::Environment;
pub use socket::Socket;
pub use tls::Identity;

/// The version of the plugin machinery around the protocol.
const CORE_VERSION: u8 = 1;

/// The version of the provider protocol.
pub const PROTOCOL_VERSION: u8 = 6;

/// The line by which the provider introduces itself: machinery version, protocol version,
/// network, address, transport, certificate, and `false` for "does not multiplex" if asked.
pub fn line(address: &str, certificate: &str, multiplex_asked: bool) -> String {
    let multiplex = if multiplex_asked { "|false" } else { "" };
    format!("{CORE_VERSION}|{PROTOCOL_VERSION}|unix|{address}|grpc|{certificate}{multiplex}\n")
}

/// The variable by which Terraform finds a provider that was started by hand.
pub fn reattach(provider: &str, process: u32, address: &str) -> String {
    let value = serde_json::json!({
        provider: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL_VERSION,
            "Pid": process,
            "Test": true,
            "Addr": { "Network": "unix", "String": address },
        }
    });
    format!("TF_REATTACH_PROVIDERS='{value}'\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(line("/tmp/x/s", "", false), "1|6|unix|/tmp/x/s|grpc|\n");
        assert_eq!(line("/s", "AA", true), "1|6|unix|/s|grpc|AA|false\n");
        let text = reattach("example.com/a/b", 7, "/s");
        let json = text.trim_start_matches("TF_REATTACH_PROVIDERS='");
        let json: serde_json::Value =
            serde_json::from_str(json.trim_end().trim_end_matches('\'')).unwrap();
        assert_eq!(json["example.com/a/b"]["Addr"]["String"], "/s");
        assert_eq!(json["example.com/a/b"]["ProtocolVersion"], 6);
    }
}
