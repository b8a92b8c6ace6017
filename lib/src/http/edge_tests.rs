//! The edge around a small router, driven as a client would.

use axum::{body::Body, routing::get};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::{
    clock::{RandomIds, TestClock},
    http::{
        answer::Answer,
        extract::{Body as JsonBody, Param},
        params::NoParams,
        tag,
    },
};

static LAG: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    word: String,
    #[serde(default)]
    times: u8,
    #[serde(default)]
    more: Vec<More>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct More {
    #[serde(rename = "a/b")]
    a: u8,
}

fn app() -> Router {
    let router = Router::new()
        .route(
            "/api/v1/words",
            get(async || Answer::public(vec!["one"], 60)).post(
                async |JsonBody(words): JsonBody<Words>| {
                    let more: u8 = words.more.iter().map(|more| more.a).sum();
                    Answer::ok(words.word.repeat((words.times + more).into()))
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
        )
        .route(
            "/api/v1/never",
            get(async || std::future::pending::<Answer<()>>().await),
        )
        .route(
            "/api/v1/lag",
            get(async || {
                let lag = LAG.fetch_add(1, Ordering::Relaxed);
                Answer::public(lag, 60).tagged_by("the same")
            }),
        )
        .route(
            "/api/v1/file",
            get(async || {
                (
                    [
                        (header::ETAG, tag(b"x")),
                        (header::CONTENT_TYPE, HeaderValue::from_static("text/css")),
                    ],
                    "x",
                )
            }),
        )
        .route(
            "/api/v1/words/{id}",
            get(async |Param(id): Param<String>| Answer::ok(id)),
        )
        .route("/api/v1/none", get(async |_: NoParams| Answer::ok(1)))
        .route(
            "/api/v1/docs",
            get(async || ([(header::CONTENT_TYPE, "text/html")], "a page")),
        );
    Edge {
        environment: "test".into(),
        origins: vec![HeaderValue::from_static("https://app.example")],
        clock: TestClock::at(jiff::Timestamp::UNIX_EPOCH),
        ids: Arc::new(RandomIds),
        warm: Arc::default(),
        deadline: Duration::from_millis(200),
    }
    .around(router, None)
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
    assert!(tag.starts_with("W/\""), "{tag}");
    let known = format!("\"other\", {}", tag.trim_start_matches("W/"));
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
        (r#"["a", 1]"#, 422, Some(("/", "INVALID_VALUE"))),
        (r#""a""#, 422, Some(("/", "INVALID_VALUE"))),
        ("null", 422, Some(("/", "INVALID_VALUE"))),
        ("[1", 400, None),
        (r#"{"word": 5}"#, 422, Some(("/word", "INVALID_VALUE"))),
        (
            r#"{"word": "a", "more": [{"a/b": 1}, {"a/b": "x"}]}"#,
            422,
            Some(("/more/1/a~1b", "INVALID_VALUE")),
        ),
        (
            r#"{"word": "a", "more": [{"a/b": 1, "c~d": 2}]}"#,
            422,
            Some(("/more/0/c~0d", "UNKNOWN_FIELD")),
        ),
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
        let message = error["message"].as_str().unwrap_or_default();
        for rust in ["struct", "Words", "u8", "`", "invalid type", "line"] {
            assert!(!message.contains(rust), "{body}: {message}");
        }
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

#[tokio::test]
async fn a_long_field_name_is_cut_before_it_is_echoed() {
    let body = format!(r#"{{"{}": 1}}"#, "x".repeat(5_000));
    let got = send(
        Request::post("/api/v1/words").header("content-type", "application/json"),
        body,
    )
    .await;
    let field = got.json()["errors"][0]["field"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!((got.status, field.len()), (422, 101));
    assert!(got.body.len() < 1_000);
}

#[tokio::test]
async fn only_utf_8_that_is_not_encoded_is_taken() {
    for (media_type, encoding, status) in [
        ("application/json; charset=utf-8", "identity", 200),
        ("application/json; Charset=\"UTF-8\"", "", 200),
        ("application/json; charset=iso-8859-1", "", 415),
        ("application/json;charset=utf-16", "", 415),
        ("application/json", "gzip", 415),
        ("application/json", "identity, br", 415),
    ] {
        let request = Request::post("/api/v1/words")
            .header("content-type", media_type)
            .header("content-encoding", encoding);
        let got = send(request, r#"{"word": "a"}"#).await;
        assert_eq!(got.status, status, "{media_type} {encoding}");
    }
}

#[tokio::test]
async fn a_path_that_can_name_nothing_is_404_and_no_alias() {
    for path in [
        "/api/v1/words/%20",
        "/api/v1/words/a%20",
        "/api/v1/words/a%00",
        "/api/v1/words//",
        "/api/v1//words",
        "/api//v1/words",
        "//api/v1/words",
        "/api/words/%0A",
    ] {
        let got = get_path(path).await;
        assert_eq!(got.status, 404, "{path}");
        assert_eq!(got.header("link"), "", "{path}");
        assert_eq!(got.header("content-type"), "application/problem+json");
    }
    assert_eq!(get_path("/api/v1/words/a%20b").await.json()["data"], "a b");
}

#[tokio::test]
async fn nothing_takes_longer_than_the_deadline() {
    let got = get_path("/api/v1/never").await;
    assert_eq!(
        (got.status, got.json()["error_code"].as_str()),
        (503, Some("SERVICE_UNAVAILABLE"))
    );
    assert_eq!(got.header("retry-after"), "2");
}

#[tokio::test]
async fn what_changes_by_the_second_does_not_change_the_tag() {
    let (one, two) = (get_path("/api/v1/lag").await, get_path("/api/v1/lag").await);
    assert_ne!(one.json()["data"], two.json()["data"]);
    assert_eq!(one.header("etag"), two.header("etag"));
    assert!(!one.header("etag").is_empty());
}

#[tokio::test]
async fn files_with_a_tag_answer_304_too() {
    let got = get_path("/api/v1/file").await;
    let known = Request::get("/api/v1/file").header("if-none-match", got.header("etag"));
    let same = send(known, Body::empty()).await;
    assert_eq!((got.status, same.status, same.body.len()), (200, 304, 0));
    assert_eq!(same.header("etag"), got.header("etag"));
}

#[tokio::test]
async fn unknown_parameters_and_odd_envelopes_are_refused() {
    for (query, status) in [
        ("", 200),
        ("?envelope=none", 200),
        ("?envelope=%6eone", 200),
        ("?envelope=", 200),
        ("?envelope=all", 422),
        ("?colour=red", 422),
    ] {
        let got = get_path(&format!("/api/v1/none{query}")).await;
        assert_eq!(got.status, status, "{query}");
    }
    assert_eq!(get_path("/api/v1/none?envelope=%6eone").await.json(), 1);
    let post = Request::post("/api/v1/words?colour=red").header("content-type", "application/json");
    assert_eq!(send(post, r#"{"word": "a"}"#).await.status, 422);
}

#[tokio::test]
async fn pages_are_for_browsers_and_plain_bytes_for_everybody() {
    for path in ["/api/v1/docs", "/api/docs"] {
        let got = send(
            Request::get(path).header("accept", "text/html"),
            Body::empty(),
        )
        .await;
        assert_eq!(got.status, 200, "{path}");
    }
    for path in ["/api/v1/words", "/api/v1/long"] {
        for refusal in ["identity;q=0", "*;q=0", "identity;Q=0, zstd"] {
            let got = send(
                Request::get(path).header("accept-encoding", refusal),
                Body::empty(),
            )
            .await;
            assert_eq!(
                (got.status, got.header("content-encoding")),
                (200, ""),
                "{refusal}"
            );
            assert_eq!(got.json()["success"], true);
        }
    }
    let empty = send(
        Request::get("/api/v1/words").header("accept", ""),
        Body::empty(),
    )
    .await;
    assert_eq!(empty.status, 200);
}
