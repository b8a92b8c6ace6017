//! H6: every status and every body is as it is described.
//!
//! What is asked here is fixed. Requests that nobody thought of are made from the same description by
//! hand; `docs/security.md` says how.

use std::collections::BTreeSet;

use axum::Router;
use babyshield::domain::account::Role;
use babyshield_tests::{
    functions::{Answered, Ask},
    people::PASSWORD,
    sandbox::Sandbox,
    schema::Description,
};
use serde_json::{Value, json};

use super::{All, Operation};

/// Holds answers against the description.
struct Judge {
    description: Description,
    wrong: Vec<String>,
    succeeded: BTreeSet<String>,
}

impl Judge {
    fn new() -> Self {
        Self {
            description: Description::read(),
            wrong: Vec::new(),
            succeeded: BTreeSet::new(),
        }
    }

    fn judge(&mut self, method: &str, path: &str, how: &str, answer: &Answered) {
        let media_type = answer.header("content-type");
        let media_type = media_type.split(';').next().unwrap_or_default();
        let body = if media_type == "text/html" {
            Value::String(String::from_utf8(answer.bytes.clone()).unwrap())
        } else {
            answer.json()
        };
        let method = method.to_lowercase();
        let faults = self
            .description
            .faults(&method, path, answer.status, media_type, &body);
        self.wrong
            .extend(faults.iter().map(|fault| format!("{how}: {fault}")));
        if answer.status < 300 {
            self.succeeded.insert(format!("{method} {path}"));
        }
    }
}

/// Returns what is asked of every operation, each with a word for it.
async fn odd_requests(all: &All<'_>, operation: &Operation) -> Vec<(&'static str, Ask)> {
    let (method, path) = (operation.method.as_str(), operation.plain_path());
    let ask = async |path: &str| all.ask(operation, method, path).await;
    let odd_id = operation.path.replace("{id}", "x").replace("{key}", "x");
    let odd_id = odd_id.replace("{version}", "x");
    let page = format!("{path}?per_page=0&page=x&cursor=x&limit=9&sort=x&order=x");
    let mut requests = vec![
        ("nobody", Ask::new(method, &path)),
        ("no token", Ask::new(method, &path).bearer("x")),
        ("two", ask(&path).await.header("x-api-key", "bsk_x")),
        ("nothing", ask(&path).await),
        ("an odd identifier", ask(&odd_id).await),
        ("an odd query", ask(&format!("{path}?nonsense=1")).await),
        (
            "an odd envelope",
            ask(&format!("{path}?envelope=odd")).await,
        ),
        ("an odd page", ask(&page).await),
        ("no JSON", ask(&path).await.header("accept", "image/png")),
        (
            "another state",
            ask(&path).await.header("if-match", "\"x\""),
        ),
        (
            "an odd key",
            ask(&path).await.header("idempotency-key", "a b"),
        ),
    ];
    for (name, body) in [
        ("no fields", json!({})),
        ("a list", json!([])),
        ("an unknown field", json!({"nonsense": 1})),
    ] {
        requests.push((name, ask(&path).await.json(&body)));
    }
    let broken = ask(&path).await.header("content-type", "application/json");
    requests.push(("broken JSON", broken.body("{\"")));
    let text = ask(&path).await.header("content-type", "text/plain");
    requests.push(("a text", text.body("a text")));
    requests
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn h6_what_every_operation_answers_to_odd_requests_is_described() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let (mut judge, mut asked) = (Judge::new(), 0);
    for operation in &all.operations {
        for (how, ask) in odd_requests(&all, operation).await {
            let answer = ask.send(all.router(operation)).await;
            judge.judge(&operation.method, &operation.path, how, &answer);
            asked += 1;
        }
    }
    assert!(asked >= 600, "only {asked} requests");
    assert!(judge.wrong.is_empty(), "{}", judge.wrong.join("\n"));
}

/// Somebody who goes through everything that there is for accounts.
struct Tour<'a> {
    sandbox: &'a Sandbox,
    auth: &'a Router,
    judge: Judge,
}

