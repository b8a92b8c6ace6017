//! Health, the description, and the pages that show it.

use std::collections::BTreeSet;

use babyshield_tests::{stack::Stack, template::root};
use serde_json::{Value, json};

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn health_and_readiness_name_every_dependency() {
    let stack = Stack::loaded().await;
    let health = stack.data("/health").await;
    assert_eq!(health["status"], "ok");
    let ready = stack.data("/ready").await;
    assert_eq!(ready["status"], "ready");
    let dependencies: BTreeSet<_> = ready["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        dependencies,
        [
            "table recalls",
            "table products",
            "bucket",
            "search index",
            "queue sync",
            "queue index",
            "secret"
        ]
        .into()
    );
    assert!(
        ready["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["up"] == true)
    );
    for path in ["/api/health", "/api/v1/health"] {
        let detail = stack.data(path).await;
        assert_eq!(detail["status"], "ok", "{detail}");
        assert_eq!(detail["environment"], "test");
        assert_eq!(
            (&detail["feeds"]["enabled"], &detail["feeds"]["live"]),
            (&json!(3), &json!(3))
        );
        assert_eq!(
            (&detail["feeds"]["quarantined"], &detail["feeds"]["failing"]),
            (&json!(0), &json!(0))
        );
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn the_served_description_is_the_committed_one() {
    let stack = Stack::loaded().await;
    let committed = std::fs::read(root().join("openapi.json")).unwrap();
    for path in ["/openapi.json", "/api/v1/openapi.json"] {
        let got = stack.get(path).await;
        assert_eq!(got.status, 200);
        assert_eq!(got.header("content-type"), "application/json");
        assert!(got.body == committed, "{path} is not the committed file");
    }
}

/// Returns what a page or a style sheet refers to.
fn references(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["src=\"", "href=\"", "url(", "@import \""] {
        for rest in text.split(start).skip(1) {
            let end = rest.find(['"', ')', '\'']).unwrap_or(rest.len());
            found.push(rest[..end].trim_matches(['"', '\'']).to_owned());
        }
    }
    found.retain(|reference| {
        !reference.is_empty() && !reference.starts_with('#') && !reference.starts_with("data:")
    });
    found
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn the_documentation_loads_from_here_alone() {
    let stack = Stack::loaded().await;
    for page in [
        "/docs",
        "/redoc",
        "/api-docs",
        "/api/v1/docs",
        "/api/v1/redoc",
        "/docs/",
        "/redoc/",
    ] {
        let got = stack.get(page).await;
        assert_eq!(got.status, 200, "{page}");
        assert!(
            got.header("content-type").starts_with("text/html"),
            "{page}"
        );
        let policy = got.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("script-src 'self'"),
            "{policy}"
        );
        let html = String::from_utf8(got.body.clone()).unwrap();
        // script-src 'self' takes no script between the tags.
        for script in html.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(
                tag.contains("src=") && rest.trim_start().starts_with("</script>"),
                "{page} has a script of its own"
            );
        }
        let mut scripts = 0;
        for reference in references(&html) {
            assert!(
                !reference.starts_with("http") && !reference.starts_with("//"),
                "{page} loads {reference}"
            );
            let path = if reference.starts_with('/') {
                reference.clone()
            } else {
                format!("/docs/{}", reference.trim_start_matches("./"))
            };
            let asset = stack.get(&path).await;
            assert_eq!(asset.status, 200, "{page} refers to {path}");
            let media_type = asset.header("content-type").to_owned();
            let text = String::from_utf8_lossy(&asset.body);
            if reference.ends_with(".js") {
                scripts += 1;
                assert!(media_type.contains("javascript"), "{path} is {media_type}");
            }
            if reference.ends_with(".css") {
                assert!(media_type.starts_with("text/css"), "{path} is {media_type}");
                for inner in references(&text) {
                    assert!(
                        !inner.starts_with("http") && !inner.starts_with("//"),
                        "{path} loads {inner}"
                    );
                }
            }
            if path.ends_with("swagger-initializer.js") {
                assert!(text.contains("/openapi.json"), "{text}");
                assert!(
                    !text.contains("https://"),
                    "the page must not ask elsewhere: {text}"
                );
            }
        }
        assert!(scripts >= 2, "{page} has {scripts} scripts");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_generated_client_finds_the_base_url_in_the_description() {
    let stack = Stack::loaded().await;
    let document: Value = stack.get("/openapi.json").await.json();
    assert_eq!(document["servers"], json!([{"url": "/"}]));
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(path.starts_with('/'));
    }
}
