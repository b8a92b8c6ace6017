//! The limits of routes that anybody may try, beside the limit of every request. Signing in has none of
//! its own: the general one and the lockouts are stricter than anything that could stand here.

use babyshield::http::limit::{Per, RouteLimit};

/// Whoever asks for a link has a message sent to an address that need not be theirs. One address is spared
/// by the rules of the link; this spares many addresses from one client. A household asks a few times.
pub(crate) const LINKS: RouteLimit = RouteLimit {
    name: "links",
    most: 30,
    window: 3_600,
    per: Per::Address,
};
