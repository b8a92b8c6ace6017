//! Which paths are open to everybody even where an identity is asked for, and what API keys are for.
//! Paths are canonical here: the edge has rewritten the others before.

use http::Method;

use crate::domain::account::Scope;

/// What an API key may be used for at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Any key is taken.
    Anything,
    /// It has to have this scope.
    Scope(Scope),
    /// None is: a key counts as nobody here, and what is private is forbidden to it.
    Nothing,
}

/// What keys are for, by how a path begins; what is not listed is for people.
const USES: [(&str, Use); 8] = [
    ("/api/v1/recalls", Use::Scope(Scope::Read)),
    ("/api/v1/agencies", Use::Scope(Scope::Read)),
    ("/api/v1/search", Use::Scope(Scope::Read)),
    ("/api/v1/products", Use::Scope(Scope::Read)),
    ("/api/v1/scan", Use::Scope(Scope::Scan)),
    ("/api/v1/admin", Use::Scope(Scope::Staff)),
    ("/api/v1/security", Use::Scope(Scope::Staff)),
    ("/api/v1/health", Use::Anything),
];

/// What never needs an identity, whatever the settings say: how one gets one, and what says how the
/// service is.
const OPEN: [&str; 19] = [
    "/health",
    "/ready",
    "/api/v1/health",
    "/openapi.json",
    "/api/v1/openapi.json",
    "/docs",
    "/redoc",
    "/api-docs",
    "/api/v1/docs",
    "/api/v1/redoc",
    "/.well-known",
    "/api/v1/auth/register",
    "/api/v1/auth/login",
    "/api/v1/auth/refresh",
    "/api/v1/auth/logout",
    "/api/v1/auth/verify-email",
    "/api/v1/auth/forgot-password",
    "/api/v1/auth/reset-password",
    "/api/v1/auth/magic-link",
];

fn is_below(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns what an API key may be used for here.
pub(super) fn use_of(method: &Method, path: &str) -> Use {
    if method == Method::OPTIONS {
        return Use::Anything;
    }
    let listed = USES.iter().find(|(place, _)| is_below(path, place));
    listed.map_or(Use::Nothing, |(_, used)| *used)
}

/// Returns whether everybody may ask this, whatever the settings say.
pub(super) fn is_open(method: &Method, path: &str) -> bool {
    method == Method::OPTIONS || OPEN.iter().any(|place| is_below(path, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_listed_and_nothing_beside_it() {
        for open in [
            "/health",
            "/docs",
            "/docs/swagger-ui.css",
            "/.well-known/jwks.json",
            "/api/v1/auth/login",
            "/api/v1/auth/magic-link/use",
        ] {
            assert!(is_open(&Method::GET, open), "{open}");
        }
        for closed in [
            "/",
            "/healthy",
            "/api/v1/recalls",
            "/api/v1/auth",
            "/api/v1/auth/me",
            "/api/v1/auth/login-as-somebody",
            "/api/v1/scan/barcode",
            "/nothing",
        ] {
            assert!(!is_open(&Method::GET, closed), "{closed}");
            assert!(is_open(&Method::OPTIONS, closed), "{closed}");
        }
    }

    #[test]
    fn a_key_is_for_what_is_listed_and_for_nothing_beside_it() {
        for (path, used) in [
            ("/api/v1/recalls/us-cpsc:1", Use::Scope(Scope::Read)),
            ("/api/v1/search/products", Use::Scope(Scope::Read)),
            ("/api/v1/scan/barcode", Use::Scope(Scope::Scan)),
            ("/api/v1/admin/users", Use::Scope(Scope::Staff)),
            ("/api/v1/auth/me", Use::Nothing),
            ("/health", Use::Nothing),
            ("/api/v1/health", Use::Anything),
            ("/api/v1/auth/sessions", Use::Nothing),
            ("/api/v1/auth/api-keys", Use::Nothing),
            ("/api/v1/user/me", Use::Nothing),
            ("/api/v1/scanner", Use::Nothing),
            ("/nothing", Use::Nothing),
        ] {
            assert_eq!(use_of(&Method::GET, path), used, "{path}");
        }
    }
}
