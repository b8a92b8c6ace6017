//! One session's tokens, one after another.

use babyshield::{
    clock::Clock,
    domain::account::{Account, Role, Roles, Standing},
    stores::accounts::Changes,
};
use babyshield_tests::{
    meter::{Call, Cost, Meter},
    sandbox::Item,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Case, access, assert_refused, instance, next, refresh, refreshed};

/// Returns every text of an item, whatever it stands in.
fn texts(items: &[Item]) -> String {
    format!("{items:?}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r1_the_tables_hold_no_token_and_a_used_one_is_refused() {
    let case = Case::new().await;
    let mut tokens = vec![case.tokens.refresh.clone()];
    let mut secrets = vec![case.tokens.access.clone()];
    for _ in 0..4 {
        let got = refresh(&case.auth, tokens.last().unwrap()).await;
        tokens.push(next(&got));
        secrets.push(access(&got));
        case.sandbox.clock.advance(60);
    }
    // What is used up, long after: refused, and so is what followed.
    assert_refused(&case.auth, &tokens[1], "used before").await;
    let mut tables = texts(&case.sandbox.scan(&case.sandbox.accounts).await);
    tables.push_str(&texts(&case.sandbox.scan(&case.sandbox.ledger).await));
    tables.push_str(
        &case
            .sandbox
            .drain(&case.sandbox.deliver_queue)
            .await
            .join("\n"),
    );
    assert!(tables.contains("SESSION#"), "the dump shows what there is");
    for token in &tokens {
        assert_eq!(token.len(), 111, "256 bits, two identifiers and a tag");
        // Neither the whole nor the part that is secret.
        assert!(!tables.contains(&token[4..]) && !tables.contains(&token[48..90]));
    }
    for token in &secrets {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!tables.contains(signature));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r1_what_is_made_up_touches_no_table_and_ends_nothing() {
    let case = Case::new().await;
    let meter = Meter::start(case.sandbox.emulator()).await;
    let auth = instance(&case.sandbox, &meter.endpoint).await;
    let second = refreshed(&auth, &case.tokens.refresh).await;
    meter.take();
    let mut made_up = vec![
        String::new(),
        "bsr_".into(),
        "x".repeat(100_000),
        second.to_uppercase(),
    ];
    for at in [4, 30, 60, 100, 110] {
        let mut changed = second.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        made_up.push(String::from_utf8(changed).unwrap());
    }
    for token in &made_up {
        assert_refused(&auth, token, "made up").await;
    }
    let calls = meter.take();
    let sessions: Vec<_> = calls
        .iter()
        .filter(|call| call.request.to_string().contains("USER#"))
        .collect();
    assert!(sessions.is_empty(), "{sessions:?}");
    refreshed(&auth, &second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r2_a_token_used_again_ends_the_family_for_everybody_and_is_told() {
    let case = Case::new().await;
    let a = case.tokens.refresh.clone();
    let b = refreshed(&case.auth, &a).await;
    case.sandbox.clock.advance(60);
    let c = refreshed(&case.auth, &b).await;
    assert_refused(&case.auth, &a, "the replay").await;
    assert_refused(&case.auth, &c, "the current one, too").await;
    assert_refused(&case.auth, &b, "and the one between").await;
    assert_eq!(case.events().await, ["refresh_reused"], "told once");
    let messages = case.items("OUTGOING#").await;
    assert_eq!(messages.len(), 1);
    assert!(texts(&messages).contains("session_compromised"));
    let jobs = case.sandbox.drain(&case.sandbox.deliver_queue).await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    let denied = texts(&case.sandbox.scan(&case.sandbox.ledger).await);
    let session = case.tokens.session;
    assert!(denied.contains(&format!("DENY#SESSION#{session}")));
    // Other sessions of the same person live on.
    let other = case.sandbox.signed_in(&case.account).await;
    refreshed(&case.auth, &other.refresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r3_the_same_token_within_ten_seconds_gets_the_same_successor() {
    let case = Case::new().await;
    let a = case.tokens.refresh.clone();
    let first = refresh(&case.auth, &a).await;
    case.sandbox.clock.advance(9);
    let second = refresh(&case.auth, &a).await;
    assert_eq!(next(&first), next(&second));
    assert_ne!(access(&first), access(&second), "each has its own jti");
    let c = refreshed(&case.auth, &next(&second)).await;
    refreshed(&case.auth, &c).await;
    assert!(case.events().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r3_the_same_token_after_ten_seconds_ends_the_family() {
    let case = Case::new().await;
    let a = case.tokens.refresh.clone();
    let b = refreshed(&case.auth, &a).await;
    case.sandbox.clock.advance(10);
    assert_refused(&case.auth, &a, "ten seconds later").await;
    assert_refused(&case.auth, &b, "its successor").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r3_a_grandparent_is_never_answered_not_even_at_once() {
    let case = Case::new().await;
    let a = case.tokens.refresh.clone();
    let b = refreshed(&case.auth, &a).await;
    let c = refreshed(&case.auth, &b).await;
    assert_refused(&case.auth, &a, "the grandparent").await;
    assert_refused(&case.auth, &c, "the family").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r4_a_session_that_nobody_uses_ends_after_seven_days() {
    let week = 7 * 86_400;
    let case = Case::new().await;
    case.sandbox.clock.advance(week - 1);
    let b = refreshed(&case.auth, &case.tokens.refresh).await;
    case.sandbox.clock.advance(week);
    assert_refused(&case.auth, &b, "idle").await;
    // What is merely old is no theft.
    assert_refused(&case.auth, &case.tokens.refresh, "used, and idle").await;
    assert!(case.events().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r4_no_use_lengthens_a_session_past_thirty_days() {
    let day = 86_400;
    let case = Case::new().await;
    let begun = case.sandbox.clock.now();
    let mut token = case.tokens.refresh.clone();
    for _ in 0..5 {
        case.sandbox.clock.advance(6 * day - 1);
        token = refreshed(&case.auth, &token).await;
    }
    let lived = case.sandbox.clock.now().duration_since(begun);
    assert_eq!(lived, SignedDuration::from_secs(30 * day - 5));
    case.sandbox.clock.advance(5);
    assert_refused(&case.auth, &token, "thirty days").await;
    assert!(case.events().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn j5_an_account_that_may_not_be_used_refreshes_no_more_from_that_moment() {
    let case = Case::new().await;
    let now = case.sandbox.clock.now();
    let b = refreshed(&case.auth, &case.tokens.refresh).await;
    for standing in [Standing::Disabled(now), Standing::Deleted(now)] {
        let stopped = |account: &mut Account| {
            account.standing = standing;
        };
        let account = case.sandbox.account_store().find(case.account.id).await;
        let account = account.unwrap().unwrap();
        let account = case.sandbox.change(&account, stopped).await;
        assert_refused(&case.auth, &b, "the account is stopped").await;
        // Nothing was used up by asking.
        case.sandbox
            .change(&account, |account| account.standing = Standing::Active)
            .await;
    }
    refreshed(&case.auth, &b).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn j5_a_new_password_ends_every_refresh_but_that_of_the_session_it_was_changed_from() {
    let case = Case::new().await;
    let other = case.sandbox.signed_in(&case.account).await;
    case.sandbox.clock.advance(60);
    let now = case.sandbox.clock.now();
    let mut after = case.account.clone();
    after.password_set_at = Some(now);
    let (store, mut changes) = (case.sandbox.account_store(), Changes::new());
    store.replace(&mut changes, &after).unwrap();
    store
        .keep_session(&mut changes, after.id, case.tokens.session, Some(now))
        .unwrap();
    assert!(store.commit(changes).await.unwrap().is_done());
    assert_refused(&case.auth, &other.refresh, "of before the change").await;
    let next = refreshed(&case.auth, &case.tokens.refresh).await;
    refreshed(&case.auth, &next).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn z6_roles_are_read_anew_at_every_refresh() {
    let case = Case::new().await;
    let staff = |account: &mut Account| {
        account.roles = Roles::from_iter([Role::Operator]);
    };
    let promoted = case.sandbox.change(&case.account, staff).await;
    let got = refresh(&case.auth, &case.tokens.refresh).await;
    assert_eq!(got.data()["user"]["roles"], json!(["user", "operator"]));
    assert_eq!(got.data()["expires_in"], 900);
    case.sandbox
        .change(&promoted, |account| account.roles = Roles::default())
        .await;
    let got = refresh(&case.auth, &next(&got)).await;
    assert_eq!(got.data()["user"]["roles"], json!(["user"]));
    let claims = access(&got);
    let claims = claims.split('.').nth(1).unwrap().to_owned();
    let claims = URL_SAFE_NO_PAD.decode(claims);
    let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
    assert_eq!(claims["roles"], json!(["user"]));
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        900
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_refresh_reads_the_account_and_writes_the_session_and_a_repetition_writes_nothing() {
    let case = Case::new().await;
    let meter = Meter::start(case.sandbox.emulator()).await;
    let auth = instance(&case.sandbox, &meter.endpoint).await;
    let a = refreshed(&auth, &case.tokens.refresh).await;
    let asked = async || {
        meter.take();
        refreshed(&auth, &a).await;
        let mut calls = meter.take();
        calls.retain(|call| call.request["TableName"] == case.sandbox.accounts.as_str());
        let of = |call: &Call| (call.operation.clone(), call.status);
        (calls.iter().map(of).collect::<Vec<_>>(), calls)
    };
    let line = |name: &str, status: u16| (name.to_owned(), status);
    let (names, calls) = asked().await;
    assert_eq!(names, [line("GetItem", 200), line("UpdateItem", 200)]);
    let cost = Cost::of(&calls);
    assert!((cost.read - 1.0).abs() < f64::EPSILON, "{cost:?}");
    assert!((cost.write - 1.0).abs() < f64::EPSILON, "{cost:?}");
    // The second time the condition does not hold, and what stands there tells the rest.
    let (names, _) = asked().await;
    assert_eq!(names, [line("GetItem", 200), line("UpdateItem", 400)]);
    let stored = case.items("SESSION#").await;
    let size = stored[0]
        .iter()
        .map(|(name, value)| name.len() + format!("{value:?}").len());
    assert!(size.sum::<usize>() < 1_024, "one write unit: {stored:?}");
}
