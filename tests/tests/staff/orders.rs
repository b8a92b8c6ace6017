//! Orders of operators that are carried out at once.

use babyshield::domain::account::Role;
use babyshield_tests::functions::Ask;
use serde_json::json;

use crate::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn the_first_administrator_of_a_stack_is_made_by_an_order() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let orders = bench.sandbox.orders().await;
    let person = people.signed_in(&bench.auth).await;
    let order = json!({"kind": "make_admin", "email": person.email.to_uppercase()});
    let done = orders.handle(order.clone()).await.unwrap();
    assert_eq!(
        (&done["changed"], &done["roles"]),
        (&json!(true), &json!(["user", "admin"]))
    );
    let again = orders.handle(order).await.unwrap();
    assert_eq!(again["changed"], false);
    // The next token is an administrator's.
    let refresh = json!({"refresh_token": person.refresh});
    let refreshed = Ask::post("/api/v1/auth/refresh", &refresh)
        .send(&bench.auth)
        .await
        .data();
    let token = refreshed["access_token"].as_str().unwrap();
    let trail = Ask::get("/api/v1/admin/audit?kind=roles_changed").bearer(token);
    let trail = trail.send(&bench.auth).await.data();
    assert_eq!(trail["items"].as_array().unwrap().len(), 1);
    assert_eq!(trail["items"][0]["actor"], "system");
    assert_eq!(trail["items"][0]["about"], json!(person.id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_order_that_cannot_be_carried_out_says_why_and_repeats_nothing() {
    let bench = Bench::new().await;
    let orders = bench.sandbox.orders().await;
    let (user, _) = bench.people().await.known(Role::User).await;
    for (order, reason) in [
        (
            json!({"kind": "make_admin", "email": "nobody@example.org"}),
            "nobody has this address",
        ),
        (
            json!({"kind": "make_admin", "email": "canary"}),
            "there is no such order",
        ),
        (
            json!({"kind": "make_admin", "user": user}),
            "there is no such order",
        ),
        (json!({"kind": "party"}), "there is no such order"),
        (json!([]), "there is no such order"),
        (
            json!({"kind": "set_master_token", "addresses": [], "days": 1}),
            "give from 1 to 20",
        ),
        (
            json!({"kind": "set_master_token", "addresses": ["0.0.0.0/0"], "days": 1}),
            "0.0.0.0/0 is too wide",
        ),
        (
            json!({"kind": "set_master_token", "addresses": ["203.0.113.7"], "days": 91}),
            "a master token lives",
        ),
        (
            json!({"kind": "import_users", "key": "raw/x.csv"}),
            "a file of people lies under",
        ),
        (
            json!({"kind": "import_users", "key": "imports/users/x.csv.report.json"}),
            "a file of people lies under",
        ),
        (
            json!({"kind": "import_users", "key": "imports/users/x.xlsx"}),
            "a file of people ends with",
        ),
        (
            json!({"kind": "import_users", "key": "imports/users/none.csv"}),
            "there is no such file",
        ),
    ] {
        let refused = orders.handle(order.clone()).await.unwrap_err().to_string();
        assert!(refused.contains(reason), "{order}: {refused}");
        assert!(!refused.contains("canary"), "{refused}");
    }
}
