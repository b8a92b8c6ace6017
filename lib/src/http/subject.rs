//! Whose requests are counted together, and whose repetitions are told apart.

use http::Extensions;
use lambda_http::request::RequestContext;

use super::{
    caller::{Caller, Identity, Via},
    client::ClientAddress,
};

/// Returns who asks, as it stands in keys: the account or API key, else the address; nothing where no
/// gateway stands before the function, so that whoever calls it is allowed to by other means.
pub(super) fn subject(extensions: &Extensions) -> Option<String> {
    match caller(extensions) {
        Some(Caller {
            via: Via::Key(key, _),
            ..
        }) => Some(format!("key:{key}")),
        Some(caller) => Some(format!("user:{}", caller.user)),
        None => address(extensions),
    }
}

/// Returns where a request comes from, as it stands in keys.
pub(super) fn address(extensions: &Extensions) -> Option<String> {
    match ClientAddress::of(extensions).household() {
        Some(address) => Some(format!("ip:{address}")),
        // A gateway that names no address is one that nobody has seen: all of its clients count together.
        None => extensions
            .get::<RequestContext>()
            .map(|_| "ip:unknown".to_owned()),
    }
}

/// Returns who asks, where that is known.
pub(super) fn caller(extensions: &Extensions) -> Option<&Caller> {
    match extensions.get::<Identity>() {
        Some(Identity::Known(caller)) => Some(caller),
        _ => None,
    }
}
