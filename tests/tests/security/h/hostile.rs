//! H7: text that has broken other programs, in every field of every body, every parameter and every path.

use std::fmt::Write;

use babyshield::domain::account::Role;
use babyshield_tests::{
    functions::{Answered, Ask, router},
    sandbox::Sandbox,
    stack::Stack,
};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};

use super::{All, Operation};

const AT_ONCE: usize = 8;

/// A listing of the trail is hundreds of calls, and the emulator is slow at them.
const LISTINGS_AT_ONCE: usize = 2;

/// Each place gets every second text: still more than sixty.
fn some(corpus: &[String], place: usize) -> impl Iterator<Item = &String> {
    corpus.iter().skip(place % 2).step_by(2)
}

/// Returns hostile texts of every kind.
#[expect(clippy::too_many_lines, reason = "a list, and no logic")]
fn corpus() -> Vec<String> {
    let written = [
        // Nothing, and what looks like it.
        "",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\u{0}",
        "a\u{0}b",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "\u{3164}",
        "null",
        "undefined",
        "NaN",
        "none",
        "true",
        "[]",
        "{}",
        // Numbers that are not.
        "0",
        "-1",
        "1e309",
        "9223372036854775808",
        "-9223372036854775809",
        "0x10",
        "1_000",
        "٠١٢",
        "1.7976931348623157e309",
        "--1",
        // Languages that somebody might run.
        "' OR '1'='1",
        "'; DROP TABLE users; --",
        "\" OR \"\"=\"",
        "1) UNION SELECT 1--",
        "{\"$gt\": \"\"}",
        "{\"S\": \"x\"}",
        "attribute_not_exists(pk)",
        "#pk = :pk",
        ":now",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "{{7*7}}",
        "${7*7}",
        "#{7*7}",
        "<%= 7*7 %>",
        "${jndi:ldap://127.0.0.1/x}",
        "$(id)",
        "`id`",
        "; cat /etc/passwd",
        "| id",
        "() { :;}; echo x",
        "@import 'x'",
        "=cmd|' /C calc'!A0",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>",
        "*)(uid=*))(|(uid=*",
        // Places that it must not lead to.
        "../../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "%2e%2e%2f",
        "/dev/null",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        "//evil.example/",
        "s3://bucket/key",
        "CON",
        "nul.txt",
        // Keys and headers of ours.
        "USER#1",
        "KEYSET",
        "PENDING#0",
        "a#b#c",
        "x\r\nSet-Cookie: y=z",
        "a\u{0}USER",
        // Characters of every kind.
        "é",
        "e\u{301}",
        "ﷺ",
        "ß",
        "İ",
        "ı",
        "ΰ",
        "日本語",
        "שלום",
        "مرحبا",
        "\u{202e}abc",
        "👨‍👩‍👧‍👦",
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "Z̸̡̛a̴̢l̷g̶o̵",
        "\u{fffd}",
        "\u{ffff}",
        "\u{10ffff}",
        "ＡＢＣ",
        "ǅ",
        "\u{1f}",
        "\u{1b}[31mred",
        "%",
        "%00",
        "%s%n%x",
        "%ff%fe",
        "\\",
        "\\u0000",
        "\\x00",
        "\"",
        "'",
        "`",
        // What is nearly right.
        "@",
        "a@",
        "@b.example",
        "a@b",
        "a@b@c.example",
        "\"a b\"@example.org",
        "a@[127.0.0.1]",
        "a@xn--nxasmq6b.example",
        "a@\u{1f4a9}.example",
        "a@-.example",
        "a@example.org\r\nBcc: b@example.org",
        "01890000-0000-7000-8000-00000000000",
        "{01890000-0000-7000-8000-000000000000}",
        "us-cpsc:",
        ":24113",
        "0036000291452",
        "2026-02-30",
        "9999-99-99T99:99:99Z",
        "-0001-01-01",
        "eyJhbGciOiJub25lIn0.e30.",
        "bsk_",
        "Bearer x",
        "$2a$10$abc",
        "$argon2id$v=19$m=1,t=1,p=1$a$b",
    ];
    let long = [
        "x",
        "é",
        "\u{1f468}",
        "\u{301}",
        "a.",
        "%",
        "\"",
        "@",
        "(",
        "\\",
    ];
    let mut corpus: Vec<String> = written.map(str::to_owned).to_vec();
    corpus.extend(long.map(|piece| piece.repeat(5_000)));
    corpus.push("x".repeat(500_000));
    corpus
}

impl All<'_> {
    fn resolved<'v>(&'v self, schema: &'v Value) -> &'v Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let name = reference.rsplit('/').next().unwrap();
                self.resolved(&self.schemas[name])
            }
            None => schema,
        }
    }

    /// Returns the fields of a body that may hold text, and a body that holds something likely in each
    /// field that is required.
    fn fields(&self, schema: &Value) -> (Vec<String>, Map<String, Value>) {
        let schema = self.resolved(schema);
        let (mut texts, mut body) = (Vec::new(), Map::new());
        for part in ["allOf", "oneOf", "anyOf"] {
            for part in schema[part].as_array().into_iter().flatten() {
                let (more, likely) = self.fields(part);
                texts.extend(more);
                body.extend(likely);
            }
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            texts.push(name.clone());
            let required = schema["required"].as_array();
            if required.is_some_and(|names| names.contains(&json!(name))) {
                body.insert(name.clone(), self.likely(name, field));
            }
        }
        (texts, body)
    }

    fn likely(&self, name: &str, field: &Value) -> Value {
        let field = self.resolved(field);
        let example = [&field["examples"][0], &field["example"]];
        if let Some(example) = example.into_iter().find(|example| !example.is_null()) {
            return example.clone();
        }
        match (name, field["type"].as_str()) {
            ("email", _) => json!("ana@example.org"),
            ("password" | "new_password", _) => json!("a lantern, two oars and a kettle"),
            (_, Some("boolean")) => json!(true),
            (_, Some("integer" | "number")) => json!(1),
            (_, Some("array")) => json!([]),
            (_, Some("object")) => json!({}),
            _ => json!("x"),
        }
    }
}

