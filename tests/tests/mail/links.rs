//! What the links do.

use axum::Router;
use babyshield::{
    clock::{Clock, Ids, RandomIds},
    domain::account::{Account, Email, Purpose},
    stores::accounts::{Accounts, Changes, OnceLink, Template},
};
use babyshield_tests::{
    functions::{Answered, Ask, router},
    sandbox::{Sandbox, delivery},
};
use serde_json::json;

use super::{job_of, put_message};

async fn auth(sandbox: &Sandbox) -> Router {
    router("auth", &mut sandbox.http(sandbox.emulator(), &[]).await)
}

async fn post(auth: &Router, path: &str, body: serde_json::Value) -> Answered {
    Ask::post(&format!("/api/v1/auth/{path}"), &body)
        .send(auth)
        .await
}

async fn asked(sandbox: &Sandbox, auth: &Router, path: &str, person: &Account) -> String {
    let answer = post(auth, path, json!({"email": person.email})).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    sandbox
        .last_mail(person.email.as_str())
        .await
        .token()
        .to_owned()
}

/// Writes a link that changes an address, as `user/me` does, and returns its token.
async fn change_link(sandbox: &Sandbox, person: &Account, to: &Email) -> String {
    let accounts = Accounts::new(sandbox.dynamo(), &sandbox.accounts);
    let now = sandbox.clock.now();
    let link = OnceLink::new(
        RandomIds.new_id(),
        Purpose::ChangeEmail,
        person.id,
        to.clone(),
        now,
    );
    let mut changes = Changes::new();
    accounts.add_once(&mut changes, &link).unwrap();
    assert!(accounts.commit(changes).await.unwrap().is_done());
    let addressee = Account {
        email: to.clone(),
        ..person.clone()
    };
    let template = Template::ChangeEmail { link: link.id };
    let message = put_message(sandbox, &addressee, template).await;
    let worker = sandbox.deliver(sandbox.emulator()).await;
    worker.handle(delivery(&[job_of(message)])).await.unwrap();
    sandbox.last_mail(to.as_str()).await.token().to_owned()
}

async fn person(sandbox: &Sandbox, account: &Account) -> Account {
    let accounts = Accounts::new(sandbox.dynamo(), &sandbox.accounts);
    accounts.find(account.id).await.unwrap().unwrap()
}

