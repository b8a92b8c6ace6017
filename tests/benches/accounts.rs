//! Measures what signing in costs: in the real router, in this process, on a deployed stack's tables.
//!
//! Prints one JSON object; `./dev bench` puts it into its table.

use std::{
    fs,
    hint::black_box,
    iter,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::Client as Dynamo;
use axum::Router;
use babyshield::{
    identity::verifying::{VerifyingKeys, verify},
    passwords::Hasher,
    stores::key_set::KeySets,
};
use babyshield_tests::{
    functions::{Ask, router},
    people::PASSWORD,
    stack::{PUBLIC_URL, Stack},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

/// How long each rate is measured.
const WHILE: Duration = Duration::from_secs(6);
/// Sign-ins at once in the measurement of memory.
const AT_ONCE: usize = 8;
/// The old backend's cost.
const BCRYPT_COST: u32 = 12;

fn main() {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let bcrypt = bcrypt::hash(PASSWORD, BCRYPT_COST).expect("a cost that is allowed");
    let verify = || assert!(bcrypt::verify(PASSWORD, &bcrypt).expect("a hash"));
    let (bcrypt_one, bcrypt_all) = (per_second(1, &verify), per_second(cores, &verify));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let idle = resident();
    let mut told = runtime.block_on(accounts());
    let (argon2_one, argon2_all) = (runtime.block_on(argon2(1)), runtime.block_on(argon2(cores)));
    told["argon2"] = json!({"one_core": argon2_one, "all_cores": argon2_all});
    told["bcrypt"] = json!({"cost": BCRYPT_COST, "one_core": bcrypt_one, "all_cores": bcrypt_all});
    told["cores"] = json!(cores);
    told["memory"]["before_mib"] = json!(idle);
    #[expect(clippy::print_stdout, reason = "what it is for")]
    {
        println!("{}", json!({"accounts": told}));
    }
}

/// Returns how often a thing is done in a second by some threads at once.
fn per_second(threads: usize, work: &(impl Fn() + Sync)) -> f64 {
    let done = AtomicU64::new(0);
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while begun.elapsed() < WHILE {
                    work();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "a count of seconds' work")]
    let done = done.load(Ordering::Relaxed) as f64;
    done / begun.elapsed().as_secs_f64()
}

async fn accounts() -> Value {
    let stack = Stack::read();
    let auth = router("auth", &mut stack.start(&stack.emulator));
    let people: Vec<_> = (0..AT_ONCE)
        .map(|at| format!("bench-{at}-{}@bench.example", std::process::id()))
        .collect();
    let mut tokens = Vec::new();
    for email in &people {
        let answer = Ask::post(
            "/api/v1/auth/register",
            &json!({"email": email, "password": PASSWORD, "name": "Bench"}),
        )
        .send(&auth)
        .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let token = answer.data()["access_token"].as_str().map(str::to_owned);
        tokens.push(token.expect("a registration signs in"));
    }
    let one = rate(&auth, &people, 1).await;
    let all = rate(&auth, &people, AT_ONCE).await;
    let peak = peak();
    json!({
        "sign_ins": {"one_at_a_time": one, "at_once": AT_ONCE, "together": all},
        "memory": {"peak_mib": peak},
        "verification": verification(&stack, &tokens[0]).await,
    })
}

/// Returns how long it takes to check a token with the keys at hand.
async fn verification(stack: &Stack, token: &str) -> Value {
    let start = stack.start(&stack.emulator);
    let sets = KeySets::new(Dynamo::new(&start.sdk), &stack.tables["accounts"]);
    let set = sets.find().await.expect("the emulator answers");
    let set = set.expect("whoever signed a token has published the key");
    let keys = VerifyingKeys::from(&set);
    let now = start.clock.now();
    let mut took: Vec<_> = (0..20_000)
        .map(|_| {
            let begun = Instant::now();
            let claims = verify(black_box(token), &keys, PUBLIC_URL, now);
            let took = begun.elapsed();
            claims.expect("a token that was just made");
            took
        })
        .collect();
    took.sort_unstable();
    let microseconds = |part: usize| took[took.len() * part / 100].as_secs_f64() * 1e6;
    json!({"p50_us": microseconds(50), "p99_us": microseconds(99)})
}

/// Returns verifications by the standard cost in a second, some at once.
async fn argon2(at_once: usize) -> f64 {
    let hasher = Hasher::new(u32::try_from(at_once).unwrap_or(1));
    let hash = hasher.hash(PASSWORD).await.expect("a hash");
    let begun = Instant::now();
    let done = stream::iter(iter::repeat(()).take_while(|()| begun.elapsed() < WHILE))
        .map(async |()| {
            let verdict = hasher.verify(PASSWORD, Some(&hash)).await;
            assert!(verdict.expect("a verdict").matched);
        })
        .buffer_unordered(at_once)
        .count()
        .await;
    #[expect(clippy::cast_precision_loss, reason = "a count of seconds' work")]
    let done = done as f64;
    done / begun.elapsed().as_secs_f64()
}

/// Returns sign-ins a second, some at a time.
async fn rate(auth: &Router, people: &[String], at_once: usize) -> f64 {
    let begun = Instant::now();
    let done: usize = stream::iter(
        people
            .iter()
            .cycle()
            .take_while(|_| begun.elapsed() < WHILE),
    )
    .map(async |email| {
        let body = json!({"email": email, "password": PASSWORD});
        let answer = Ask::post("/api/v1/auth/login", &body).send(auth).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    })
    .buffer_unordered(at_once)
    .count()
    .await;
    #[expect(clippy::cast_precision_loss, reason = "a count of seconds' work")]
    let done = done as f64;
    done / begun.elapsed().as_secs_f64()
}

/// Returns what the process holds now, in MiB.
fn resident() -> f64 {
    status("VmRSS:")
}

/// Returns the most that the process held, in MiB.
fn peak() -> f64 {
    status("VmHWM:")
}

fn status(name: &str) -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
