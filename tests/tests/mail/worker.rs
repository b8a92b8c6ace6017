//! The worker `deliver`: every message once, whatever the queue and the mail service do.

use babyshield::{
    clock::{Clock, Ids, RandomIds},
    domain::account::Purpose,
    stores::accounts::{Accounts, Changes, OnceLink, Template},
};
use babyshield_faults::{Fault, Plan, Proxy, Rule};
use babyshield_tests::{
    mail::FROM,
    sandbox::{Sandbox, delivery, returned},
    stack::PUBLIC_URL,
};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::json;

use super::{OUT_OF_SIGHT, job_of, put_message};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn messages_that_come_five_times_in_any_order_are_sent_once() {
    let sandbox = Sandbox::new().await;
    let worker = sandbox.deliver(sandbox.emulator()).await;
    let mut people = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let person = sandbox.put_person(|_| {}).await;
        let message = put_message(&sandbox, &person, Template::PasswordChanged).await;
        waiting.extend(vec![job_of(message); 5]);
        people.push(person);
    }
    let mut order = StdRng::seed_from_u64(20_261_120);
    waiting.shuffle(&mut order);
    let mut rounds = 0;
    while !waiting.is_empty() {
        let mut back = Vec::new();
        for batch in waiting.chunks(10) {
            let answer = worker.handle(delivery(batch)).await.unwrap();
            for id in returned(&answer) {
                // Two of the same message in one batch: the second one waits for the first.
                let at: usize = id.trim_start_matches('m').parse().unwrap();
                back.push(batch[at].clone());
            }
        }
        waiting = back;
        sandbox.clock.advance(OUT_OF_SIGHT);
        rounds += 1;
        assert!(rounds <= 3, "messages come back for ever");
    }
    for person in people {
        assert_eq!(sandbox.mails(person.email.as_str()).await.len(), 1);
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn three_bad_messages_of_ten_come_back_and_no_other() {
    let sandbox = Sandbox::new().await;
    let worker = sandbox.deliver(sandbox.emulator()).await;
    let person = sandbox.put_person(|_| {}).await;
    let mut bodies = Vec::new();
    for _ in 0..7 {
        let message = put_message(&sandbox, &person, Template::EmailChanged).await;
        bodies.push(job_of(message));
    }
    bodies.insert(0, "{not json".into());
    bodies.insert(
        4,
        json!({"v": 2, "kind": "send_account_message"}).to_string(),
    );
    bodies.push(job_of(RandomIds.new_id()).replace("send_account_message", "dance"));
    let answer = worker.handle(delivery(&bodies)).await.unwrap();
    assert_eq!(returned(&answer), ["m0", "m4", "m9"]);
    assert_eq!(sandbox.mails(person.email.as_str()).await.len(), 7);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_message_is_addressed_to_its_person_alone_and_comes_from_us() {
    let sandbox = Sandbox::new().await;
    let person = sandbox
        .put_person(|person| {
            person.locale = "de-AT".into();
            person.name.first = "Eve\r\nBcc: mallory@evil.example".into();
        })
        .await;
    let message = put_message(&sandbox, &person, Template::PasswordChanged).await;
    let worker = sandbox.deliver(sandbox.emulator()).await;
    worker.handle(delivery(&[job_of(message)])).await.unwrap();
    let mails = sandbox.mails(person.email.as_str()).await;
    assert_eq!(mails[0].to, [person.email.to_string()]);
    assert_eq!(mails[0].from, format!("BabyShield <{FROM}>"));
    assert_eq!(mails[0].subject, "Ihr Passwort wurde geändert");
    assert!(!format!("{:?}", mails[0]).contains("evil.example"));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_mail_service_that_is_busy_gets_the_message_later() {
    let sandbox = Sandbox::new().await;
    let person = sandbox.put_person(|_| {}).await;
    for fault in [Fault::Throttle, Fault::ServerError, Fault::DropBefore] {
        let message = put_message(&sandbox, &person, Template::PasswordChanged).await;
        let before = sandbox.mails(person.email.as_str()).await.len();
        let plan = Plan::rules([Rule::every("SendEmail", fault)]);
        let proxy = Proxy::start(sandbox.emulator(), plan).await.unwrap();
        let worker = sandbox.deliver(&proxy.endpoint()).await;
        let batch = delivery(&[job_of(message)]);
        let answer = worker.handle(batch.clone()).await.unwrap();
        assert_eq!(returned(&answer), ["m0"], "{fault:?}");
        // Given back at once: nobody waits for a lease to end.
        proxy.follow(Plan::default());
        let answer = worker.handle(batch).await.unwrap();
        assert!(returned(&answer).is_empty(), "{fault:?}");
        let after = sandbox.mails(person.email.as_str()).await.len();
        assert_eq!(after, before + 1, "{fault:?}");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_sender_that_is_not_verified_loses_no_message() {
    let sandbox = Sandbox::new().await;
    let person = sandbox.put_person(|_| {}).await;
    let message = put_message(&sandbox, &person, Template::PasswordChanged).await;
    let (signing, _) = sandbox.secrets().await;
    let config = babyshield_deliver::Config {
        accounts_table: sandbox.accounts.clone(),
        deliver_queue: sandbox.deliver_queue.clone(),
        link_secret: signing.to_owned(),
        public_url: PUBLIC_URL.to_owned(),
        app_url: None,
        mail_from: "nobody@unverified.example".parse().unwrap(),
    };
    let start = sandbox.start(sandbox.emulator()).await;
    let wrong = babyshield_deliver::App::new(&start, config);
    let batch = delivery(&[job_of(message)]);
    assert_eq!(
        returned(&wrong.handle(batch.clone()).await.unwrap()),
        ["m0"]
    );
    let right = sandbox.deliver(sandbox.emulator()).await;
    assert!(returned(&right.handle(batch).await.unwrap()).is_empty());
    assert_eq!(sandbox.mails(person.email.as_str()).await.len(), 1);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_link_that_works_no_more_is_not_sent() {
    let sandbox = Sandbox::new().await;
    let worker = sandbox.deliver(sandbox.emulator()).await;
    let accounts = Accounts::new(sandbox.dynamo(), &sandbox.accounts);
    let person = sandbox.put_person(|_| {}).await;
    let link = async || {
        let link = OnceLink::new(
            RandomIds.new_id(),
            Purpose::MagicLink,
            person.id,
            person.email.clone(),
            sandbox.clock.now(),
        );
        let mut changes = Changes::new();
        accounts.add_once(&mut changes, &link).unwrap();
        assert!(accounts.commit(changes).await.unwrap().is_done());
        link.id
    };
    // Replaced by a newer one; and so late that it is over.
    let replaced = Template::MagicLink { link: link().await };
    let late = Template::MagicLink { link: link().await };
    let first = put_message(&sandbox, &person, replaced).await;
    let second = put_message(&sandbox, &person, late).await;
    let answer = worker.handle(delivery(&[job_of(first)])).await.unwrap();
    assert!(returned(&answer).is_empty());
    sandbox.clock.advance(15 * 60);
    let answer = worker.handle(delivery(&[job_of(second)])).await.unwrap();
    assert!(returned(&answer).is_empty());
    assert!(sandbox.mails(person.email.as_str()).await.is_empty());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_message_that_nobody_named_is_named_by_the_sweeper() {
    let sandbox = Sandbox::new().await;
    let worker = sandbox.deliver(sandbox.emulator()).await;
    let person = sandbox.put_person(|_| {}).await;
    for _ in 0..12 {
        put_message(&sandbox, &person, Template::PasswordChanged).await;
    }
    let sweep = async || worker.handle(json!({"kind": "sweep"})).await.unwrap();
    // A request that is still being answered names its own.
    sandbox.clock.advance(60);
    assert_eq!(sweep().await, json!({"named": 0}));
    sandbox.clock.advance(1);
    assert_eq!(sweep().await, json!({"named": 12}));
    assert_eq!(sweep().await, json!({"named": 0}));
    sandbox.deliver_all().await;
    assert_eq!(sandbox.mails(person.email.as_str()).await.len(), 12);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_order_that_nobody_knows_is_refused() {
    let sandbox = Sandbox::new().await;
    let worker = sandbox.deliver(sandbox.emulator()).await;
    for odd in [
        json!({"kind": "dance"}),
        json!({}),
        json!([]),
        json!({"kind": "sweep", "all": true}),
    ] {
        worker.handle(odd).await.unwrap_err();
    }
    worker
        .handle(json!({"Records": [{"body": "{}"}]}))
        .await
        .unwrap_err();
}
