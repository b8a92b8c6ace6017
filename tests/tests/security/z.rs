//! Rows Z: who may have what, and what an answer may hold.

use std::collections::BTreeSet;

use axum::Router;
use babyshield::domain::account::Role;
use babyshield_tests::{
    functions::{Answered, Ask, router},
    people::People,
    sandbox::Sandbox,
    schema::Description,
};
use serde_json::{Value, json};

/// What nobody may set, and no answer may hold.
const PRIVILEGED: [&str; 12] = [
    "role",
    "roles",
    "user_id",
    "owner",
    "id",
    "verified",
    "email_verified",
    "is_admin",
    "is_active",
    "created_at",
    "password_hash",
    "version",
];

async fn auth(sandbox: &Sandbox) -> Router {
    router("auth", &mut sandbox.http(sandbox.emulator(), &[]).await)
}

/// A problem without what tells one answer from the next.
fn bare(answer: &Answered) -> Value {
    let mut body = answer.json();
    for name in ["request_id", "timestamp", "instance"] {
        body[name].take();
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn z1_what_is_somebody_elses_answers_as_what_does_not_exist() {
    let sandbox = Sandbox::new().await;
    let (auth, people) = (auth(&sandbox).await, People::of(&sandbox).await);
    let owner = people.signed_in(&auth).await;
    let key = owner.api_key(&auth).await;
    let other = people.signed_in(&auth).await;
    let admin = people.token(Role::Admin).await;
    let nothing = "01999999-9999-7999-8999-999999999999";
    for (folder, theirs) in [("auth/sessions", &owner.session), ("auth/api-keys", &key)] {
        for token in [&other.access, &admin] {
            let mut answers = Vec::new();
            for id in [
                theirs.as_str(),
                nothing,
                "1",
                "..%2f..",
                "%00",
                "'%20or%201=1",
            ] {
                let ask = Ask::new("DELETE", &format!("/api/v1/{folder}/{id}"));
                let answer = ask.bearer(token).send(&auth).await;
                assert_eq!(answer.status, 404, "{folder}/{id}");
                // What can be no part of a path has no route to say what it is.
                if !id.contains('%') {
                    answers.push(bare(&answer));
                }
            }
            for answer in &answers {
                assert_eq!(*answer, answers[0]);
            }
        }
        let own = Ask::new("DELETE", &format!("/api/v1/{folder}/{theirs}"));
        assert_eq!(
            own.bearer(&owner.access).send(&auth).await.status,
            200,
            "{folder}"
        );
    }
    // For staff alone: nobody else learns whether somebody is there.
    for (method, tail) in [("GET", ""), ("PATCH", ""), ("POST", "/unlock")] {
        let mut answers = Vec::new();
        for id in [owner.id.as_str(), nothing] {
            let ask = Ask::new(method, &format!("/api/v1/admin/users/{id}{tail}"));
            let answer = ask.json(&json!({})).bearer(&other.access).send(&auth).await;
            assert_eq!(answer.status, 403, "{method}");
            answers.push(bare(&answer));
        }
        assert_eq!(answers[0], answers[1], "{method}");
        let unknown = Ask::new(method, &format!("/api/v1/admin/users/{nothing}{tail}"));
        let unknown = unknown.json(&json!({})).bearer(&admin).send(&auth).await;
        assert_eq!(unknown.status, 404, "{method}");
    }
}

/// Everything that the table holds but for the trail.
async fn held(sandbox: &Sandbox) -> BTreeSet<String> {
    let items = sandbox.scan(&sandbox.accounts).await;
    let items = items.into_iter().map(|item| {
        let sorted: std::collections::BTreeMap<_, _> = item.into_iter().collect();
        format!("{sorted:?}")
    });
    items.filter(|item| !item.contains("AUDIT#")).collect()
}

/// Returns every operation of the function that takes a body: method, path, the names of its fields.
fn writes(description: &Description) -> Vec<(String, String, BTreeSet<String>)> {
    let mut writes = Vec::new();
    for (path, operations) in description.json()["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_null() || path.contains("/scan/") {
                continue;
            }
            let fields = fields(description, schema);
            assert!(
                !fields.is_empty(),
                "{method} {path} takes a body without fields"
            );
            writes.push((method.to_uppercase(), path.clone(), fields));
        }
    }
    writes
}

