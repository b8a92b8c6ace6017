//! The keys that sign: one follows another, one is revoked, and whoever does it may die on the way.

use axum::Router;
use babyshield::{
    clock::{Clock, Ids, RandomIds},
    domain::account::{SessionId, UserId},
    identity::{
        claims::{AUDIENCE, Claims},
        signing::TokenKeys,
    },
    stores::key_set::{KeySet, KeySets},
};
use babyshield_faults::{Plan, Proxy};
use babyshield_tests::{
    functions::Ask,
    sandbox::{Sandbox, sdk},
    stack::PUBLIC_URL,
};
use serde_json::{Value, json};

use super::{PRIVATE, function, secret};

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

/// Several instances of the function that signs, and several of those that verify.
struct Stack {
    sandbox: Sandbox,
    signers: Vec<TokenKeys>,
    verifiers: Vec<Router>,
}

impl Stack {
    async fn new(instances: usize) -> Self {
        let sandbox = Sandbox::new().await;
        let (mut signers, mut verifiers) = (Vec::new(), Vec::new());
        for _ in 0..instances {
            signers.push(signer(&sandbox).await);
            verifiers.push(function(&sandbox, "auth").await);
        }
        Self {
            sandbox,
            signers,
            verifiers,
        }
    }

    /// Signs a token as one of the instances does.
    async fn token(&self, instance: usize) -> String {
        sign(&self.signers[instance], &self.sandbox).await.unwrap()
    }

    /// Returns the statuses that a token gets everywhere.
    async fn everywhere(&self, token: &str) -> Vec<u16> {
        let asked = self
            .verifiers
            .iter()
            .map(|verifier| status(verifier, token));
        futures_util::future::join_all(asked).await
    }

    async fn set(&self) -> KeySet {
        let sets = KeySets::new(self.sandbox.dynamo(), &self.sandbox.accounts);
        sets.find().await.unwrap().unwrap_or_default()
    }

    /// Shows that whoever signs in now is let in now, with instances that know nothing and those that
    /// have known everything for long.
    async fn works(&self, when: &str) {
        let fresh = signer(&self.sandbox).await;
        let cold = function(&self.sandbox, "auth").await;
        let token = sign(&fresh, &self.sandbox).await;
        let token = token.unwrap_or_else(|error| panic!("{when}: {error}"));
        assert_eq!(status(&cold, &token).await, 200, "{when}");
        for instance in 0..self.signers.len() {
            let token = self.token(instance).await;
            assert!(
                self.everywhere(&token)
                    .await
                    .iter()
                    .all(|status| *status == 200),
                "{when}"
            );
        }
    }
}

async fn signer(sandbox: &Sandbox) -> TokenKeys {
    let (_, tokens) = sandbox.secrets().await;
    let sets = KeySets::new(sandbox.dynamo(), &sandbox.accounts);
    TokenKeys::new(&sdk(sandbox.emulator()).await, tokens, sets)
}

async fn sign(keys: &TokenKeys, sandbox: &Sandbox) -> Result<String, String> {
    let now = sandbox.clock.now();
    let signer = keys.signer(now).await.map_err(|error| error.to_string())?;
    let now = now.as_second();
    let claims = Claims {
        iss: PUBLIC_URL.into(),
        aud: AUDIENCE.into(),
        sub: UserId(RandomIds.new_id()),
        sid: SessionId(RandomIds.new_id()),
        jti: RandomIds.new_id(),
        roles: [].into_iter().collect(),
        iat: now,
        nbf: now,
        exp: now + 3_600,
    };
    Ok(signer.sign(&claims).unwrap())
}

async fn status(verifier: &Router, token: &str) -> u16 {
    Ask::get(PRIVATE).bearer(token).send(verifier).await.status
}

/// Builds the function that operators order about, its clients at that address.
async fn operator(sandbox: &Sandbox, endpoint: &str) -> babyshield_accounts::App {
    let mut start = sandbox.http(endpoint, &[]).await;
    let config = babyshield_accounts::Config::load(&mut start.settings);
    let config = start.settings.finish(config).unwrap();
    babyshield_accounts::App::new(&start, config)
}

