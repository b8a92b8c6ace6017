//! The master token: an administrator from a few addresses, with every use in the trail.

use babyshield::domain::account::EventKind;
use babyshield_faults::{Fault, Plan, Proxy, Rule};
use babyshield_tests::functions::{Answered, Ask, router};
use serde_json::{Value, json};

use crate::{Bench, column};

async fn set(bench: &Bench) -> String {
    let order = json!({"kind": "set_master_token", "addresses": ["203.0.113.0/28"], "days": 2});
    let set = bench.sandbox.orders().await.handle(order).await.unwrap();
    set["master_token"].as_str().unwrap().to_owned()
}

async fn users(bench: &Bench, token: &str, from: &str) -> Answered {
    let ask = Ask::get("/api/v1/admin/users").bearer(token).from(from);
    ask.send(&bench.auth).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn the_master_token_counts_from_its_addresses_until_its_end_and_every_use_is_noted() {
    let bench = Bench::new().await;
    let none = users(&bench, &format!("bsm_{}", "A".repeat(48)), "203.0.113.7").await;
    assert_eq!(none.status, 401, "there is none");
    let token = set(&bench).await;
    assert_eq!(users(&bench, &token, "203.0.113.7").await.status, 200);
    for (text, from) in [
        (token.as_str(), "203.0.113.16"),
        (token.as_str(), "2001:db8::1"),
        (&token[..token.len() - 1], "203.0.113.7"),
        ("bsm_", "203.0.113.7"),
    ] {
        assert_eq!(users(&bench, text, from).await.status, 401, "{from}");
    }
    let forwarded = Ask::get("/api/v1/admin/users")
        .bearer(&token)
        .from("198.51.100.1");
    let forwarded = forwarded.header("x-forwarded-for", "203.0.113.7");
    assert_eq!(forwarded.send(&bench.auth).await.status, 401);
    // It is no person: what is for people who have signed in is not for it.
    let own = Ask::get("/api/v1/auth/sessions")
        .bearer(&token)
        .from("203.0.113.7");
    assert_eq!(own.send(&bench.auth).await.status, 403);
    let trail = Ask::get("/api/v1/admin/audit?kind=master_token_used,master_token_changed");
    let trail = trail
        .bearer(&token)
        .from("203.0.113.7")
        .send(&bench.auth)
        .await
        .data();
    let kinds = column(&trail, "kind");
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| *kind == "master_token_used")
            .count(),
        3
    );
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| *kind == "master_token_changed")
            .count(),
        1
    );
    let used = |path: &str| -> Value {
        let items = trail["items"].as_array().unwrap().iter();
        items
            .clone()
            .find(|item| item["detail"]["path"] == path)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(used("/api/v1/auth/sessions")["actor"], "master_token");
    assert_eq!(used("/api/v1/admin/users")["client"], "203.0.113.0/24");
    bench.sandbox.clock.advance(2 * 86_400);
    assert_eq!(
        users(&bench, &token, "203.0.113.7").await.status,
        401,
        "its time is over"
    );
    let next = set(&bench).await;
    assert_eq!(users(&bench, &next, "203.0.113.7").await.status, 200);
    let clear = json!({"kind": "clear_master_token"});
    bench.sandbox.orders().await.handle(clear).await.unwrap();
    assert_eq!(users(&bench, &next, "203.0.113.7").await.status, 401);
    for item in bench.sandbox.scan(&bench.sandbox.accounts).await {
        assert!(
            !format!("{item:?}").contains(&token[4..]),
            "it stands nowhere"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn other_functions_refuse_the_master_token_and_closed_reads_stay_closed() {
    let bench = Bench::new().await;
    let token = set(&bench).await;
    let closed = [("REQUIRE_AUTH_ALL", "true")];
    let mut start = bench.sandbox.http(bench.sandbox.emulator(), &closed).await;
    let recalls = router("recalls", &mut start);
    let read = Ask::get("/api/v1/recalls/us-cpsc:1")
        .bearer(&token)
        .from("203.0.113.7");
    assert_eq!(read.send(&recalls).await.status, 401);
    let mut start = bench.sandbox.http(bench.sandbox.emulator(), &closed).await;
    let auth = router("auth", &mut start);
    let staff = Ask::get("/api/v1/admin/users")
        .bearer(&token)
        .from("203.0.113.7");
    assert_eq!(staff.send(&auth).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn what_cannot_be_noted_is_not_done() {
    let bench = Bench::new().await;
    let person = bench.people().await.signed_in(&bench.auth).await;
    let token = set(&bench).await;
    let proxy = Proxy::start(bench.sandbox.emulator(), Plan::default())
        .await
        .unwrap();
    let mut start = bench.sandbox.http(&proxy.endpoint(), &[]).await;
    let auth = router("auth", &mut start);
    let path = format!("/api/v1/admin/users/{}", person.id);
    let ask = async || {
        let ask = Ask::new("PATCH", &path).json(&json!({"roles": ["admin"]}));
        let answer = ask.bearer(&token).from("203.0.113.7").send(&auth).await;
        answer.status
    };
    proxy.follow(Plan::rules([Rule::every(
        "TransactWriteItems",
        Fault::ServerError,
    )]));
    assert_eq!(ask().await, 503);
    proxy.follow(Plan::default());
    let seen = Ask::get(&path)
        .bearer(&token)
        .from("203.0.113.7")
        .send(&auth)
        .await;
    assert_eq!(seen.data()["roles"], json!(["user"]), "nothing was done");
    assert_eq!(ask().await, 200);
    let kind = EventKind::MasterTokenUsed.as_str();
    let trail = Ask::get(&format!("/api/v1/admin/audit?kind={kind}"));
    let trail = trail
        .bearer(&token)
        .from("203.0.113.7")
        .send(&auth)
        .await
        .data();
    assert_eq!(trail["items"].as_array().unwrap().len(), 3);
}
