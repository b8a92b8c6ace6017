//! People who register and sign in themselves, on several devices.

use axum::Router;
use babyshield_tests::{
    functions::{Answered, Ask},
    people::PASSWORD,
    sandbox::Sandbox,
};
use serde_json::{Value, json};

use super::{access, address, assert_refused, instance, next, refresh, refreshed};

const EMAIL: &str = "ana@example.org";

async fn register(auth: &Router) -> Answered {
    let body = json!({"email": EMAIL, "password": PASSWORD, "name": "Ana Quill"});
    let ask = Ask::post("/api/v1/auth/register", &body).from("10.0.0.7");
    let got = ask.header("user-agent", "a phone").send(auth).await;
    assert_eq!(got.status, 201, "{:?}", got.json());
    got
}

async fn login(auth: &Router, at: usize, device: &str) -> Answered {
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let ask = Ask::post("/api/v1/auth/login", &body).from(&address(at));
    let got = ask.header("user-agent", device).send(auth).await;
    assert_eq!(got.status, 200, "{:?}", got.json());
    got
}

async fn sessions(auth: &Router, access: &str) -> Value {
    let ask = Ask::get("/api/v1/auth/sessions").from("10.0.0.7");
    let got = ask.bearer(access).send(auth).await;
    assert_eq!(got.status, 200, "{:?}", got.json());
    got.data()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn whoever_registers_or_signs_in_has_a_session_under_the_name_of_the_device() {
    let sandbox = Sandbox::new().await;
    let auth = instance(&sandbox, sandbox.emulator()).await;
    let phone = register(&auth).await;
    sandbox.clock.advance(60);
    let laptop = login(&auth, 3, "a laptop").await;
    for answer in [&phone, &laptop] {
        let data = answer.data();
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(
            (&data["token_type"], &data["expires_in"]),
            (&json!("bearer"), &json!(900))
        );
        assert_eq!(data["user"]["email"], EMAIL);
    }
    let listed = sessions(&auth, &access(&laptop)).await;
    let shown: Vec<_> = listed["items"].as_array().unwrap().iter().collect();
    let told = |at: usize, name: &str| shown[at][name].clone();
    assert_eq!(
        (told(0, "device"), told(1, "device")),
        (json!("a laptop"), json!("a phone"))
    );
    assert_eq!(
        (told(0, "current"), told(1, "current")),
        (json!(true), json!(false))
    );
    let got = refresh(&auth, &next(&phone)).await;
    assert_eq!(
        got.data()["user"],
        laptop.data()["user"].clone(),
        "the same union"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn j5_a_password_that_is_changed_signs_the_other_devices_out() {
    let sandbox = Sandbox::new().await;
    let auth = instance(&sandbox, sandbox.emulator()).await;
    let phone = register(&auth).await;
    let laptop = login(&auth, 3, "a laptop").await;
    sandbox.clock.advance(60);
    let body =
        json!({"current_password": PASSWORD, "new_password": "a saddle, nine pears and rain"});
    let ask = Ask::post("/api/v1/auth/change-password", &body).from("10.0.0.7");
    let got = ask.bearer(&access(&phone)).send(&auth).await;
    assert_eq!(
        (got.status, &got.data()["ended"]),
        (200, &json!(1)),
        "{:?}",
        got.json()
    );
    assert_refused(&auth, &next(&laptop), "of the old password").await;
    sandbox.clock.advance(60);
    let ask = Ask::get("/api/v1/auth/sessions").bearer(&access(&laptop));
    assert_eq!(ask.from("10.0.0.8").send(&auth).await.status, 401);
    let token = refreshed(&auth, &next(&phone)).await;
    refreshed(&auth, &token).await;
    assert_eq!(sessions(&auth, &access(&phone)).await["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn the_fifty_first_sign_in_ends_the_session_that_was_used_least_recently() {
    let sandbox = Sandbox::new().await;
    let auth = instance(&sandbox, sandbox.emulator()).await;
    let first = register(&auth).await;
    let mut second = None;
    let mut last = None;
    for at in 1..51 {
        sandbox.clock.advance(60);
        if at == 50 {
            // The oldest, and used a moment ago.
            refreshed(&auth, &next(&first)).await;
            sandbox.clock.advance(60);
        }
        let answer = login(&auth, at, &format!("device {at}")).await;
        second.get_or_insert_with(|| next(&answer));
        last = Some(access(&answer));
    }
    let listed = sessions(&auth, &last.unwrap()).await;
    assert_eq!(listed["total"], 50);
    let devices = listed["items"].to_string();
    assert!(devices.contains("a phone") && !devices.contains("\"device 1\""));
    assert_refused(&auth, &second.unwrap(), "displaced").await;
}
