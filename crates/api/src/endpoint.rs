//! Where a server is: `https://HOST:PORT`, or `http://` on this machine itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hyper::Uri;
use rustls::pki_types::ServerName;

/// Why a text is no endpoint. It does not repeat the text, which may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No such URL, or more than one.
    #[error("the server is named by https://HOST or https://HOST:PORT, and nothing behind it")]
    NoUrl,
    /// Plain text to another machine.
    #[error("http:// goes no further than this machine: 127.0.0.1, [::1] or localhost")]
    PlainElsewhere,
}

/// A server's host and port, and whether it is spoken to over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    tls: bool,
    /// Without the brackets of an address.
    host: String,
    port: u16,
    authority: String,
}

impl Endpoint {
    /// Reads a URL: scheme, host, port, and nothing else.
    ///
    /// # Errors
    /// An [`EndpointError`].
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let uri: Uri = text.parse().map_err(|_| EndpointError::NoUrl)?;
        let authority = uri.authority().ok_or(EndpointError::NoUrl)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(EndpointError::NoUrl),
        };
        let host = authority.host();
        // Neither a user, who may be a credential, nor a port that is no number.
        let port = match authority.as_str().strip_prefix(host) {
            Some("") => Some(if tls { 443 } else { 80 }),
            Some(_) => authority.port_u16(),
            None => None,
        };
        let further = uri.path() != "/" || uri.query().is_some() || text.contains('#');
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        let (Some(port), false, false) = (port, further, host.is_empty()) else {
            return Err(EndpointError::NoUrl);
        };
        let (host, authority) = (host.to_owned(), authority.as_str().to_owned());
        let endpoint = Self { tls, host, port, authority };
        match tls || endpoint.is_loopback() {
            true => Ok(endpoint),
            false => Err(EndpointError::PlainElsewhere),
        }
    }

    /// Whether it is spoken to over TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host, without the brackets of an address.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as they were given.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// What its certificate must be for.
    pub(crate) fn name(&self) -> Option<ServerName<'static>> {
        ServerName::try_from(self.host.clone()).ok()
    }

    /// Whether it is this machine itself, whatever a resolver says.
    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback().is_some()
    }

    /// The addresses of this machine itself that it stands for. No resolver is asked.
    pub(crate) fn loopback(&self) -> Option<Vec<SocketAddr>> {
        let addresses = match self.host.parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => vec![address],
            Err(_) if self.host.eq_ignore_ascii_case("localhost") => {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            _ => return None,
        };
        Some(addresses.into_iter().map(|address| (address, self.port).into()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_host_and_port_alone() {
        for (scheme, text, host, port) in [
            ("https", "vault.example.com", "vault.example.com", 443),
            ("https", "vault.example.com:8443/", "vault.example.com", 8443),
            ("https", "192.0.2.1:8443", "192.0.2.1", 8443),
            ("https", "[2001:db8::1]:8443", "2001:db8::1", 8443),
            ("http", "127.0.0.1:8080", "127.0.0.1", 8080),
            ("http", "127.8.9.1", "127.8.9.1", 80),
            ("http", "[::1]:8080", "::1", 8080),
            ("http", "localhost:8080", "localhost", 8080),
        ] {
            let read = Endpoint::parse(&format!("{scheme}://{text}"));
            let read = read.unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!((read.host(), read.port()), (host, port), "{text}");
            assert_eq!(read.is_tls(), scheme == "https");
        }
        for text in [
            "",
            ":8443",
            "vault.example.com:",
            "vault.example.com:port",
            "vault.example.com:99999",
            "vault.example.com/v1",
            "vault.example.com/?a",
            "vault.example.com/#a",
            "srk_secret@vault.example.com",
            "a:b@vault.example.com:1",
            "a@a",
            "[]",
            "[::1",
        ] {
            let read = Endpoint::parse(&format!("https://{text}"));
            assert_eq!(read, Err(EndpointError::NoUrl), "{text}");
        }
        for text in
            ["", "vault.example.com", "vault.example.com:8443", "/v1", "ftp://vault.example.com"]
        {
            assert_eq!(Endpoint::parse(text), Err(EndpointError::NoUrl), "{text}");
        }
    }

    #[test]
    fn plain_text_goes_no_further_than_this_machine() {
        for host in [
            "vault.example.com",
            "192.0.2.1",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
            "127.1",
            "0x7f000001",
            "localhost.example.com",
            "127.0.0.1.example.com",
        ] {
            let read = Endpoint::parse(&format!("http://{host}:8080"));
            assert_eq!(read, Err(EndpointError::PlainElsewhere), "{host}");
        }
        assert!(Endpoint::parse("https://localhost").is_ok_and(|e| e.is_loopback()));
        assert!(Endpoint::parse("https://vault.example.com").is_ok_and(|e| !e.is_loopback()));
    }
}
