//! The limits of routes that anybody may try, beside the limit of every request. Signing in has none of
//! its own: the general one and the lockouts are stricter than anything that could stand here.

use babyshield::{
    config::Settings,
    http::limit::{Per, RouteLimit},
};

/// The window of both, in seconds.
const HOUR: u32 = 3_600;

/// The limits of the function's own routes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The answer to a registration tells whether somebody has an address: nobody asks for many.
    pub(crate) registrations: RouteLimit,
    /// Whoever asks for a link has a message sent to an address that need not be theirs. One address is
    /// spared by the rules of the link; this spares many addresses from one client. A household asks a
    /// few times.
    pub(crate) links: RouteLimit,
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(60, 30)
    }
}

impl Limits {
    /// Reads `RATE_LIMIT_REGISTRATIONS` and `RATE_LIMIT_LINKS`: so many an hour from one address.
    pub(crate) fn load(settings: &mut Settings) -> Self {
        let usual = Self::default();
        let registrations = settings.optional("RATE_LIMIT_REGISTRATIONS");
        let links = settings.optional("RATE_LIMIT_LINKS");
        Self::of(
            registrations.unwrap_or(usual.registrations.most),
            links.unwrap_or(usual.links.most),
        )
    }

    fn of(registrations: u32, links: u32) -> Self {
        let limit = |name, most| RouteLimit {
            name,
            most,
            window: HOUR,
            per: Per::Address,
        };
        Self {
            registrations: limit("registrations", registrations),
            links: limit("links", links),
        }
    }
}
