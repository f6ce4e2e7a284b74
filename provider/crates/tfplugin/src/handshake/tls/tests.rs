//! Who is let in and who is not, over real TLS connections.

use rcgen::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;

fn client() -> CertifiedKey<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// Connects as Terraform does: the server's certificate is the only root.
async fn connect(identity: &Identity, client: &CertifiedKey<rcgen::KeyPair>) -> bool {
    let server = STANDARD_NO_PAD.decode(&identity.certificate).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(server)).unwrap();
    let key = PrivatePkcs8KeyDer::from(client.signing_key.serialize_der());
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![client.cert.der().clone()], key.into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (near, far) = tokio::io::duplex(1 << 16);
    let name = ServerName::try_from("localhost").unwrap();
    let connecting = async {
        let mut stream = TlsConnector::from(Arc::new(config))
            .connect(name, near)
            .await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        stream.write_all(b"x").await
    };
    let accepting = TlsAcceptor::from(Arc::clone(&identity.config)).accept(far);
    let (_, accepted) = tokio::join!(connecting, accepting);
    accepted.is_ok()
}

#[tokio::test]
async fn only_the_named_client_is_accepted() {
    let (named, other) = (client(), client());
    let identity = Identity::new(&named.cert.pem()).unwrap();
    assert!(identity.certificate.len() > 50 && !identity.certificate.contains('='));
    assert!(connect(&identity, &named).await);
    assert!(!connect(&identity, &other).await);
}

#[test]
fn what_is_no_certificate_is_refused() {
    assert!(Identity::new("nonsense").is_err());
}