async fn step(sandbox: &Sandbox, step: &str, token: &str) -> Result<Value, String> {
    let (_, secret) = sandbox.secrets().await;
    let event = json!({"Step": step, "SecretId": secret, "ClientRequestToken": token});
    let app = operator(sandbox, sandbox.emulator()).await;
    app.handle(event).await.map_err(|error| error.to_string())
}

async fn order(sandbox: &Sandbox, order: Value) -> Result<Value, String> {
    let app = operator(sandbox, sandbox.emulator()).await;
    app.handle(order).await.map_err(|error| error.to_string())
}

fn kid(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn j6_while_keys_are_rotated_under_load_no_valid_token_is_refused() {
    let stack = Stack::new(2).await;
    let (sandbox, clock) = (&stack.sandbox, &stack.sandbox.clock);
    let (mut given, mut asked, mut kids) = (Vec::<(String, i64)>::new(), 0, Vec::new());
    // An hour and a half in steps of seven seconds; every ten minutes a rotation, a step of it at a time,
    // while tokens are signed and shown.
    for round in 0..770_usize {
        let rotating = async {
            let (number, at) = (round / 86, round % 86);
            if let Some(name) = STEPS.get(at) {
                let token = format!("00000000-0000-4000-8000-{number:012}");
                step(sandbox, name, &token).await.unwrap();
            }
        };
        let showing = async {
            let token = stack.token(round % 2).await;
            let mut shown = vec![token.clone()];
            // And some that were given long ago.
            for back in [1, 40, 500] {
                shown.extend(given.len().checked_sub(back).map(|at| given[at].0.clone()));
            }
            for token in &shown {
                assert_eq!(stack.everywhere(token).await, [200, 200], "round {round}");
            }
            (token, shown.len() * 2)
        };
        let ((), (token, count)) = tokio::join!(rotating, showing);
        asked += count;
        if kids.last() != Some(&kid(&token)) {
            kids.push(kid(&token));
        }
        given.push((token, clock.now().as_second()));
        clock.advance(7);
        // 514 rounds are an hour: a token of 500 rounds ago still counts.
        given.drain(..given.len().saturating_sub(510));
    }
    assert!(asked > 5_000, "{asked}");
    kids.sort();
    kids.dedup();
    assert!(kids.len() >= 8, "only {} keys signed", kids.len());
    let set = stack.set().await;
    assert!(
        set.keys.len() < 9,
        "what is over is dropped: {}",
        set.keys.len()
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j6_two_keys_verify_while_one_follows_the_other_and_the_next_is_published_first() {
    let stack = Stack::new(1).await;
    let (sandbox, clock) = (&stack.sandbox, &stack.sandbox.clock);
    let first = stack.token(0).await;
    let told = order(sandbox, json!({"kind": "rotate_keys"}))
        .await
        .unwrap();
    let begins = told["signs_from"].as_str().unwrap();
    assert_eq!(
        begins, "2026-11-20T12:02:00Z",
        "two minutes after it was published"
    );
    clock.advance(119);
    let second = stack.token(0).await;
    clock.advance(1);
    let third = stack.token(0).await;
    assert_eq!(kid(&first), kid(&second));
    assert_eq!(kid(&third), told["kid"].as_str().unwrap());
    for token in [&first, &second, &third] {
        assert_eq!(stack.everywhere(token).await, [200]);
    }
    let jwks = Ask::get("/.well-known/jwks.json")
        .send(&stack.verifiers[0])
        .await;
    let named: Vec<_> = jwks.json()["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].clone())
        .collect();
    assert_eq!(named, [json!(kid(&first)), json!(kid(&third))]);
    // The last token of the first key is gone, and so is the key.
    clock.advance(3_600 + 60 + 30);
    let jwks = Ask::get("/.well-known/jwks.json")
        .send(&stack.verifiers[0])
        .await;
    assert_eq!(jwks.json()["keys"].as_array().unwrap().len(), 1);
    assert_eq!(stack.everywhere(&first).await, [401]);
    stack.works("afterwards").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn j6_a_rotation_that_ends_after_any_step_or_repeats_it_leaves_keys_that_work() {
    for done in 0..=STEPS.len() {
        let stack = Stack::new(1).await;
        let (sandbox, clock) = (&stack.sandbox, &stack.sandbox.clock);
        stack.works("before").await;
        let token = RandomIds.new_id().to_string();
        // Out of turn: refused, and nothing changes.
        for name in &STEPS[1..] {
            step(sandbox, name, &token).await.unwrap_err();
        }
        for name in &STEPS[..done] {
            step(sandbox, name, &token).await.unwrap();
            step(sandbox, name, &token).await.unwrap();
            stack.works(name).await;
        }
        for wait in [1, 60, 120, 3_600, 7_200, 86_400] {
            clock.advance(wait);
            stack.works(&format!("{wait} s after {done} steps")).await;
        }
        // The next one is not held up by what the last one left behind.
        order(sandbox, json!({"kind": "rotate_keys"}))
            .await
            .unwrap();
        if done > 0 && done < STEPS.len() {
            let late = step(sandbox, "finishSecret", &token).await;
            assert!(late.unwrap_err().contains("another ring became current"));
        }
        clock.advance(121);
        stack.works("after the next rotation").await;
        let set = stack.set().await;
        assert_eq!(
            set.keys
                .iter()
                .filter(|key| key.verifies_until.is_none())
                .count(),
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn j6_a_rotation_or_revocation_that_is_killed_at_any_call_leaves_keys_that_work() {
    for revoke in [false, true] {
        let mut died = 0;
        for calls in 1..40 {
            let before = died;
            for commit in [false, true] {
                let stack = Stack::new(1).await;
                let (sandbox, clock) = (&stack.sandbox, &stack.sandbox.clock);
                let first = stack.token(0).await;
                let order = if revoke {
                    json!({"kind": "revoke_key", "kid": kid(&first)})
                } else {
                    json!({"kind": "rotate_keys"})
                };
                let proxy = Proxy::start(sandbox.emulator(), Plan::kill_after(calls, commit));
                let proxy = proxy.await.unwrap();
                let app = operator(sandbox, &proxy.endpoint()).await;
                let outcome = app.handle(order.clone()).await;
                proxy.settled().await;
                assert_eq!(
                    outcome.is_err(),
                    proxy.is_dead(),
                    "{calls} {commit}: {outcome:?}"
                );
                let when = format!("{order} died with call {calls}, {commit}");
                // Those who know older keys need a moment after a revocation, as they may.
                clock.advance(60);
                stack.works(&when).await;
                clock.advance(120);
                stack.works(&when).await;
                if !proxy.is_dead() {
                    continue;
                }
                died += 1;
                // Whoever is told of the failure orders it again.
                let app = operator(sandbox, sandbox.emulator()).await;
                app.handle(order).await.unwrap();
                clock.advance(121);
                stack.works(&when).await;
                assert_ne!(kid(&stack.token(0).await), kid(&first), "{when}");
                if revoke {
                    assert_eq!(stack.everywhere(&first).await, [401], "{when}");
                }
            }
            if died == before {
                break;
            }
        }
        assert!(died >= 8, "{died}");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j6_a_revoked_key_ends_everywhere_within_a_minute_and_for_good() {
    let stack = Stack::new(3).await;
    let (sandbox, clock) = (&stack.sandbox, &stack.sandbox.clock);
    let stolen = stack.token(0).await;
    // Everybody has just read the keys: the worst moment.
    assert_eq!(stack.everywhere(&stolen).await, [200; 3]);
    let revoke = json!({"kind": "revoke_key", "kid": kid(&stolen)});
    let told = order(sandbox, revoke.clone()).await.unwrap();
    // A new key signs at once, and whoever meets it for the first time looks for it.
    clock.advance(5);
    let fresh = signer(sandbox).await;
    let token = sign(&fresh, sandbox).await.unwrap();
    assert_eq!(kid(&token), told["signing"].as_str().unwrap());
    assert_eq!(stack.everywhere(&token).await, [200; 3]);
    clock.advance(54);
    assert_eq!(stack.everywhere(&stolen).await, [401; 3]);
    stack.works("afterwards").await;
    assert_ne!(kid(&stack.token(1).await), kid(&stolen));
    // Once more is the same, and a key that never was is named as such.
    order(sandbox, revoke).await.unwrap();
    let none = order(sandbox, json!({"kind": "revoke_key", "kid": "nobody"})).await;
    assert!(none.unwrap_err().contains("no such key"));
    order(sandbox, json!({"kind": "rotate_keys"}))
        .await
        .unwrap();
    clock.advance(200);
    stack.works("after a rotation").await;
    assert_eq!(stack.everywhere(&stolen).await, [401; 3]);
    // Both are written down, without a secret.
    let written: Vec<_> = sandbox
        .scan(&sandbox.accounts)
        .await
        .iter()
        .filter_map(|item| item.get("event")?.as_s().ok().cloned())
        .collect();
    for (kind, times) in [("signing_key_revoked", 2), ("signing_key_rotated", 1)] {
        assert_eq!(
            written.iter().filter(|event| event.contains(kind)).count(),
            times,
            "{kind}: {written:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j6_a_revocation_ends_sessions_only_where_that_is_ordered() {
    let stack = Stack::new(1).await;
    let (sandbox, clock) = (&stack.sandbox, &stack.sandbox.clock);
    let mut refresh_keys = Vec::new();
    for end_sessions in [None, Some(false), Some(true)] {
        if let Some(end_sessions) = end_sessions {
            let kid = kid(&stack.token(0).await);
            let revoke = json!({"kind": "revoke_key", "kid": kid, "end_sessions": end_sessions});
            order(sandbox, revoke).await.unwrap();
            clock.advance(60);
        }
        let signer = signer(sandbox).await.signer(clock.now()).await.unwrap();
        refresh_keys.push(*signer.refresh_key());
    }
    assert_eq!(refresh_keys[0], refresh_keys[1]);
    assert_ne!(refresh_keys[1], refresh_keys[2]);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j6_a_secret_that_could_be_guessed_signs_nothing_and_is_told_to_nobody() {
    let sandbox = Sandbox::new().await;
    let (_, name) = sandbox.secrets().await;
    let good: Value = serde_json::from_str(&secret(&sandbox).await).unwrap();
    let good = good["root"].as_str().unwrap();
    for text in [
        " ".into(),
        "not JSON".into(),
        json!({"v": 1}).to_string(),
        json!({"v": 1, "root": "hunter2"}).to_string(),
        json!({"v": 1, "root": &good[..42]}).to_string(),
        json!({"v": 1, "root": "a".repeat(64)}).to_string(),
        json!({"v": 1, "root": "0123456789abcdef".repeat(4)}).to_string(),
        json!({"v": 1, "root": good, "keys": [{"secret": "short"}]}).to_string(),
    ] {
        let put = sandbox.secrets_manager().put_secret_value().secret_id(name);
        put.secret_string(&text).send().await.unwrap();
        let error = sign(&signer(&sandbox).await, &sandbox).await.unwrap_err();
        assert!(
            !error.contains("hunter2") && !error.contains(good),
            "{error}"
        );
        let auth = function(&sandbox, "auth").await;
        let got = Ask::get("/.well-known/jwks.json").send(&auth).await;
        assert_eq!(
            (got.status, got.code().as_str()),
            (500, "INTERNAL_ERROR"),
            "{text}"
        );
        assert!(!got.json().to_string().contains("root"));
        order(&sandbox, json!({"kind": "rotate_keys"}))
            .await
            .unwrap_err();
    }
    let sets = KeySets::new(sandbox.dynamo(), &sandbox.accounts);
    assert_eq!(
        sets.find().await.unwrap(),
        None,
        "nothing of it was published"
    );
}
