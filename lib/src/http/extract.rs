//! Our own extractors, so that every rejection is a problem like any other.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::problem::{Code, FieldError, Problem};

/// The most that a JSON body may have, in bytes.
pub const BODY_LIMIT: usize = 1_000_000;

/// A path parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Param<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // An identifier that cannot exist is an identifier of nothing.
        #[expect(clippy::disallowed_types, reason = "wrapped here")]
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|_| Problem::not_found("resource"))
    }
}

/// A JSON body.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let media_type = parts
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase())
            .unwrap_or_default();
        if media_type != "application/json"
            && !(media_type.starts_with("application/") && media_type.ends_with("+json"))
        {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "the body must be application/json",
            ));
        }
        let bytes = read_body(body).await?;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            let error = error.into_inner();
            if error.is_data() {
                shape_problem(&path, &error.to_string())
            } else {
                Problem::new(
                    Code::Malformed,
                    format!(
                        "the body is not JSON: line {}, column {}",
                        error.line(),
                        error.column()
                    ),
                )
            }
        })?;
        deserializer
            .end()
            .map_err(|_| Problem::new(Code::Malformed, "the body has something after its JSON"))?;
        Ok(Self(value))
    }
}

async fn read_body(body: axum::body::Body) -> Result<Bytes, Problem> {
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(
            Code::TooLarge,
            format!("a JSON body has at most {BODY_LIMIT} bytes"),
        )),
        Err(error) => Err(Problem {
            cause: Some(error),
            ..Problem::new(Code::Malformed, "the body breaks off")
        }),
    }
}

/// Names the first fault of a body or query that parses but has the wrong shape.
fn shape_problem(path: &str, message: &str) -> Problem {
    // serde names the field of these two in its message, not in the path.
    let quoted = message.split('`').nth(1);
    let (field, code, message) = match quoted {
        Some(name) if message.starts_with("unknown field") => (
            name.to_owned(),
            "UNKNOWN_FIELD",
            "there is no such field".to_owned(),
        ),
        Some(name) if message.starts_with("missing field") => (
            name.to_owned(),
            "MISSING_FIELD",
            "this field is required".to_owned(),
        ),
        Some(name) if message.starts_with("duplicate field") => (
            name.to_owned(),
            "DUPLICATE_FIELD",
            "this field stands twice".to_owned(),
        ),
        _ => {
            let message = message.split(" at line ").next().unwrap_or(message);
            (path.to_owned(), "INVALID_VALUE", message.to_owned())
        }
    };
    let pointer = match field.as_str() {
        "." | "" => String::from("/"),
        field => format!("/{}", field.replace('.', "/")),
    };
    Problem::invalid(vec![FieldError::new(pointer, code, message)])
}
