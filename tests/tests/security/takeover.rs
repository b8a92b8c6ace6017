//! Nobody gets hold of somebody else's account: not by what they left there before it was its owner's, and
//! not by what they held before it was taken from them.

use axum::Router;
use babyshield::{
    clock::{Ids, RandomIds},
    domain::account::Role,
};
use babyshield_tests::{
    functions::{Answered, Ask, router},
    people::{PASSWORD, People, SignedIn},
    sandbox::Sandbox,
};
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "seven herons on a quiet weir";

async fn auth(sandbox: &Sandbox) -> Router {
    router("auth", &mut sandbox.http(sandbox.emulator(), &[]).await)
}

fn new_address() -> String {
    format!("{}@example.net", RandomIds.new_id().simple())
}

async fn post(auth: &Router, path: &str, body: &Value) -> Answered {
    let path = format!("/api/v1/auth/{path}");
    Ask::post(&path, body).send(auth).await
}

async fn change(auth: &Router, access: &str, email: &str) -> Answered {
    let body = json!({"email": email, "current_password": PASSWORD});
    let ask = Ask::new("PATCH", "/api/v1/user/me").json(&body);
    ask.bearer(access).send(auth).await
}

/// Asks for another address and returns the token that makes it the account's.
async fn change_link(sandbox: &Sandbox, auth: &Router, access: &str, email: &str) -> String {
    let answer = change(auth, access, email).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    sandbox.last_mail(email).await.token().to_owned()
}

async fn link(sandbox: &Sandbox, auth: &Router, path: &str, email: &str) -> String {
    let answer = post(auth, path, &json!({"email": email})).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    sandbox.last_mail(email).await.token().to_owned()
}

async fn key(auth: &Router, access: &str, scopes: &[&str]) -> String {
    let body = json!({"name": "a machine", "scopes": scopes});
    let made = Ask::post("/api/v1/auth/api-keys", &body);
    let made = made.bearer(access).send(auth).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.data()["key"].as_str().unwrap().to_owned()
}

/// Returns how somebody's key or token is answered where only people are: 403 says that it is good.
async fn status(auth: &Router, path: &str, credential: &str) -> u16 {
    Ask::get(path).bearer(credential).send(auth).await.status
}

/// Somebody who registered an address that is not theirs, with a key and with a link that would give the
/// account an address of their own.
struct Squatter {
    account: SignedIn,
    key: String,
    link: String,
}

async fn squatter(sandbox: &Sandbox, auth: &Router) -> Squatter {
    let account = People::of(sandbox).await.signed_in(auth).await;
    let key = key(auth, &account.access, &["read", "family"]).await;
    let link = change_link(sandbox, auth, &account.access, &new_address()).await;
    assert_eq!(status(auth, "/api/v1/auth/me", &key).await, 403);
    // What an instance knows of a key is half a minute old at the most.
    sandbox.clock.advance(31);
    Squatter { account, key, link }
}

