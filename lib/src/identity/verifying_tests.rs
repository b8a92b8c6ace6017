//! What an access token has to be, claim by claim.

use serde_json::{Value, json};

use super::*;
use crate::{
    identity::{ring::Ring, signing::Signer},
    stores::key_set::PublicKey,
};

const ROOT: &str = r#"{"v":1,"root":"q9ZtW3vYk0rJm5XcB7sHd2LfNa8PgUe4TiRo6VxC1yQ"}"#;
const ISSUER: &str = "https://api.example";

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn ring() -> Ring {
    Ring::parse(ROOT).unwrap()
}

fn keys(until: Option<Timestamp>) -> VerifyingKeys {
    let mut set = ring().settled(None, now()).unwrap();
    set.keys[0].verifies_until = until;
    VerifyingKeys::from(&set)
}

fn claims() -> Value {
    let now = now().as_second();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "019aa2f4-c3d1-7b52-a1e0-c4d95f3b8a67",
        "sid": "019aa2f4-c3d1-7b52-a1e0-c4d95f3b8a68", "jti": "019aa2f4-c3d1-7b52-a1e0-c4d95f3b8a69",
        "roles": ["user"], "iat": now, "nbf": now, "exp": now + 900,
    })
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": TYPE, "kid": ring().newest().kid})
}

