//! API keys at the door: whose they are, what for, and until when.

use axum::Router;
use babyshield::{
    clock::Clock,
    domain::account::{ApiKeyId, Role},
    stores::api_keys::{ApiKey, KeyText},
};
use babyshield_tests::{
    functions::{Ask, router},
    people::People,
    sandbox::{Item, Sandbox},
};
use serde_json::json;
use uuid::Uuid;

use super::function;

/// What keys with the scope `read` are for.
const READ: &str = "/api/v1/agencies";

/// Changes what the table says of a key.
async fn change(sandbox: &Sandbox, text: &str, change: impl FnOnce(&mut ApiKey)) {
    let id = text.parse::<KeyText>().unwrap().id;
    let items = sandbox.scan(&sandbox.accounts).await;
    let item = |item: &Item| item["pk"].as_s().unwrap() == &format!("APIKEY#{id}");
    let mut item = items.into_iter().find(item).unwrap();
    let mut key: ApiKey = serde_json::from_str(item["api_key"].as_s().unwrap()).unwrap();
    change(&mut key);
    let body = serde_json::to_string(&key).unwrap();
    item.insert(
        "api_key".into(),
        aws_sdk_dynamodb::types::AttributeValue::S(body),
    );
    let put = sandbox.dynamo().put_item().table_name(&sandbox.accounts);
    put.set_item(Some(item)).send().await.unwrap();
}

/// Builds a function that answers only whom it knows.
async fn closed(sandbox: &Sandbox) -> Router {
    let everything = [("REQUIRE_AUTH_ALL", "true")];
    let mut start = sandbox.http(sandbox.emulator(), &everything).await;
    router("recalls", &mut start)
}

async fn read(recalls: &Router, key: &str) -> u16 {
    Ask::get(READ)
        .header("x-api-key", key)
        .send(recalls)
        .await
        .status
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_key_is_taken_in_either_header_and_nothing_that_is_almost_one() {
    let sandbox = Sandbox::new().await;
    let recalls = closed(&sandbox).await;
    let key = People::of(&sandbox)
        .await
        .machine(Role::User, &["read"])
        .await;
    assert_eq!(read(&recalls, &key).await, 200);
    assert_eq!(Ask::get(READ).bearer(&key).send(&recalls).await.status, 200);
    let other = KeyText::issue(key.parse::<KeyText>().unwrap().id).reveal();
    let unknown = KeyText::issue(ApiKeyId(Uuid::from_u128(3))).reveal();
    let mut wrong = vec![
        other,
        unknown,
        key[4..].to_owned(),
        format!("{key}A"),
        key.to_uppercase(),
    ];
    for at in 4..key.len() {
        let mut changed = key.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        wrong.push(String::from_utf8(changed).unwrap());
        wrong.push(key[..at].to_owned());
    }
    for wrong in wrong {
        assert_eq!(read(&recalls, &wrong).await, 401, "{wrong}");
    }
    let stored = format!("{:?}", sandbox.scan(&sandbox.accounts).await);
    assert!(
        !stored.contains(&key) && !stored.contains(&key[30..]),
        "the table knows a digest"
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_key_ends_with_its_time_its_revocation_and_its_owner_within_a_minute() {
    let sandbox = Sandbox::new().await;
    let recalls = closed(&sandbox).await;
    let now = sandbox.clock.now();
    let people = People::of(&sandbox).await;
    for case in 0..3 {
        let key = people.machine(Role::User, &["read"]).await;
        assert_eq!(read(&recalls, &key).await, 200);
        change(&sandbox, &key, |stored| match case {
            0 => stored.expires_at = Some(now),
            1 => stored.revoked_at = Some(now),
            _ => stored.owner_active = false,
        })
        .await;
        sandbox.clock.advance(59);
        assert_eq!(read(&recalls, &key).await, 401, "case {case}");
        let cold = closed(&sandbox).await;
        assert_eq!(read(&cold, &key).await, 401, "case {case}");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_key_is_for_its_scopes_and_for_no_more_than_its_owner_may() {
    let sandbox = Sandbox::new().await;
    let people = People::of(&sandbox).await;
    let mut start = sandbox.http(sandbox.emulator(), &[]).await;
    let scan = router("scan", &mut start);
    let mut start = sandbox.http(sandbox.emulator(), &[]).await;
    let recalls = router("recalls", &mut start);
    let auth = function(&sandbox, "auth").await;
    let code = json!({"code": "036000291452"});
    for (role, scopes) in [
        (Role::User, &["read"] as &[&str]),
        (Role::User, &["scan"]),
        (Role::User, &["staff"]),
        (Role::Viewer, &["read", "scan"]),
        (Role::Admin, &["staff"]),
        (Role::Admin, &["read"]),
    ] {
        let key = people.machine(role, scopes).await;
        let with = |ask: Ask| ask.header("x-api-key", &key);
        let read = with(Ask::get("/api/v1/agencies")).send(&recalls).await;
        let check = with(Ask::post("/api/v1/scan/barcode", &code))
            .send(&scan)
            .await;
        let staff = with(Ask::get("/api/v1/admin/users")).send(&auth).await;
        let own = with(Ask::get("/api/v1/auth/sessions")).send(&auth).await;
        let name = format!("{role} {scopes:?}");
        let may = |scope: &str| scopes.contains(&scope);
        assert_eq!(read.status, if may("read") { 200 } else { 403 }, "{name}");
        assert_eq!(
            check.status,
            if may("scan") { 200 } else { 403 },
            "{name}: {}",
            check.json()
        );
        let admin = may("staff") && role == Role::Admin;
        assert_eq!(staff.status, if admin { 200 } else { 403 }, "{name}");
        assert_eq!(
            own.status, 403,
            "{name}: what is a person's is no machine's"
        );
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn the_last_use_of_a_key_is_noted_every_five_minutes_at_most() {
    let sandbox = Sandbox::new().await;
    let recalls = closed(&sandbox).await;
    let key = People::of(&sandbox)
        .await
        .machine(Role::User, &["read"])
        .await;
    let noted = async || {
        let items = sandbox.scan(&sandbox.ledger).await;
        let note = items
            .into_iter()
            .find(|item| item["sk"].as_s().unwrap() == "LASTUSED");
        note.map(|note| note["at"].as_s().unwrap().clone())
    };
    assert_eq!(noted().await, None);
    for (wait, expected) in [
        (0, "12:00:00"),
        (60, "12:00:00"),
        (239, "12:00:00"),
        (1, "12:05:00"),
    ] {
        sandbox.clock.advance(wait);
        assert_eq!(read(&recalls, &key).await, 200);
        assert_eq!(noted().await, Some(format!("2026-11-20T{expected}Z")));
    }
}
