//! Where a request comes from: the gateway's word, never a header that the client wrote.

use std::{convert::Infallible, net::IpAddr};

use axum::extract::FromRequestParts;
use http::{Extensions, request::Parts};
use lambda_http::request::RequestContext;

/// The address that the gateway saw; none where no gateway stands before the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// Returns what the request's own gateway said, or what a test put in its place.
    pub(super) fn of(extensions: &Extensions) -> Self {
        if let Some(given) = extensions.get::<Self>() {
            return *given;
        }
        let seen = match extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
            _ => None,
        };
        Self(seen.and_then(|address| address.parse().ok()))
    }

    /// Returns the network that the address is of: its first 24 bits (IPv4) or 64 (IPv6), which is
    /// what one household or one attacker has. Nothing finer is kept.
    pub fn network(self) -> String {
        match self.0.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            None => "unknown".to_owned(),
        }
    }
}

impl ClientAddress {
    /// Returns what is counted as one client: an IPv4 address, which many may share but nobody has many
    /// of, and the first 64 bits of an IPv6 address, of which one household has as many as it likes.
    pub fn household(self) -> Option<String> {
        match self.0?.to_canonical() {
            IpAddr::V4(address) => Some(address.to_string()),
            IpAddr::V6(_) => Some(self.network()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_what_one_household_has() {
        let network = |address: &str| ClientAddress(Some(address.parse().unwrap())).network();
        assert_eq!(network("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("::ffff:203.0.113.9"), "203.0.113.0/24");
        assert_eq!(ClientAddress(None).network(), "unknown");
    }

    #[test]
    fn a_client_is_an_address_or_the_network_of_a_household() {
        let household = |address: &str| ClientAddress(Some(address.parse().unwrap())).household();
        assert_eq!(household("203.0.113.77").unwrap(), "203.0.113.77");
        assert_eq!(household("::ffff:203.0.113.77").unwrap(), "203.0.113.77");
        assert_eq!(
            household("2001:db8:1:2:3:4:5:6"),
            household("2001:db8:1:2:f::")
        );
        assert_ne!(household("2001:db8:1:2::1"), household("2001:db8:1:3::1"));
        assert_eq!(ClientAddress(None).household(), None);
    }
}
