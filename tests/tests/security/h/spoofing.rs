//! H5: whose requests are counted, whatever they say of themselves.

use babyshield::domain::account::Role;
use babyshield_tests::{
    functions::{Ask, router},
    people::People,
    sandbox::Sandbox,
};

/// Headers by which a client may claim to be somebody else.
const CLAIMS: [&str; 12] = [
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
    "x-remote-addr",
    "x-amzn-source-ip",
    "via",
];

const LIMITS: &[(&str, &str)] = &[("RATE_LIMIT_DEFAULT", "5"), ("RATE_LIMIT_ADMIN", "20")];

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h5_no_header_makes_another_client_of_one() {
    let sandbox = Sandbox::new().await;
    let mut start = sandbox.http(sandbox.emulator(), LIMITS).await;
    let ops = router("ops", &mut start);
    let mut statuses = Vec::new();
    for at in 0..40_usize {
        let mut ask = Ask::get("/nowhere").from("198.51.100.9");
        for name in CLAIMS {
            let claim = match name {
                "forwarded" => format!("for=203.0.113.{at};proto=https"),
                _ => format!("203.0.113.{at}, 127.0.0.1"),
            };
            ask = ask.header(name, &claim);
        }
        statuses.push(ask.send(&ops).await.status);
        sandbox.clock.advance_by(100);
    }
    assert!(
        statuses[..5].iter().all(|status| *status == 404),
        "{statuses:?}"
    );
    assert!(
        statuses[5..].iter().all(|status| *status == 429),
        "{statuses:?}"
    );
    // Nor does it use up anybody else's.
    let other = Ask::get("/nowhere").from("203.0.113.7").send(&ops).await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h5_accounts_machines_and_administrators_have_limits_of_their_own_wherever_they_are() {
    let sandbox = Sandbox::new().await;
    let people = People::of(&sandbox).await;
    let mut start = sandbox.http(sandbox.emulator(), LIMITS).await;
    let recalls = router("recalls", &mut start);
    let until_refused = async |token: &str, machine: bool| {
        for at in 0..50 {
            let ask = Ask::get("/api/v1/recalls/us-cpsc:1").from(&format!("192.0.2.{at}"));
            let ask = if machine {
                ask.header("x-api-key", token)
            } else {
                ask.bearer(token)
            };
            let answered = ask.send(&recalls).await;
            if answered.status == 429 {
                assert!(!answered.header("retry-after").is_empty());
                let policy = answered.header("ratelimit-policy");
                return (at, policy.split(';').next().unwrap_or_default().to_owned());
            }
            assert_eq!(answered.status, 404, "{answered:?}");
        }
        panic!("fifty passed");
    };
    let usual = (5, "\"default\"".to_owned());
    let (one, two) = (
        people.token(Role::User).await,
        people.token(Role::User).await,
    );
    assert_eq!(until_refused(&one, false).await, usual);
    assert_eq!(until_refused(&two, false).await, usual);
    let admin = people.token(Role::Admin).await;
    assert_eq!(
        until_refused(&admin, false).await,
        (20, "\"admin\"".to_owned())
    );
    let machine = people.machine(Role::User, &["read"]).await;
    assert_eq!(until_refused(&machine, true).await, usual);
    // What nobody can be known by counts for the address.
    for at in 0..6 {
        let ask = Ask::get("/api/v1/recalls/us-cpsc:1").from("198.51.100.1");
        let answered = ask.bearer(&format!("wrong-{at}")).send(&recalls).await;
        assert_eq!(answered.status == 429, at == 5, "{at}: {}", answered.status);
    }
}
