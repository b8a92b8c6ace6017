//! H1: what a body may be.

use std::io::Write;

use babyshield_tests::{functions::Answered, sandbox::Sandbox};
use flate2::{Compression, write::GzEncoder};

use super::{All, Operation};

/// The most that a JSON body may have, in bytes.
const MOST: usize = 1_000_000;

async fn send(all: &All<'_>, operation: &Operation, encoding: &str, body: Vec<u8>) -> Answered {
    let ask = all
        .ask(operation, &operation.method, &operation.plain_path())
        .await;
    let ask = ask.header("content-type", "application/json").body(body);
    let ask = if encoding.is_empty() {
        ask
    } else {
        ask.header("content-encoding", encoding)
    };
    ask.send(all.router(operation)).await
}

/// A body: what it is called, its content encoding, its bytes, and the status and code that it gets.
type Case = (&'static str, &'static str, Vec<u8>, u16, &'static str);

#[expect(clippy::too_many_lines, reason = "a list, and no logic")]
fn cases() -> Vec<Case> {
    let nested = |depth: usize| {
        format!(
            "{{\"x\":{}1{}}}",
            "[".repeat(depth - 1),
            "]".repeat(depth - 1)
        )
        .into_bytes()
    };
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 50_000_000]).unwrap();
    let bomb = bomb.finish().unwrap();
    let huge = format!("{{\"x\":\"{}\"}}", "x".repeat(MOST)).into_bytes();
    vec![
        ("huge", "", huge, 413, "PAYLOAD_TOO_LARGE"),
        ("65 deep", "", nested(65), 400, "MALFORMED_REQUEST"),
        (
            "100,000 deep",
            "",
            nested(100_000),
            400,
            "MALFORMED_REQUEST",
        ),
        ("64 deep", "", nested(64), 422, "VALIDATION_ERROR"),
        (
            "open for ever",
            "",
            b"[".repeat(MOST),
            400,
            "MALFORMED_REQUEST",
        ),
        (
            "doubled",
            "",
            br#"{"x":1,"x":1}"#.to_vec(),
            422,
            "VALIDATION_ERROR",
        ),
        (
            "doubled within",
            "",
            br#"{"x":[{"y":{"a":1,"\u0061":2}}]}"#.to_vec(),
            422,
            "VALIDATION_ERROR",
        ),
        (
            "truncated",
            "",
            br#"{"x":"y"#.to_vec(),
            400,
            "MALFORMED_REQUEST",
        ),
        ("two", "", b"{}{}".to_vec(), 400, "MALFORMED_REQUEST"),
        (
            "no UTF-8",
            "",
            b"{\"x\":\"\xff\"}".to_vec(),
            400,
            "MALFORMED_REQUEST",
        ),
        (
            "half a character",
            "",
            br#"{"x":"\ud800"}"#.to_vec(),
            400,
            "MALFORMED_REQUEST",
        ),
        (
            "UTF-16",
            "",
            "{}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            400,
            "MALFORMED_REQUEST",
        ),
        (
            "a number beyond all",
            "",
            br#"{"x":1e999999}"#.to_vec(),
            400,
            "MALFORMED_REQUEST",
        ),
        ("a list", "", b"[{}]".to_vec(), 422, "VALIDATION_ERROR"),
        (
            "packed",
            "gzip",
            bomb.clone(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            "packed twice",
            "gzip, gzip",
            bomb.clone(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            "said to be packed",
            "br",
            b"{}".to_vec(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        ("packed and not said so", "", bomb, 400, "MALFORMED_REQUEST"),
    ]
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h1_bodies_that_are_huge_deep_doubled_broken_or_packed_are_refused_everywhere() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let cases = cases();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for operation in all
        .operations
        .iter()
        .filter(|operation| operation.takes_json())
    {
        for (name, encoding, body, status, code) in &cases {
            let answered = send(&all, operation, encoding, body.clone()).await;
            asked += 1;
            if (answered.status, answered.code().as_str()) != (*status, *code) {
                let (status, code) = (answered.status, answered.code());
                wrong.push(format!("{}: {name}: {status} {code}", operation.name()));
            }
            if name.starts_with("doubled")
                && answered.json()["errors"][0]["code"] != "DUPLICATE_FIELD"
            {
                wrong.push(format!("{}: {name} is not named", operation.name()));
            }
        }
    }
    assert!(asked >= 10 * cases.len(), "only {asked} bodies");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
