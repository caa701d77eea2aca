//! `strongroom serve`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::Global;
use super::output::{Answer, notice};
use crate::ambient::{SystemClock, SystemRandom};
use crate::http::{App, Identity, Listen, Ready, serve};
use crate::problem::Problem;
use crate::vault::Vault;

const AFTER_HELP: &str = "\
Examples:
  strongroom serve
  strongroom serve --listen 0.0.0.0:8443 --certificate chain.pem --certificate-key key.pem
  strongroom serve --listen 127.0.0.1:8080 --plain-loopback

  curl http://127.0.0.1:8080/v1/tenants/acme/reveal \\
    -H \"Authorization: Bearer $(cat shop.credential)\" \\
    -d '{\"tokens\":[\"srt_...\"],\"purpose\":\"support\"}'

While it runs, commands on this machine reach it through a socket in the data folder. The calls:
/openapi.json. It ends on SIGTERM or Ctrl-C, once the requests under way are answered.";

/// Options of `serve`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Plain text instead of TLS, on this machine's own addresses only
    #[arg(long)]
    plain_loopback: bool,
    /// A certificate with its chain, as PEM, instead of one that is made on the first run
    #[arg(
        long,
        value_name = "FILE",
        requires = "certificate_key",
        conflicts_with = "plain_loopback"
    )]
    certificate: Option<PathBuf>,
    /// Its key, as PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_key: Option<PathBuf>,
}

/// Serves.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    if args.plain_loopback && !args.listen.ip().is_loopback() {
        let detail = format!("{} is not an address of this machine alone", args.listen);
        let remedy = "leave out --plain-loopback, or listen at 127.0.0.1 or [::1]";
        return Err(Problem::usage(detail, remedy));
    }
    let folders = global.folders();
    let (at, ask) = (folders.clone(), global.ask());
    let open = move || {
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        let vault = Vault::open_asking(at.clone(), Some(Arc::clone(&ask)), clock, random)?;
        vault.settle_operator()?;
        Ok(vault)
    };
    let app = App::new(folders.clone(), Arc::new(SystemClock), open)?;
    let identity = match (args.plain_loopback, &args.certificate, &args.certificate_key) {
        (true, _, _) => None,
        (false, Some(chain), Some(key)) => Some(Identity::given(chain, key)?),
        (false, _, _) => Some(Identity::own(&folders.keys)?),
    };
    if app.is_development() {
        notice("DEVELOPMENT install: not for real people's data");
    }
    let listen = Listen { address: args.listen, identity };
    let json = global.json;
    serve(app, &folders.data, listen, |ready| told(ready, json), stopped)?;
    Ok(Answer::nothing())
}

/// Says where the server listens, at once: an answer at its end would come too late.
fn told(ready: &Ready, json: bool) {
    let Ready { address, socket, fingerprint } = ready;
    let scheme = if fingerprint.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    let mut text = format!("listening at {url} and {}\n", socket.display());
    if let Some(fingerprint) = fingerprint {
        text.push_str(&format!("SHA-256 of the certificate: {fingerprint}\n"));
    }
    let answer = json!({"listening": url, "socket": socket, "certificate": fingerprint});
    let _ = Answer::new(&answer, text).print(json);
}

/// Catches SIGTERM and SIGINT from now on; ends with the first of them.
fn stopped() -> impl Future<Output = ()> {
    let caught = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async {
        let (Ok(mut term), Ok(mut int)) = caught else {
            // Without signals the process is ended as a kill ends it, which it is built to bear.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    }
}
