//! Whom a client believes to be the server: one certificate, or those of an authority.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use data_encoding::HEXLOWER_PERMISSIVE;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// What a server must show. There is no way to believe just anybody.
pub struct Trust(Arc<dyn ServerCertVerifier>);

impl Trust {
    /// One certificate, by its SHA-256 in hexadecimal, with or without colons. Its names and dates
    /// say nothing then; that the server has its key is proven all the same.
    #[must_use]
    pub fn fingerprint(text: &str) -> Option<Self> {
        let bare: String = text.trim().chars().filter(|c| *c != ':').collect();
        let bytes = HEXLOWER_PERMISSIVE.decode(bare.as_bytes()).ok()?;
        let sha256 = bytes.try_into().ok()?;
        Some(Self(Arc::new(Pinned { sha256, provider: default_provider() })))
    }

    /// The certificates of authorities, as PEM (RFC 7468): the server's must be by one of them, for
    /// the host, and of today (RFC 5280).
    #[must_use]
    pub fn authority(pem: &[u8]) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.ok()?).ok()?;
        }
        let provider = Arc::new(default_provider());
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        // Without a root there is no verifier.
        Some(Self(builder.build().ok()?))
    }

    /// TLS 1.3 alone, and HTTP/1.1 alone on it.
    pub(crate) fn config(self) -> Option<Arc<ClientConfig>> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .ok()?
            .dangerous()
            .with_custom_certificate_verifier(self.0)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Some(Arc::new(config))
    }
}

/// Takes one certificate, and proof of its key.
#[derive(Debug)]
struct Pinned {
    sha256: [u8; SHA256_OUTPUT_LEN],
    provider: CryptoProvider,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = digest(&SHA256, end_entity);
        match verify_slices_are_equal(shown.as_ref(), &self.sha256) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_32_bytes_in_hexadecimal() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        for good in [&plain, &colons, &format!("{plain}\n")] {
            assert!(Trust::fingerprint(good).is_some(), "{good}");
        }
        for bad in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &"xy".repeat(32)] {
            assert!(Trust::fingerprint(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_authority_has_a_certificate() {
        let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for bad in ["", "text", no_certificate] {
            assert!(Trust::authority(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
