//! Adds to a function's description what the guards before its routes do: the header that makes a POST
//! repeatable, and the answers that come from before any handler.

use utoipa::openapi::{
    Content, Header, HttpMethod, KnownFormat, ObjectBuilder, OpenApi, Ref, RefOr, Required,
    Response, SchemaFormat, Type,
    path::{Operation, ParameterBuilder, ParameterIn},
};

use super::{
    access::{Use, is_open, use_of},
    idempotency::KEY_MOST,
    limit::is_limited,
    problem::Code,
};

const RETRY_AFTER: &str = "Retry-After";

/// The header fields of a limited answer: name, what it says, and whether it is a number.
const HEADERS: [(&str, &str, bool); 6] = [
    (
        RETRY_AFTER,
        "In how many seconds it is worth trying again",
        true,
    ),
    (
        "X-RateLimit-Limit",
        "How many requests a window holds",
        true,
    ),
    (
        "X-RateLimit-Remaining",
        "How many more would pass now",
        true,
    ),
    (
        "X-RateLimit-Reset",
        "When the next request leaves the window, in seconds since the epoch",
        true,
    ),
    (
        "RateLimit-Policy",
        "The limit: `\"default\";q=100;w=60`",
        false,
    ),
    (
        "RateLimit",
        "What is left of it: `\"default\";r=42;t=7`",
        false,
    ),
];

/// Returns the description with what every function's guards add to it. `never_kept` are the paths whose
/// answers are never stored, as they are given to [`super::Front::never_keeping`].
pub fn described(mut description: OpenApi, never_kept: &[&str]) -> OpenApi {
    for (path, item) in &mut description.paths.paths {
        for (method, operation) in [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ] {
            let Some(operation) = operation else {
                continue;
            };
            if path.starts_with("/api/") {
                may_answer(operation, Code::NotAcceptable);
            }
            // Where REQUIRE_AUTH_ALL asks everybody who they are, and where a key needs a scope.
            if !is_open(&http::Method::GET, path) {
                may_answer(operation, Code::Unauthenticated);
            }
            if matches!(use_of(&http::Method::GET, path), Use::Scope(_)) {
                may_answer(operation, Code::Forbidden);
            }
            if is_limited(&http::Method::GET, path) {
                limited(operation);
            }
            if method == HttpMethod::Post && !never_kept.contains(&path.as_str()) {
                repeatable(operation);
            }
        }
    }
    let components = description.components.get_or_insert_default();
    for (name, text, number) in HEADERS {
        let header = header(text, number);
        components.headers.insert(name.to_owned(), header);
    }
    description
}

fn limited(operation: &mut Operation) {
    may_answer(operation, Code::RateLimited);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let refused = status == "429";
        let told = HEADERS
            .iter()
            .filter(|(name, ..)| refused || (status.starts_with('2') && *name != RETRY_AFTER));
        for (name, ..) in told {
            let header = RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
            response.headers.insert((*name).to_owned(), header);
        }
    }
}

fn header(text: &str, number: bool) -> RefOr<Header> {
    let schema = if number {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
    } else {
        ObjectBuilder::new().schema_type(Type::String)
    };
    let mut header = Header::new(schema.build());
    header.description = Some(text.to_owned());
    RefOr::T(header)
}

fn repeatable(operation: &mut Operation) {
    for code in [
        Code::Malformed,
        Code::InProgress,
        Code::TooLarge,
        Code::KeyReused,
        Code::Unavailable,
    ] {
        may_answer(operation, code);
    }
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Makes the request repeatable for 24 hours: the same key with the same body is answered with the \
             first answer, byte for byte, marked `Idempotent-Replayed: true`",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(KEY_MOST))
                .pattern(Some("^[!-~]+$"))
                .build(),
        ));
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(RefOr::T(key.build()));
}

/// Adds an answer, unless the operation names it already.
fn may_answer(operation: &mut Operation, code: Code) {
    let problem = || {
        let schema = Ref::from_schema_name("ProblemBody");
        let mut response = Response::new(code.title());
        let content = Content::new(Some(schema));
        response
            .content
            .insert("application/problem+json".to_owned(), RefOr::T(content));
        RefOr::T(response)
    };
    operation
        .responses
        .responses
        .entry(code.status().as_str().to_owned())
        .or_insert_with(problem);
}
