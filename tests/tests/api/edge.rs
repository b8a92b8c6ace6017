//! What every route has in common: identifiers, aliases, errors, headers, caching, compression, CORS.

use std::io::Read;

use babyshield_tests::stack::{Got, Stack};
use serde_json::{Value, json};

const ROUTES: [&str; 8] = [
    "/api/v1/recalls?per_page=2",
    "/api/v1/recalls/us-cpsc:24901",
    "/api/v1/agencies",
    "/api/v1/agencies/us-cpsc",
    "/api/v1/search/products?q=crib",
    "/health",
    "/ready",
    "/api/v1/health",
];

async fn with(stack: &Stack, path: &str, headers: &[(&str, &str)]) -> Got {
    let mut request = stack.client().get(stack.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    stack.send(request).await
}

async fn method(stack: &Stack, method: &str, path: &str) -> Got {
    let method = method.parse().unwrap();
    stack
        .send(stack.client().request(method, stack.url(path)))
        .await
}

fn assert_problem(got: &Got, status: u16, code: &str, instance: &str) {
    assert_eq!(got.status, status, "{}", String::from_utf8_lossy(&got.body));
    assert_eq!(got.header("content-type"), "application/problem+json");
    assert_eq!(got.header("cache-control"), "no-store");
    let body = got.json();
    let members: Vec<_> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut wanted = [
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "error_code",
        "timestamp",
        "request_id",
        "errors",
        "success",
        "data",
        "message",
    ];
    wanted.sort_unstable();
    let mut members = members;
    members.sort_unstable();
    assert_eq!(members, wanted);
    assert_eq!(body["status"], status);
    assert_eq!(body["error_code"], code);
    assert_eq!(body["instance"], instance);
    assert_eq!(body["success"], false);
    assert_eq!(body["data"], Value::Null);
    assert_eq!(body["message"], body["detail"]);
    assert_eq!(body["request_id"], got.header("x-request-id"));
    assert!(body["type"].as_str().unwrap().starts_with("/problems/"));
    assert!(
        !body["title"].as_str().unwrap().is_empty() && !body["detail"].as_str().unwrap().is_empty()
    );
    let at: jiff::Timestamp = body["timestamp"].as_str().unwrap().parse().unwrap();
    assert!(at.as_second() > 1_700_000_000);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn every_answer_bears_the_headers_that_protect_browsers() {
    let stack = Stack::loaded().await;
    for path in ROUTES.into_iter().chain([
        "/docs",
        "/openapi.json",
        "/nowhere",
        "/api/v1/recalls/us-cpsc:0",
    ]) {
        let got = stack.get(path).await;
        assert_eq!(got.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(got.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(
            got.header("referrer-policy"),
            "strict-origin-when-cross-origin",
            "{path}"
        );
        assert!(
            got.header("strict-transport-security")
                .contains("max-age=31536000"),
            "{path}"
        );
        assert_eq!(got.header("server"), "", "{path} names its server");
        assert_eq!(got.header("x-powered-by"), "", "{path}");
        assert!(!got.header("x-request-id").is_empty(), "{path}");
        assert!(
            !got.header("cache-control").is_empty(),
            "{path} says nothing about caching"
        );
        let html = got.header("content-type").starts_with("text/html");
        assert_eq!(
            html,
            !got.header("content-security-policy").is_empty(),
            "{path}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_request_id_is_echoed_when_well_formed_and_replaced_otherwise() {
    let stack = Stack::loaded().await;
    for path in ROUTES.into_iter().chain(["/nowhere"]) {
        let got = with(stack, path, &[("x-request-id", "abc.DEF_123-x")]).await;
        assert_eq!(got.header("x-request-id"), "abc.DEF_123-x", "{path}");
        assert_eq!(got.json()["request_id"], "abc.DEF_123-x", "{path}");
    }
    let long = "x".repeat(129);
    for odd in ["a b", "x;y", "<script>", "\"", &long, "a/b"] {
        let got = with(stack, "/health", &[("x-request-id", odd)]).await;
        let made = got.header("x-request-id");
        assert_ne!(made, odd);
        assert_eq!(
            made.parse::<uuid::Uuid>().unwrap().get_version_num(),
            7,
            "{odd}"
        );
        assert_eq!(got.json()["request_id"], made);
    }
    let (one, two) = (stack.get("/health").await, stack.get("/health").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn the_envelope_can_be_left_off() {
    let stack = Stack::loaded().await;
    for path in [
        "/api/v1/recalls/us-cpsc:24901",
        "/api/v1/agencies",
        "/api/v1/recalls?per_page=3",
    ] {
        let joiner = if path.contains('?') { '&' } else { '?' };
        let (whole, bare) = (
            stack.get(path).await,
            stack.get(&format!("{path}{joiner}envelope=none")).await,
        );
        assert_eq!(whole.json()["success"], true);
        assert_eq!(whole.json()["message"], "OK");
        if path.contains("agencies") {
            // The lag grows while one looks.
            assert_eq!(bare.json()["total"], whole.data()["total"]);
        } else {
            assert_eq!(bare.json(), whole.data(), "{path}");
            assert_eq!(
                bare.header("etag"),
                whole.header("etag"),
                "a tag is over the data alone"
            );
        }
    }
    let bare = stack.get("/api/v1/recalls/us-cpsc:0?envelope=none").await;
    assert_problem(&bare, 404, "NOT_FOUND", "/api/v1/recalls/us-cpsc:0");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn what_has_not_changed_is_304() {
    let stack = Stack::loaded().await;
    for path in [
        "/api/v1/recalls/us-cpsc:24901",
        "/api/v1/recalls?per_page=2",
        "/api/v1/recalls/us-cpsc:24901/versions/1",
        "/api/v1/search/products?q=crib",
        "/api/v1/agencies",
        "/api/v1/agencies/us-cpsc",
        "/openapi.json",
        "/docs",
    ] {
        let got = stack.get(path).await;
        let tag = got.header("etag").to_owned();
        assert!(
            tag.starts_with("W/\"") && tag.ends_with('"'),
            "{path}: {tag:?}"
        );
        assert_eq!(stack.get(path).await.header("etag"), tag, "{path}");
        let strong = tag.trim_start_matches("W/").to_owned();
        let among = format!("\"other\", {tag}");
        for known in [tag.as_str(), &strong, &among, "*"] {
            let same = with(stack, path, &[("if-none-match", known)]).await;
            assert_eq!(same.status, 304, "{path} {known}");
            assert!(same.body.is_empty(), "{path}");
            assert_eq!(same.header("etag"), tag);
            assert!(
                same.header("cache-control").starts_with("public, max-age="),
                "{path}"
            );
        }
        let other = with(stack, path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(other.status, 200);
        // Compressed or not, the tag is over the data.
        let packed = with(
            stack,
            path,
            &[("if-none-match", tag.as_str()), ("accept-encoding", "gzip")],
        )
        .await;
        assert_eq!(packed.status, 304, "{path}");
    }
    for path in ["/health", "/ready", "/api/v1/health"] {
        let got = stack.get(path).await;
        assert_eq!(got.header("cache-control"), "no-store", "{path}");
        assert_eq!(got.header("etag"), "");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn head_is_get_without_the_body() {
    let stack = Stack::loaded().await;
    for path in ROUTES
        .into_iter()
        .chain(["/docs", "/openapi.json", "/nowhere"])
    {
        let (get, head) = (stack.get(path).await, method(stack, "HEAD", path).await);
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
        for name in ["content-type", "cache-control", "x-frame-options"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn aliases_answer_in_place_and_name_the_canonical_path() {
    let stack = Stack::loaded().await;
    for (alias, canonical) in [
        ("/api/recalls?per_page=2", "/api/v1/recalls"),
        (
            "/api/recalls/us-cpsc:24901",
            "/api/v1/recalls/us-cpsc:24901",
        ),
        (
            "/api/recalls/us-cpsc:24901/versions/1",
            "/api/v1/recalls/us-cpsc:24901/versions/1",
        ),
        ("/api/agencies/us-cpsc", "/api/v1/agencies/us-cpsc"),
        ("/api/search/products?q=crib", "/api/v1/search/products"),
        ("/api/health", "/api/v1/health"),
        ("/api/recalls/", "/api/v1/recalls"),
        ("/api/agencies/", "/api/v1/agencies"),
    ] {
        let got = stack.get(alias).await;
        assert_eq!(got.status, 200, "{alias}");
        assert_eq!(got.header("deprecation"), "@1767225600", "{alias}");
        assert_eq!(
            got.header("link"),
            format!("<{canonical}>; rel=\"canonical\""),
            "{alias}"
        );
        assert_eq!(got.header("location"), "", "{alias} is no redirect");
    }
    let posted = stack
        .post("/api/scan/barcode", &json!({"code": "850099000012"}))
        .await;
    assert_eq!(posted.status, 200);
    assert_eq!(
        posted.header("link"),
        "</api/v1/scan/barcode>; rel=\"canonical\""
    );
    for (slash, without) in [
        ("/api/v1/recalls/", "/api/v1/recalls"),
        (
            "/api/v1/recalls/us-cpsc:24901/",
            "/api/v1/recalls/us-cpsc:24901",
        ),
        ("/api/v1/agencies/us-cpsc/", "/api/v1/agencies/us-cpsc"),
        ("/health/", "/health"),
    ] {
        let (with, bare) = (stack.get(slash).await, stack.get(without).await);
        assert_eq!(with.status, 200, "{slash}");
        assert_eq!(
            with.header("deprecation"),
            "",
            "a trailing slash is no alias"
        );
        assert_eq!(
            with.header("etag").is_empty(),
            bare.header("etag").is_empty()
        );
    }
    let lost = stack.get("/api/recalls/us-cpsc:0").await;
    assert_problem(&lost, 404, "NOT_FOUND", "/api/v1/recalls/us-cpsc:0");
    assert_eq!(lost.header("deprecation"), "@1767225600");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn every_unknown_path_is_a_problem() {
    let stack = Stack::loaded().await;
    for path in [
        "/",
        "/nowhere",
        "/api",
        "/api/v1",
        "/api/v1/nowhere",
        "/api/v1/recalls/us-cpsc:24901/nowhere",
        "/api/v1/recalls/us-cpsc:24901/versions",
        "/api/v1/search",
        "/api/v1/scan",
        "/api/v1/agencies/us-cpsc/x",
        "/docs/nowhere.js",
        "/.env",
        "/api/v1/products/trending",
    ] {
        assert_problem(&stack.get(path).await, 404, "NOT_FOUND", path);
    }
    for path in [
        "/api/v1/recalls/nobody",
        "/api/v1/recalls/xx-none:1",
        "/api/v1/recalls/us-cpsc:",
        "/api/v1/recalls/us-cpsc:0",
        "/api/v1/agencies/nobody",
    ] {
        assert_problem(&stack.get(path).await, 404, "NOT_FOUND", path);
    }
    for version in ["0", "01", "99", "x", "-1", "4294967296", "1.0"] {
        let path = format!("/api/v1/recalls/us-cpsc:24901/versions/{version}");
        assert_problem(&stack.get(&path).await, 404, "NOT_FOUND", &path);
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_wrong_method_names_the_right_ones() {
    let stack = Stack::loaded().await;
    for (path, allowed) in [
        ("/api/v1/recalls", "GET,HEAD"),
        ("/api/v1/recalls/us-cpsc:24901", "GET,HEAD"),
        ("/api/v1/agencies", "GET,HEAD"),
        ("/api/v1/search/products", "GET,HEAD"),
        ("/health", "GET,HEAD"),
        ("/docs", "GET,HEAD"),
    ] {
        for wrong in ["POST", "PUT", "PATCH", "DELETE"] {
            let got = method(stack, wrong, path).await;
            assert_problem(&got, 405, "METHOD_NOT_ALLOWED", path);
            assert_eq!(got.header("allow"), allowed, "{wrong} {path}");
        }
    }
    let got = stack.get("/api/v1/scan/barcode").await;
    assert_problem(&got, 405, "METHOD_NOT_ALLOWED", "/api/v1/scan/barcode");
    assert_eq!(got.header("allow"), "POST");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn clients_that_want_no_json_are_told_so() {
    let stack = Stack::loaded().await;
    for accept in ["text/html", "image/png, text/*", "application/json;q=0"] {
        let got = with(stack, "/api/v1/recalls", &[("accept", accept)]).await;
        assert_problem(&got, 406, "NOT_ACCEPTABLE", "/api/v1/recalls");
    }
    for accept in [
        "*/*",
        "application/*",
        "text/html, application/json;q=0.1",
        "application/problem+json",
    ] {
        assert_eq!(
            with(stack, "/api/v1/recalls", &[("accept", accept)])
                .await
                .status,
            200,
            "{accept}"
        );
    }
}

async fn post(stack: &Stack, media_type: Option<&str>, body: impl Into<reqwest::Body>) -> Got {
    let mut request = stack
        .client()
        .post(stack.url("/api/v1/scan/barcode"))
        .body(body);
    if let Some(media_type) = media_type {
        request = request.header("content-type", media_type);
    }
    stack.send(request).await
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn bodies_of_another_type_too_large_or_broken_are_refused() {
    let stack = Stack::loaded().await;
    let path = "/api/v1/scan/barcode";
    let good = r#"{"code":"850099000012"}"#;
    for media_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonx"),
        Some("multipart/form-data; boundary=x"),
    ] {
        let got = post(stack, media_type, good).await;
        assert_problem(&got, 415, "UNSUPPORTED_MEDIA_TYPE", path);
    }
    for media_type in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.babyshield+json",
    ] {
        assert_eq!(
            post(stack, Some(media_type), good).await.status,
            200,
            "{media_type}"
        );
    }
    let large = format!(r#"{{"code":"{}"}}"#, "1".repeat(1_000_000));
    assert_problem(
        &post(stack, Some("application/json"), large).await,
        413,
        "PAYLOAD_TOO_LARGE",
        path,
    );
    for broken in [
        "",
        "{",
        "nul",
        r#"{"code": "1"} x"#,
        "\u{feff}{}",
        r#"{"code": "\ud800"}"#,
    ] {
        assert_problem(
            &post(stack, Some("application/json"), broken).await,
            400,
            "MALFORMED_REQUEST",
            path,
        );
    }
    // Gateways may put U+FFFD in the place of what is no UTF-8; then it is a code with an odd character.
    let not_text = post(
        stack,
        Some("application/json"),
        b"{\"code\": \"\xff\xfe\"}".to_vec(),
    )
    .await;
    assert!([400, 422].contains(&not_text.status), "{}", not_text.status);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let got = post(stack, Some("application/json"), deep).await;
    assert!([400, 422].contains(&got.status), "{}", got.status);
    for (wrong, field, code) in [
        ("{}", "/code", "MISSING_FIELD"),
        (
            r#"{"code": "850099000012", "safe": true}"#,
            "/safe",
            "UNKNOWN_FIELD",
        ),
        (
            r#"{"code": "850099000012", "code": "850099000029"}"#,
            "/code",
            "DUPLICATE_FIELD",
        ),
        (r#"{"code": 850099000012}"#, "/code", "INVALID_VALUE"),
        (r#"{"code": null}"#, "/code", "INVALID_VALUE"),
        ("[]", "", ""),
        (r#""850099000012""#, "", ""),
    ] {
        let got = post(stack, Some("application/json"), wrong).await;
        assert_problem(&got, 422, "VALIDATION_ERROR", path);
        let body = got.json();
        if !field.is_empty() {
            assert_eq!(body["errors"][0]["field"], field, "{wrong}");
            assert_eq!(body["errors"][0]["code"], code, "{wrong}");
        }
        assert!(!body["errors"][0]["message"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn long_texts_are_compressed_and_short_ones_are_not() {
    let stack = Stack::loaded().await;
    let path = "/api/v1/recalls/us-cpsc:24901";
    let plain = with(stack, path, &[("x-request-id", "same")]).await;
    assert_eq!(plain.header("content-encoding"), "");
    for (accepted, used) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, br", "br"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("identity", ""),
        ("zstd, deflate", ""),
    ] {
        let got = with(
            stack,
            path,
            &[("accept-encoding", accepted), ("x-request-id", "same")],
        )
        .await;
        assert_eq!(got.header("content-encoding"), used, "{accepted}");
        assert!(
            got.header("vary")
                .to_lowercase()
                .contains("accept-encoding"),
            "{accepted}"
        );
        let mut body = Vec::new();
        match used {
            "gzip" => drop(
                flate2::read::GzDecoder::new(&got.body[..])
                    .read_to_end(&mut body)
                    .unwrap(),
            ),
            "br" => {
                // This client asks for brotli alone and unpacks it.
                let unpacking = reqwest::Client::builder()
                    .no_proxy()
                    .no_gzip()
                    .build()
                    .unwrap();
                let request = unpacking
                    .get(stack.url(path))
                    .header("x-request-id", "same");
                body = request
                    .send()
                    .await
                    .unwrap()
                    .bytes()
                    .await
                    .unwrap()
                    .to_vec();
            }
            _ => body.clone_from(&got.body),
        }
        assert_eq!(body, plain.body, "{accepted}");
        if !used.is_empty() {
            assert!(
                got.body.len() < plain.body.len() / 2 + 400,
                "{accepted}: {} of {}",
                got.body.len(),
                plain.body.len()
            );
        }
    }
    let short = with(stack, "/health", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(short.header("content-encoding"), "");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn only_listed_origins_may_read_from_a_browser() {
    let stack = Stack::loaded().await;
    let ours = "http://localhost:3000";
    for path in ["/api/v1/recalls", "/api/v1/recalls/us-cpsc:0", "/health"] {
        let got = with(stack, path, &[("origin", ours)]).await;
        assert_eq!(got.header("access-control-allow-origin"), ours, "{path}");
        assert_eq!(got.header("access-control-allow-credentials"), "true");
        assert!(
            got.header("vary").to_lowercase().contains("origin"),
            "{path}"
        );
        assert!(
            got.header("access-control-expose-headers")
                .contains("x-request-id")
        );
        for foreign in [
            "https://evil.example",
            "null",
            "http://localhost:3001",
            "https://localhost:3000",
            "http://localhost:3000.evil.example",
            "http://LOCALHOST:3000",
        ] {
            let got = with(stack, path, &[("origin", foreign)]).await;
            assert_eq!(
                got.header("access-control-allow-origin"),
                "",
                "{path} {foreign}"
            );
        }
        assert_eq!(
            stack.get(path).await.header("access-control-allow-origin"),
            ""
        );
    }
    let preflight = async |origin: &str, method: &str| {
        let request = stack.client().request(
            "OPTIONS".parse().unwrap(),
            stack.url("/api/v1/scan/barcode"),
        );
        stack
            .send(
                request
                    .header("origin", origin)
                    .header("access-control-request-method", method)
                    .header(
                        "access-control-request-headers",
                        "content-type,x-request-id",
                    ),
            )
            .await
    };
    let got = preflight(ours, "POST").await;
    assert_eq!(got.status, 200);
    assert_eq!(got.header("access-control-allow-origin"), ours);
    assert!(got.header("access-control-allow-methods").contains("POST"));
    assert!(
        got.header("access-control-allow-headers")
            .contains("content-type")
    );
    assert!(got.header("access-control-max-age").parse::<u32>().unwrap() >= 60);
    assert!(got.body.is_empty());
    assert_eq!(
        preflight("https://evil.example", "POST")
            .await
            .header("access-control-allow-origin"),
        ""
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn the_base_url_is_plain_by_either_name() {
    let stack = Stack::loaded().await;
    let port = stack.api.rsplit(':').next().unwrap();
    for host in ["127.0.0.1", "localhost"] {
        let got = stack
            .send(stack.client().get(format!("http://{host}:{port}/health")))
            .await;
        assert_eq!(got.data()["status"], "ok", "{host}");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn odd_requests_are_answered_and_break_nothing() {
    let stack = Stack::loaded().await;
    let long = "a".repeat(1_500);
    for (path, status) in [
        ("/api/v1/recalls?q=%00", 200),
        ("/api/v1/recalls?q=%FF%FE", 200),
        ("/api/v1/recalls?brand=%27%20OR%201%3D1", 200),
        ("/api/v1/search/products?q=title:%22x%22%20AND%20(", 200),
        ("/api/v1/search/products?q=*", 200),
        ("/api/v1/recalls?&&&=&", 422),
        ("/api/v1/recalls/..%2F..%2Fetc%2Fpasswd", 404),
        ("/api/v1/recalls/%F0%9F%8D%BC", 404),
    ] {
        let got = stack.get(path).await;
        assert_eq!(
            got.status,
            status,
            "{path}: {}",
            String::from_utf8_lossy(&got.body)
        );
    }
    assert_eq!(
        stack.get(&format!("/api/v1/recalls?q={long}")).await.status,
        422
    );
    assert_eq!(
        stack
            .get(&format!("/api/v1/recalls?brand={long}"))
            .await
            .status,
        422
    );
    let many = (0..60).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(
        stack
            .get(&format!("/api/v1/recalls?identifier={many}"))
            .await
            .status,
        422
    );
    assert_eq!(stack.get("/health").await.status, 200);
}
