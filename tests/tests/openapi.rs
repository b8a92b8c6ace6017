//! The committed description equals what the code says, and is complete.

use std::fs;

use babyshield_tests::{openapi, template::root};

#[test]
fn the_committed_description_is_what_the_code_says() {
    let path = root().join("openapi.json");
    let code = openapi::json();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, code).unwrap();
        return;
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(
        committed == code,
        "openapi.json is not up to date: run UPDATE=1 cargo test -p babyshield-tests --test openapi"
    );
}

#[test]
fn no_two_functions_describe_the_same_path() {
    let mut paths: Vec<_> = openapi::by_function()
        .into_iter()
        .flat_map(|(_, part)| part.paths.paths.into_keys())
        .collect();
    let all = paths.len();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), all);
}

#[test]
fn every_operation_says_what_it_is_and_how_it_fails() {
    let whole: serde_json::Value = serde_json::from_str(&openapi::json()).unwrap();
    assert_eq!(whole["openapi"], "3.1.0");
    for (path, item) in whole["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            assert!(
                operation["operationId"].is_string(),
                "{name} has no operationId"
            );
            let succeeds = ["200", "201", "202"]
                .iter()
                .any(|status| operation["responses"][*status].is_object());
            assert!(succeeds, "{name} has no success");
            if path.contains('{') {
                assert!(
                    operation["responses"]["404"].is_object(),
                    "{name} has no 404"
                );
            }
            if method == "post" {
                assert!(
                    operation["responses"]["422"].is_object(),
                    "{name} has no 422"
                );
            }
        }
    }
}