fn new_address() -> Email {
    format!("{}@example.net", RandomIds.new_id().simple())
        .parse()
        .unwrap()
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_address_is_confirmed_by_its_link() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let ana = sandbox
        .put_person(|person| person.email_verified_at = None)
        .await;
    let token = asked(&sandbox, &auth, "verify-email", &ana).await;
    assert!(!person(&sandbox, &ana).await.email_verified());
    let answer = post(&auth, "verify-email", json!({"token": token})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.data(),
        json!({"email_verified": true, "email_changed": false})
    );
    assert_eq!(
        person(&sandbox, &ana).await.email_verified_at,
        Some(sandbox.clock.now())
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_new_address_is_claimed_by_its_link_and_the_old_one_is_told() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let ana = sandbox.put_person(|_| {}).await;
    let token = asked(&sandbox, &auth, "magic-link", &ana).await;
    let signed_in = post(&auth, "magic-link", json!({"token": token}))
        .await
        .data();
    let refresh = signed_in["refresh_token"].clone();
    // A link for a password that went to the old address dies with it.
    let reset = asked(&sandbox, &auth, "forgot-password", &ana).await;
    let new = new_address();
    let token = change_link(&sandbox, &ana, &new).await;
    let answer = post(&auth, "verify-email", json!({"token": token})).await;
    assert_eq!(
        answer.data(),
        json!({"email_verified": true, "email_changed": true}),
        "{answer:?}"
    );
    let now = person(&sandbox, &ana).await;
    assert_eq!(
        (now.email.clone(), now.email_verified()),
        (new.clone(), true)
    );
    let accounts = Accounts::new(sandbox.dynamo(), &sandbox.accounts);
    assert_eq!(accounts.find_by_email(&new).await.unwrap(), Some(ana.id));
    assert_eq!(accounts.find_by_email(&ana.email).await.unwrap(), None);
    let told = sandbox.last_mail(ana.email.as_str()).await;
    assert_eq!(told.subject, "Your address was changed");
    let again = post(&auth, "refresh", json!({"refresh_token": refresh})).await;
    assert_eq!(again.status, 401, "sessions end with the address");
    let dead = json!({"token": reset, "password": "seven herons on a quiet weir"});
    assert_eq!(post(&auth, "reset-password", dead).await.status, 401);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_change_of_address_spares_the_session_that_asks_for_it() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let ana = sandbox.put_person(|_| {}).await;
    let token = asked(&sandbox, &auth, "magic-link", &ana).await;
    let signed_in = post(&auth, "magic-link", json!({"token": token}))
        .await
        .data();
    let token = change_link(&sandbox, &ana, &new_address()).await;
    let answer = Ask::post("/api/v1/auth/verify-email", &json!({"token": token}))
        .bearer(signed_in["access_token"].as_str().unwrap())
        .send(&auth)
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let again = post(
        &auth,
        "refresh",
        json!({"refresh_token": signed_in["refresh_token"]}),
    )
    .await;
    assert_eq!(again.status, 200, "{again:?}");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_address_that_somebody_else_registered_meanwhile_is_not_taken_over() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let ana = sandbox.put_person(|_| {}).await;
    let wanted = new_address();
    let token = change_link(&sandbox, &ana, &wanted).await;
    let bea = sandbox
        .put_person(|person| person.email = wanted.clone())
        .await;
    let answer = post(&auth, "verify-email", json!({"token": token})).await;
    assert_eq!((answer.status, answer.code()), (409, "USER_EXISTS".into()));
    assert_eq!(person(&sandbox, &ana).await, ana);
    assert_eq!(person(&sandbox, &bea).await, bea);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_password_that_somebody_set_for_an_address_of_another_ends_with_the_owners_first_link() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let hash = "$2b$04$zT5kYyFW.hVrOVVcNJT0XeMdDSgS1SN3WdTBBaSQ1.QjBKMhrEk.a";
    let now = sandbox.clock.now();
    let ana = sandbox
        .put_person(|person| {
            person.email_verified_at = None;
            person.password = Some(hash.into());
            person.password_set_at = Some(now);
        })
        .await;
    sandbox.clock.advance(5);
    let token = asked(&sandbox, &auth, "magic-link", &ana).await;
    let answer = post(&auth, "magic-link", json!({"token": token})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.data()["user"]["email_verified"], true);
    let after = person(&sandbox, &ana).await;
    assert_eq!(after.password, None);
    assert_ne!(after.password_set_at, ana.password_set_at);
    // The session that the link opened lives.
    let refresh = json!({"refresh_token": answer.data()["refresh_token"]});
    assert_eq!(post(&auth, "refresh", refresh).await.status, 200);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_weak_password_is_refused_and_the_link_goes_on_working() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let ana = sandbox.put_person(|_| {}).await;
    let token = asked(&sandbox, &auth, "forgot-password", &ana).await;
    let weak = post(
        &auth,
        "reset-password",
        json!({"token": token, "password": "password1234"}),
    )
    .await;
    assert_eq!((weak.status, weak.code()), (422, "WEAK_PASSWORD".into()));
    assert_eq!(weak.json()["errors"][0]["field"], "/password");
    let good = json!({"token": token, "password": "seven herons on a quiet weir"});
    assert_eq!(post(&auth, "reset-password", good).await.status, 200);
    assert!(
        person(&sandbox, &ana)
            .await
            .password
            .unwrap()
            .starts_with("$argon2id$")
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn who_is_disabled_gets_in_by_no_link() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let ana = sandbox.put_person(|_| {}).await;
    let magic = asked(&sandbox, &auth, "magic-link", &ana).await;
    let reset = asked(&sandbox, &auth, "forgot-password", &ana).await;
    let accounts = Accounts::new(sandbox.dynamo(), &sandbox.accounts);
    let mut changes = Changes::new();
    let disabled = Account {
        standing: babyshield::domain::account::Standing::Disabled(sandbox.clock.now()),
        ..ana.clone()
    };
    accounts.replace(&mut changes, &disabled).unwrap();
    assert!(accounts.commit(changes).await.unwrap().is_done());
    assert_eq!(
        post(&auth, "magic-link", json!({"token": magic}))
            .await
            .status,
        401
    );
    let reset = json!({"token": reset, "password": "seven herons on a quiet weir"});
    assert_eq!(post(&auth, "reset-password", reset).await.status, 401);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn what_is_asked_for_wrongly_is_named() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    for (path, body, status) in [
        ("verify-email", json!({}), 422),
        (
            "verify-email",
            json!({"token": "a", "email": "ana@example.org"}),
            422,
        ),
        ("verify-email", json!({"email": "ana"}), 422),
        (
            "verify-email",
            json!({"email": "ana@example.org\r\nBcc: eve@example.org"}),
            422,
        ),
        ("verify-email", json!({"token": 7}), 422),
        ("verify-email", json!({"token": "a", "verified": true}), 422),
        ("magic-link", json!({}), 422),
        ("magic-link", json!([]), 422),
        ("forgot-password", json!({}), 422),
        ("forgot-password", json!({"email": ""}), 422),
        (
            "forgot-password",
            json!({"email": "ana@example.org", "role": "admin"}),
            422,
        ),
        ("reset-password", json!({"token": "a"}), 422),
        ("reset-password", json!({"password": "a"}), 422),
    ] {
        let answer = post(&auth, path, body.clone()).await;
        assert_eq!(answer.status, status, "{path} {body}");
    }
}
