//! Many who use one session's tokens at the same moment.

use std::collections::{BTreeMap, HashSet};

use axum::Router;
use babyshield::domain::account::session::TokenHash;
use babyshield_tests::{
    functions::{Answered, Ask},
    sandbox::Sandbox,
    sessions::Tokens,
};
use futures_util::future::join_all;
use serde_json::json;

use super::{Case, address, assert_refused, events, instance, items, next, refresh, refreshed};

/// How many people refresh side by side.
const PEOPLE: usize = 20;

/// How many pairs there are in all.
const PAIRS: usize = 2_000;

/// Asks to refresh, in a task of its own.
async fn ask(auth: &Router, token: &str, at: usize) -> Answered {
    let (auth, token) = (auth.clone(), token.to_owned());
    let asked = tokio::spawn(async move {
        let body = json!({"refresh_token": token});
        let ask = Ask::post("/api/v1/auth/refresh", &body);
        ask.from(&address(at)).send(&auth).await
    });
    asked.await.unwrap()
}

/// Refreshes a session so many times, by two instances at once each time. Returns every token that it
/// had, and fails when a pair was not told the same.
async fn race(instances: &[Router; 2], first: &str, pairs: usize, place: usize) -> Vec<String> {
    let mut chain = vec![first.to_owned()];
    for at in 0..pairs {
        let token = chain.last().unwrap();
        let from = (place * pairs + at) * 2;
        let [one, two] = instances;
        let (one, two) = tokio::join!(ask(one, token, from), ask(two, token, from + 1));
        assert_eq!(
            (one.status, two.status),
            (200, 200),
            "{:?} {:?}",
            one.json(),
            two.json()
        );
        assert_eq!(next(&one), next(&two), "pair {at}: two successors");
        chain.push(next(&one));
    }
    chain
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r3_two_thousand_pairs_of_parallel_refreshes_are_one_chain_each() {
    let sandbox = Sandbox::new().await;
    let instances = [
        instance(&sandbox, sandbox.emulator()).await,
        instance(&sandbox, sandbox.emulator()).await,
    ];
    let mut people: Vec<Tokens> = Vec::new();
    for at in 0..PEOPLE {
        let account = sandbox.person(&format!("ana{at}@example.org")).await;
        people.push(sandbox.signed_in(&account).await);
    }
    let begun = std::time::Instant::now();
    let pairs = PAIRS / PEOPLE;
    let races = people.iter().enumerate();
    let races = races.map(|(place, tokens)| race(&instances, &tokens.refresh, pairs, place));
    let chains = join_all(races).await;
    println!("{} pairs in {:.1} s", PAIRS, begun.elapsed().as_secs_f64());

    // One chain each: no token came twice, and each family's one item names its end.
    let all: HashSet<_> = chains.iter().flatten().collect();
    assert_eq!(all.len(), PEOPLE * (pairs + 1));
    let stored = items(&sandbox, "SESSION#").await;
    assert_eq!(stored.len(), PEOPLE);
    let stored: BTreeMap<_, _> = stored
        .iter()
        .map(|item| (item["sk"].as_s().unwrap().clone(), item))
        .collect();
    for (tokens, chain) in people.iter().zip(&chains) {
        let item = stored[&format!("SESSION#{}", tokens.session)];
        let last = TokenHash::of(chain.last().unwrap());
        assert_eq!(item["current"].as_s().unwrap(), last.as_str());
        assert!(!item.contains_key("ended_at"));
    }
    assert_eq!(
        events(&sandbox).await,
        [""; 0],
        "nobody was taken for a thief"
    );

    // Later: the end of a chain works, and what came before it ends the family, wherever it stood.
    sandbox.clock.advance(60);
    for (place, chain) in chains.iter().enumerate() {
        let after = refreshed(&instances[0], chain.last().unwrap()).await;
        let old = &chain[place * (chain.len() - 1) / PEOPLE];
        assert_refused(&instances[1], old, "an earlier one").await;
        assert_refused(&instances[0], &after, "its family").await;
    }
    assert_eq!(events(&sandbox).await.len(), PEOPLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r3_sixteen_tabs_at_once_hold_the_same_session() {
    let case = Case::new().await;
    let other = instance(&case.sandbox, case.sandbox.emulator()).await;
    let mut token = case.tokens.refresh.clone();
    for round in 0..5 {
        let tabs = (0..16).map(|at| {
            let auth = if at % 2 == 0 { &case.auth } else { &other };
            ask(auth, &token, round * 16 + at)
        });
        let answers = join_all(tabs).await;
        let successors: HashSet<_> = answers.iter().map(next).collect();
        assert_eq!(successors.len(), 1);
        token = successors.into_iter().next().unwrap();
    }
    refreshed(&case.auth, &token).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r2_many_replays_at_once_end_a_family_once() {
    let case = Case::new().await;
    let a = case.tokens.refresh.clone();
    let b = refreshed(&case.auth, &a).await;
    case.sandbox.clock.advance(11);
    let answers = join_all((0..16).map(|at| ask(&case.auth, &a, at))).await;
    assert!(answers.iter().all(|answer| answer.status == 401));
    assert_refused(&case.auth, &b, "the family").await;
    assert_eq!(case.events().await, ["refresh_reused"]);
    assert_eq!(case.items("OUTGOING#").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn r2_a_session_that_is_ended_while_it_is_refreshed_stays_ended() {
    let sandbox = Sandbox::new().await;
    let auth = instance(&sandbox, sandbox.emulator()).await;
    let account = sandbox.person("ana@example.org").await;
    for round in 0..40 {
        let tokens = sandbox.signed_in(&account).await;
        let out = async {
            let body = json!({"refresh_token": tokens.refresh});
            let ask = Ask::post("/api/v1/auth/logout", &body);
            ask.from(&address(round)).send(&auth).await
        };
        let (answer, out) = tokio::join!(ask(&auth, &tokens.refresh, round), out);
        assert_eq!(out.status, 200, "{:?}", out.json());
        assert!([200, 401].contains(&answer.status), "{:?}", answer.json());
        if answer.status == 200 {
            assert_refused(&auth, &next(&answer), "signed out").await;
        }
        assert_eq!(refresh(&auth, &tokens.refresh).await.status, 401);
    }
    let events = events(&sandbox).await;
    assert_eq!(
        events, ["signed_out"; 40],
        "and nobody is taken for a thief"
    );
}
