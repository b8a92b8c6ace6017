//! Administrators find people, change them, and cannot all be taken away.

use babyshield::domain::account::{Role, UserId};
use babyshield_tests::{
    functions::{Answered, Ask},
    people::PASSWORD,
};
use serde_json::{Value, json};

use crate::{Bench, column};

async fn register(bench: &Bench, email: &str, first: &str, last: &str) -> Value {
    let body =
        json!({"email": email, "password": PASSWORD, "first_name": first, "last_name": last});
    let answer = Ask::post("/api/v1/auth/register", &body)
        .send(&bench.auth)
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.data()
}

async fn find(bench: &Bench, token: &str, query: &str) -> Answered {
    let path = format!("/api/v1/admin/users?{query}");
    Ask::get(&path).bearer(token).send(&bench.auth).await
}

async fn change(bench: &Bench, token: &str, user: &str, body: &Value) -> Answered {
    let path = format!("/api/v1/admin/users/{user}");
    let ask = Ask::new("PATCH", &path).json(body).bearer(token);
    ask.send(&bench.auth).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn people_are_found_by_address_by_name_and_by_identifier_page_by_page() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, admin) = people.known(Role::Admin).await;
    let mut ids = Vec::new();
    for (email, first, last) in [
        ("silva.one@example.net", "Zoë", "Aalto"),
        ("two@example.net", "Ana", "Silva"),
        ("three@example.net", "Bo", "Silva"),
        ("SILVA.four@example.net", "Cy", "Silvana"),
        ("five@example.net", "Silvio", "Berg"),
    ] {
        let data = register(&bench, email, first, last).await;
        ids.push(data["user"]["id"].as_str().unwrap().to_owned());
    }
    let all = find(&bench, &admin, "q=silva").await.data();
    // Addresses first, then names, and nobody twice.
    assert_eq!(
        column(&all, "email"),
        [
            "SILVA.four@example.net",
            "silva.one@example.net",
            "two@example.net",
            "three@example.net"
        ]
    );
    assert_eq!(
        (&all["total"], &all["has_more"]),
        (&Value::Null, &json!(false))
    );
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = format!("q=silva&per_page=1&cursor={cursor}");
        let page = find(&bench, &admin, &query).await.data();
        paged.extend(column(&page, "email"));
        assert!(page["items"].as_array().unwrap().len() <= 1);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(paged, column(&all, "email"));
    for (query, found) in [
        ("q=SILVA%20ana", vec!["two@example.net"]),
        ("q=two@", vec!["two@example.net"]),
        ("q=silva&role=admin", vec![]),
        ("q=nobody", vec![]),
        ("q=%00", vec![]),
        ("q=%EF%BF%BD%F0%9F%A7%B8", vec![]),
    ] {
        let page = find(&bench, &admin, query).await.data();
        assert_eq!(column(&page, "email"), found, "{query}");
    }
    let one = find(&bench, &admin, &format!("q={}", ids[4])).await.data();
    assert_eq!(column(&one, "email"), ["five@example.net"]);
    // Everybody, whoever they are: the five and the administrator.
    let everybody = find(&bench, &admin, "").await.data();
    assert_eq!(everybody["items"].as_array().unwrap().len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_change_is_made_of_the_state_that_was_seen_and_leaves_its_events() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, admin) = people.known(Role::Admin).await;
    let (user, _) = people.known(Role::User).await;
    let user = user.to_string();
    let path = format!("/api/v1/admin/users/{user}");
    let seen = Ask::get(&path).bearer(&admin).send(&bench.auth).await;
    let tag = seen.header("etag").to_owned();
    assert!(!tag.is_empty());
    let again = Ask::get(&path).bearer(&admin).header("if-none-match", &tag);
    assert_eq!(again.send(&bench.auth).await.status, 304);
    let body = json!({"roles": ["operator"], "subscription_tier": "premium"});
    let changed = change(&bench, &admin, &user, &body).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.data()["roles"], json!(["user", "operator"]));
    assert_eq!(changed.data()["subscription_tier"], "premium");
    let late = Ask::new("PATCH", &path)
        .json(&json!({"roles": []}))
        .bearer(&admin);
    let late = late.header("if-match", &tag).send(&bench.auth).await;
    assert_eq!((late.status, &*late.code()), (412, "PRECONDITION_FAILED"));
    // The answer's own tag is that of the next change.
    let next = Ask::new("PATCH", &path)
        .json(&json!({"roles": ["viewer"]}))
        .bearer(&admin);
    let next = next.header("if-match", changed.header("etag"));
    assert_eq!(next.send(&bench.auth).await.status, 200);
    let trail = Ask::get(&format!("/api/v1/admin/audit?user={user}"));
    let trail = trail.bearer(&admin).send(&bench.auth).await.data();
    let kinds = column(&trail, "kind");
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "roles_changed").count(),
        2
    );
    assert_eq!(trail["items"][0]["detail"]["to"], "user,viewer");
    assert_eq!(trail["items"][0]["detail"]["from"], "user,operator");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn disabling_ends_sessions_tokens_and_keys_and_enabling_does_not_bring_them_back() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, admin) = people.known(Role::Admin).await;
    let person = people.signed_in(&bench.auth).await;
    person.api_key(&bench.auth).await;
    let disabled = change(&bench, &admin, &person.id, &json!({"is_active": false})).await;
    assert_eq!(disabled.status, 200, "{disabled:?}");
    assert_eq!(disabled.data()["standing"], "disabled");
    let refresh = json!({"refresh_token": person.refresh});
    let refreshed = Ask::post("/api/v1/auth/refresh", &refresh)
        .send(&bench.auth)
        .await;
    assert_eq!(refreshed.status, 401);
    // An instance that knew the token forgets it within a minute.
    bench.sandbox.clock.advance(60);
    let me = Ask::get("/api/v1/auth/me").bearer(&person.access);
    assert_eq!(me.send(&bench.auth).await.status, 401);
    let keys = bench.sandbox.account_store();
    let user: UserId = person.id.parse().unwrap();
    assert!(keys.api_keys_of(user).await.unwrap().is_empty());
    let sign_in = json!({"email": person.email, "password": PASSWORD});
    let refused = Ask::post("/api/v1/auth/login", &sign_in)
        .send(&bench.auth)
        .await;
    assert_eq!(refused.status, 401);
    let enabled = change(&bench, &admin, &person.id, &json!({"is_active": true})).await;
    assert_eq!(enabled.data()["standing"], "active");
    let me = Ask::get("/api/v1/auth/me").bearer(&person.access);
    assert_eq!(me.send(&bench.auth).await.status, 401);
    let back = Ask::post("/api/v1/auth/login", &sign_in)
        .send(&bench.auth)
        .await;
    assert_eq!(back.status, 200, "{back:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn nobody_takes_the_administrator_from_themselves_and_two_cannot_take_it_from_each_other() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (one, first) = people.known(Role::Admin).await;
    let own = one.to_string();
    for body in [json!({"roles": ["user"]}), json!({"is_active": false})] {
        let refused = change(&bench, &first, &own, &body).await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (409, "CONFLICT"),
            "{body}"
        );
    }
    let kept = change(&bench, &first, &own, &json!({"roles": ["admin", "viewer"]})).await;
    assert_eq!(kept.status, 200);
    for _ in 0..5 {
        let (one, first) = people.known(Role::Admin).await;
        let (two, second) = people.known(Role::Admin).await;
        let (one, two, body) = (one.to_string(), two.to_string(), json!({"roles": []}));
        let (left, right) = tokio::join!(
            change(&bench, &first, &two, &body),
            change(&bench, &second, &one, &body),
        );
        let mut outcomes = [left.status, right.status];
        outcomes.sort_unstable();
        assert_eq!(outcomes, [200, 403], "one of two wins");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn staff_take_a_lockout_off() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, admin) = people.known(Role::Admin).await;
    let (_, operator) = people.known(Role::Operator).await;
    let (_, viewer) = people.known(Role::Viewer).await;
    let person = people.signed_in(&bench.auth).await;
    let report = json!({"email": person.email, "success": false, "client": "198.51.100.7"});
    for _ in 0..5 {
        let noted = Ask::post("/api/v1/security/login-attempt", &report);
        let noted = noted.bearer(&operator).send(&bench.auth).await;
        assert_eq!(noted.status, 200, "{noted:?}");
    }
    let path = format!(
        "/api/v1/security/account-locked?email={}&client=198.51.100.9",
        person.email
    );
    let locked = async |token: &str, path: &str| {
        let answer = Ask::get(path).bearer(token).send(&bench.auth).await;
        (answer.status, answer.data())
    };
    let (status, seen) = locked(&viewer, &path).await;
    assert_eq!(
        (status, &seen["locked"], &seen["reason"]),
        (200, &json!(true), &json!("client"))
    );
    // The person sees the same of themselves, and nothing of anybody else.
    assert_eq!(locked(&person.access, &path).await.1, seen);
    let other = "/api/v1/security/account-locked?email=nobody@example.org";
    assert_eq!(locked(&person.access, other).await.0, 403);
    let (status, nobody) = locked(&viewer, other).await;
    assert_eq!((status, &nobody["locked"]), (200, &json!(false)));
    let sign_in = json!({"email": person.email, "password": PASSWORD});
    let refused = Ask::post("/api/v1/auth/login", &sign_in).from("198.51.100.8");
    assert_eq!(refused.send(&bench.auth).await.status, 429);
    let unlock = format!("/api/v1/admin/users/{}/unlock", person.id);
    let unlock = Ask::new("POST", &unlock)
        .bearer(&admin)
        .send(&bench.auth)
        .await;
    assert_eq!(unlock.status, 200, "{unlock:?}");
    assert_eq!(locked(&viewer, &path).await.1["locked"], json!(false));
    let back = Ask::post("/api/v1/auth/login", &sign_in).from("198.51.100.8");
    assert_eq!(back.send(&bench.auth).await.status, 200);
}
