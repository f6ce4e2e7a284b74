//! TLS with a certificate of its own, and the refusals around it.

use std::sync::Arc;

use rustix::process::Signal;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::process::{Zund, run};
use crate::wire;

struct Files {
    dir: tempfile::TempDir,
    root: CertificateDer<'static>,
}

impl Files {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(dir.path().join("zund.pem"), made.cert.pem()).unwrap();
        std::fs::write(
            dir.path().join("zund.key"),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
        let root = made.cert.der().clone();
        Self { dir, root }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Asks over a new connection that trusts this certificate alone; 0 where it is not the one.
fn asked(zund: &Zund, root: &CertificateDer<'static>) -> u16 {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = wire::connect(&zund.address());
    while client.is_handshaking() {
        if client.complete_io(&mut socket).is_err() {
            return 0;
        }
    }
    wire::get_over(&mut StreamOwned::new(client, socket), "/zund/v1/health").0
}

#[test]
fn a_renewed_certificate_is_read_on_sighup_and_a_broken_one_is_not() {
    let (files, renewed) = (Files::new(), Files::new());
    let data = files.dir.path().join("data");
    let (certificate, key) = (files.path("zund.pem"), files.path("zund.key"));
    let mut zund = Zund::start(
        &data,
        &["--tls-certificate", &certificate, "--tls-key", &key],
    );
    assert_eq!(asked(&zund, &files.root), 200);
    std::fs::write(&certificate, "no certificate").unwrap();
    zund.signal(Signal::HUP);
    zund.until_logged("the certificate in use stays");
    assert_eq!(asked(&zund, &files.root), 200, "the old one");
    std::fs::copy(renewed.path("zund.pem"), &certificate).unwrap();
    std::fs::copy(renewed.path("zund.key"), &key).unwrap();
    zund.signal(Signal::HUP);
    zund.until_logged("new connections get the certificate");
    assert_eq!(asked(&zund, &renewed.root), 200);
    assert_eq!(asked(&zund, &files.root), 0, "the old one is gone");
    zund.stop();
}

#[test]
fn serves_https_with_its_certificate() {
    let files = Files::new();
    let data = files.dir.path().join("data");
    let (certificate, key) = (files.path("zund.pem"), files.path("zund.key"));
    let zund = Zund::start(
        &data,
        &["--tls-certificate", &certificate, "--tls-key", &key],
    );
    assert!(zund.url.starts_with("https://127.0.0.1:"), "{}", zund.url);
    assert!(zund.file("openrc").contains("OS_AUTH_URL=https://"));
    assert_eq!(asked(&zund, &files.root), 200);
    zund.stop();
}

#[test]
fn files_that_are_no_certificate_are_named() {
    let files = Files::new();
    let other = Files::new();
    let data = files.path("data");
    let serve = |certificate: &str, key: &str| {
        let words = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            &data,
            "--tls-certificate",
            certificate,
            "--tls-key",
            key,
        ];
        let (code, _, err) = run(files.dir.path(), &words, &[]);
        assert_eq!(code, 1, "{err}");
        err
    };
    let (certificate, key) = (files.path("zund.pem"), files.path("zund.key"));
    let missing = files.path("missing.pem");
    let told = serve(&missing, &key);
    assert!(
        told.contains(&format!("tls.certificate {missing}")),
        "{told}"
    );
    let told = serve(&key, &key);
    assert!(told.contains("holds no certificate in PEM"), "{told}");
    let told = serve(&certificate, &certificate);
    assert!(told.contains("holds no private key in PEM"), "{told}");
    let told = serve(&certificate, &other.path("zund.key"));
    assert!(told.contains("do not fit"), "{told}");
}

#[test]
fn an_open_address_without_tls_takes_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let words = ["serve", "--listen", "0.0.0.0:0"];
    let (code, _, err) = run(dir.path(), &words, &[]);
    assert_eq!(code, 2);
    assert!(err.contains("passwords would travel unencrypted"), "{err}");
    let words = ["config", "check", "--listen", "0.0.0.0:0", "--insecure"];
    let (code, out, err) = run(dir.path(), &words, &[("ZUND_CONFIG", "")]);
    assert_eq!(code, 0, "{out}{err}");
}
