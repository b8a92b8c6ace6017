//! People and the claims of their addresses.

use babyshield::{
    clock::Clock,
    domain::account::{Account, Name, Roles, Standing, Tier, UserId},
    stores::accounts::{Accounts, Changes, Outcome},
};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::Bench;

fn accounts(bench: &Bench) -> Accounts {
    Accounts::new(bench.dynamo.clone(), &bench.sandbox.accounts)
}

fn person(bench: &Bench, id: u128, email: &str) -> Account {
    let now = bench.sandbox.clock.now();
    Account {
        id: UserId(Uuid::from_u128(id)),
        email: email.parse().unwrap(),
        email_verified_at: None,
        password: Some("$argon2id$...".into()),
        password_set_at: Some(now),
        name: Name {
            first: "Ana".into(),
            last: String::new(),
        },
        locale: "en".into(),
        roles: Roles::default(),
        tier: Tier::Free,
        standing: Standing::Active,
        created_at: now,
        updated_at: now,
        last_sign_in_at: None,
        version: 1,
    }
}

async fn insert(bench: &Bench, account: &Account) -> Outcome {
    let mut changes = Changes::new();
    assert_eq!(accounts(bench).insert(&mut changes, account).unwrap(), 0);
    accounts(bench).commit(changes).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_person_reads_back_by_identifier_and_by_any_spelling_of_the_address() {
    let bench = Bench::new().await;
    let ana = person(&bench, 1, "Ana@b\u{fc}cher.example");
    assert_eq!(insert(&bench, &ana).await, Outcome::Done);
    let store = accounts(&bench);
    assert_eq!(store.find(ana.id).await.unwrap().as_ref(), Some(&ana));
    for spelling in ["ana@B\u{dc}CHER.example", "ANA@xn--bcher-kva.example"] {
        let found = store.find_person(&spelling.parse().unwrap()).await.unwrap();
        assert_eq!(found.as_ref(), Some(&ana), "{spelling}");
    }
    let nobody = "bea@example.org".parse().unwrap();
    assert_eq!(store.find_by_email(&nobody).await.unwrap(), None);
    let _ = bench.calls();
    assert_eq!(store.find_person(&nobody).await.unwrap(), None);
    assert_eq!(bench.calls(), ["GetItem"; 2], "as many as for somebody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn of_many_who_want_one_address_at_once_one_has_it() {
    let bench = Bench::new().await;
    let people: Vec<_> = (1..=16)
        .map(|id| person(&bench, id, "ana@example.org"))
        .collect();
    let outcomes = join_all(people.iter().map(|person| insert(&bench, person))).await;
    let done: Vec<_> = (0..16).filter(|at| outcomes[*at].is_done()).collect();
    assert_eq!(done.len(), 1, "{outcomes:?}");
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.is_done() || *outcome == Outcome::Refused(0))
    );
    let holder = accounts(&bench)
        .find_by_email(&people[0].email)
        .await
        .unwrap();
    assert_eq!(holder, Some(people[done[0]].id));
    assert_eq!(bench.sandbox.scan(&bench.sandbox.accounts).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_change_is_written_only_over_what_it_was_made_from() {
    let bench = Bench::new().await;
    let ana = person(&bench, 1, "ana@example.org");
    assert!(insert(&bench, &ana).await.is_done());
    let store = accounts(&bench);
    let rename = async |account: &Account, first: &str| {
        let mut account = account.clone();
        account.name.first = first.into();
        let mut changes = Changes::new();
        store.replace(&mut changes, &account).unwrap();
        store.commit(changes).await.unwrap()
    };
    assert!(rename(&ana, "Bea").await.is_done());
    assert_eq!(rename(&ana, "Cleo").await, Outcome::Refused(0));
    let found = store.find(ana.id).await.unwrap().unwrap();
    assert_eq!((found.name.first.as_str(), found.version), ("Bea", 2));
    // Nobody by the name of nothing: the index of names takes no empty key.
    assert!(rename(&found, "").await.is_done());
    assert_eq!(store.find(ana.id).await.unwrap().unwrap().name.full(), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_address_changes_hands_whole_or_not_at_all() {
    let bench = Bench::new().await;
    let (ana, bea) = (
        person(&bench, 1, "ana@example.org"),
        person(&bench, 2, "bea@example.org"),
    );
    assert!(insert(&bench, &ana).await.is_done() && insert(&bench, &bea).await.is_done());
    let store = accounts(&bench);
    let change = async |to: &str| {
        let before = store.find(ana.id).await.unwrap().unwrap();
        let after = Account {
            email: to.parse().unwrap(),
            ..before.clone()
        };
        let mut changes = Changes::new();
        let (claim, _) = store.change_email(&mut changes, &before, &after).unwrap();
        (store.commit(changes).await.unwrap(), claim)
    };
    let (outcome, claim) = change("BEA@example.org").await;
    assert_eq!(outcome, Outcome::Refused(claim));
    assert!(change("ana.new@example.org").await.0.is_done());
    // Only the spelling: the claim stays.
    assert!(change("Ana.New@example.org").await.0.is_done());
    let holder = async |email: &str| store.find_by_email(&email.parse().unwrap()).await.unwrap();
    assert_eq!(holder("ana@example.org").await, None);
    assert_eq!(holder("ana.new@example.org").await, Some(ana.id));
    assert_eq!(holder("bea@example.org").await, Some(bea.id));
    assert!(change("ana@example.org").await.0.is_done());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn nobody_signs_in_who_was_stopped_or_whose_password_was_changed_meanwhile() {
    let bench = Bench::new().await;
    let ana = person(&bench, 1, "ana@example.org");
    assert!(insert(&bench, &ana).await.is_done());
    let store = accounts(&bench);
    let sign_in = async |read: &Account| {
        bench.sandbox.clock.advance(1);
        let mut changes = Changes::new();
        let now = bench.sandbox.clock.now();
        store.sign_in(&mut changes, read, now).unwrap();
        store.commit(changes).await.unwrap().is_done()
    };
    let change = async |account: Account| {
        let mut changes = Changes::new();
        store.replace(&mut changes, &account).unwrap();
        assert!(store.commit(changes).await.unwrap().is_done());
        store.find(account.id).await.unwrap().unwrap()
    };
    assert!(sign_in(&ana).await);
    let last = store.find(ana.id).await.unwrap().unwrap();
    assert_eq!(last.last_sign_in_at, Some(bench.sandbox.clock.now()));
    // A name or a hash of the same password is no reason to be refused, nor to forget the last sign-in.
    let mut renamed = ana.clone();
    renamed.name.first = "Bea".into();
    let renamed = change(renamed).await;
    assert_eq!(renamed.last_sign_in_at, last.last_sign_in_at);
    assert!(sign_in(&ana).await);
    let with_other = change(Account {
        password_set_at: Some(bench.sandbox.clock.now()),
        ..renamed
    })
    .await;
    assert!(!sign_in(&ana).await);
    assert!(sign_in(&with_other).await);
    let stopped = change(Account {
        standing: Standing::Disabled(bench.sandbox.clock.now()),
        ..with_other
    })
    .await;
    assert!(!sign_in(&stopped).await);
}