impl Tour<'_> {
    /// Asks an operation and returns its data; `{id}` stands for what is given.
    async fn ask(&mut self, what: &str, id: &str, token: &str, body: Value) -> Value {
        let (method, path) = what.split_once(' ').expect("a method and a path");
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let asked = format!("{}?{query}", path.replace("{id}", id));
        let mut ask = Ask::new(method, asked.trim_end_matches('?'));
        if !token.is_empty() {
            ask = ask.bearer(token);
        }
        if !body.is_null() {
            ask = ask.json(&body);
        }
        let answer = ask.send(self.auth).await;
        assert!(answer.status < 300, "{what}: {answer:?}");
        self.judge.judge(method, path, "well asked", &answer);
        answer.data()
    }

    /// Returns the token of the last message to an address.
    async fn link(&self, email: &str) -> String {
        self.sandbox.last_mail(email).await.token().to_owned()
    }

    /// Looks at the page of the link that was sent last, and uses it.
    async fn follow(&mut self, path: &str, email: &str, more: Value) -> Value {
        let token = self.link(email).await;
        let page = format!("GET {path}?token={token}");
        self.ask(&page, "", "", Value::Null).await;
        let mut body = more;
        body["token"] = token.into();
        self.ask(&format!("POST {path}"), "", "", body).await
    }

    /// What staff ask about somebody, and what people ask about themselves beside it.
    async fn staff(&mut self, id: &str, email: &str, own: &str, admin: &str) {
        let locked = format!("GET /api/v1/security/account-locked?email={email}");
        self.ask(&locked, "", own, Value::Null).await;
        self.ask("GET /api/v1/security/events", "", own, Value::Null)
            .await;
        let attempt = json!({"email": email, "success": false});
        self.ask("POST /api/v1/security/login-attempt", "", admin, attempt)
            .await;
        for what in ["GET /api/v1/admin/users", "GET /api/v1/admin/audit"] {
            self.ask(what, "", admin, Value::Null).await;
        }
        self.ask("GET /api/v1/admin/users/{id}", id, admin, Value::Null)
            .await;
        let tier = json!({"subscription_tier": "free"});
        self.ask("PATCH /api/v1/admin/users/{id}", id, admin, tier)
            .await;
        let what = "POST /api/v1/admin/users/{id}/unlock";
        self.ask(what, id, admin, Value::Null).await;
    }

    /// Gets in again by links, and ends everything.
    async fn by_links(&mut self, email: &str) {
        let (auth, login) = (
            "/api/v1/auth",
            json!({"email": email, "password": PASSWORD}),
        );
        let asked = json!({"email": email});
        self.ask("POST /api/v1/auth/forgot-password", "", "", asked.clone())
            .await;
        let body = json!({"password": PASSWORD});
        self.follow(&format!("{auth}/reset-password"), email, body)
            .await;
        self.ask("POST /api/v1/auth/magic-link", "", "", asked.clone())
            .await;
        let opened = self
            .follow(&format!("{auth}/magic-link"), email, json!({}))
            .await;
        let own = text(&opened, "access_token");
        self.ask("DELETE /api/v1/auth/sessions", "", &own, Value::Null)
            .await;
        let opened = self.ask("POST /api/v1/auth/login", "", "", login).await;
        let body = json!({"current_password": PASSWORD});
        self.ask(
            "DELETE /api/v1/user/me",
            "",
            &text(&opened, "access_token"),
            body,
        )
        .await;
    }
}

fn text(data: &Value, name: &str) -> String {
    data[name].as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn h6_every_operation_on_accounts_succeeds_as_it_is_described() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let admin = all.people.token(Role::Admin).await;
    let mut tour = Tour {
        sandbox: &sandbox,
        auth: &all.routers["auth"],
        judge: Judge::new(),
    };
    // An address of this run: the mail service keeps what other tests sent.
    let email = format!("{}@example.org", uuid::Uuid::new_v4().simple());
    let none = Value::Null;
    let (auth, login) = (
        "/api/v1/auth",
        json!({"email": email, "password": PASSWORD}),
    );
    let mut register = login.clone();
    register["name"] = "Ana Example".into();
    let opened = tour
        .ask("POST /api/v1/auth/register", "", "", register)
        .await;
    let id = text(&opened["user"], "id");
    tour.follow(&format!("{auth}/verify-email"), &email, json!({}))
        .await;
    let opened = tour
        .ask("POST /api/v1/auth/login", "", "", login.clone())
        .await;
    let refresh = json!({"refresh_token": text(&opened, "refresh_token")});
    let opened = tour.ask("POST /api/v1/auth/refresh", "", "", refresh).await;
    let own = text(&opened, "access_token");
    for what in ["GET /api/v1/auth/me", "GET /api/v1/user/me"] {
        tour.ask(what, "", &own, none.clone()).await;
    }
    let name = json!({"first_name": "Ana", "last_name": "Quill", "locale": "fr"});
    tour.ask("PUT /api/v1/user/me", "", &own, name).await;
    tour.ask("PATCH /api/v1/user/me", "", &own, json!({"locale": "en"}))
        .await;
    let scopes = json!({"name": "a machine", "scopes": ["read"]});
    let key = tour
        .ask("POST /api/v1/auth/api-keys", "", &own, scopes)
        .await;
    tour.ask("GET /api/v1/auth/api-keys", "", &own, none.clone())
        .await;
    let what = "DELETE /api/v1/auth/api-keys/{id}";
    tour.ask(what, &text(&key, "id"), &own, none.clone()).await;
    let sessions = tour
        .ask("GET /api/v1/auth/sessions", "", &own, none.clone())
        .await;
    let other = sessions["items"].as_array().unwrap().iter();
    let other = other.clone().find(|one| one["current"] == false).unwrap();
    let what = "DELETE /api/v1/auth/sessions/{id}";
    tour.ask(what, &text(other, "id"), &own, none.clone()).await;
    tour.staff(&id, &email, &own, &admin).await;
    let next = "two kettles, an oar and no lantern";
    let change = json!({"current_password": PASSWORD, "new_password": next});
    tour.ask("POST /api/v1/auth/change-password", "", &own, change)
        .await;
    tour.ask("POST /api/v1/auth/logout", "", &own, none.clone())
        .await;

    tour.by_links(&email).await;
    for document in ["jwks.json", "openid-configuration"] {
        tour.ask(
            &format!("GET /.well-known/{document}"),
            "",
            "",
            none.clone(),
        )
        .await;
    }

    let judge = tour.judge;
    assert!(judge.wrong.is_empty(), "{}", judge.wrong.join("\n"));
    for operation in all.operations.iter().filter(|one| one.function == "auth") {
        let name = format!("{} {}", operation.method.to_lowercase(), operation.path);
        assert!(judge.succeeded.contains(&name), "{name} was not tried");
    }
}
