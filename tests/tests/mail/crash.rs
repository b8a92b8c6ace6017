//! Processes that are killed at every call on a message's way.

use babyshield::stores::accounts::Template;
use babyshield_faults::{Plan, Proxy};
use babyshield_tests::{
    functions::{Ask, router},
    sandbox::{Sandbox, delivery, returned},
};
use serde_json::json;

use super::{OUT_OF_SIGHT, job_of, put_message};

/// Runs a case for a death at the first call, the second, and so on until the run lives to its end.
async fn at_every_call(commit: bool, mut case: impl AsyncFnMut(Plan) -> bool) -> u64 {
    let mut call = 1;
    while case(Plan::kill_after(call, commit)).await {
        call += 1;
    }
    call - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_worker_that_is_killed_at_any_call_loses_no_message() {
    let sandbox = Sandbox::new().await;
    let mut twice = 0;
    for commit in [false, true] {
        let calls = at_every_call(commit, async |plan| {
            let person = sandbox.put_person(|_| {}).await;
            let message = put_message(&sandbox, &person, Template::PasswordChanged).await;
            let batch = delivery(&[job_of(message)]);
            let proxy = Proxy::start(sandbox.emulator(), plan.clone())
                .await
                .unwrap();
            let worker = sandbox.deliver(&proxy.endpoint()).await;
            let answer = worker.handle(batch.clone()).await.unwrap();
            proxy.settled().await;
            let died = proxy.is_dead();
            assert!(died || returned(&answer).is_empty(), "{plan:?}");
            // The queue gives it again, to another instance.
            sandbox.clock.advance(OUT_OF_SIGHT);
            let other = sandbox.deliver(sandbox.emulator()).await;
            assert!(
                returned(&other.handle(batch).await.unwrap()).is_empty(),
                "{plan:?}"
            );
            match sandbox.mails(person.email.as_str()).await.len() {
                1 => {}
                2 => twice += 1,
                sent => panic!("{plan:?}: sent {sent} times"),
            }
            died
        })
        .await;
        assert_eq!(calls, 3, "taken in hand, sent, noted");
    }
    // Between the sending and the note, on either side of each.
    assert!(twice <= 2, "{twice}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_request_that_is_killed_at_any_call_loses_no_message_that_it_wrote() {
    let sandbox = Sandbox::new().await;
    for commit in [false, true] {
        let calls = at_every_call(commit, async |plan| {
            let person = sandbox.put_person(|_| {}).await;
            let proxy = Proxy::start(sandbox.emulator(), Plan::default())
                .await
                .unwrap();
            let auth = router("auth", &mut sandbox.http(&proxy.endpoint(), &[]).await);
            // What an instance reads once in its life.
            let warm = json!({"email": "first@example.org"});
            Ask::post("/api/v1/auth/forgot-password", &warm)
                .send(&auth)
                .await;
            proxy.follow(plan.clone());
            let body = json!({"email": person.email});
            let answer = Ask::post("/api/v1/auth/forgot-password", &body)
                .send(&auth)
                .await;
            proxy.settled().await;
            let died = proxy.is_dead();
            sandbox.clock.advance(61);
            let worker = sandbox.deliver(sandbox.emulator()).await;
            worker.handle(json!({"kind": "sweep"})).await.unwrap();
            sandbox.deliver_all().await;
            let sent = sandbox.mails(person.email.as_str()).await.len();
            match answer.status {
                202 => assert_eq!(sent, 1, "{plan:?}: promised"),
                503 if died => assert!(sent <= 1, "{plan:?}: {sent}"),
                _ => panic!("{plan:?}: {answer:?}"),
            }
            // Asked again, it comes in any case.
            sandbox.clock.advance(61);
            let auth = router("auth", &mut sandbox.http(sandbox.emulator(), &[]).await);
            Ask::post("/api/v1/auth/forgot-password", &body)
                .send(&auth)
                .await;
            sandbox.deliver_all().await;
            let after = sandbox.mails(person.email.as_str()).await.len();
            assert_eq!(after, sent + 1, "{plan:?}");
            died
        })
        .await;
        assert!(calls >= 6, "{calls}");
    }
}