async fn is_empty_handed(auth: &Router, squatter: &Squatter) {
    let taken = post(auth, "verify-email", &json!({"token": squatter.link})).await;
    assert_eq!((taken.status, &*taken.code()), (401, "INVALID_TOKEN"));
    assert_eq!(status(auth, "/api/v1/auth/me", &squatter.key).await, 401);
    let refresh = json!({"refresh_token": squatter.account.refresh});
    assert_eq!(post(auth, "refresh", &refresh).await.status, 401);
    let login = json!({"email": squatter.account.email, "password": PASSWORD});
    assert_eq!(post(auth, "login", &login).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn whoever_registered_the_address_of_another_keeps_nothing_when_its_owner_signs_in_by_a_link()
{
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let squatter = squatter(&sandbox, &auth).await;
    let token = link(&sandbox, &auth, "magic-link", &squatter.account.email).await;
    let owner = post(&auth, "magic-link", &json!({"token": token})).await;
    assert_eq!(owner.status, 200, "{owner:?}");
    is_empty_handed(&auth, &squatter).await;
    let access = owner.data()["access_token"].as_str().unwrap().to_owned();
    let me = Ask::get("/api/v1/auth/me")
        .bearer(&access)
        .send(&auth)
        .await;
    assert_eq!(me.data()["email"], json!(squatter.account.email), "{me:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn whoever_registered_the_address_of_another_keeps_nothing_when_its_owner_sets_a_password() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let squatter = squatter(&sandbox, &auth).await;
    let token = link(&sandbox, &auth, "forgot-password", &squatter.account.email).await;
    let body = json!({"token": token, "password": NEW_PASSWORD});
    let reset = post(&auth, "reset-password", &body).await;
    assert_eq!(reset.status, 200, "{reset:?}");
    is_empty_handed(&auth, &squatter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_link_that_was_asked_for_with_the_old_password_ends_with_it() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let owner = People::of(&sandbox).await.signed_in(&auth).await;
    let thief = json!({"email": owner.email, "password": PASSWORD});
    let thief = post(&auth, "login", &thief).await.data();
    let thief = thief["access_token"].as_str().unwrap();
    let away = change_link(&sandbox, &auth, thief, &new_address()).await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let changed = Ask::post("/api/v1/auth/change-password", &body);
    let changed = changed.bearer(&owner.access).send(&auth).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let taken = post(&auth, "verify-email", &json!({"token": away})).await;
    assert_eq!((taken.status, &*taken.code()), (401, "INVALID_TOKEN"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn the_keys_of_an_account_end_with_it() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let owner = People::of(&sandbox).await.signed_in(&auth).await;
    let key = key(&auth, &owner.access, &["read"]).await;
    assert_eq!(status(&auth, "/api/v1/auth/me", &key).await, 403);
    let ask = Ask::new("DELETE", "/api/v1/user/me").json(&json!({"current_password": PASSWORD}));
    let ended = ask.bearer(&owner.access).send(&auth).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    sandbox.clock.advance(31);
    assert_eq!(status(&auth, "/api/v1/auth/me", &key).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_key_of_an_administrator_by_address_is_none_when_the_address_is_another() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let email = format!("{}@staff.example", RandomIds.new_id().simple());
    let body = json!({"email": email, "password": PASSWORD, "name": "Ana"});
    assert_eq!(post(&auth, "register", &body).await.status, 201);
    let token = sandbox.last_mail(&email).await.token().to_owned();
    let verified = post(&auth, "verify-email", &json!({"token": token})).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    let login = json!({"email": email, "password": PASSWORD});
    let access = post(&auth, "login", &login).await.data();
    let access = access["access_token"].as_str().unwrap();
    let key = key(&auth, access, &["staff"]).await;
    assert_eq!(status(&auth, "/api/v1/admin/users", &key).await, 200);
    let token = change_link(&sandbox, &auth, access, &new_address()).await;
    let changed = post(&auth, "verify-email", &json!({"token": token})).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    sandbox.clock.advance(31);
    assert_eq!(status(&auth, "/api/v1/admin/users", &key).await, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn z6_who_is_no_administrator_any_more_makes_no_administrator_of_themselves() {
    let sandbox = Sandbox::new().await;
    let (one, other) = (auth(&sandbox).await, auth(&sandbox).await);
    let people = People::of(&sandbox).await;
    let (ana, hers) = people.known(Role::Admin).await;
    let (_, his) = people.known(Role::Admin).await;
    let path = format!("/api/v1/admin/users/{ana}");
    let roles = |role: &str, token: &str| {
        let ask = Ask::new("PATCH", &path).json(&json!({"roles": [role], "is_active": true}));
        ask.bearer(token)
    };
    // One instance has just looked whether her token is denied, and relies on that for a while.
    assert_eq!(status(&one, &path, &hers).await, 200);
    assert_eq!(roles("user", &his).send(&other).await.status, 200);
    assert_eq!(roles("admin", &hers).send(&one).await.status, 403);
    let seen = Ask::get(&path).bearer(&his).send(&other).await;
    assert_eq!(seen.data()["roles"], json!(["user"]), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn nobody_goes_through_addresses_by_asking_for_them() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let people = People::of(&sandbox).await;
    let (ana, bea) = (people.signed_in(&auth).await, people.signed_in(&auth).await);
    let mut told = 0;
    for minute in 0..30 {
        for _ in 0..2 {
            let asked = change(&auth, &ana.access, &bea.email).await;
            assert!([409, 429].contains(&asked.status), "{minute} {asked:?}");
            told += usize::from(asked.status == 409);
        }
        let free = change(&auth, &ana.access, &new_address()).await;
        assert_eq!(free.status, 429, "{minute} {free:?}");
        sandbox.clock.advance(20);
    }
    assert_eq!(told, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_address_that_was_never_confirmed_is_free_again_when_its_account_ends() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let people = People::of(&sandbox).await;
    for confirmed in [false, true] {
        let first = people.signed_in(&auth).await;
        if confirmed {
            let token = sandbox.last_mail(&first.email).await.token().to_owned();
            let verified = post(&auth, "verify-email", &json!({"token": token})).await;
            assert_eq!(verified.status, 200, "{verified:?}");
        }
        let ask = Ask::new("DELETE", "/api/v1/user/me");
        let ask = ask.json(&json!({"current_password": PASSWORD}));
        let ended = ask.bearer(&first.access).send(&auth).await;
        assert_eq!(ended.status, 200, "{ended:?}");
        let body = json!({"email": first.email, "password": NEW_PASSWORD, "name": "Bea"});
        let owner = post(&auth, "register", &body).await;
        let expected = if confirmed { 409 } else { 201 };
        assert_eq!(owner.status, expected, "{owner:?}");
        // The one before does not get in by it.
        let login = json!({"email": first.email, "password": PASSWORD});
        assert_eq!(post(&auth, "login", &login).await.status, 401);
    }
}
