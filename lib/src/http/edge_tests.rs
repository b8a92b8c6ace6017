//! The edge around a small router, driven as a client would.

use axum::{body::Body, routing::get};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::{
    clock::{RandomIds, TestClock},
    http::{answer::Answer, extract::Body as JsonBody},
};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    word: String,
    #[serde(default)]
    times: u8,
}

fn app() -> Router {
    let router = Router::new()
        .route(
            "/api/v1/words",
            get(async || Answer::public(vec!["one"], 60)).post(
                async |JsonBody(words): JsonBody<Words>| {
                    Answer::ok(words.word.repeat(words.times.into()))
                },
            ),
        )
        .route(
            "/api/v1/long",
            get(async || Answer::ok("word ".repeat(1000))),
        )
        .route(
            "/api/v1/panic",
            get(async || -> Answer<()> { panic!("a bug") }),
        );
    Edge {
        environment: "test".into(),
        origins: vec![HeaderValue::from_static("https://app.example")],
        clock: TestClock::at(jiff::Timestamp::UNIX_EPOCH),
        ids: Arc::new(RandomIds),
        warm: Arc::default(),
    }
    .around(router)
}

struct Got {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(request: http::request::Builder, body: impl Into<Body>) -> Got {
    let response = app()
        .oneshot(request.body(body.into()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    Got {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

async fn get_path(path: &str) -> Got {
    send(Request::get(path), Body::empty()).await
}

#[tokio::test]
async fn an_answer_comes_in_an_envelope_with_every_header() {
    let got = send(
        Request::get("/api/v1/words").header("x-request-id", "abc-1"),
        Body::empty(),
    )
    .await;
    assert_eq!(got.status, 200);
    assert_eq!(
        got.json(),
        serde_json::json!({"success": true, "data": ["one"], "message": "OK", "request_id": "abc-1"})
    );
    assert_eq!(got.header("x-request-id"), "abc-1");
    assert_eq!(got.header("cache-control"), "public, max-age=60");
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    assert_eq!(got.header("x-frame-options"), "DENY");
    assert!(
        got.header("strict-transport-security")
            .starts_with("max-age=")
    );
    assert_eq!(got.header("server"), "");
}

#[tokio::test]
async fn the_envelope_can_be_left_off() {
    assert_eq!(
        get_path("/api/v1/words?envelope=none").await.json(),
        serde_json::json!(["one"])
    );
}

#[tokio::test]
async fn an_odd_request_id_is_replaced() {
    for odd in ["", "a b", "ü", &"x".repeat(129)] {
        let got = send(
            Request::get("/api/v1/words").header("x-request-id", odd.as_bytes()),
            Body::empty(),
        )
        .await;
        assert_eq!(got.header("x-request-id").len(), 36, "{odd}");
    }
}

#[tokio::test]
async fn a_tag_that_is_known_answers_304_whatever_the_request() {
    let tag = get_path("/api/v1/words").await.header("etag").to_owned();
    let known = format!("\"other\", W/{tag}");
    let got = send(
        Request::get("/api/v1/words").header("if-none-match", known),
        Body::empty(),
    )
    .await;
    assert_eq!((got.status, got.body.len()), (304, 0));
    assert_eq!(got.header("etag"), tag);
    assert_eq!(got.header("cache-control"), "public, max-age=60");
}

#[tokio::test]
async fn aliases_are_served_in_place() {
    let got = get_path("/api/words/").await;
    assert_eq!(got.status, 200);
    assert_eq!(got.header("link"), "</api/v1/words>; rel=\"canonical\"");
    assert_eq!(got.header("deprecation"), DEPRECATED_SINCE);
    let slash = get_path("/api/v1/words/").await;
    assert_eq!((slash.status, slash.header("deprecation")), (200, ""));
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let got = get_path("/api/v1/nothing").await;
    assert_eq!(got.header("content-type"), "application/problem+json");
    let body = got.json();
    assert_eq!(body["type"], "/problems/not-found");
    assert_eq!((got.status, body["status"].as_u64()), (404, Some(404)));
    assert_eq!(body["request_id"], got.header("x-request-id"));
    assert_eq!(body["instance"], "/api/v1/nothing");
    assert_eq!(body["success"], false);
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let got = send(Request::delete("/api/v1/words"), Body::empty()).await;
    assert_eq!(got.status, 405);
    assert_eq!(got.json()["error_code"], "METHOD_NOT_ALLOWED");
    let allow = got.header("allow");
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
}

#[tokio::test]
async fn a_panic_is_one_failed_request_that_tells_nothing() {
    let got = get_path("/api/v1/panic").await;
    assert_eq!(
        (got.status, got.json()["error_code"].as_str()),
        (500, Some("INTERNAL_ERROR"))
    );
    assert!(!String::from_utf8(got.body).unwrap().contains("bug"));
}

#[tokio::test]
async fn long_text_is_compressed_and_short_text_is_not() {
    let long = send(
        Request::get("/api/v1/long").header("accept-encoding", "br"),
        Body::empty(),
    )
    .await;
    assert_eq!(long.header("content-encoding"), "br");
    assert!(long.body.len() < 1000);
    let short = send(
        Request::get("/api/v1/words").header("accept-encoding", "gzip"),
        Body::empty(),
    )
    .await;
    assert_eq!(short.header("content-encoding"), "");
}

#[tokio::test]
async fn only_listed_origins_are_answered() {
    let cases = [
        ("https://app.example", true),
        ("https://app.example.evil.example", false),
        ("https://evilapp.example", false),
        ("http://app.example", false),
        ("https://app.example:8443", false),
        ("null", false),
        ("*", false),
    ];
    for (origin, allowed) in cases {
        let got = send(
            Request::get("/api/v1/words").header("origin", origin),
            Body::empty(),
        )
        .await;
        let expected = if allowed { origin } else { "" };
        assert_eq!(
            got.header("access-control-allow-origin"),
            expected,
            "{origin}"
        );
        assert!(got.header("vary").to_lowercase().contains("origin"));
    }
    let preflight = Request::options("/api/v1/words")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST");
    let got = send(preflight, Body::empty()).await;
    assert_eq!(
        (got.status, got.header("access-control-allow-credentials")),
        (200, "true")
    );
}

#[test]
fn a_wildcard_origin_stops_the_function() {
    for odd in [
        "*",
        "null",
        "https://app.example/",
        "app.example",
        "https://a.example/path",
        "ftp://a.example",
    ] {
        assert!(exact_origin(odd).is_err(), "{odd}");
    }
    assert!(exact_origin("http://localhost:5173").is_ok());
}

#[tokio::test]
async fn only_json_is_taken_and_offered() {
    let got = send(
        Request::post("/api/v1/words").header("content-type", "text/plain"),
        "{}",
    )
    .await;
    assert_eq!(
        (got.status, got.json()["error_code"].as_str()),
        (415, Some("UNSUPPORTED_MEDIA_TYPE"))
    );
    for (accept, status) in [
        ("text/html", 406),
        ("application/xml, text/*;q=0.5", 406),
        ("application/json;q=0", 406),
        ("text/html, */*;q=0.1", 200),
        ("application/problem+json", 200),
    ] {
        let got = send(
            Request::get("/api/v1/words").header("accept", accept),
            Body::empty(),
        )
        .await;
        assert_eq!(got.status, status, "{accept}");
    }
}

#[tokio::test]
async fn a_body_of_the_wrong_shape_names_the_first_fault() {
    let cases = [
        (r#"{"word": "a""#, 400, None),
        ("", 400, None),
        (r#"{"word": "a"} {}"#, 400, None),
        (
            r#"{"word": "a", "admin": true}"#,
            422,
            Some(("/admin", "UNKNOWN_FIELD")),
        ),
        (r#"{"times": 2}"#, 422, Some(("/word", "MISSING_FIELD"))),
        (
            r#"{"word": "a", "word": "b"}"#,
            422,
            Some(("/word", "DUPLICATE_FIELD")),
        ),
        (
            r#"{"word": "a", "times": 256}"#,
            422,
            Some(("/times", "INVALID_VALUE")),
        ),
        ("[]", 422, Some(("/", "INVALID_VALUE"))),
    ];
    for (body, status, fault) in cases {
        let got = send(
            Request::post("/api/v1/words").header("content-type", "application/json"),
            body,
        )
        .await;
        assert_eq!(got.status, status, "{body}");
        let answer = got.json();
        let error = &answer["errors"][0];
        if let Some((field, code)) = fault {
            assert_eq!(
                (error["field"].as_str(), error["code"].as_str()),
                (Some(field), Some(code)),
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn a_huge_or_deep_body_is_refused() {
    let huge = format!(r#"{{"word": "{}"}}"#, "x".repeat(1_000_001));
    let got = send(
        Request::post("/api/v1/words").header("content-type", "application/json"),
        huge,
    )
    .await;
    assert_eq!(
        (got.status, got.json()["error_code"].as_str()),
        (413, Some("PAYLOAD_TOO_LARGE"))
    );
    let deep = format!(r#"{{"word": {}"#, "[".repeat(100_000));
    let got = send(
        Request::post("/api/v1/words").header("content-type", "application/json"),
        deep,
    )
    .await;
    assert!(matches!(got.status, 400 | 422), "{}", got.status);
}

#[tokio::test]
async fn what_an_answer_varies_by_stands_in_one_line() {
    // A gateway keeps one of several fields of the same name: a cache would mix up the rest.
    let request = Request::get("/api/v1/long")
        .header("accept-encoding", "gzip")
        .header("origin", "https://app.example");
    let got = send(request, Body::empty()).await;
    let lines: Vec<_> = got.headers.get_all("vary").iter().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let varies = got.header("vary").to_lowercase();
    assert!(varies.contains("origin") && varies.contains("accept-encoding"));
    assert_eq!(varies.matches("origin").count(), 1, "{varies}");
}
