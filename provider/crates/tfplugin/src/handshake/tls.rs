//! Mutual TLS with certificates made for one run.
//!
//! Terraform's certificate is self-signed, a certificate authority at the same time, and has a
//! P-521 key. The usual verifier refuses an authority as an end point, and `ring` has no P-521.
//! So the certificate is compared byte for byte with the one the environment names, which is all
//! the trust there is, and the P-521 signature is checked by the `p521` crate.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use p521::ecdsa::signature::Verifier;
use p521::ecdsa::{DerSignature, VerifyingKey};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, PeerMisbehaved, ServerConfig,
    SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Why there can be no encrypted connection.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The environment's certificate is none.
    #[error("the client's certificate cannot be read")]
    ClientCertificate(#[source] rustls_pki_types::pem::Error),
    /// No certificate could be made.
    #[error("no certificate could be made")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refused the configuration.
    #[error("the TLS configuration was refused")]
    Configuration(#[from] rustls::Error),
}

/// The provider's side of a connection: its certificate, and the one client it accepts.
#[derive(Debug)]
pub struct Identity {
    /// What goes into the handshake line: base64 without padding.
    pub certificate: String,
    /// What the connections are made with.
    pub config: Arc<ServerConfig>,
}

impl Identity {
    /// Makes a certificate for `localhost`, the name Terraform expects, and accepts only the
    /// client with this certificate (PEM).
    pub fn new(client_certificate: &str) -> Result<Self, TlsError> {
        let client = CertificateDer::from_pem_slice(client_certificate.as_bytes())
            .map_err(TlsError::ClientCertificate)?;
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(OneClient { client, provider }))
            .with_single_cert(vec![certificate.clone()], key)?;
        // gRPC libraries refuse connections that do not name HTTP/2.
        config.alpn_protocols = vec![b"h2".to_vec()];
        // There is one connection per process; nothing to resume.
        config.send_tls13_tickets = 0;
        Ok(Self {
            certificate: STANDARD_NO_PAD.encode(&certificate),
            config: Arc::new(config),
        })
    }
}

/// Accepts one certificate, whatever is in it.
#[derive(Debug)]
struct OneClient {
    client: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for OneClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if *end_entity == self.client {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if dss.scheme == SignatureScheme::ECDSA_NISTP521_SHA512 {
            return verify_p521(message, cert, dss);
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if dss.scheme == SignatureScheme::ECDSA_NISTP521_SHA512 {
            return verify_p521(message, cert, dss);
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let mut schemes = algorithms.supported_schemes();
        schemes.push(SignatureScheme::ECDSA_NISTP521_SHA512);
        schemes
    }
}

fn verify_p521(
    message: &[u8],
    cert: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let (_, certificate) =
        X509Certificate::from_der(cert).map_err(|_| CertificateError::BadEncoding)?;
    let point = &certificate.public_key().subject_public_key.data;
    let key = VerifyingKey::from_sec1_bytes(point).map_err(|_| CertificateError::BadEncoding)?;
    let refused = PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme;
    let signature = DerSignature::from_bytes(dss.signature()).map_err(|_| refused)?;
    key.verify(message, &signature)
        .map_err(|_| CertificateError::BadSignature)?;
    Ok(HandshakeSignatureValid::assertion())
}

#[cfg(test)]
#[path = "tls/tests.rs"]
mod tests;
