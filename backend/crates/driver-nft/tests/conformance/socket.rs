//! Small servers that say who asked, and those who ask them.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rustix::net::{AddressFamily, SocketType, ipproto};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::timeout;
use zun_driver::conformance::{Conversation, PORTS, Traffic};

use crate::namespace::Namespace;

/// What any server got by UDP.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<BTreeSet<Vec<u8>>>>);

/// What a server is told to go on talking by itself.
const GO_ON: u8 = b'!';

/// A pause between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers on every port of [`PORTS`] with the address of whoever asks, and then with whatever it is told.
pub(crate) fn serve(namespace: &Namespace, seen: &Seen, tasks: &mut JoinSet<()>) {
    for port in PORTS {
        let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
        let (tcp, udp) = namespace.inside(move || {
            let tcp = std::net::TcpListener::bind(any).unwrap();
            (tcp, std::net::UdpSocket::bind(any).unwrap())
        });
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        tasks.spawn(serve_tcp(TcpListener::from_std(tcp).unwrap()));
        tasks.spawn(serve_udp(UdpSocket::from_std(udp).unwrap(), seen.clone()));
    }
}

async fn serve_tcp(listener: TcpListener) {
    let mut talks = JoinSet::new();
    while let Ok((mut stream, peer)) = listener.accept().await {
        talks.spawn(async move {
            // What is not acknowledged does not hold back what follows.
            stream.set_nodelay(true).unwrap();
            // Who goes away in the middle is no failure of ours.
            let line = format!("{}\n", peer.ip().to_canonical());
            let _ = stream.write_all(line.as_bytes()).await;
            let _ = talk_to(stream).await;
        });
    }
}

/// Says what it is told, and goes on by itself once it is told [`GO_ON`].
async fn talk_to(mut stream: TcpStream) -> io::Result<()> {
    loop {
        let said = stream.read_u8().await?;
        stream.write_u8(said).await?;
        if said == GO_ON {
            break;
        }
    }
    loop {
        pause().await;
        stream.write_u8(GO_ON).await?;
    }
}

async fn serve_udp(socket: UdpSocket, seen: Seen) {
    let mut buffer = [0; 64];
    loop {
        if let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            seen.0.lock().unwrap().insert(buffer[..length].to_vec());
            let line = format!("{}\n", peer.ip().to_canonical());
            let _ = socket.send_to(line.as_bytes(), peer).await;
        }
    }
}

/// Asks until it is answered: who the other side saw; for an echo, who replied.
pub(crate) async fn ask(
    namespace: &Namespace,
    source: Option<IpAddr>,
    to: IpAddr,
    traffic: Traffic,
    patience: Duration,
) -> Option<IpAddr> {
    let asking = async {
        loop {
            let answer = match traffic {
                Traffic::Tcp(port) => tcp(namespace, source, (to, port).into()).await,
                Traffic::Udp(port) => udp(namespace, source, (to, port).into()).await,
                Traffic::Ping => ping(namespace, source, to).await,
            };
            if let Ok(answer) = answer {
                return answer;
            }
            pause().await;
        }
    };
    timeout(patience, asking).await.ok()
}

async fn pause() {
    let never: Result<(), _> = timeout(PAUSE, std::future::pending()).await;
    drop(never);
}

/// Sends this once, and waits for some server to have got it.
pub(crate) async fn throw(
    namespace: &Namespace,
    source: Option<IpAddr>,
    to: SocketAddr,
    seen: &Seen,
    patience: Duration,
) -> bool {
    let said = words();
    let from = SocketAddr::from((source.unwrap_or(any(to.ip())), 0));
    let packet = said.clone();
    // Where the kernel refuses to send it, it does not arrive.
    let _ = namespace.inside(move || std::net::UdpSocket::bind(from)?.send_to(&packet, to));
    seen.gets(&said, patience).await
}

/// What nobody has thrown before.
pub(crate) fn words() -> Vec<u8> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("thrown {}", NEXT.fetch_add(1, Ordering::Relaxed)).into_bytes()
}

impl Seen {
    /// Waits for some server to have got this.
    pub(crate) async fn gets(&self, said: &[u8], patience: Duration) -> bool {
        let arrival = async {
            while !self.0.lock().unwrap().contains(said) {
                pause().await;
            }
        };
        timeout(patience, arrival).await.is_ok()
    }
}

/// Opens a connection that is answered within this time.
pub(crate) async fn talk(
    namespace: &Namespace,
    source: Option<IpAddr>,
    to: SocketAddr,
    patience: Duration,
) -> Option<Box<dyn Conversation>> {
    let talk = async {
        let mut stream = connect(namespace, source, to).await.ok()?;
        line(&mut stream).await.ok()?;
        Some(Box::new(Talk(stream)) as Box<dyn Conversation>)
    };
    timeout(patience, talk).await.ok()?
}

struct Talk(TcpStream);

