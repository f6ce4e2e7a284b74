//! The HTTP clients. Each is made when the first request needs it: one for plain HTTP that knows no
//! certificates, and one for HTTPS with exactly the roots that were asked for.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use url::Url;

use crate::connection::{Connection, Tls};
use crate::error::Cause;

const CONNECT: Duration = Duration::from_secs(10);

/// Both HTTP clients of a connection.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    plain: OnceLock<reqwest::Client>,
    secure: OnceLock<reqwest::Client>,
}

impl Clients {
    /// The client for an address.
    pub(crate) fn of(&self, connection: &Connection, url: &Url) -> Result<&reqwest::Client, Cause> {
        let (place, config) = if url.scheme() == "https" {
            if let Some(client) = self.secure.get() {
                return Ok(client);
            }
            (&self.secure, secure_config(&connection.tls)?)
        } else {
            if let Some(client) = self.plain.get() {
                return Ok(client);
            }
            (
                &self.plain,
                base()
                    .with_root_certificates(RootCertStore::empty())
                    .with_no_client_auth(),
            )
        };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .http1_only()
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(&connection.user_agent)
            .build()
            .map_err(|error| Cause::Settings {
                message: format!("no HTTP client can be made: {error}"),
            })?;
        Ok(place.get_or_init(|| client))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn base() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|_| unreachable!("ring supports the default protocol versions"))
}

fn secure_config(tls: &Tls) -> Result<ClientConfig, Cause> {
    if tls.insecure {
        return Ok(base()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AcceptAny(provider())))
            .with_no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    if let Some(file) = &tls.cacert_file {
        let refused = |message: String| Cause::Settings {
            message: format!(
                "the file {} of cacert_file (OS_CACERT) {message}",
                file.display()
            ),
        };
        let certificates = CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| refused(format!("cannot be read: {error}")))?;
        if roots.add_parsable_certificates(certificates).0 == 0 {
            return Err(refused("holds no certificate in PEM form".into()));
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    Ok(base().with_root_certificates(roots).with_no_client_auth())
}

/// Accepts every certificate: `insecure = true`. Signatures are still checked.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