/// Returns the names that an object may have by its schema.
fn fields(description: &Description, schema: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        let schema = &description.json()["components"]["schemas"][name];
        names.extend(fields(description, schema));
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for schema in schema[part].as_array().into_iter().flatten() {
            names.extend(fields(description, schema));
        }
    }
    names.extend(
        schema["properties"]
            .as_object()
            .into_iter()
            .flat_map(|own| own.keys().cloned()),
    );
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn z3_fields_that_are_not_the_clients_to_set_are_refused_and_change_nothing() {
    let sandbox = Sandbox::new().await;
    let (auth, people) = (auth(&sandbox).await, People::of(&sandbox).await);
    let person = people.signed_in(&auth).await;
    let admin = people.token(Role::Admin).await;
    let before = held(&sandbox).await;
    let description = Description::read();
    let writes = writes(&description);
    assert!(writes.len() >= 12, "{writes:?}");
    for (method, path, fields) in &writes {
        let staff = path.contains("/admin/") || path.contains("/security/");
        let token = if staff { &admin } else { &person.access };
        let path = path.replace("{id}", &person.id);
        for name in PRIVILEGED.iter().filter(|name| !fields.contains(**name)) {
            let body = json!({*name: "admin"});
            let answer = Ask::new(method, &path)
                .json(&body)
                .bearer(token)
                .send(&auth)
                .await;
            assert_eq!(answer.status, 422, "{method} {path} {name}: {answer:?}");
            let error = &answer.json()["errors"][0];
            let said = (error["field"].as_str(), error["code"].as_str());
            let pointer = format!("/{name}");
            assert_eq!(
                said,
                (Some(&*pointer), Some("UNKNOWN_FIELD")),
                "{method} {path}"
            );
        }
    }
    assert_eq!(held(&sandbox).await, before);
}

/// Returns the places of an answer that its schema does not declare.
fn undeclared(
    description: &Description,
    schemas: &[&Value],
    value: &Value,
    at: &str,
) -> Vec<String> {
    match value {
        Value::Array(items) => {
            let inner = schemas
                .iter()
                .flat_map(|schema| followed(description, schema));
            let inner = inner.map(|schema| &schema["items"]);
            let inner: Vec<_> = inner.filter(|schema| !schema.is_null()).collect();
            items
                .iter()
                .flat_map(|item| undeclared(description, &inner, item, at))
                .collect()
        }
        Value::Object(object) => {
            let inner: Vec<_> = schemas
                .iter()
                .flat_map(|schema| followed(description, schema))
                .collect();
            let mut found = Vec::new();
            for (name, value) in object {
                let at = format!("{at}/{name}");
                let mut declared: Vec<_> = inner
                    .iter()
                    .map(|schema| &schema["properties"][name])
                    .collect();
                declared.extend(inner.iter().map(|schema| &schema["additionalProperties"]));
                declared.retain(|schema| !schema.is_null() && **schema != false);
                if declared.is_empty() {
                    found.push(at);
                } else {
                    found.extend(undeclared(description, &declared, value, &at));
                }
            }
            found
        }
        _ => Vec::new(),
    }
}

