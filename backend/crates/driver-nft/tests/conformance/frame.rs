//! Frames that no network stack would send, written byte by byte.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::namespace::Namespace;
use crate::socket::{self, Seen};

const IPV4: u16 = 0x0800;

/// Sends what it reads, in digits, as a frame: by a socket of the packet family (packet(7)), which Rust has no safe call
/// for. Its arguments are the number of the link and the type of the frame.
const SENDER: &str = r#"socket(my $link, 17, 3, 0) or die $!;
    my $address = pack("SnlSCCa8", 17, $ARGV[1], $ARGV[0], 0, 0, 6, "");
    send($link, pack("H*", <STDIN>), 0, $address) or die $!;"#;

/// UDP from the first of each pair to the second.
pub(crate) struct Frame {
    pub(crate) macs: [String; 2],
    pub(crate) addresses: [Ipv4Addr; 2],
    /// Types of frame of VLAN tags of number 0, the outermost first.
    pub(crate) tags: Vec<u16>,
    /// Sent to.
    pub(crate) port: u16,
}

impl Frame {
    /// Sends it once on `eth0`, and waits for some server to have got it.
    pub(crate) async fn throw(&self, sender: &Namespace, seen: &Seen, patience: Duration) -> bool {
        let said = socket::words();
        let frame = self.bytes(&said);
        let digits = frame.iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        let listed = sender.ip("link show eth0\n");
        let (number, _) = listed.split_once(':').unwrap();
        let kind = self.tags.first().copied().unwrap_or(IPV4).to_string();
        sender.run(&["perl", "-e", SENDER, number, &kind], &digits);
        seen.gets(&said, patience).await
    }

    fn bytes(&self, said: &[u8]) -> Vec<u8> {
        let [from, to] = &self.macs;
        let mut frame: Vec<u8> = [to, from]
            .into_iter()
            .flat_map(|mac| mac.split(':'))
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        for tag in &self.tags {
            frame.extend(tag.to_be_bytes());
            frame.extend([0, 0]);
        }
        frame.extend(IPV4.to_be_bytes());
        frame.extend(self.packet(said));
        frame
    }

    /// IPv4 (RFC 791) and UDP (RFC 768) without its optional checksum.
    fn packet(&self, said: &[u8]) -> Vec<u8> {
        let length = |bytes: usize| u16::try_from(bytes).unwrap().to_be_bytes();
        let mut header = vec![0x45, 0];
        header.extend(length(20 + 8 + said.len()));
        header.extend([0, 1, 0, 0, 64, 17, 0, 0]);
        header.extend(self.addresses.iter().flat_map(Ipv4Addr::octets));
        let sum: u32 = header
            .chunks(2)
            .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]))
            .sum();
        let folded = (sum & 0xffff) + (sum >> 16);
        let checksum = !u16::try_from(folded).unwrap();
        header[10..12].copy_from_slice(&checksum.to_be_bytes());
        header.extend(self.port.to_be_bytes());
        header.extend(self.port.to_be_bytes());
        header.extend(length(8 + said.len()));
        header.extend([0, 0]);
        header.extend(said);
        header
    }
}
