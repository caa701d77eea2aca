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
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use zeroize::Zeroizing;

use crate::call::{Call, IDEMPOTENCY_HEADER, path};
use crate::{Problem, Secret};

/// An answer is no longer than this, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

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
    credential: Option<HeaderValue>,
}

impl Client {
    /// Connects to the socket of a server on this machine.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when none listens there.
    pub fn over_socket(path: &Path, credential: Option<&Secret>) -> Result<Self, ClientError> {
        let runtime = runtime()?;
        let stream = runtime.block_on(UnixStream::connect(path));
        let stream = stream.map_err(ClientError::Unreachable)?;
        Self::over(runtime, TokioIo::new(stream), credential)
    }

    fn over<S: Read + Write + Send + Unpin + 'static>(
        runtime: Runtime,
        stream: S,
        credential: Option<&Secret>,
    ) -> Result<Self, ClientError> {
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
        Ok(Self { runtime, sender, credential })
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
            .header(HOST, "strongroom")
            .header(CONTENT_TYPE, "application/json");
        if let Some(credential) = &self.credential {
            request = request.header(AUTHORIZATION, credential);
        }
        if let Some(key) = once {
            request = request.header(IDEMPOTENCY_HEADER, key);
        }
        let request = request.body(Full::new(Bytes::from_owner(body)));
        let request = request.map_err(|_| ClientError::NoAnswer)?;
        let sender = &mut self.sender;
        let answered = self.runtime.block_on(async {
            let answered = async {
                let answer = sender.send_request(request).await.ok()?;
                let status = answer.status();
                let body = http_body_util::Limited::new(answer.into_body(), ANSWER_BYTES_MAX);
                let bytes = body.collect().await.ok()?.to_bytes();
                Some((status, bytes))
            };
            tokio::time::timeout(ANSWER_TIMEOUT, answered).await
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
