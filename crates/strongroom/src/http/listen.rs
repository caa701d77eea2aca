//! Accepting connections, and ending well.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use super::answer::blocking;
use super::taken::Taken;
use super::{Address, App, Identity, Limits, socket};
use crate::cli::notice;
use crate::problem::Problem;

/// Connections over the socket at one time, which those of the network take none of.
const SOCKET_CONNECTIONS_MAX: usize = 64;

/// Threads that may wait for the store.
const WAITING_THREADS_MAX: usize = 64;

/// Headers of one request.
const HEADERS_MAX: usize = 64;

/// A head is no longer than this, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// How often the slots of erased records whose grace time is over are overwritten.
const CARRY_OUT_EVERY: Duration = Duration::from_secs(60);

/// Where to listen, beside the socket.
pub struct Listen {
    /// The address.
    pub address: SocketAddr,
    /// What to show for TLS; plain text without one.
    pub identity: Option<Identity>,
}

/// A server that listens.
pub struct Ready {
    /// The address, with the port that was chosen where none was asked for.
    pub address: SocketAddr,
    /// The socket.
    pub socket: PathBuf,
    /// The certificate's fingerprint; nothing for plain text.
    pub fingerprint: Option<String>,
}

/// Serves until `stop`, then lets the requests under way end. `stop` is called before `ready`:
/// whoever was told that the server listens can end it.
///
/// # Errors
/// A [`Problem`] when it cannot listen, or the store could not be opened again.
pub fn serve<S: Future<Output = ()>>(
    app: App,
    data: &Path,
    listen: Listen,
    ready: impl FnOnce(&Ready),
    stop: impl FnOnce() -> S,
) -> Result<(), Problem> {
    let runtime = runtime().map_err(|e| Problem::internal(format!("no threads: {e}")))?;
    let limits = app.limits;
    let app = Arc::new(app);
    let mut ended = app.ended.subscribe();
    let (network, of_socket) = Arc::clone(&app).routers();
    let served = runtime.block_on(async {
        let tcp = TcpListener::bind(listen.address).await;
        let tcp = tcp.map_err(|e| cannot(&listen.address.to_string(), &e))?;
        let at = data.join(socket::SOCKET_FILE);
        let unix = socket::listen(data).map_err(|e| cannot(&at.display().to_string(), &e))?;
        let address = tcp.local_addr().map_err(|e| cannot("the address", &e))?;
        let fingerprint = listen.identity.as_ref().map(|own| own.fingerprint.clone());
        let tls = listen.identity.map(|own| TlsAcceptor::from(own.config));
        let doors = Doors { network, socket: of_socket, graceful: GracefulShutdown::new(), limits };
        let stop = stop();
        let carried = tokio::spawn(carry_out(app));
        ready(&Ready { address, socket: at, fingerprint });
        let failed = tokio::select! {
            () = doors.of_network(&tcp, tls) => None,
            () = doors.of_socket(&unix) => None,
            () = stop => None,
            _ = ended.changed() => ended.borrow_and_update().clone(),
        };
        drop((tcp, unix));
        carried.abort();
        let _ = tokio::time::timeout(limits.stop, doors.graceful.shutdown()).await;
        failed.map_or(Ok(()), Err)
    });
    socket::remove(data);
    runtime.shutdown_timeout(limits.stop);
    served
}

fn runtime() -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all().thread_name("http").max_blocking_threads(WAITING_THREADS_MAX).build()
}

fn cannot(at: &str, error: &io::Error) -> Problem {
    let detail = format!("cannot listen at {at}: {error}");
    Problem::usage(detail, "name another address with --listen, or stop what listens there")
}

/// Overwrites what is due, again and again.
async fn carry_out(app: Arc<App>) {
    let mut every = tokio::time::interval(CARRY_OUT_EVERY);
    loop {
        every.tick().await;
        let Ok(vault) = app.vault().await else { return };
        let now_us = app.clock.now_us();
        if let Err(problem) = blocking(move || vault.shred_due(now_us)).await {
            notice(&format!("erasures that are due wait: {}", problem.detail));
        }
    }
}

/// What every connection gets.
struct Doors {
    network: Router,
    socket: Router,
    graceful: GracefulShutdown,
    limits: Limits,
}

impl Doors {
    /// Accepts connections of the network.
    async fn of_network(&self, tcp: &TcpListener, tls: Option<TlsAcceptor>) {
        let room = Arc::new(Semaphore::new(self.limits.connections_beside_files()));
        loop {
            let Ok(room) = Arc::clone(&room).acquire_owned().await else { return };
            match tcp.accept().await {
                Ok((stream, from)) => self.network(stream, from.ip(), tls.clone(), room),
                Err(e) => pause(&e).await,
            }
        }
    }

    /// Accepts connections over the socket.
    async fn of_socket(&self, unix: &UnixListener) {
        let room = Arc::new(Semaphore::new(SOCKET_CONNECTIONS_MAX));
        loop {
            let Ok(room) = Arc::clone(&room).acquire_owned().await else { return };
            match unix.accept().await {
                Ok((stream, _)) => self.socket(stream, room),
                Err(e) => pause(&e).await,
            }
        }
    }

    fn network(
        &self,
        stream: TcpStream,
        from: IpAddr,
        tls: Option<TlsAcceptor>,
        room: OwnedSemaphorePermit,
    ) {
        let _ = stream.set_nodelay(true);
        let router = self.network.clone().layer(Extension(Address(from)));
        let (watcher, limits) = (self.graceful.watcher(), self.limits);
        tokio::spawn(async move {
            let _room = room;
            let Some(tls) = tls else {
                let _ = watcher.watch(connection(stream, router, &limits)).await;
                return;
            };
            let shaken = tokio::time::timeout(limits.head, tls.accept(stream)).await;
            if let Ok(Ok(stream)) = shaken {
                let _ = watcher.watch(connection(stream, router, &limits)).await;
            }
        });
    }

    fn socket(&self, stream: UnixStream, room: OwnedSemaphorePermit) {
        if !socket::is_owner(&stream) {
            return;
        }
        let (router, watcher) = (self.socket.clone(), self.graceful.watcher());
        let limits = self.limits;
        tokio::spawn(async move {
            let _room = room;
            let _ = watcher.watch(connection(stream, router, &limits)).await;
        });
    }
}

type Connection<S> = http1::Connection<TokioIo<Taken<S>>, TowerToHyperService<Router>>;

fn connection<S>(stream: S, router: Router, limits: &Limits) -> Connection<S>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(Taken::new(stream, limits.taken)),
            TowerToHyperService::new(router),
        )
}

/// A connection that could not be accepted, most likely for want of file descriptors: others end.
async fn pause(error: &io::Error) {
    notice(&format!("a connection was not accepted: {error}"));
    tokio::time::sleep(Duration::from_millis(100)).await;
}
