//! Answers fit their schemas in the description, good ones and bad ones.

use babyshield_tests::{schema::Description, stack::Stack};
use serde_json::json;

use crate::records;

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h6_every_answer_about_recalls_fits_its_schema() {
    let stack = Stack::loaded().await;
    let description = Description::read();
    let recall = "/api/v1/recalls/{id}";
    let version = "/api/v1/recalls/{id}/versions/{version}";
    let mut faults = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (operation, path) in [
        ("/api/v1/recalls", "/api/v1/recalls?per_page=100"),
        (
            "/api/v1/recalls",
            "/api/v1/recalls?agency=us-fda&per_page=100",
        ),
        ("/api/v1/recalls", "/api/v1/recalls?per_page=0"),
        ("/api/v1/recalls", "/api/v1/recalls?cursor=x"),
        (recall, "/api/v1/recalls/us-cpsc:0"),
        (version, "/api/v1/recalls/us-cpsc:24901/versions/1"),
        (version, "/api/v1/recalls/us-cpsc:24901/versions/9"),
        ("/api/v1/agencies", "/api/v1/agencies"),
        ("/api/v1/agencies/{key}", "/api/v1/agencies/us-cpsc"),
        ("/api/v1/agencies/{key}", "/api/v1/agencies/us-nhtsa"),
        ("/api/v1/agencies/{key}", "/api/v1/agencies/nobody"),
        (
            "/api/v1/search/products",
            "/api/v1/search/products?per_page=100",
        ),
        ("/api/v1/search/products", "/api/v1/search/products?q=crib"),
        (
            "/api/v1/search/products",
            "/api/v1/search/products?per_page=x",
        ),
        (
            "/api/v1/search/products",
            "/api/v1/search/products?cursor=x",
        ),
        ("/health", "/health"),
        ("/ready", "/ready"),
        ("/api/v1/health", "/api/v1/health"),
    ] {
        let got = stack.get(path).await;
        seen.insert(("get", operation, got.status));
        faults.extend(description.faults(
            "get",
            operation,
            got.status,
            got.header("content-type"),
            &got.json(),
        ));
    }
    for record in records(stack).await {
        let body = json!({"success": true, "data": record, "message": "OK", "request_id": "r"});
        faults.extend(description.faults("get", recall, 200, "application/json", &body));
        seen.insert(("get", recall, 200));
    }
    for body in [
        json!({"code": "850099000012"}),
        json!({"code": "850099000111"}),
        json!({"code": "850099000111", "lot": "WR2399"}),
        json!({"code": "12345670"}),
        json!({"code": "https://id.gs1.org/01/00850099000388/10/FB2402"}),
        json!({"code": "036000291453"}),
        json!({"kode": 1}),
    ] {
        let got = stack.post("/api/v1/scan/barcode", &body).await;
        seen.insert(("post", "/api/v1/scan/barcode", got.status));
        faults.extend(description.faults(
            "post",
            "/api/v1/scan/barcode",
            got.status,
            got.header("content-type"),
            &got.json(),
        ));
    }
    faults.truncate(20);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // No operation is left out; those on accounts are gone through among the rows H.
    let of_auth = serde_json::to_value(babyshield_auth::openapi()).unwrap();
    for (path, item) in description.json()["paths"].as_object().unwrap() {
        if of_auth["paths"][path].is_object() {
            continue;
        }
        for method in item.as_object().unwrap().keys() {
            assert!(
                seen.iter()
                    .any(|(m, p, status)| m == method && p == path && *status == 200),
                "{method} {path} was not tried"
            );
        }
    }
}
