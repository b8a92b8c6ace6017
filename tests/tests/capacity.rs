//! What requests cost in DynamoDB, measured through the real routers against the emulator.

use std::{collections::BTreeMap, fs};

use babyshield_tests::{
    functions::{Ask, router},
    meter::{Call, Cost, Meter},
    people::PASSWORD,
    stack::Stack,
    template::root,
};
use serde_json::{Value, json};

/// One anonymous check of an unambiguous GTIN reads at most this many units.
const MOST_UNITS: f64 = 4.0;

/// Counting one request writes one item of at most one unit; a client that is in no hurry pays it each time.
const COUNTED: &str = "dynamodb UpdateItem";

const SCAN: &str = "/api/v1/scan/barcode";

fn ask(method: &str, path: &str, body: Option<&Value>) -> Ask {
    let ask = Ask::new(method, path);
    match body {
        Some(body) => ask.json(body),
        None => ask,
    }
}

/// Returns what was called, sorted: who counts a read does it beside the read.
fn operations(calls: &[Call]) -> Vec<String> {
    let mut called: Vec<_> = calls
        .iter()
        .map(|call| format!("{} {}", call.service, call.operation))
        .collect();
    called.sort_unstable();
    called
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn one_anonymous_unambiguous_code_is_one_round_trip_of_four_units_and_one_counted_write() {
    let stack = Stack::loaded().await;
    let meter = Meter::start(&stack.emulator).await;
    let app = router("scan", &mut stack.start(&meter.endpoint));
    let cases = fs::read(root().join("local/demo/cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&cases).unwrap();
    let mut wrong = Vec::new();
    let (mut checked, mut dearest) = (0, Cost::default());
    for (at, case) in cases.iter().enumerate() {
        // Somebody else each time: nobody is in a hurry.
        let address = format!("198.18.{}.{}", at / 250, at % 250);
        let ask = Ask::post(SCAN, &case["request"]).from(&address);
        let answer = ask.send(&app).await;
        let calls = meter.take();
        if case["problem"].is_string() {
            assert_eq!(
                operations(&calls),
                [COUNTED],
                "{}: what is refused is looked up nowhere",
                case["name"]
            );
            continue;
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        let answer = answer.json();
        let plain = answer["data"]["ambiguous"] == false && case["request"]["model"].is_null();
        if !plain {
            continue;
        }
        checked += 1;
        let cost = Cost::of(&calls);
        if cost.read > dearest.read {
            dearest = cost;
        }
        if operations(&calls) != ["dynamodb BatchGetItem", COUNTED]
            || cost.read > MOST_UNITS
            || cost.write > 1.0
        {
            wrong.push(format!(
                "{}: {:?} {cost:?}",
                case["name"],
                operations(&calls)
            ));
        }
    }
    assert!(checked > 200, "only {checked} plain codes");
    assert!(
        dearest.read >= 3.0,
        "two tables and the coverage are three items: {dearest:?}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_ambiguous_code_and_a_model_still_take_one_round_trip() {
    let stack = Stack::loaded().await;
    let meter = Meter::start(&stack.emulator).await;
    let app = router("scan", &mut stack.start(&meter.endpoint));
    for request in [
        json!({"code": "12345670"}),
        json!({"code": "850099000234", "model": "LB-410"}),
    ] {
        Ask::post(SCAN, &request).send(&app).await;
        let calls = meter.take();
        assert_eq!(operations(&calls), ["dynamodb BatchGetItem"], "{request}");
        assert!(
            Cost::of(&calls).read <= 6.0,
            "{request}: {:?}",
            Cost::of(&calls)
        );
    }
}

/// The routes that are measured: function, method, path, body.
fn routes() -> Vec<(&'static str, &'static str, &'static str, Option<Value>)> {
    vec![
        (
            "scan",
            "POST",
            "/api/v1/scan/barcode",
            Some(json!({"code": "850099000012"})),
        ),
        ("recalls", "GET", "/api/v1/recalls", None),
        ("recalls", "GET", "/api/v1/recalls/us-cpsc:24901", None),
        (
            "recalls",
            "GET",
            "/api/v1/recalls/us-cpsc:24901/versions/1",
            None,
        ),
        ("recalls", "GET", "/api/v1/agencies", None),
        ("recalls", "GET", "/api/v1/agencies/us-cpsc", None),
        ("search", "GET", "/api/v1/search/products?q=crib", None),
        ("ops", "GET", "/health", None),
        ("ops", "GET", "/ready", None),
        ("ops", "GET", "/api/v1/health", None),
    ]
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn no_read_writes_but_to_be_counted_and_every_route_has_its_price() {
    let stack = Stack::loaded().await;
    let meter = Meter::start(&stack.emulator).await;
    let mut apps = BTreeMap::new();
    for function in ["scan", "recalls", "search", "ops"] {
        apps.insert(
            function,
            router(function, &mut stack.start(&meter.endpoint)),
        );
    }
    let mut rows = Vec::new();
    for (at, (function, method, path, body)) in routes().into_iter().enumerate() {
        // The first request fetches what an instance keeps: the index, the key of cursors.
        for _ in 0..2 {
            let answer = ask(method, path, body.as_ref()).send(&apps[function]).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
        }
        // Whatever goes on beside the request belongs to it.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        meter.take();
        let somebody = format!("198.19.0.{at}");
        let measured = ask(method, path, body.as_ref()).from(&somebody);
        measured.send(&apps[function]).await;
        let cost = Cost::of(&meter.take());
        let counted = f64::from(u8::from(!path.ends_with("health") && path != "/ready"));
        assert!(
            (cost.write - counted).abs() < f64::EPSILON,
            "{method} {path} writes: {cost:?}"
        );
        rows.push(json!({"function": function, "route": format!("{method} {path}"), "calls": cost.calls, "read_units": cost.read, "write_units": cost.write, "other_calls": cost.others}));
    }
    let price = |route: &str| rows.iter().find(|row| row["route"] == route).unwrap();
    // One call more than what is looked up: the request is counted.
    assert_eq!(price("GET /api/v1/recalls/us-cpsc:24901")["calls"], 2);
    assert_eq!(
        price("GET /api/v1/recalls/us-cpsc:24901")["read_units"],
        0.5
    );
    assert_eq!(
        price("GET /api/v1/recalls/us-cpsc:24901/versions/1")["calls"],
        3
    );
    assert_eq!(
        price("GET /api/v1/recalls")["calls"],
        1,
        "lists come from the snapshot"
    );
    assert_eq!(price("GET /api/v1/search/products?q=crib")["calls"], 1);
    assert_eq!(price("GET /api/v1/agencies")["calls"], 2);
    assert_eq!(price("GET /health")["other_calls"], 0);
    keep("reads.json", &rows);
}

/// Writes down what was measured, for `./dev bench` to print: one file for each test.
fn keep(name: &str, rows: &[Value]) {
    if let Some(folder) = std::env::var_os("BABYSHIELD_CAPACITY") {
        let file = std::path::Path::new(&folder).join(name);
        fs::write(file, serde_json::to_vec_pretty(rows).unwrap()).unwrap();
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn signing_in_and_staying_signed_in_have_their_price() {
    let stack = Stack::loaded().await;
    let meter = Meter::start(&stack.emulator).await;
    let auth = router("auth", &mut stack.start(&meter.endpoint));
    let email = format!("{}@example.org", uuid::Uuid::new_v4().simple());
    let somebody = "198.19.1.1";
    let mut rows = Vec::new();
    let mut measured = async |name: &str, ask: Ask| {
        meter.take();
        let answer = ask.from(somebody).send(&auth).await;
        assert!(answer.status < 300, "{name}: {answer:?}");
        let cost = Cost::of(&meter.take());
        rows.push(json!({"function": "auth", "route": name, "calls": cost.calls, "read_units": cost.read, "write_units": cost.write, "other_calls": cost.others}));
        (answer, cost)
    };
    let register = json!({"email": email, "password": PASSWORD, "name": "Ana"});
    // What an instance fetches once and keeps: its secrets, the set of keys.
    let warm = json!({"email": format!("warm-{email}"), "password": PASSWORD, "name": "Ana"});
    let warm = Ask::post("/api/v1/auth/register", &warm).send(&auth).await;
    assert_eq!(warm.status, 201, "{warm:?}");
    let path = "/api/v1/auth/register";
    measured("POST /api/v1/auth/register", Ask::post(path, &register)).await;
    let login = json!({"email": email, "password": PASSWORD});
    let path = "/api/v1/auth/login";
    let (answer, sign_in) = measured("POST /api/v1/auth/login", Ask::post(path, &login)).await;
    let token = answer.data()["access_token"].as_str().unwrap().to_owned();
    let refresh = json!({"refresh_token": answer.data()["refresh_token"]});
    let path = "/api/v1/auth/refresh";
    let (_, refreshed) = measured("POST /api/v1/auth/refresh", Ask::post(path, &refresh)).await;
    let path = "/api/v1/auth/me";
    measured("GET /api/v1/auth/me (first)", Ask::get(path).bearer(&token)).await;
    let (_, known) = measured("GET /api/v1/auth/me", Ask::get(path).bearer(&token)).await;
    let path = "/api/v1/auth/logout";
    measured(
        "POST /api/v1/auth/logout",
        Ask::new("POST", path).bearer(&token),
    )
    .await;
    keep("accounts.json", &rows);
    assert!(sign_in.calls <= 9 && sign_in.write <= 11.0, "{sign_in:?}");
    // The person, the session, and the request that is counted.
    assert!(
        refreshed.calls <= 3 && refreshed.write <= 2.0,
        "{refreshed:?}"
    );
    // The person, and the request that is counted; who is signed in is known for half a minute.
    assert!(known.calls <= 2 && known.write <= 1.0, "{known:?}");
}
