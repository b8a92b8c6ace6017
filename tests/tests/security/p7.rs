//! P7: links that work once.

use axum::Router;
use babyshield::domain::account::Account;
use babyshield_tests::{
    functions::{Ask, router},
    sandbox::Sandbox,
    stack::PUBLIC_URL,
};
use serde_json::json;

const NEW_PASSWORD: &str = "seven herons on a quiet weir";

async fn auth(sandbox: &Sandbox) -> Router {
    router("auth", &mut sandbox.http(sandbox.emulator(), &[]).await)
}

/// Asks for a link and returns its token, out of the message.
async fn ask(sandbox: &Sandbox, auth: &Router, path: &str, person: &Account) -> String {
    let body = json!({"email": person.email});
    let answer = Ask::post(&format!("/api/v1/auth/{path}"), &body)
        .send(auth)
        .await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let mail = sandbox.last_mail(person.email.as_str()).await;
    mail.token().to_owned()
}

async fn reset(auth: &Router, token: &str) -> (u16, String) {
    let body = json!({"token": token, "password": NEW_PASSWORD});
    let answer = Ask::post("/api/v1/auth/reset-password", &body)
        .send(auth)
        .await;
    (answer.status, answer.code())
}

async fn page(auth: &Router, path: &str, token: &str) -> u16 {
    let path = format!("/api/v1/auth/{path}?token={token}");
    Ask::get(&path).send(auth).await.status
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn p7_a_link_is_looked_at_at_will_and_used_once() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let person = sandbox.put_person(|_| {}).await;
    let token = ask(&sandbox, &auth, "forgot-password", &person).await;
    let before = sandbox.scan(&sandbox.accounts).await.len();
    for _ in 0..100 {
        assert_eq!(page(&auth, "reset-password", &token).await, 200);
    }
    assert_eq!(sandbox.scan(&sandbox.accounts).await.len(), before);
    assert_eq!(reset(&auth, &token).await, (200, String::new()));
    for _ in 0..3 {
        assert_eq!(reset(&auth, &token).await, (401, "INVALID_TOKEN".into()));
        assert_eq!(page(&auth, "reset-password", &token).await, 410);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p7_of_many_who_use_a_link_at_once_one_does() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    for _ in 0..5 {
        let person = sandbox.put_person(|_| {}).await;
        let token = ask(&sandbox, &auth, "magic-link", &person).await;
        let uses = (0..16).map(|_| {
            let (auth, body) = (auth.clone(), json!({"token": token}));
            tokio::spawn(async move {
                Ask::post("/api/v1/auth/magic-link", &body)
                    .send(&auth)
                    .await
                    .status
            })
        });
        let mut statuses = Vec::new();
        for one in uses.collect::<Vec<_>>() {
            statuses.push(one.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses[0], 200, "{statuses:?}");
        assert!(
            statuses[1..].iter().all(|status| *status == 401),
            "{statuses:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn p7_a_link_leads_where_the_configuration_says() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let person = sandbox
        .put_person(|person| person.email_verified_at = None)
        .await;
    for path in ["forgot-password", "magic-link", "verify-email"] {
        let answer = Ask::post(
            &format!("/api/v1/auth/{path}"),
            &json!({"email": person.email}),
        )
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example")
        .header("origin", "https://evil.example")
        .header("referer", "https://evil.example/")
        .send(&auth)
        .await;
        assert_eq!(answer.status, 202);
    }
    sandbox.deliver_all().await;
    let mails = sandbox.mails(person.email.as_str()).await;
    assert_eq!(mails.len(), 3);
    for mail in mails {
        assert!(
            mail.link()
                .starts_with(&format!("{PUBLIC_URL}/api/v1/auth/"))
        );
        assert!(!format!("{mail:?}").contains("evil.example"));
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn p7_a_link_for_a_password_works_for_15_minutes() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let person = sandbox.put_person(|_| {}).await;
    let token = ask(&sandbox, &auth, "forgot-password", &person).await;
    sandbox.clock.advance(15 * 60 - 1);
    assert_eq!(page(&auth, "reset-password", &token).await, 200);
    sandbox.clock.advance(1);
    assert_eq!(page(&auth, "reset-password", &token).await, 410);
    assert_eq!(reset(&auth, &token).await, (401, "INVALID_TOKEN".into()));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn p7_nothing_that_is_stored_makes_a_link() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let person = sandbox.put_person(|_| {}).await;
    let body = json!({"email": person.email});
    Ask::post("/api/v1/auth/forgot-password", &body)
        .send(&auth)
        .await;
    let queued = sandbox.drain(&sandbox.deliver_queue).await;
    let worker = sandbox.deliver(sandbox.emulator()).await;
    let batch = babyshield_tests::sandbox::delivery(&queued);
    worker.handle(batch).await.unwrap();
    let mails = sandbox.mails(person.email.as_str()).await;
    let token = mails[0].token().to_owned();
    let mut stored = String::new();
    for table in [&sandbox.accounts, &sandbox.ledger] {
        stored += &format!("{:?}", sandbox.scan(table).await);
    }
    // Of a token's 86 characters the first 43 name the person and the link, the rest makes it good.
    assert!(!stored.contains(&token) && !stored.contains(&token[43..]));
    assert!(!queued.concat().contains(&token[43..]));
    assert_eq!(reset(&auth, &token).await.0, 200);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn p7_what_is_forged_used_replaced_or_late_is_answered_alike() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let person = sandbox.put_person(|_| {}).await;
    let used = ask(&sandbox, &auth, "forgot-password", &person).await;
    assert_eq!(reset(&auth, &used).await.0, 200);
    sandbox.clock.advance(61);
    let replaced = ask(&sandbox, &auth, "forgot-password", &person).await;
    sandbox.clock.advance(8 * 60);
    let last = ask(&sandbox, &auth, "forgot-password", &person).await;
    assert_ne!(replaced, last);
    let mut forged = last.clone();
    let swapped = if forged.ends_with('A') { "Q" } else { "A" };
    forged.replace_range(85.., swapped);
    let magic = ask(&sandbox, &auth, "magic-link", &person).await;
    let long = "A".repeat(100_000);
    for dead in [
        &used,
        &replaced,
        &forged,
        &magic,
        "",
        "A",
        &long,
        "\u{0}",
        "../../etc",
    ] {
        assert_eq!(reset(&auth, dead).await, (401, "INVALID_TOKEN".into()));
    }
    assert_eq!(reset(&auth, &last).await.0, 200);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn p7_a_new_password_ends_every_other_link_and_every_session() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let person = sandbox.put_person(|_| {}).await;
    let magic = ask(&sandbox, &auth, "magic-link", &person).await;
    let signed_in = Ask::post("/api/v1/auth/magic-link", &json!({"token": magic}))
        .send(&auth)
        .await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let (access, refresh) = (
        signed_in.data()["access_token"].clone(),
        signed_in.data()["refresh_token"].clone(),
    );
    sandbox.clock.advance(61);
    let magic = ask(&sandbox, &auth, "magic-link", &person).await;
    let token = ask(&sandbox, &auth, "forgot-password", &person).await;
    assert_eq!(reset(&auth, &token).await.0, 200);

    let late = Ask::post("/api/v1/auth/magic-link", &json!({"token": magic}))
        .send(&auth)
        .await;
    assert_eq!((late.status, late.code()), (401, "INVALID_TOKEN".into()));
    let refreshed = Ask::post("/api/v1/auth/refresh", &json!({"refresh_token": refresh}))
        .send(&auth)
        .await;
    assert_eq!(refreshed.status, 401, "{refreshed:?}");
    // Within the minute that instances may know it for.
    sandbox.clock.advance(60);
    let sessions = Ask::get("/api/v1/auth/sessions")
        .bearer(access.as_str().unwrap())
        .send(&auth)
        .await;
    assert_eq!(sessions.status, 401, "{sessions:?}");
    sandbox.deliver_all().await;
    let mails = sandbox.mails(person.email.as_str()).await;
    assert_eq!(mails.last().unwrap().subject, "Your password was changed");
}
