//! What a token says, claim by claim, and which door is whose.

use babyshield::{
    clock::Clock,
    domain::account::{ApiKeyId, Purpose, SessionId},
    identity::{link::LinkKey, refresh::RefreshKeys, ring::Ring, signing::Signer},
    stores::api_keys::KeyText,
};
use babyshield_tests::functions::{Answered, Ask};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bench, PRIVATE, secret};

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j4_every_claim_is_there_of_its_type_and_right() {
    let bench = Bench::new().await;
    let good = bench.claims();
    let now = bench.now().as_second();
    let mut claims = Vec::new();
    for name in [
        "iss", "aud", "sub", "sid", "jti", "roles", "iat", "nbf", "exp",
    ] {
        let mut missing = good.clone();
        missing.as_object_mut().unwrap().remove(name);
        claims.push(missing);
        let text = good[name].to_string();
        for odd in [
            json!(null),
            json!(true),
            json!({}),
            json!([]),
            json!(""),
            json!(text),
            json!(-0.5),
            json!([good[name]]),
            json!({"a": good[name]}),
        ] {
            // A list of no roles is a list of roles.
            if name == "roles" && odd == json!([]) {
                continue;
            }
            let mut wrong = good.clone();
            wrong[name] = odd;
            claims.push(wrong);
        }
    }
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!("https://api.babyshield.example/")),
        ("iss", json!("http://api.babyshield.example")),
        ("iss", json!("HTTPS://API.BABYSHIELD.EXAMPLE")),
        ("aud", json!("babyshield")),
        ("aud", json!("babyshield-api ")),
        ("sub", json!("admin")),
        ("sid", json!("*")),
        ("jti", json!("1")),
        ("roles", json!(["superuser"])),
        ("roles", json!("admin")),
        ("iat", json!(now + 31)),
        ("iat", json!(now + 901)),
        ("iat", json!(now - 3_600)),
        ("iat", json!(i64::MIN)),
        ("nbf", json!(now + 31)),
        ("nbf", json!(i64::MAX)),
        ("exp", json!(now - 30)),
        ("exp", json!(now)),
        ("exp", json!(now + 3_601)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(1e300)),
    ] {
        let mut wrong = good.clone();
        wrong[name] = value;
        claims.push(wrong);
    }
    let header = bench.forge.header();
    let mut tokens: Vec<_> = claims
        .iter()
        .map(|claims| (claims.to_string(), bench.forge.sign(&header, claims)))
        .collect();
    for whole in [json!(null), json!([]), json!([good]), json!("x"), json!({})] {
        tokens.push((whole.to_string(), bench.forge.sign(&header, &whole)));
    }
    for typ in [
        json!("JWT"),
        json!("jwt"),
        json!("at+JWT"),
        json!("application/at+jwt"),
        json!("rt+jwt"),
        json!("ws+jwt"),
        json!(null),
        json!(["at+jwt"]),
    ] {
        let mut other = header.clone();
        other["typ"] = typ;
        tokens.push((other.to_string(), bench.forge.sign(&other, &good)));
    }
    let mut missing = header.clone();
    missing.as_object_mut().unwrap().remove("typ");
    tokens.push(("no typ".into(), bench.forge.sign(&missing, &good)));
    assert_eq!(bench.taken(tokens).await, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j4_the_leeway_is_half_a_minute_at_both_ends() {
    let bench = Bench::new().await;
    let token = bench.token();
    let clock = &bench.sandbox.clock;
    clock.advance(-30);
    assert_eq!(
        bench.ask(&token).await.status,
        200,
        "made half a minute ahead"
    );
    clock.advance(-1);
    assert_eq!(bench.ask(&token).await.status, 401);
    clock.advance(31 + 900 + 29);
    assert_eq!(
        bench.ask(&token).await.status,
        200,
        "over for less than half a minute"
    );
    clock.advance(1);
    assert_eq!(bench.ask(&token).await.code(), "INVALID_TOKEN");
}

/// The tokens that there are, each for a door of its own, as good as they come.
async fn kinds(bench: &Bench) -> Vec<(&'static str, String)> {
    let ring = Ring::parse(&secret(&bench.sandbox).await).unwrap();
    let signer = Signer::from(&ring);
    let refresh = RefreshKeys::new(signer.refresh_key());
    let (signing, _) = bench.sandbox.secrets().await;
    let client = bench.sandbox.secrets_manager();
    let got = client
        .get_secret_value()
        .secret_id(signing)
        .send()
        .await
        .unwrap();
    let links = LinkKey::derive(got.secret_string().unwrap().as_bytes()).unwrap();
    let link = |purpose| links.token(bench.user, Uuid::from_u128(9), purpose);
    vec![
        (
            "refresh",
            refresh.first(bench.user, bench.session, [7; 32]).text(),
        ),
        ("reset", link(Purpose::ResetPassword)),
        ("verify", link(Purpose::VerifyEmail)),
        ("magic link", link(Purpose::MagicLink)),
        (
            "API key",
            KeyText::issue(ApiKeyId(Uuid::from_u128(5))).reveal(),
        ),
        (
            "cursor",
            babyshield::http::cursor::SigningKey::new(got.secret_string().unwrap())
                .unwrap()
                .seal(&1, "here"),
        ),
    ]
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j4_no_other_kind_of_token_opens_the_door_of_access_tokens() {
    let bench = Bench::new().await;
    let kinds = kinds(&bench).await;
    let tokens = kinds
        .into_iter()
        .map(|(kind, token)| (kind.to_owned(), token));
    assert_eq!(bench.taken(tokens).await, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j4_an_access_token_opens_no_other_door() {
    let bench = Bench::new().await;
    let access = bench.token();
    let mut all = kinds(&bench).await;
    all.push(("access", access.clone()));
    let post = async |path: &str, body: Value| Ask::post(path, &body).send(&bench.auth).await;
    let refused = |got: &Answered, what: &str| {
        let refused = [401, 422].contains(&got.status) && got.json()["data"].is_null();
        assert!(refused, "{what}: {} {}", got.status, got.json());
    };
    for (kind, token) in &all {
        if *kind != "refresh" {
            let got = post("/api/v1/auth/refresh", json!({"refresh_token": token})).await;
            refused(&got, &format!("{kind} at refresh"));
        }
        if *kind != "API key" {
            let got = Ask::get(PRIVATE)
                .header("x-api-key", token)
                .send(&bench.auth)
                .await;
            refused(&got, &format!("{kind} as an API key"));
        }
    }
    // A refresh token of a session that was never opened opens nothing either.
    let got = post("/api/v1/auth/refresh", json!({"refresh_token": all[0].1})).await;
    refused(&got, "a refresh token of nothing");
    let other = SessionId(Uuid::from_u128(77));
    assert_eq!(
        bench
            .ask(
                &bench
                    .forge
                    .token(bench.user, other, bench.sandbox.clock.now())
            )
            .await
            .status,
        200
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j4_two_credentials_are_none() {
    let bench = Bench::new().await;
    let token = bench.token();
    let bearer = format!("Bearer {token}");
    let asks = [
        Ask::get(PRIVATE).bearer(&token).bearer(&token),
        Ask::get(PRIVATE)
            .bearer(&token)
            .header("x-api-key", "bsk_x"),
        Ask::get(PRIVATE)
            .bearer(&token)
            .header("authorization", "Basic dTpw"),
        Ask::get(PRIVATE).header("authorization", &format!("{bearer}, {bearer}")),
        Ask::get(PRIVATE).header("authorization", &token),
        Ask::get(PRIVATE).header("authorization", &format!("Token {token}")),
        Ask::get(PRIVATE).header("authorization", &format!("Bearer{token}")),
        Ask::get(PRIVATE).header("authorization", &format!("Bearer {token} x")),
        Ask::get(PRIVATE).header("cookie", &format!("access_token={token}")),
        Ask::get(&format!("{PRIVATE}?access_token={token}")),
    ];
    for (at, ask) in asks.into_iter().enumerate() {
        let got = ask.send(&bench.auth).await;
        assert_eq!(got.status, 401, "{at}: {}", got.json());
    }
    let none = Ask::get(PRIVATE).send(&bench.auth).await;
    assert_eq!(none.code(), "UNAUTHENTICATED");
    assert_eq!(
        none.header("www-authenticate"),
        "Bearer realm=\"babyshield\""
    );
}
