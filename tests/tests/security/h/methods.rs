//! H2: media types, answers and methods that a route does not have.

use std::collections::{BTreeMap, BTreeSet};

use babyshield_tests::sandbox::Sandbox;

use super::{All, Operation};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"];

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h2_every_other_method_on_every_route_is_405_and_names_the_right_ones() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let mut routes: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in &all.operations {
        routes.entry(&operation.path).or_default().push(operation);
    }
    let mut wrong = Vec::new();
    for (path, operations) in routes {
        let mut right: BTreeSet<&str> = operations.iter().map(|one| one.method.as_str()).collect();
        if right.contains("GET") {
            right.insert("HEAD");
        }
        for method in METHODS.into_iter().filter(|method| !right.contains(method)) {
            let ask = all
                .ask(operations[0], method, &operations[0].plain_path())
                .await;
            let answered = ask.send(all.router(operations[0])).await;
            let allowed: BTreeSet<&str> =
                answered.header("allow").split(',').map(str::trim).collect();
            if answered.status != 405 || allowed != right {
                wrong.push(format!("{method} {path}: {} {allowed:?}", answered.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h2_every_body_of_another_type_is_415() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let mut wrong = Vec::new();
    let mut asked = 0;
    for operation in all
        .operations
        .iter()
        .filter(|operation| operation.takes_json())
    {
        for media_type in [
            "",
            "text/plain",
            "text/json",
            "application/xml",
            "application/jsonx",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "*/*",
            "é",
        ] {
            let ask = all
                .ask(operation, &operation.method, &operation.plain_path())
                .await;
            let ask = if media_type.is_empty() {
                ask
            } else {
                ask.header("content-type", media_type)
            };
            let answered = ask.body("{}").send(all.router(operation)).await;
            asked += 1;
            if (answered.status, answered.code().as_str()) != (415, "UNSUPPORTED_MEDIA_TYPE") {
                wrong.push(format!(
                    "{}: {media_type}: {}",
                    operation.name(),
                    answered.status
                ));
            }
        }
    }
    assert!(asked >= 90, "only {asked} bodies");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h2_a_client_that_takes_no_json_is_told_so_everywhere() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let mut wrong = Vec::new();
    for operation in &all.operations {
        let success = &operation.described["responses"]["200"]["content"];
        if !operation.path.starts_with("/api/") || !success["application/json"].is_object() {
            continue;
        }
        for accept in ["image/png", "text/csv, application/json;q=0"] {
            let ask = all
                .ask(operation, &operation.method, &operation.plain_path())
                .await;
            let answered = ask
                .header("accept", accept)
                .send(all.router(operation))
                .await;
            if (answered.status, answered.code().as_str()) != (406, "NOT_ACCEPTABLE") {
                wrong.push(format!(
                    "{}: {accept}: {}",
                    operation.name(),
                    answered.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
