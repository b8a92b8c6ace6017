//! What a client sees when something is wrong: RFC 9457 problems, from one table.

use std::error::Error;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// An error as it is on its way to the client.
///
/// The edge turns it into a body; the cause goes to the log and nowhere else.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// The row of the table.
    pub code: Code,
    /// A sentence for the client; never anything internal.
    pub detail: String,
    /// Every invalid value, for validation problems.
    pub errors: Vec<FieldError>,
    /// Seconds until it is worth trying again.
    pub retry_after: Option<u32>,
    /// The private cause.
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

/// One invalid value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer into the body, or the name of a query or path parameter behind a slash.
    #[schema(examples("/code"))]
    pub field: String,
    /// A stable word for programs.
    #[schema(examples("INVALID_CHECK_DIGIT"))]
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

impl FieldError {
    /// Names one invalid value.
    pub fn new(
        field: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $item:ident = $status:ident, $slug:literal, $code:literal, $title:literal;)*) => {
        /// Every error code there is. `docs/problems.md` lists the same rows, and a test compares them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $item,)* }

        impl Code {
            /// Every row.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// Returns the HTTP status.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$item => StatusCode::$status,)* }
            }

            /// Returns the last part of the `type` URI.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$item => $slug,)* }
            }

            /// Returns the older name that stands in `error_code`.
            pub const fn error_code(self) -> &'static str {
                match self { $(Self::$item => $code,)* }
            }

            /// Returns the title.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$item => $title,)* }
            }
        }
    };
}

codes! {
    /// The request's syntax is wrong: JSON, a header, a query string.
    Malformed = BAD_REQUEST, "malformed", "MALFORMED_REQUEST", "The request cannot be parsed";
    /// The cursor is not one of ours, or not for this request.
    InvalidCursor = BAD_REQUEST, "invalid-cursor", "INVALID_CURSOR", "The cursor is not valid here";
    /// No valid identity.
    Unauthenticated = UNAUTHORIZED, "unauthenticated", "UNAUTHENTICATED", "This needs a valid identity";
    /// The address and the password do not belong together, or the account may not be used.
    InvalidCredentials = UNAUTHORIZED, "invalid-credentials", "INVALID_CREDENTIALS", "The credentials are not valid";
    /// The token is none of ours, was used before, or is past its time.
    InvalidToken = UNAUTHORIZED, "invalid-token", "INVALID_TOKEN", "The token is not valid";
    /// Known, and not allowed.
    Forbidden = FORBIDDEN, "forbidden", "FORBIDDEN", "This is not allowed";
    /// No such thing.
    NotFound = NOT_FOUND, "not-found", "NOT_FOUND", "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method-not-allowed", "METHOD_NOT_ALLOWED", "Method not allowed";
    /// The client accepts nothing that we can write.
    NotAcceptable = NOT_ACCEPTABLE, "not-acceptable", "NOT_ACCEPTABLE", "Not acceptable";
    /// Somebody has registered this address.
    UserExists = CONFLICT, "user-exists", "USER_EXISTS", "There is an account with this address";
    /// The thing is not in a state in which this can be done.
    Conflict = CONFLICT, "conflict", "CONFLICT", "This cannot be done now";
    /// A request with the same key is still being answered.
    InProgress = CONFLICT, "in-progress", "REQUEST_IN_PROGRESS", "The same request is being answered";
    /// The thing was changed meanwhile.
    PreconditionFailed = PRECONDITION_FAILED, "precondition-failed", "PRECONDITION_FAILED", "It was changed meanwhile";
    /// The listing that the cursor belongs to is not kept any more.
    CursorExpired = GONE, "cursor-expired", "CURSOR_EXPIRED", "The cursor has expired";
    /// The body is too large.
    TooLarge = PAYLOAD_TOO_LARGE, "too-large", "PAYLOAD_TOO_LARGE", "The body is too large";
    /// The body is not JSON.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type";
    /// A value is invalid.
    Invalid = UNPROCESSABLE_ENTITY, "validation", "VALIDATION_ERROR", "A value is invalid";
    /// The key was used for another request.
    KeyReused = UNPROCESSABLE_ENTITY, "idempotency-key-reused", "IDEMPOTENCY_KEY_REUSED", "The key belongs to another request";
    /// The password is one that is guessed first, too short, or too long to be kept whole.
    WeakPassword = UNPROCESSABLE_ENTITY, "weak-password", "WEAK_PASSWORD", "The password cannot be used";
    /// A scanned code's check digit is wrong.
    InvalidCheckDigit = UNPROCESSABLE_ENTITY, "invalid-check-digit", "INVALID_CHECK_DIGIT", "The check digit is wrong";
    /// A scanned code cannot be read as what it claims to be.
    InvalidBarcode = UNPROCESSABLE_ENTITY, "invalid-barcode", "INVALID_BARCODE", "The code cannot be read";
    /// More requests than the limit allows.
    RateLimited = TOO_MANY_REQUESTS, "rate-limited", "RATE_LIMIT_EXCEEDED", "Too many requests";
    /// More sign-ins were tried than are allowed.
    TooManyAttempts = TOO_MANY_REQUESTS, "too-many-attempts", "TOO_MANY_ATTEMPTS", "Too many attempts to sign in";
    /// Something we depend on is down or slow.
    Unavailable = SERVICE_UNAVAILABLE, "unavailable", "SERVICE_UNAVAILABLE", "Try again shortly";
    /// Our fault.
    Internal = INTERNAL_SERVER_ERROR, "internal", "INTERNAL_ERROR", "Something went wrong on our side";
}