/// Signs whatever is given, as nothing of ours would.
fn signed(header: &Value, claims: &Value) -> String {
    let code = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", code(header), code(claims));
    let key = &ring().newest().private.clone();
    let signature = crypto::sign(message.as_bytes(), key, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn outcome(header: &Value, claims: &Value) -> Result<Claims, Refused> {
    verify(&signed(header, claims), &keys(None), ISSUER, now())
}

fn with(mut value: Value, name: &str, other: Value) -> Value {
    value[name] = other;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

#[test]
fn what_the_signer_signs_is_taken_as_it_was() {
    let claims: Claims = serde_json::from_value(claims()).unwrap();
    let token = Signer::from(&ring()).sign(&claims).unwrap();
    assert_eq!(verify(&token, &keys(None), ISSUER, now()), Ok(claims));
    assert!(token.len() < 1_000, "{}", token.len());
}

#[test]
fn a_token_that_would_outlive_its_key_is_not_signed() {
    let claims: Claims = serde_json::from_value(claims()).unwrap();
    for life in [-1, 0, 3_601] {
        let claims = Claims {
            exp: claims.iat + life,
            ..claims.clone()
        };
        Signer::from(&ring()).sign(&claims).unwrap_err();
        let given = serde_json::to_value(&claims).unwrap();
        assert!(outcome(&header(), &given).is_err(), "{life}");
    }
}

#[test]
fn every_member_of_the_header_is_what_it_has_to_be() {
    let ours = header();
    assert!(outcome(&ours, &claims()).is_ok());
    let cases = [
        (with(ours.clone(), "alg", json!("none")), Refused::Algorithm),
        (
            with(ours.clone(), "alg", json!("eddsa")),
            Refused::Algorithm,
        ),
        (
            with(ours.clone(), "alg", json!("ES256")),
            Refused::Algorithm,
        ),
        (
            with(ours.clone(), "alg", json!(["EdDSA"])),
            Refused::Malformed,
        ),
        (with(ours.clone(), "alg", Value::Null), Refused::Malformed),
        (without(ours.clone(), "alg"), Refused::Malformed),
        (with(ours.clone(), "typ", json!("JWT")), Refused::Type),
        (with(ours.clone(), "typ", json!("AT+JWT")), Refused::Type),
        (with(ours.clone(), "typ", Value::Null), Refused::Type),
        (without(ours.clone(), "typ"), Refused::Type),
        (
            with(ours.clone(), "kid", json!("other")),
            Refused::UnknownKey,
        ),
        (with(ours.clone(), "kid", json!("")), Refused::UnknownKey),
        (with(ours.clone(), "kid", json!(7)), Refused::Malformed),
        (without(ours.clone(), "kid"), Refused::UnknownKey),
        (
            with(ours.clone(), "crit", json!(["exp"])),
            Refused::Critical,
        ),
        (with(ours.clone(), "crit", json!([])), Refused::Critical),
        (with(ours.clone(), "crit", Value::Null), Refused::Critical),
        (json!(["EdDSA", TYPE, ours["kid"]]), Refused::Malformed),
    ];
    for (header, refused) in cases {
        assert_eq!(outcome(&header, &claims()), Err(refused), "{header}");
    }
    for ignored in ["jku", "x5u", "jwk", "x5c", "unheard_of"] {
        let header = with(ours.clone(), ignored, json!("https://evil.example/keys"));
        assert!(outcome(&header, &claims()).is_ok(), "{ignored}");
    }
}

#[test]
fn no_claim_is_missing_or_of_another_type() {
    for name in [
        "iss", "aud", "sub", "sid", "jti", "roles", "iat", "nbf", "exp",
    ] {
        let missing = without(claims(), name);
        assert_eq!(
            outcome(&header(), &missing),
            Err(Refused::Malformed),
            "{name}"
        );
        for other in [
            Value::Null,
            json!(true),
            json!({}),
            json!("x"),
            json!(1.5),
            json!([1]),
        ] {
            let wrong = with(claims(), name, other.clone());
            assert!(outcome(&header(), &wrong).is_err(), "{name}: {other}");
        }
    }
}

#[test]
fn no_claim_says_something_else() {
    let now = now().as_second();
    let set = |changes: &[(&str, Value)]| {
        let mut claims = claims();
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        outcome(&header(), &claims).err()
    };
    let cases = [
        (
            set(&[("iss", json!("https://evil.example"))]),
            Some(Refused::Issuer),
        ),
        (
            set(&[("iss", json!("https://api.example/"))]),
            Some(Refused::Issuer),
        ),
        (set(&[("aud", json!("another"))]), Some(Refused::Audience)),
        (set(&[("aud", json!([AUDIENCE]))]), Some(Refused::Malformed)),
        (set(&[("roles", json!(["root"]))]), Some(Refused::Malformed)),
        (
            set(&[
                ("exp", json!(now - 30)),
                ("iat", json!(now - 900)),
                ("nbf", json!(now - 900)),
            ]),
            Some(Refused::Expired),
        ),
        (
            set(&[
                ("exp", json!(now - 29)),
                ("iat", json!(now - 900)),
                ("nbf", json!(now - 900)),
            ]),
            None,
        ),
        (set(&[("exp", json!(i64::MAX))]), Some(Refused::Times)),
        (
            set(&[("exp", json!(i64::MAX)), ("iat", json!(i64::MIN))]),
            Some(Refused::Times),
        ),
        (set(&[("iat", json!(i64::MIN))]), Some(Refused::Times)),
        (set(&[("iat", json!(now + 30))]), None),
        (set(&[("iat", json!(now + 31))]), Some(Refused::Early)),
        (set(&[("nbf", json!(now + 31))]), Some(Refused::Early)),
        (set(&[("nbf", json!(now + 900))]), Some(Refused::Times)),
        (set(&[("exp", json!(now + 3_601))]), Some(Refused::Times)),
        (set(&[("scope", json!("anything"))]), None),
    ];
    for (at, (outcome, expected)) in cases.into_iter().enumerate() {
        assert_eq!(outcome, expected, "case {at}");
    }
}

#[test]
fn a_key_ends_when_its_time_is_over() {
    let token = signed(&header(), &claims());
    let second = jiff::SignedDuration::from_secs(1);
    let at = |until| verify(&token, &keys(Some(until)), ISSUER, now()).err();
    assert_eq!(at(now() + second), None);
    assert_eq!(at(now()), Some(Refused::RetiredKey));
}

#[test]
fn nothing_that_is_changed_or_cut_is_taken() {
    let token = signed(&header(), &claims());
    let keys = keys(None);
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(verify(&changed, &keys, ISSUER, now()).is_err(), "{at}");
        assert!(verify(&token[..at], &keys, ISSUER, now()).is_err(), "{at}");
    }
    let long = format!("{token}{}", "A".repeat(5_000));
    let outcomes = [
        (long.as_str(), Refused::TooLong),
        ("", Refused::Malformed),
        ("..", Refused::Malformed),
        ("a.b", Refused::Malformed),
        ("a.b.c.d.e", Refused::Malformed),
        ("é.é.é", Refused::Malformed),
    ];
    for (text, refused) in outcomes {
        assert_eq!(verify(text, &keys, ISSUER, now()), Err(refused), "{text}");
    }
    let padded = format!("{token}=");
    assert!(verify(&padded, &keys, ISSUER, now()).is_err());
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let header = r#"{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"x"}"#;
    let token = format!("{}.e30.e30", URL_SAFE_NO_PAD.encode(header));
    assert_eq!(
        verify(&token, &keys(None), ISSUER, now()),
        Err(Refused::Malformed)
    );
}

#[test]
fn a_published_key_that_cannot_be_read_spoils_no_other() {
    let mut set = ring().settled(None, now()).unwrap();
    for x in ["", "!!", "AAAA", &"A".repeat(86)] {
        set.keys.push(PublicKey {
            kid: format!("broken {x}"),
            x: x.to_owned(),
            ..set.keys[0].clone()
        });
    }
    let keys = VerifyingKeys::from(&set);
    assert_eq!(keys.0.len(), 1);
    assert!(verify(&signed(&header(), &claims()), &keys, ISSUER, now()).is_ok());
}
