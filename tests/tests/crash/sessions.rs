//! The function `auth`, killed at every call while it refreshes, signs out, or finds a token used again.

use axum::Router;
use babyshield::domain::account::Account;
use babyshield_faults::{Plan, Proxy};
use babyshield_tests::{
    functions::{Answered, Ask, router},
    sandbox::{Item, Sandbox},
    sessions::Tokens,
};
use serde_json::json;

use crate::at_every_call;

async fn instance(sandbox: &Sandbox, endpoint: &str) -> Router {
    router("auth", &mut sandbox.http(endpoint, &[]).await)
}

async fn send(auth: &Router, operation: &str, token: &str) -> Answered {
    let body = json!({"refresh_token": token});
    let ask = Ask::post(&format!("/api/v1/auth/{operation}"), &body);
    ask.from("10.0.0.7").send(auth).await
}

fn next(got: &Answered) -> String {
    let token = got.data()["refresh_token"].take();
    token.as_str().expect("the answer holds one").to_owned()
}

/// Returns the items whose sort key or partition begins so.
async fn items(sandbox: &Sandbox, table: &str, kind: &str) -> Vec<Item> {
    let mut items = sandbox.scan(table).await;
    items.retain(|item| {
        let key = |name: &str| item[name].as_s().is_ok_and(|key| key.starts_with(kind));
        key("pk") || key("sk")
    });
    items
}

/// A person's session, the instance that will die, and one that will not.
struct Scene {
    sandbox: Sandbox,
    account: Account,
    proxy: Proxy,
    dying: Router,
    heir: Router,
    tokens: Tokens,
}

impl Scene {
    async fn new(plan: &Plan) -> Self {
        let sandbox = Sandbox::new().await;
        let account = sandbox.person("ana@example.org").await;
        let tokens = sandbox.signed_in(&account).await;
        let proxy = Proxy::start(sandbox.emulator(), plan.clone()).await;
        let proxy = proxy.unwrap();
        Self {
            dying: instance(&sandbox, &proxy.endpoint()).await,
            heir: instance(&sandbox, sandbox.emulator()).await,
            sandbox,
            account,
            proxy,
            tokens,
        }
    }

