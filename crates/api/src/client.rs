//! A small client: one connection, one call at a time.

use std::io;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::call::{Call, IDEMPOTENCY_HEADER, path};
use crate::endpoint::Endpoint;
use crate::trust::Trust;
use crate::{Problem, Secret};

/// An answer is no longer than this, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

/// How long it may take until a server of the network is connected to, handshake and all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The name of a server that is reached over its socket.
const SOCKET_HOST: &str = "strongroom";

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server said no.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// There is no server there.
    #[error("no server answers there: {0}")]
    Unreachable(#[source] io::Error),
    /// What answers there is no server that speaks TLS 1.3. Nothing was sent.
    #[error("what answers there does not speak TLS 1.3 as a server does: {0}")]
    Handshake(#[source] io::Error),
    /// What answers there cannot show that it is the server. Nothing was sent.
    #[error("the certificate shown there is not one that is trusted")]
    Untrusted,
    /// The connection ended before the answer did: the call may have been performed.
    #[error("the connection ended before the answer did")]
    Broken,
    /// What came back is no answer of this API.
    #[error("what came back is no answer of this API")]
    NoAnswer,
    /// The credential holds characters that no header may.
    #[error("the credential cannot be sent")]
    Credential,
}

/// A connection to a server.
pub struct Client {
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    credential: Option<HeaderValue>,
    wait: Duration,
}

impl Client {
    /// The same, waiting for an answer for as long as it takes.
    #[must_use]
    pub fn patient(mut self) -> Self {
        self.wait = Duration::MAX;
        self
    }

    /// Connects to the socket of a server on this machine.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when none listens there.
    pub fn over_socket(path: &Path, credential: Option<&Secret>) -> Result<Self, ClientError> {
        let runtime = runtime()?;
        let stream = runtime.block_on(UnixStream::connect(path));
        let stream = stream.map_err(ClientError::Unreachable)?;
        Self::over(runtime, TokioIo::new(stream), SOCKET_HOST, credential)
    }

    /// Connects to a server of the network, over TLS 1.3. Nothing but the handshake is sent before
    /// the server has shown who it is.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`], [`ClientError::Handshake`], [`ClientError::Untrusted`].
    pub fn over_tls(
        to: &Endpoint,
        trust: Trust,
        credential: Option<&Secret>,
    ) -> Result<Self, ClientError> {
        let name = to.name().ok_or_else(|| refused("the host has no name for a certificate"))?;
        let config = trust.config().ok_or_else(|| refused("TLS cannot be set up"))?;
        let runtime = runtime()?;
        let stream = runtime.block_on(in_time(async {
            let stream = tcp(to).await?;
            TlsConnector::from(config).connect(name, stream).await.map_err(unshaken)
        }))?;
        Self::over(runtime, TokioIo::new(stream), to.authority(), credential)
    }

    /// Connects to a server in plain text: no further than this machine.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when none listens there, or it is not on this machine.
    pub fn over_loopback(to: &Endpoint, credential: Option<&Secret>) -> Result<Self, ClientError> {
        if !to.is_loopback() {
            return Err(refused("plain text goes no further than this machine"));
        }
        let runtime = runtime()?;
        let stream = runtime.block_on(in_time(tcp(to)))?;
        Self::over(runtime, TokioIo::new(stream), to.authority(), credential)
    }

    fn over<S: Read + Write + Send + Unpin + 'static>(
        runtime: Runtime,
        stream: S,
        host: &str,
        credential: Option<&Secret>,
    ) -> Result<Self, ClientError> {
        let host = HeaderValue::from_str(host).map_err(|_| ClientError::NoAnswer)?;
        let shaken = runtime.block_on(handshake(stream));
        let (sender, connection) = shaken.map_err(|_| ClientError::Broken)?;
        runtime.spawn(connection);
        let credential = credential.map(|credential| {
            let text = Zeroizing::new(format!("Bearer {}", credential.disclose().trim()));
            let value = HeaderValue::from_str(&text).map_err(|_| ClientError::Credential)?;
            Ok(value)
        });
        let mut credential = credential.transpose()?;
        if let Some(value) = &mut credential {
            value.set_sensitive(true);
        }
        Ok(Self { runtime, sender, host, credential, wait: ANSWER_TIMEOUT })
    }

    /// Calls.
    ///
    /// # Errors
    /// A [`ClientError`].
    pub fn call<C: Call>(&mut self, mut call: C) -> Result<C::Answer, ClientError> {
        let path = path(&mut call);
        let once = C::IDEMPOTENCY_KEY.and_then(|key| key(&mut call).take());
        let body = Zeroizing::new(serde_json::to_vec(&call).map_err(|_| ClientError::NoAnswer)?);
        drop(call);
        let mut request = hyper::Request::builder()
            .method(C::METHOD.name())
            .uri(path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json");
        if let Some(credential) = &self.credential {
            request = request.header(AUTHORIZATION, credential);
        }
        if let Some(key) = once {
            request = request.header(IDEMPOTENCY_HEADER, key);
        }
        let request = request.body(Full::new(Bytes::from_owner(body)));
        let request = request.map_err(|_| ClientError::NoAnswer)?;
        let (sender, wait) = (&mut self.sender, self.wait);
        let answered = self.runtime.block_on(async {
            let answered = async {
                let answer = sender.send_request(request).await.ok()?;
                let status = answer.status();
                let body = http_body_util::Limited::new(answer.into_body(), ANSWER_BYTES_MAX);
                let bytes = body.collect().await.ok()?.to_bytes();
                Some((status, bytes))
            };
            tokio::time::timeout(wait, answered).await
        });
        let (status, bytes) = answered.ok().flatten().ok_or(ClientError::Broken)?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|_| ClientError::NoAnswer);
        }
        match serde_json::from_slice(&bytes) {
            Ok(problem) => Err(ClientError::Problem(Box::new(problem))),
            Err(_) => Err(ClientError::NoAnswer),
        }
    }
}

fn runtime() -> Result<Runtime, ClientError> {
    Builder::new_current_thread().enable_all().build().map_err(ClientError::Unreachable)
}

/// A connection to an endpoint, the addresses of its name one after the other.
async fn tcp(to: &Endpoint) -> Result<TcpStream, ClientError> {
    let stream = match to.loopback() {
        Some(addresses) => TcpStream::connect(&addresses[..]).await,
        None => TcpStream::connect((to.host(), to.port())).await,
    };
    let stream = stream.map_err(ClientError::Unreachable)?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

async fn in_time<T>(
    connecting: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    let late = |_| Err(ClientError::Unreachable(io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.unwrap_or_else(late)
}

/// Why there was no handshake: a certificate that is not trusted is told apart from all else.
fn unshaken(error: io::Error) -> ClientError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(_)) => ClientError::Untrusted,
        _ => ClientError::Handshake(error),
    }
}

fn refused(why: &'static str) -> ClientError {
    ClientError::Unreachable(io::Error::new(io::ErrorKind::InvalidInput, why))
}
