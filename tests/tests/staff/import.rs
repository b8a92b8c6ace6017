//! People out of files: good rows, bad rows, twice, and in pieces.

use babyshield::domain::account::EventKind;
use babyshield_tests::{functions::Ask, people::PASSWORD};
use serde_json::{Value, json};

use crate::{Bench, column};

/// The hash of [`PASSWORD`], as the old backend would have made it, cheaply.
fn bcrypt() -> String {
    bcrypt::hash(PASSWORD, 4).unwrap()
}

async fn import(bench: &Bench, name: &str, file: impl Into<Vec<u8>>) -> Result<Value, String> {
    let key = format!("imports/users/{name}");
    bench.sandbox.put_object(&key, file.into()).await;
    order(bench, name, 240).await
}

async fn order(bench: &Bench, name: &str, seconds: u64) -> Result<Value, String> {
    let key = format!("imports/users/{name}");
    let order = json!({"kind": "import_users", "key": key, "seconds": seconds});
    let orders = bench.sandbox.orders().await;
    orders
        .handle(order)
        .await
        .map_err(|error| error.to_string())
}

fn counts(report: &Value) -> [u64; 3] {
    ["imported", "skipped", "refused"].map(|name| report[name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn people_come_in_sign_in_with_their_old_password_and_come_in_once() {
    let bench = Bench::new().await;
    let hash = bcrypt();
    let file = format!(
        "\u{feff}email,first_name,last_name,password_hash,roles,email_verified,created_at\r\n\
         Ana@example.net,Ana,Silva,{hash},admin,true,2024-01-02 03:04:05\r\n\
         bo@example.net,Bo,,{hash},,,\r\n\
         \r\n\
         no address,Cy,,{hash},,,\r\n\
         ana@EXAMPLE.net,Ana,Again,{hash},,,\r\n\
         dee@example.net,Dee,,plain,,,"
    );
    let report = import(&bench, "old.csv", file).await.unwrap();
    assert_eq!(counts(&report), [2, 1, 2], "{report}");
    assert_eq!(
        (&report["finished"], &report["lines"]),
        (&json!(true), &json!(7))
    );
    assert_eq!(report["skipped_lines"], json!([6]));
    assert_eq!(report["refusals"][0]["line"], 5);
    assert_eq!(
        report["refusals"][0]["reason"],
        "email is not an e-mail address"
    );
    assert_eq!(report["refusals"][1]["line"], 7);
    // The report lies beside the file and has neither addresses nor hashes.
    let kept = bench
        .sandbox
        .object("imports/users/old.csv.report.json")
        .await;
    let kept = String::from_utf8(kept).unwrap();
    assert!(
        !kept.contains("example.net") && !kept.contains("$2b$04$"),
        "{kept}"
    );
    let sign_in = json!({"email": "ana@example.net", "password": PASSWORD});
    let signed_in = Ask::post("/api/v1/auth/login", &sign_in)
        .send(&bench.auth)
        .await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let data = signed_in.data();
    assert_eq!(data["user"]["created_at"], "2024-01-02T03:04:05Z");
    // Signing in made the hash one of ours.
    let held = bench.sandbox.scan(&bench.sandbox.accounts).await;
    let hashes = held
        .iter()
        .filter(|item| format!("{item:?}").contains("$2b$04$"))
        .count();
    assert_eq!(hashes, 1, "only who has not signed in has the old one");
    let again = order(&bench, "old.csv", 240).await.unwrap();
    assert_eq!(counts(&again), [0, 3, 2]);
    let people = |items: &[babyshield_tests::sandbox::Item]| {
        items
            .iter()
            .filter(|item| format!("{:?}", item.get("sk")).contains("\"USER\""))
            .count()
    };
    assert_eq!(
        people(&bench.sandbox.scan(&bench.sandbox.accounts).await),
        2
    );
    let token = data["access_token"].as_str().unwrap();
    let trail = Ask::get("/api/v1/admin/audit?kind=users_imported,registered").bearer(token);
    let trail = trail.send(&bench.auth).await.data();
    let mut kinds = column(&trail, "kind");
    kinds.sort();
    assert_eq!(
        kinds,
        [
            "registered",
            "registered",
            "users_imported",
            "users_imported"
        ]
    );
    assert_eq!(EventKind::UsersImported.as_str(), "users_imported");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_file_that_is_stopped_goes_on_where_it_stopped() {
    let bench = Bench::new().await;
    let row =
        |at: u32| format!("{{\"email\": \"person-{at}@example.net\", \"name\": \"P {at}\"}}\n");
    let mut file: String = (0..450).map(row).collect();
    file.push_str("{\"email\": 7}\n");
    file.extend((450..700).map(row));
    let key = "imports/users/long.ndjson";
    bench.sandbox.put_object(key, file.clone().into()).await;
    let (mut runs, mut places) = (0, Vec::new());
    let report = loop {
        let report = order(&bench, "long.ndjson", 0).await.unwrap();
        runs += 1;
        places.push(report["lines"].as_u64().unwrap());
        if report["finished"] == true {
            break report;
        }
        assert!(runs < 10, "{report}");
    };
    assert!(
        runs > 2,
        "every run without time does one piece: {places:?}"
    );
    assert!(
        places.is_sorted() && places.last() == Some(&701),
        "{places:?}"
    );
    assert_eq!(counts(&report), [700, 0, 1]);
    assert_eq!(
        report["refusals"],
        json!([{"line": 451, "reason": "email is no text"}])
    );
    // A file that was exchanged in between is another file.
    bench.sandbox.put_object(key, file.clone().into()).await;
    assert_eq!(
        order(&bench, "long.ndjson", 0).await.unwrap()["finished"],
        false
    );
    let other = "{\"email\": \"other@example.net\"}\n";
    let report = import(&bench, "long.ndjson", other).await.unwrap();
    assert_eq!((counts(&report), &report["lines"]), ([1, 0, 0], &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn files_that_are_none_and_rows_that_are_none_lose_nothing() {
    let bench = Bench::new().await;
    for (name, file, reason) in [
        ("empty.csv", vec![], "the file is empty"),
        ("empty.ndjson", vec![], "the file is empty"),
        (
            "id.csv",
            b"id,email\n1,a@example.net\n".to_vec(),
            "column 1 of the first line",
        ),
        (
            "semicolons.csv",
            b"email;name\n".to_vec(),
            "column 1 of the first line",
        ),
        ("utf16.csv", b"\xff\xfee\0m\0".to_vec(), "not UTF-8"),
        (
            "long.csv",
            vec![b'x'; 400_000],
            "the first line has more than",
        ),
    ] {
        let refused = import(&bench, name, file).await.unwrap_err();
        assert!(refused.contains(reason), "{name}: {refused}");
    }
    let mut file = b"{\"email\": \"first@example.net\"}\n".to_vec();
    file.extend_from_slice(&vec![b'x'; 400_000]);
    file.extend_from_slice(b"\n\0\0\0\n{\"email\": \"a@example.net\"\n\xff\xfe\n[1]\n");
    file.extend_from_slice(b"{\"email\": \"last@example.net\"}");
    let report = import(&bench, "odd.jsonl", file).await.unwrap();
    assert_eq!(counts(&report), [2, 0, 5], "{report}");
    let lines: Vec<_> = report["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["line"].clone())
        .collect();
    assert_eq!(lines, [2, 3, 4, 5, 6]);
    // Only a header is a file of nobody.
    let nobody = import(&bench, "nobody.csv", "email\n").await.unwrap();
    assert_eq!(
        (counts(&nobody), &nobody["finished"]),
        ([0, 0, 0], &json!(true))
    );
}