/// Percent-encodes everything.
fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").expect("a text takes it");
        encoded
    })
}

/// Returns what is wrong with an answer.
fn fault(operation: &Operation, place: &str, text: &str, answered: &Answered) -> Option<String> {
    let shown: String = text.chars().take(40).collect();
    let told = format!(
        "{} {place} {shown:?}: {}",
        operation.name(),
        answered.status
    );
    let described = &operation.described["responses"][answered.status.to_string()];
    // What is asked of a path that names nothing is no operation's to describe.
    let lost = place == "path" && answered.status == 404;
    if answered.status >= 500 || (described.is_null() && !lost) {
        return Some(told);
    }
    let problem =
        answered.status >= 400 && !answered.header("content-type").starts_with("text/html");
    let json = answered.json();
    (problem && json["status"] != answered.status).then_some(told)
}

/// Sends as an administrator; as another one where an operation ended the session of the one before.
async fn by_staff<F>(all: &All<'_>, operation: &Operation, send: F) -> Answered
where
    F: AsyncFn(&str) -> Answered,
{
    let token = all.staff.lock().await.clone();
    let answered = send(&token).await;
    if answered.status != 401 || !operation.described["security"].is_array() {
        return answered;
    }
    let token = all.people.token(Role::Admin).await;
    all.staff.lock().await.clone_from(&token);
    send(&token).await
}

async fn in_bodies(
    all: &All<'_>,
    operation: &Operation,
    corpus: &[String],
) -> (usize, Vec<String>) {
    let schema = &operation.described["requestBody"]["content"]["application/json"]["schema"];
    let (fields, likely) = all.fields(schema);
    let mut cases = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        for text in some(corpus, at) {
            for value in [json!(text), json!([text]), json!({text: text})] {
                // Odd shapes end before the text is looked at.
                if value.is_string() || text.len() < 2 {
                    cases.push((field, text, value));
                }
            }
        }
    }
    let count = cases.len();
    let faults = stream::iter(cases)
        .map(async |(field, text, value)| {
            let mut body = likely.clone();
            body.insert(field.clone(), value);
            let body = Value::Object(body);
            let answered = by_staff(all, operation, async |token| {
                let ask = Ask::new(&operation.method, &operation.plain_path()).bearer(token);
                ask.json(&body).send(all.router(operation)).await
            })
            .await;
            fault(operation, field, text, &answered)
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(async |fault| fault)
        .collect()
        .await;
    (count, faults)
}

async fn in_paths(all: &All<'_>, operation: &Operation, corpus: &[String]) -> (usize, Vec<String>) {
    let mut paths = Vec::new();
    let parameters = operation.described["parameters"].as_array();
    for (at, parameter) in parameters.into_iter().flatten().enumerate() {
        let name = parameter["name"].as_str().unwrap();
        for text in some(corpus, at).filter(|text| text.len() < 20_000) {
            let path = match parameter["in"].as_str() {
                Some("query") => format!("{}?{name}={}", operation.plain_path(), encode(text)),
                Some("path") if !text.is_empty() => operation
                    .path
                    .replace(&format!("{{{name}}}"), &encode(text)),
                _ => continue,
            };
            if !path.contains('{') {
                let place = parameter["in"].as_str().unwrap_or_default().to_owned();
                paths.push((place, text, path));
            }
        }
    }
    let count = paths.len();
    let faults = stream::iter(paths)
        .map(async |(place, text, path)| {
            let answered = by_staff(all, operation, async |token| {
                let ask = Ask::new(&operation.method, &path).bearer(token);
                ask.send(all.router(operation)).await
            })
            .await;
            fault(operation, &place, text, &answered)
        })
        .buffer_unordered(LISTINGS_AT_ONCE)
        .filter_map(async |fault| fault)
        .collect()
        .await;
    (count, faults)
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h7_hostile_text_in_any_field_of_any_body_does_no_harm() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let corpus = corpus();
    assert!(some(&corpus, 0).count() >= 60);
    let (mut asked, mut wrong) = (0, Vec::new());
    for operation in all
        .operations
        .iter()
        .filter(|operation| operation.takes_json())
    {
        let (count, faults) = in_bodies(&all, operation, &corpus).await;
        assert!(count > 0, "{}: no field takes text", operation.name());
        asked += count;
        wrong.extend(faults);
    }
    assert!(asked >= 1_000, "only {asked} bodies");
    assert!(
        wrong.is_empty(),
        "{} of {asked}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h7_hostile_text_in_any_parameter_or_path_does_no_harm() {
    let sandbox = Sandbox::new().await;
    let mut all = All::of(&sandbox).await;
    // Lists come from the index, and the deployed stack has one.
    let stack = Stack::loaded().await;
    for function in ["recalls", "search"] {
        let listed = router(function, &mut stack.start(&stack.emulator));
        all.routers.insert(function, listed);
    }
    let corpus = corpus();
    let (mut asked, mut wrong) = (0, Vec::new());
    for operation in &all.operations {
        let (count, faults) = in_paths(&all, operation, &corpus).await;
        asked += count;
        wrong.extend(faults);
    }
    assert!(asked >= 500, "only {asked} paths");
    assert!(
        wrong.is_empty(),
        "{} of {asked}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
