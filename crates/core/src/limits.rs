//! What a credential is good for: until when, from where, for which purposes and acts.
//!
//! A limit only ever takes away from what the policy gives to the kind of principal. An empty list
//! limits nothing.

use core::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::ledger::entry::Act;
use crate::policy::Purpose;

/// Networks of one principal.
pub const NETWORKS_MAX: usize = 64;

/// Why a text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNetwork {
    /// Not an address, a `/` and a length.
    #[error("a network is an address, `/`, and how many of its bits count")]
    Form,
    /// Bits are set behind the prefix: it is not clear which network is meant.
    #[error("a network's address has no bits set behind those that count")]
    Bits,
    /// IPv4 in IPv6 (RFC 4291, 2.5.5.2): addresses are compared as the IPv4 ones that they are.
    #[error("a network of IPv4 addresses is written as one")]
    Mapped,
}

/// Addresses with the same beginning (CIDR, RFC 4632).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// Reads `203.0.113.0/24` or `2001:db8::/32`.
    ///
    /// # Errors
    /// [`NotNetwork`].
    pub fn parse(text: &str) -> Result<Self, NotNetwork> {
        let net: IpNet = text.parse().map_err(|_| NotNetwork::Form)?;
        if net != net.trunc() {
            return Err(NotNetwork::Bits);
        }
        if net.addr() != net.addr().to_canonical() {
            return Err(NotNetwork::Mapped);
        }
        Ok(Self(net))
    }

    /// Whether an address is of it.
    #[must_use]
    pub fn holds(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl TryFrom<String> for Network {
    type Error = NotNetwork;
    fn try_from(text: String) -> Result<Self, NotNetwork> {
        Self::parse(&text)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.to_string()
    }
}

/// The limits of a principal. A row of before has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// From then on its credentials are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_us: Option<u64>,
    /// Its credentials are good from there alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
    /// It is given values for these alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<Purpose>,
    /// Of what its kind may do, it may do these alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
}

impl Limits {
    /// Whether it limits nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether its time is over.
    #[must_use]
    pub fn are_over(&self, now_us: u64) -> bool {
        self.expires_us.is_some_and(|end| now_us >= end)
    }

    /// Whether somebody may come from there. The socket and the command line are nowhere: where
    /// networks are named, that is none of them.
    #[must_use]
    pub fn admit(&self, address: Option<IpAddr>) -> bool {
        self.networks.is_empty()
            || address.is_some_and(|from| self.networks.iter().any(|net| net.holds(from)))
    }

    /// Whether they leave an act.
    #[must_use]
    pub fn allow(&self, act: Act) -> bool {
        self.acts.is_empty() || self.acts.contains(&act)
    }

    /// Whether they leave a purpose.
    #[must_use]
    pub fn allow_for(&self, purpose: Purpose) -> bool {
        self.purposes.is_empty() || self.purposes.contains(&purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(networks: &[&str]) -> Limits {
        let networks = networks.iter().map(|text| Network::parse(text).unwrap()).collect();
        Limits { networks, ..Limits::default() }
    }

    fn admits(limits: &Limits, address: &str) -> bool {
        limits.admit(Some(address.parse().unwrap()))
    }

    #[test]
    fn an_address_is_of_a_network_by_the_bits_that_count() {
        let four = from(&["203.0.113.0/25", "198.51.100.7/32"]);
        for good in ["203.0.113.0", "203.0.113.127", "198.51.100.7", "::ffff:203.0.113.9"] {
            assert!(admits(&four, good), "{good}");
        }
        for bad in ["203.0.113.128", "203.0.112.1", "198.51.100.8", "2001:db8::1", "::cb00:7101"] {
            assert!(!admits(&four, bad), "{bad}");
        }
        let six = from(&["2001:db8:1::/48"]);
        assert!(admits(&six, "2001:db8:1:ffff::1"));
        for bad in ["2001:db8:2::1", "203.0.113.1", "::1"] {
            assert!(!admits(&six, bad), "{bad}");
        }
        assert!(admits(&from(&["0.0.0.0/0"]), "203.0.113.1"));
        assert!(!admits(&from(&["0.0.0.0/0"]), "2001:db8::1"));
    }

    #[test]
    fn nowhere_is_of_no_network_and_of_none_named() {
        assert!(Limits::default().admit(None));
        assert!(admits(&Limits::default(), "203.0.113.1"));
        assert!(!from(&["0.0.0.0/0", "::/0"]).admit(None));
    }

    #[test]
    fn a_network_has_one_spelling() {
        for good in ["10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32", "::1/128", "::/0"] {
            assert_eq!(String::from(Network::parse(good).unwrap()), good);
        }
        let why = |text: &str| Network::parse(text).unwrap_err();
        for bad in ["", "10.0.0.1", "10.0.0.0/33", "10.0.0/8", "::/129", "home/8", " 10.0.0.0/8"] {
            assert_eq!(why(bad), NotNetwork::Form, "{bad}");
        }
        assert_eq!(why("10.0.0.1/8"), NotNetwork::Bits);
        assert_eq!(why("2001:db8::1/32"), NotNetwork::Bits);
        assert_eq!(why("::ffff:10.0.0.0/104"), NotNetwork::Mapped);
    }

    #[test]
    fn a_row_keeps_them_and_one_of_before_has_none() {
        let limits = Limits {
            expires_us: Some(1_800_000_000_000_000),
            networks: from(&["10.0.0.0/8", "::1/128"]).networks,
            purposes: vec![Purpose::SignIn, Purpose::Payout],
            acts: vec![Act::PiiReveal],
        };
        let text = serde_json::to_string(&limits).unwrap();
        let spelt = concat!(
            r#"{"expires_us":1800000000000000,"networks":["10.0.0.0/8","::1/128"],"#,
            r#""purposes":["sign-in","payout"],"acts":["pii.reveal"]}"#,
        );
        assert_eq!(text, spelt);
        assert_eq!(serde_json::from_str::<Limits>(&text).unwrap(), limits);
        assert!(serde_json::from_str::<Limits>("{}").unwrap().is_none());
        // One that is not understood is not left aside.
        assert!(serde_json::from_str::<Limits>(r#"{"hours":["09-17"]}"#).is_err());
    }
}
