//! Our own extractors, so that every rejection is a problem like any other.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
};
use bytes::Bytes;
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

use super::{
    json::{DEPTH_MOST, Plain, depth},
    params::Params,
    problem::{Code, FieldError, Problem},
};

/// The most that a JSON body may have, in bytes.
pub const BODY_LIMIT: usize = 1_000_000;

/// The longest name of a field that is echoed, in characters.
const NAME_MOST: usize = 100;

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

/// A JSON body: an object. A route that takes one takes no parameters in the query.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Params::parse(parts.uri.query().unwrap_or_default()).finish()?;
        check_media_type(&parts.headers)?;
        let bytes = read_body(body).await?;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let json: &RawValue = Deserialize::deserialize(&mut deserializer).map_err(not_json)?;
        deserializer
            .end()
            .map_err(|_| Problem::new(Code::Malformed, "the body has something after its JSON"))?;
        if depth(json.get()) > DEPTH_MOST {
            let detail = format!("the body is nested deeper than {DEPTH_MOST} levels");
            return Err(Problem::new(Code::Malformed, detail));
        }
        // A list would be read as the fields in their order.
        if !json.get().starts_with('{') {
            let error = FieldError::new("/", "INVALID_VALUE", "expected an object");
            return Err(Problem::invalid(vec![error]));
        }
        read::<Plain>(json.get())?;
        read(json.get()).map(Self)
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = pointer(error.path());
        let error = error.into_inner();
        if error.is_data() {
            shape_problem(path, &error.to_string())
        } else {
            not_json(error)
        }
    })
}

/// A JSON body that may be left out altogether, or be null.
#[derive(Debug, Clone, Copy)]
pub struct MaybeBody<T>(pub Option<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for MaybeBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_body(body).await?;
        if bytes.is_empty() {
            Params::parse(parts.uri.query().unwrap_or_default()).finish()?;
            return Ok(Self(None));
        }
        if bytes.trim_ascii() == b"null" {
            Params::parse(parts.uri.query().unwrap_or_default()).finish()?;
            return check_media_type(&parts.headers).map(|()| Self(None));
        }
        let request = Request::from_parts(parts, bytes.into());
        let Body(body) = Body::from_request(request, state).await?;
        Ok(Self(Some(body)))
    }
}

fn not_json(error: serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let detail = format!("the body is not JSON: line {line}, column {column}");
    Problem::new(Code::Malformed, detail)
}

/// Lets JSON in UTF-8 pass, sent as it is.
fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_ascii_lowercase()
    };
    let content_type = text(CONTENT_TYPE);
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let refuse = |detail| Err(Problem::new(Code::UnsupportedMediaType, detail));
    if media_type != "application/json"
        && !(media_type.starts_with("application/") && media_type.ends_with("+json"))
    {
        return refuse("the body must be application/json");
    }
    let mut charsets = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim() == "charset");
    if charsets.any(|(_, charset)| charset.trim().trim_matches('"') != "utf-8") {
        return refuse("the body must be in UTF-8");
    }
    let encoding = text(CONTENT_ENCODING);
    if encoding
        .split(',')
        .map(str::trim)
        .any(|coding| !coding.is_empty() && coding != "identity")
    {
        return refuse("the body must be sent without a content encoding");
    }
    Ok(())
}

/// Reads a body whole, up to what any JSON body may have.
pub(super) async fn read_body(body: axum::body::Body) -> Result<Bytes, Problem> {
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

/// Returns the JSON pointer to a place in a body (RFC 6901); empty for the whole.
fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => step(key),
            Segment::Enum { variant } => step(variant),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// Returns one step of a JSON pointer, cut to what is worth echoing.
fn step(name: &str) -> String {
    let name: String = name.chars().take(NAME_MOST).collect();
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Names the first fault of a body that parses but has the wrong shape.
fn shape_problem(mut pointer: String, message: &str) -> Problem {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(message, _)| message);
    // serde names the field of these in its message, not in the path.
    let named = [
        ("unknown field `", "UNKNOWN_FIELD", "there is no such field"),
        ("missing field `", "MISSING_FIELD", "this field is required"),
        (
            "duplicate field `",
            "DUPLICATE_FIELD",
            "this field stands twice",
        ),
    ];
    for (start, code, sentence) in named {
        if let Some(rest) = message.strip_prefix(start) {
            let end = rest.find("`, ").or_else(|| rest.rfind('`'));
            let step = step(&rest[..end.unwrap_or(rest.len())]);
            if !pointer.ends_with(&step) {
                pointer.push_str(&step);
            }
            return Problem::invalid(vec![FieldError::new(pointer, code, sentence)]);
        }
    }
    if pointer.is_empty() {
        pointer.push('/');
    }
    let sentence = sentence(message);
    Problem::invalid(vec![FieldError::new(pointer, "INVALID_VALUE", sentence)])
}

/// Says what serde says of a value, for people who do not know the language that this is written in.
/// What is not serde's own is ours already.
fn sentence(message: &str) -> String {
    let serdes = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant `",
    ];
    if !serdes.iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    let expected = message
        .rsplit_once(", expected ")
        .map_or("", |(_, expected)| expected);
    match expected {
        "a string" | "a borrowed string" => "expected a string".into(),
        "a boolean" => "expected true or false".into(),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128"
        | "isize" => "expected a whole number that is not too large".into(),
        "f32" | "f64" => "expected a number".into(),
        "a sequence" => "expected a list".into(),
        "a map" => "expected an object".into(),
        other if other.starts_with("struct ") => "expected an object".into(),
        other if message.starts_with("unknown variant") => {
            format!("expected {}", other.replace('`', ""))
        }
        _ => "this is not a value that can stand here".into(),
    }
}