/// Returns a schema and those that it is put together from.
fn followed<'a>(description: &'a Description, schema: &'a Value) -> Vec<&'a Value> {
    let mut found = vec![schema];
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        found.extend(followed(
            description,
            &description.json()["components"]["schemas"][name],
        ));
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for schema in schema[part].as_array().into_iter().flatten() {
            found.extend(followed(description, schema));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn z4_answers_hold_what_is_declared_and_no_hash_nor_key_of_a_table() {
    let sandbox = Sandbox::new().await;
    let (auth, people) = (auth(&sandbox).await, People::of(&sandbox).await);
    let person = people.signed_in(&auth).await;
    person.api_key(&auth).await;
    let admin = people.token(Role::Admin).await;
    let key = json!({"name": "a machine", "scopes": ["read"]});
    let attempt = json!({"email": person.email, "success": false});
    let login = json!({"email": person.email, "password": babyshield_tests::people::PASSWORD});
    let refresh = json!({"refresh_token": person.refresh});
    let locked = format!("email={}", person.email);
    let own = &person.access;
    let asks: [(&str, &str, &str, &str, Option<&Value>); 14] = [
        ("get", "/api/v1/auth/me", "", own, None),
        ("get", "/api/v1/user/me", "", own, None),
        ("get", "/api/v1/auth/sessions", "", own, None),
        ("get", "/api/v1/auth/api-keys", "", own, None),
        ("post", "/api/v1/auth/api-keys", "", own, Some(&key)),
        ("get", "/api/v1/security/events", "", own, None),
        ("get", "/api/v1/security/account-locked", &locked, own, None),
        (
            "post",
            "/api/v1/security/login-attempt",
            "",
            &admin,
            Some(&attempt),
        ),
        ("get", "/api/v1/admin/users", "", &admin, None),
        ("get", "/api/v1/admin/users/{id}", "", &admin, None),
        ("post", "/api/v1/admin/users/{id}/unlock", "", &admin, None),
        ("get", "/api/v1/admin/audit", "", &admin, None),
        ("post", "/api/v1/auth/login", "", "", Some(&login)),
        ("post", "/api/v1/auth/refresh", "", "", Some(&refresh)),
    ];
    let description = Description::read();
    let mut texts = Vec::new();
    for (method, path, query, token, body) in asks {
        let asked = format!("{}?{query}", path.replace("{id}", &person.id));
        let mut ask = Ask::new(&method.to_uppercase(), asked.trim_end_matches('?'));
        if !token.is_empty() {
            ask = ask.bearer(token);
        }
        if let Some(body) = body {
            ask = ask.json(body);
        }
        let answer = ask.send(&auth).await;
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        let status = answer.status.to_string();
        let operation = &description.json()["paths"][path][method];
        let schema = &operation["responses"][&status]["content"]["application/json"]["schema"];
        assert!(
            !schema.is_null(),
            "{method} {path} does not describe {status}"
        );
        let more = undeclared(&description, &[schema], &answer.json(), "");
        assert!(more.is_empty(), "{method} {path}: {more:?}");
        let faults = description.faults(
            method,
            path,
            answer.status,
            "application/json",
            &answer.json(),
        );
        assert!(faults.is_empty(), "{faults:?}");
        texts.push(String::from_utf8(answer.bytes).unwrap());
    }
    let answered = texts.join("\n");
    for hidden in [
        "$argon2id$",
        "\"pk\"",
        "\"sk\"",
        "USER#",
        "SESSION#",
        "\"hash\"",
        "\"password_hash\"",
    ] {
        assert!(!answered.contains(hidden), "{hidden}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn z5_a_cursor_is_good_for_its_listing_and_its_caller_and_pages_are_small() {
    let sandbox = Sandbox::new().await;
    let (auth, people) = (auth(&sandbox).await, People::of(&sandbox).await);
    let (_, admin) = people.known(Role::Admin).await;
    let (_, other) = people.known(Role::Admin).await;
    for _ in 0..3 {
        people.signed_in(&auth).await;
    }
    let get = async |path: &str, token: &str| Ask::get(path).bearer(token).send(&auth).await;
    let listings = [
        (
            "/api/v1/admin/users?per_page=1",
            "role=user",
            "/api/v1/admin/audit?",
        ),
        (
            "/api/v1/admin/audit?per_page=1",
            "kind=registered",
            "/api/v1/security/events?",
        ),
        (
            "/api/v1/security/events?per_page=1",
            "kind=registered",
            "/api/v1/admin/users?",
        ),
    ];
    for (listing, filter, elsewhere) in listings {
        let page = get(listing, &admin).await.data();
        let cursor = page["next_cursor"]
            .as_str()
            .expect("there is more")
            .to_owned();
        let good = format!("{listing}&cursor={cursor}");
        assert_eq!(get(&good, &admin).await.status, 200, "{listing}");
        let mut tampered = cursor.clone().into_bytes();
        tampered[30] = if tampered[30] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(tampered).unwrap();
        for (path, token) in [
            (format!("{listing}&cursor={tampered}"), &admin),
            (format!("{listing}&cursor={}", "A".repeat(5_000)), &admin),
            (format!("{listing}&{filter}&cursor={cursor}"), &admin),
            (format!("{elsewhere}per_page=1&cursor={cursor}"), &admin),
            (good, &other),
        ] {
            let refused = get(&path, token).await;
            assert_eq!(
                (refused.status, &*refused.code()),
                (400, "INVALID_CURSOR"),
                "{path}"
            );
        }
        for size in ["1000000000", "101", "0", "-1", "99999999999999999999"] {
            let path = listing.replace("per_page=1", &format!("per_page={size}"));
            assert_eq!(get(&path, &admin).await.status, 422, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn z6_a_demotion_counts_within_a_minute_and_the_next_token_says_so() {
    let sandbox = Sandbox::new().await;
    let (auth, people) = (auth(&sandbox).await, People::of(&sandbox).await);
    let admin = people.token(Role::Admin).await;
    let person = people.signed_in(&auth).await;
    let path = format!("/api/v1/admin/users/{}", person.id);
    let change = async |roles: &Value| {
        let ask = Ask::new("PATCH", &path)
            .json(&json!({"roles": roles}))
            .bearer(&admin);
        assert_eq!(ask.send(&auth).await.status, 200);
    };
    let refresh = async |token: &str| {
        let ask = Ask::post("/api/v1/auth/refresh", &json!({"refresh_token": token}));
        let data = ask.send(&auth).await.data();
        let text = |name: &str| data[name].as_str().expect("it refreshes").to_owned();
        (text("access_token"), text("refresh_token"))
    };
    let trail = async |token: &str| {
        let ask = Ask::get("/api/v1/admin/audit").bearer(token);
        ask.send(&auth).await.status
    };
    assert_eq!(trail(&person.access).await, 403);
    change(&json!(["admin"])).await;
    sandbox.clock.advance(2);
    let (access, next) = refresh(&person.refresh).await;
    assert_eq!(
        trail(&access).await,
        200,
        "a promotion counts from the next token"
    );
    change(&json!(["user"])).await;
    sandbox.clock.advance(60);
    assert_eq!(
        trail(&access).await,
        401,
        "a demotion ends the tokens of before"
    );
    let (access, _) = refresh(&next).await;
    assert_eq!(
        trail(&access).await,
        403,
        "the session goes on as what it is now"
    );
}
