//! The description of the whole interface, put together from the functions' routers.

use utoipa::openapi::{
    ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, ServerBuilder, tag::TagBuilder,
};

const DESCRIPTION: &str = "Tells whether a baby product is recalled, by any of the agencies that publish recalls. \
A check answers `recalled`, `possibly_recalled`, `no_known_recall`, `unknown_product` or `cannot_check`, with its \
evidence and the agencies it rests on. It never says that a product is free of danger.\n\n\
Every answer but a problem comes in an envelope; `?envelope=none` leaves it off. Errors are RFC 9457 problems. \
`/api/X` is an alias of `/api/v1/X`, and a trailing slash equals none.";

/// Returns the functions by name, each with the description of its routes.
pub fn by_function() -> Vec<(&'static str, OpenApi)> {
    vec![
        ("auth", babyshield_auth::openapi()),
        ("recalls", babyshield_recalls::openapi()),
        ("search", babyshield_search::openapi()),
        ("scan", babyshield_scan::openapi()),
        ("ops", babyshield_ops::openapi()),
    ]
}

/// Returns the description of every function's routes together.
pub fn whole() -> OpenApi {
    let info = InfoBuilder::new()
        .title("BabyShield")
        .version("1")
        .description(Some(DESCRIPTION))
        .contact(Some(
            ContactBuilder::new()
                .name(Some("The BabyShield developers"))
                .build(),
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ))
        .build();
    let mut whole = OpenApi::new(info, utoipa::openapi::Paths::new());
    let mut headers = std::collections::BTreeMap::new();
    for (_, part) in by_function() {
        // Merging leaves the headers behind.
        let of_part = part.components.iter().flat_map(|part| part.headers.clone());
        headers.extend(of_part);
        whole.merge(part);
    }
    whole.components.get_or_insert_default().headers = headers;
    whole.servers = Some(vec![ServerBuilder::new().url("/").build()]);
    let tags = [
        ("scan", "Verdicts on what was read off a product"),
        ("recalls", "Recalls, one by one and in lists"),
        ("search", "Search over recalled products"),
        ("agencies", "The agencies and how fresh each is"),
        ("auth", "Registering, signing in, staying signed in"),
        ("user", "One's own account"),
        ("keys", "Keys for machines"),
        ("security", "What happened to accounts, and lockouts"),
        ("admin", "The staff's view of accounts"),
        ("operations", "Health and readiness"),
    ];
    let tags =
        tags.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
    whole.tags = Some(tags.to_vec());
    whole
}

/// Returns the description as it is committed.
pub fn json() -> String {
    let mut text = whole()
        .to_pretty_json()
        .expect("a description has only string keys");
    text.push('\n');
    text
}
