//! The listening socket, its TLS, and the URL it is reached by.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::Config;

/// Takes the address, or says what to do where it is taken.
pub(crate) fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "cannot listen on {address}: another program does. End it (`ss -ltnp 'sport = :{}'` names it), \
             or take another port, such as --listen {}:{}; port 0 takes a free one",
            address.port(),
            host(address.ip()),
            address.port().wrapping_add(1).max(1024)
        ),
        io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "cannot listen on {address}: ports below 1024 take root; take a higher port, such as --listen {}:9517",
            host(address.ip())
        ),
        io::ErrorKind::AddrNotAvailable => anyhow::anyhow!(
            "cannot listen on {address}: this machine does not have that address; --listen 127.0.0.1:{} works \
             everywhere",
            address.port()
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    })?;
    listener
        .set_nonblocking(true)
        .context("cannot prepare the listening socket")?;
    Ok(listener)
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Where programs on this machine reach the listener.
pub(crate) fn url(address: SocketAddr, tls: bool) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{}:{}", host(ip), address.port())
}

/// The TLS of the configuration; `None` where there is none.
pub(crate) fn tls(config: &Config) -> anyhow::Result<Option<RustlsConfig>> {
    Ok(read_tls(config)?.map(RustlsConfig::from_config))
}

/// Reads the files again: connections from now on get the new certificate. A refusal leaves the old one.
pub(crate) fn reload(config: &Config, tls: &RustlsConfig) -> anyhow::Result<()> {
    if let Some(fresh) = read_tls(config)? {
        tls.reload_from_config(fresh);
    }
    Ok(())
}

fn read_tls(config: &Config) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) else {
        return Ok(None);
    };
    let chain = chain(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("tls.key {} holds no private key in PEM", key.display()))?;
    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("cannot set up TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .with_context(|| {
            format!(
                "tls.certificate {} and tls.key {} do not fit",
                certificate.display(),
                key.display()
            )
        })?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(Arc::new(server)))
}

fn chain(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .with_context(|| format!("tls.certificate {} cannot be read", path.display()))?
        .collect();
    let chain = read.with_context(|| format!("tls.certificate {} is damaged", path.display()))?;
    anyhow::ensure!(
        !chain.is_empty(),
        "tls.certificate {} holds no certificate in PEM",
        path.display()
    );
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_those_of_this_machine() {
        let url_of = |text: &str, tls| url(text.parse().unwrap(), tls);
        assert_eq!(url_of("127.0.0.1:9517", false), "http://127.0.0.1:9517");
        assert_eq!(url_of("0.0.0.0:9517", true), "https://127.0.0.1:9517");
        assert_eq!(url_of("[::]:1", false), "http://[::1]:1");
        assert_eq!(url_of("192.0.2.7:80", true), "https://192.0.2.7:80");
    }

    #[test]
    fn a_port_that_is_taken_says_what_to_do() {
        let first = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = first.local_addr().unwrap();
        let message = bind(address).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!(
                "cannot listen on {address}: another program does."
            )),
            "{message}"
        );
        assert!(message.contains("--listen 127.0.0.1:"), "{message}");
        let message = bind("192.0.2.1:9517".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(message.contains("does not have that address"), "{message}");
    }
}
