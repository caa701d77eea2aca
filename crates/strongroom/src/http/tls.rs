//! TLS 1.3 (RFC 8446), and the certificate that a server shows.
//!
//! On the first run it makes a certificate itself, whose key lies in the key folder; clients hold
//! on to its fingerprint. A certificate of a public authority takes its place.

use std::path::Path;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS13;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::custody::{CERTIFICATE_FILE, CERTIFICATE_KEY_FILE, KeyFolder};
use crate::problem::{Kind, Problem};

/// Names that a self-made certificate is for; clients go by its fingerprint.
const NAMES: [&str; 2] = ["localhost", "strongroom"];

/// What a server shows for itself.
pub struct Identity {
    /// For the handshake.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, in hexadecimal.
    pub fingerprint: String,
}

impl Identity {
    /// The certificate that the server made itself, made now if there is none.
    ///
    /// # Errors
    /// A [`Problem`] that names the file.
    pub fn own(keys: &Path) -> Result<Self, Problem> {
        let folder = KeyFolder::open(keys)?;
        if !keys.join(CERTIFICATE_FILE).exists() {
            make(&folder)?;
        }
        let certificate = folder.read(CERTIFICATE_FILE)?;
        let key = folder.read(CERTIFICATE_KEY_FILE)?;
        let remedy = "remove server.crt and server.key from the key folder: the next start makes \
                      new ones, and clients need the new fingerprint";
        Self::of(&certificate, &key).ok_or_else(|| {
            Problem::new(Kind::Usage, "the server's own certificate is damaged", remedy)
        })
    }

    /// One that was given, with its chain, as PEM (RFC 7468).
    ///
    /// # Errors
    /// A [`Problem`] that names the files.
    pub fn given(certificate: &Path, key: &Path) -> Result<Self, Problem> {
        let read = |path: &Path| {
            std::fs::read(path).map(Zeroizing::new).map_err(|e| {
                let detail = format!("{} cannot be read: {e}", path.display());
                Problem::usage(detail, "name files of PEM that this user can read")
            })
        };
        Self::of(&read(certificate)?, &read(key)?).ok_or_else(|| {
            let (one, other) = (certificate.display(), key.display());
            let detail = format!("{one} and {other} are no certificate and its key");
            Problem::usage(detail, "name the chain and the key of its first certificate, as PEM")
        })
    }

    fn of(certificate: &[u8], key: &[u8]) -> Option<Self> {
        let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.ok()?;
        let key = PrivateKeyDer::from_pem_slice(key).ok()?;
        let fingerprint = HEXLOWER.encode(&Sha256::digest(chain.first()?));
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .ok()?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .ok()?;
        // A client that means another protocol is not answered (RFC 7301).
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Some(Self { config: Arc::new(config), fingerprint })
    }
}

/// Makes a certificate: the key is durable before the certificate that shows that it is.
fn make(folder: &KeyFolder) -> Result<(), Problem> {
    let failed = |_| Problem::internal("a certificate could not be made");
    let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).map_err(failed)?;
    let key = Zeroizing::new(made.signing_key.serialize_pem());
    folder.write(CERTIFICATE_KEY_FILE, key.as_bytes())?;
    folder.write(CERTIFICATE_FILE, made.cert.pem().as_bytes())
}
