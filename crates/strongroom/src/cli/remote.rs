//! A server that is reached over the network instead of the folders.

use std::fs;
use std::path::{Path, PathBuf};

use strongroom_api::{Client, ClientError, Endpoint, EndpointError, Secret, Trust};

use crate::problem::{Kind, Problem};

/// Names a server.
const SERVER: &str = "STRONGROOM_SERVER";

/// Names its certificate.
const FINGERPRINT: &str = "STRONGROOM_FINGERPRINT";

/// Where a server is, and whom to believe to be it.
#[derive(clap::Args)]
pub struct Remote {
    /// A server to ask instead of the folders: https://HOST:PORT, or http:// on this machine
    /// [env: STRONGROOM_SERVER]
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// SHA-256 of the server's certificate, as `serve` prints it [env: STRONGROOM_FINGERPRINT]
    #[arg(long, global = true, value_name = "SHA256", conflicts_with = "authority")]
    fingerprint: Option<String>,
    /// Certificates of authorities, as PEM, one of which the server's certificate must be by
    #[arg(long, global = true, value_name = "FILE")]
    authority: Option<PathBuf>,
}

/// What a command needs that no server does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// The folders themselves.
    Folders,
    /// Neither folders nor server.
    Nothing,
}

impl Remote {
    /// Refuses a server where none can do what is asked: acting on other folders than the server's
    /// would be a surprise. The environment's is passed over by what opens nothing at all.
    ///
    /// # Errors
    /// A [`Problem`].
    pub fn refuse(&self, doing: Alone) -> Result<(), Problem> {
        let given = self.server.is_some() || doing == Alone::Folders && self.server().is_some();
        if !given {
            return Ok(());
        }
        let detail = match doing {
            Alone::Folders => "a server is named, and this works on the folders themselves",
            Alone::Nothing => "a server is named, and this asks none",
        };
        let remedy = format!(
            "leave out --server, and unset {SERVER}; what needs the folders is run where they are"
        );
        Err(Problem::usage(detail, remedy))
    }

    /// The server that was named.
    pub fn server(&self) -> Option<String> {
        given(self.server.as_deref(), SERVER)
    }

    /// Connects to the server of a URL.
    ///
    /// # Errors
    /// A [`Problem`]: no such URL, nobody trusted, nobody there.
    pub fn connect(&self, url: &str, credential: Option<&Secret>) -> Result<Client, Problem> {
        let endpoint = Endpoint::parse(url).map_err(|e| {
            let remedy = match e {
                EndpointError::NoUrl => "pass --server https://HOST:PORT, as `serve` prints it",
                EndpointError::PlainElsewhere => "use https, with --fingerprint or --authority",
            };
            Problem::usage(e.to_string(), remedy)
        })?;
        let connected = match endpoint.is_tls() {
            true => Client::over_tls(&endpoint, self.trust()?, credential),
            false => {
                self.plain()?;
                Client::over_loopback(&endpoint, credential)
            }
        };
        connected.map_err(unreached)
    }

    fn trust(&self) -> Result<Trust, Problem> {
        if let Some(file) = &self.authority {
            return authority(file);
        }
        let Some(text) = given(self.fingerprint.as_deref(), FINGERPRINT) else {
            let detail = "nothing says whom to believe to be the server";
            let remedy = format!(
                "pass --fingerprint (or {FINGERPRINT}) with the SHA-256 that `serve` printed, or \
                 --authority with the certificates of its authority"
            );
            return Err(Problem::usage(detail, remedy));
        };
        Trust::fingerprint(&text).ok_or_else(|| {
            let detail = "the fingerprint is no SHA-256 in hexadecimal";
            Problem::usage(detail, "pass the one that `serve` printed: 64 digits")
        })
    }

    /// Plain text shows no certificate: whoever asks for one means TLS.
    fn plain(&self) -> Result<(), Problem> {
        if self.fingerprint.is_some() || self.authority.is_some() {
            let detail = "over http:// no certificate is shown";
            let remedy = "use https, or leave out --fingerprint and --authority";
            return Err(Problem::usage(detail, remedy));
        }
        Ok(())
    }
}

fn authority(file: &Path) -> Result<Trust, Problem> {
    let remedy = "name a file of PEM that holds the certificates of authorities";
    let pem = fs::read(file)
        .map_err(|e| Problem::usage(format!("{} cannot be read: {e}", file.display()), remedy))?;
    Trust::authority(&pem)
        .ok_or_else(|| Problem::usage(format!("{} holds no certificates", file.display()), remedy))
}

/// Why there is no connection. Nothing was asked.
fn unreached(error: ClientError) -> Problem {
    let detail = format!("{error}; nothing was asked");
    let remedy = match error {
        ClientError::Untrusted => {
            "compare the fingerprint with what `serve` prints on the server itself: if they \
             differ, somebody else answers; if they do not, check the host's name in --server"
        }
        ClientError::Handshake(_) => "check the port, and that the server serves TLS there",
        ClientError::Credential => {
            return Problem::new(
                Kind::Unauthenticated,
                error.to_string(),
                "pass the path of the file that holds the credential",
            );
        }
        _ => "check host and port, and that `strongroom serve` runs there",
    };
    Problem::new(Kind::Unavailable, detail, remedy)
}

/// Text from the command line, else from the environment, where empty means unset.
fn given(option: Option<&str>, variable: &str) -> Option<String> {
    let from_environment = || std::env::var_os(variable).filter(|v| !v.is_empty());
    // One that is no text is none that works, not one that is unset.
    let as_text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    option.map(str::to_owned).or_else(|| from_environment().map(as_text))
}