    /// Asks the instance that dies; an answer that is no success is 503 and says so.
    async fn ask_dying(&self, operation: &str, token: &str, success: u16) -> Option<Answered> {
        let got = send(&self.dying, operation, token).await;
        self.proxy.settled().await;
        assert!([success, 503].contains(&got.status), "{:?}", got.json());
        (got.status == success).then_some(got)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_refresh_that_is_killed_at_any_call_is_had_by_asking_again() {
    let calls = at_every_call(async |plan| {
        let scene = Scene::new(&plan).await;
        let first = scene.ask_dying("refresh", &scene.tokens.refresh, 200).await;
        scene.sandbox.clock.advance(9);
        let again = send(&scene.heir, "refresh", &scene.tokens.refresh).await;
        assert_eq!(again.status, 200, "{plan:?}: {:?}", again.json());
        if let Some(first) = first {
            assert_eq!(next(&first), next(&again), "{plan:?}: two chains");
        }
        let third = send(&scene.heir, "refresh", &next(&again)).await;
        assert_eq!(third.status, 200, "{plan:?}: {:?}", third.json());
        let sessions = items(&scene.sandbox, &scene.sandbox.accounts, "SESSION#").await;
        assert_eq!(sessions.len(), 1, "{plan:?}");
        assert!(!sessions[0].contains_key("ended_at"), "{plan:?}");
        scene.proxy.is_dead()
    })
    .await;
    println!("refresh: {calls} calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_sign_out_that_is_killed_at_any_call_has_happened_wholly_or_not_at_all() {
    let calls = at_every_call(async |plan| {
        let scene = Scene::new(&plan).await;
        let done = scene.ask_dying("logout", &scene.tokens.refresh, 200).await;
        let account = &scene.sandbox.accounts;
        let ended = items(&scene.sandbox, account, "SESSION#").await[0].contains_key("ended_at");
        let denied = items(&scene.sandbox, &scene.sandbox.ledger, "DENY#")
            .await
            .len();
        let events = items(&scene.sandbox, account, "AUDIT#").await.len();
        assert_eq!(
            (denied, events),
            (usize::from(ended), usize::from(ended)),
            "{plan:?}"
        );
        assert!(ended || done.is_none(), "{plan:?}: told and not done");
        let again = send(&scene.heir, "logout", &scene.tokens.refresh).await;
        assert_eq!(
            again.data(),
            json!({"ended": usize::from(!ended)}),
            "{plan:?}"
        );
        let refused = send(&scene.heir, "refresh", &scene.tokens.refresh).await;
        assert_eq!(refused.status, 401, "{plan:?}");
        scene.proxy.is_dead()
    })
    .await;
    println!("logout: {calls} calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_replay_whose_judge_is_killed_at_any_call_ends_the_family_once_and_is_told_once() {
    let calls = at_every_call(async |plan| {
        let scene = Scene::new(&plan).await;
        let b = send(&scene.heir, "refresh", &scene.tokens.refresh).await;
        scene.sandbox.clock.advance(60);
        scene.ask_dying("refresh", &scene.tokens.refresh, 401).await;
        let account = &scene.sandbox.accounts;
        let ended = items(&scene.sandbox, account, "SESSION#").await[0].contains_key("ended_at");
        let told = items(&scene.sandbox, account, "OUTGOING#").await.len();
        assert_eq!(told, usize::from(ended), "{plan:?}");
        for token in [&scene.tokens.refresh, &next(&b)] {
            let got = send(&scene.heir, "refresh", token).await;
            assert_eq!(got.status, 401, "{plan:?}: {:?}", got.json());
        }
        for (table, kind) in [
            (account, "OUTGOING#"),
            (account, "AUDIT#"),
            (&scene.sandbox.ledger, "DENY#"),
        ] {
            assert_eq!(
                items(&scene.sandbox, table, kind).await.len(),
                1,
                "{plan:?}: {kind}"
            );
        }
        scene.proxy.is_dead()
    })
    .await;
    println!("reuse: {calls} calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn ending_all_sessions_killed_at_any_call_ends_each_wholly_and_the_rest_by_asking_again() {
    let all = |auth: &Router, access: &str| {
        let ask = Ask::new("DELETE", "/api/v1/auth/sessions").from("10.0.0.7");
        let (ask, auth) = (ask.bearer(access), auth.clone());
        async move { ask.send(&auth).await }
    };
    let calls = at_every_call(async |plan| {
        let scene = Scene::new(&plan).await;
        let account = scene.account.clone();
        // Two transactions' worth of them.
        for _ in 0..45 {
            scene.sandbox.signed_in(&account).await;
        }
        let got = all(&scene.dying, &scene.tokens.access).await;
        scene.proxy.settled().await;
        assert!(
            [200, 503].contains(&got.status),
            "{plan:?}: {:?}",
            got.json()
        );
        let picture = async || {
            let stored = items(&scene.sandbox, &scene.sandbox.accounts, "SESSION#").await;
            let ended = stored
                .iter()
                .filter(|item| item.contains_key("ended_at"))
                .count();
            let denied = items(&scene.sandbox, &scene.sandbox.ledger, "DENY#").await;
            assert_eq!(denied.len(), ended, "{plan:?}");
            (stored.len(), ended)
        };
        let (stored, ended) = picture().await;
        assert_eq!(stored, 46);
        assert!(
            ended == 46 || got.status == 503,
            "{plan:?}: told and not done"
        );
        if ended < stored {
            // By the session that asked, if it lives, or by signing in again.
            let tokens = scene.sandbox.signed_in(&account).await;
            let got = all(&scene.heir, &tokens.access).await;
            assert_eq!(got.status, 200, "{plan:?}: {:?}", got.json());
            assert_eq!(picture().await, (47, 47), "{plan:?}");
        }
        scene.proxy.is_dead()
    })
    .await;
    println!("all sessions: {calls} calls");
}
