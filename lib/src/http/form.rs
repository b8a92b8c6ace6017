//! A body that is JSON, or what an HTML form sends.

use axum::extract::{FromRequest, Request};
use http::{HeaderMap, HeaderValue, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    extract::{Body, read_body},
    problem::{Code, FieldError, Problem},
};

/// What HTML forms send.
const FORM: &str = "application/x-www-form-urlencoded";

/// The fields of a JSON body, or of an HTML form: then each is a text, and the answer is a page.
#[derive(Debug, Clone, Copy)]
pub struct Sent<T> {
    /// The fields.
    pub fields: T,
    /// Whether a form sent them.
    pub by_form: bool,
}

/// Returns whether a form sends the body.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    media_type.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(FORM))
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let by_form = is_form(request.headers());
        let request = if by_form {
            as_json(request).await?
        } else {
            request
        };
        let Body(fields) = Body::from_request(request, state).await?;
        Ok(Self { fields, by_form })
    }
}

/// Writes a form's fields as the JSON that they stand for, so that both are read by the same rules.
async fn as_json(request: Request) -> Result<Request, Problem> {
    let (mut parts, body) = request.into_parts();
    let bytes = read_body(body).await?;
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(&bytes) {
        if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER)
        {
            return Err(Problem::new(Code::Malformed, "the form is not in UTF-8"));
        }
        let pointer = format!("/{}", name.chars().take(100).collect::<String>());
        if fields
            .insert(name.into_owned(), Value::String(value.into_owned()))
            .is_some()
        {
            let error = FieldError::new(pointer, "DUPLICATE_FIELD", "this field stands twice");
            return Err(Problem::invalid(vec![error]));
        }
    }
    let json = HeaderValue::from_static("application/json");
    parts.headers.insert(header::CONTENT_TYPE, json);
    Ok(Request::from_parts(
        parts,
        Value::Object(fields).to_string().into(),
    ))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        token: String,
        #[serde(default)]
        password: String,
    }

    async fn read(content_type: &str, body: &[u8]) -> Result<Sent<Fields>, Problem> {
        let request = Request::builder()
            .header(header::CONTENT_TYPE, content_type)
            .body(body.to_vec().into())
            .unwrap();
        Sent::from_request(request, &()).await
    }

    #[tokio::test]
    async fn a_form_and_json_say_the_same() {
        let form = read(
            "application/x-www-form-urlencoded; charset=UTF-8",
            b"token=a-b&password=p%C3%A9+%26",
        );
        let form = form.await.unwrap();
        let json = read(
            "application/json",
            r#"{"token":"a-b","password":"pé &"}"#.as_bytes(),
        );
        let json = json.await.unwrap();
        assert_eq!(form.fields, json.fields);
        assert!(form.by_form && !json.by_form);
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_form_is_said_as_of_json() {
        for (body, code) in [
            (&b"token=a&token=b"[..], Code::Invalid),
            (b"token=a&admin=true", Code::Invalid),
            (b"", Code::Invalid),
            (b"password=b", Code::Invalid),
            (b"token=%FF", Code::Malformed),
            (b"token=\xff\xfe", Code::Malformed),
        ] {
            let problem = read(FORM, body).await.unwrap_err();
            assert_eq!(problem.code, code, "{body:?}");
        }
        let huge = vec![b'a'; 1_000_001];
        assert_eq!(read(FORM, &huge).await.unwrap_err().code, Code::TooLarge);
        let other = read("text/plain", b"token=a").await.unwrap_err();
        assert_eq!(other.code, Code::UnsupportedMediaType);
    }
}