#[async_trait]
impl Conversation for Talk {
    async fn goes_on(&mut self, patience: Duration) -> bool {
        let said = async {
            self.0.write_all(b"x").await?;
            self.0.read_u8().await
        };
        timeout(patience, said)
            .await
            .is_ok_and(|answer| answer.is_ok())
    }

    async fn hears(&mut self, patience: Duration) -> bool {
        // A connection that is broken is heard nothing on.
        let _ = self.0.write_u8(GO_ON).await;
        // What came before now is not new.
        let mut old = [0; 64];
        while self.0.try_read(&mut old).is_ok_and(|length| length > 0) {}
        timeout(patience, self.0.read_u8())
            .await
            .is_ok_and(|answer| answer.is_ok())
    }
}

/// Advertises an address to all nodes on the link (RFC 4861, 4.4): type, code, checksum, the override flag, the
/// target, and the sender's MAC as an option.
pub(crate) fn claim(namespace: &Namespace, address: Ipv6Addr, mac: &str) {
    let mut packet = vec![136, 0, 0, 0, 0x20, 0, 0, 0];
    packet.extend(address.octets());
    packet.extend([2, 1]);
    packet.extend(
        mac.split(':')
            .map(|byte| u8::from_str_radix(byte, 16).unwrap()),
    );
    namespace.inside(move || {
        let icmp = Some(ipproto::ICMPV6);
        let socket = rustix::net::socket(AddressFamily::INET6, SocketType::RAW, icmp).unwrap();
        rustix::net::sockopt::set_ipv6_multicast_hops(&socket, 255).unwrap();
        let link = rustix::net::netdevice::name_to_index(&socket, "eth0").unwrap();
        let all = SocketAddrV6::new(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1), 0, 0, link);
        rustix::net::sendto(&socket, &packet, rustix::net::SendFlags::empty(), &all).unwrap();
    });
}

async fn connect(
    namespace: &Namespace,
    source: Option<IpAddr>,
    to: SocketAddr,
) -> io::Result<TcpStream> {
    let socket = namespace.inside(move || {
        if to.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }
    })?;
    if let Some(source) = source {
        socket.bind((source, 0).into())?;
    }
    socket.connect(to).await
}

/// Whether a connection is answered with anything within this time.
pub(crate) async fn connects(namespace: &Namespace, to: SocketAddr, patience: Duration) -> bool {
    let asking = async {
        loop {
            let answered = async {
                let mut stream = connect(namespace, None, to).await?;
                stream.read_u8().await
            };
            if answered.await.is_ok() {
                return;
            }
            pause().await;
        }
    };
    timeout(patience, asking).await.is_ok()
}

async fn tcp(namespace: &Namespace, source: Option<IpAddr>, to: SocketAddr) -> io::Result<IpAddr> {
    let mut stream = connect(namespace, source, to).await?;
    line(&mut stream).await
}

async fn line(stream: &mut TcpStream) -> io::Result<IpAddr> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await? {
            b'\n' => return parsed(&line),
            byte => line.push(byte),
        }
    }
}

fn parsed(line: &[u8]) -> io::Result<IpAddr> {
    let text = String::from_utf8_lossy(line);
    text.trim().parse().map_err(io::Error::other)
}

fn any(to: IpAddr) -> IpAddr {
    match to {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

async fn udp(namespace: &Namespace, source: Option<IpAddr>, to: SocketAddr) -> io::Result<IpAddr> {
    let from = SocketAddr::from((source.unwrap_or(any(to.ip())), 0));
    let socket = namespace.inside(move || std::net::UdpSocket::bind(from))?;
    socket.set_nonblocking(true)?;
    let socket = UdpSocket::from_std(socket)?;
    socket.connect(to).await?;
    let mut buffer = [0; 64];
    socket.send(b"who?").await?;
    let length = again(&socket, &mut buffer).await?;
    parsed(&buffer[..length])
}

/// Waits for an answer as long as a packet may be under way, so that a lost one is sent again.
async fn again(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    let limit = Duration::from_secs(1);
    timeout(limit, socket.recv(buffer))
        .await
        .map_err(io::Error::other)?
}

/// One echo request on a socket that the kernel numbers (`icmp(7)`, `ping_group_range`).
async fn ping(namespace: &Namespace, source: Option<IpAddr>, to: IpAddr) -> io::Result<IpAddr> {
    let socket = namespace.inside(move || {
        let (family, protocol, kind) = match to {
            IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP, 8),
            IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6, 128),
        };
        let socket = rustix::net::socket(family, SocketType::DGRAM, Some(protocol))?;
        let from = SocketAddr::from((source.unwrap_or(any(to)), 0));
        rustix::net::bind(&socket, &from)?;
        io::Result::Ok((std::net::UdpSocket::from(socket), kind))
    });
    let (socket, kind) = socket?;
    socket.set_nonblocking(true)?;
    let socket = UdpSocket::from_std(socket)?;
    socket.connect((to, 0)).await?;
    let mut buffer = [0; 64];
    socket.send(&[kind, 0, 0, 0, 0, 0, 0, 1]).await?;
    again(&socket, &mut buffer).await?;
    Ok(to)
}