impl Problem {
    /// Makes a problem of a row and a sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// Says that there is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("no {what} with that identifier"))
    }

    /// Says that this needs a valid identity.
    pub fn unauthenticated() -> Self {
        Self::new(
            Code::Unauthenticated,
            "this needs a valid access token or API key",
        )
    }

    /// Says that whoever asks is known and may not have this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, detail)
    }

    /// Lists every invalid value.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        let detail = format!("invalid: {}", fields.join(", "));
        Self {
            errors,
            ..Self::new(Code::Invalid, detail)
        }
    }

    /// Says that a dependency is down, with the private cause.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            retry_after: Some(2),
            cause: Some(cause.into()),
            ..Self::new(
                Code::Unavailable,
                "a part of the service is not answering; nothing was decided, try again shortly",
            )
        }
    }

    /// Says that it is our fault, with the private cause.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(Code::Internal, "something went wrong on our side")
        }
    }
}

impl IntoResponse for Problem {
    /// The edge fills in the body, which needs the request's identifier.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}

/// The body of every error: an RFC 9457 problem that carries the older names too.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// What clients switch on, a path under `/problems/`.
    #[serde(rename = "type")]
    #[schema(examples("/problems/not-found"))]
    pub kind: String,
    /// The same for every problem of the type.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(examples(404))]
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
    /// The older name of the type.
    #[schema(examples("NOT_FOUND"))]
    pub error_code: &'static str,
    /// When, RFC 3339 in UTC.
    pub timestamp: String,
    /// The request's identifier.
    pub request_id: String,
    /// Every invalid value.
    pub errors: Vec<FieldError>,
    /// Always false.
    pub success: bool,
    /// Always null.
    pub data: Option<()>,
    /// The same as `detail`.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_and_types_are_unique() {
        let codes: HashSet<_> = Code::ALL.iter().map(|code| code.error_code()).collect();
        let slugs: HashSet<_> = Code::ALL.iter().map(|code| code.slug()).collect();
        assert_eq!(
            (codes.len(), slugs.len()),
            (Code::ALL.len(), Code::ALL.len())
        );
    }

    #[test]
    fn the_page_of_problems_lists_every_row_and_no_other() {
        let page = include_str!("../../../docs/problems.md");
        let listed: HashSet<String> = page
            .lines()
            .filter(|line| line.starts_with("| `") && !line.contains("error_code"))
            .map(|line| line.trim_start_matches("| "))
            .map(|line| {
                line.replace('`', "")
                    .split('|')
                    .take(3)
                    .map(str::trim)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        let rows: HashSet<String> = Code::ALL
            .iter()
            .map(|code| {
                format!(
                    "{} {} {}",
                    code.error_code(),
                    code.status().as_u16(),
                    code.slug()
                )
            })
            .collect();
        assert_eq!(listed, rows);
    }
}
