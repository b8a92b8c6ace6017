//! The trail, read: whole, in order, page by page, and one's own.

use babyshield::{
    clock::{Clock, Ids, RandomIds},
    domain::account::{Actor, Event, EventKind, Role, UserId},
    stores::accounts::Changes,
};
use babyshield_tests::functions::Ask;
use jiff::SignedDuration;
use serde_json::Value;

use crate::{Bench, column};

/// Writes an event every seven hours for twenty days, each second one about that person; returns the
/// identifiers, the newest first.
async fn happen(bench: &Bench, about: UserId) -> Vec<String> {
    let store = bench.sandbox.account_store();
    let mut ids = Vec::new();
    for step in 0..70_i64 {
        let mut changes = Changes::new();
        let event = Event {
            id: RandomIds.new_id(),
            at: bench.sandbox.clock.now() - SignedDuration::from_hours(7 * step),
            kind: if step % 5 == 0 {
                EventKind::SignInFailed
            } else {
                EventKind::ProfileChanged
            },
            actor: if step % 2 == 0 {
                Actor::User(about)
            } else {
                Actor::System
            },
            about: (step % 2 == 0).then_some(about),
            client: None,
            request_id: step.to_string(),
            detail: [("step".to_owned(), step.to_string())].into(),
        };
        store.add_event(&mut changes, &event).unwrap();
        store.commit(changes).await.unwrap();
        ids.push(event.id.to_string());
    }
    ids
}

async fn read(bench: &Bench, token: &str, path: &str) -> Value {
    let answer = Ask::get(path).bearer(token).send(&bench.auth).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.data()
}

/// Reads a listing to its end.
async fn follow(bench: &Bench, token: &str, path: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(bench, token, &format!("{path}&cursor={cursor}")).await;
        ids.extend(column(&page, "id"));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return ids,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn the_trail_is_whole_and_in_order_however_it_is_paged_and_filtered() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, admin) = people.known(Role::Admin).await;
    let (user, own) = people.known(Role::User).await;
    let ids = happen(&bench, user).await;
    let every = |step: usize| ids.iter().step_by(step).cloned().collect::<Vec<_>>();
    for per_page in [1, 7, 100] {
        let path = format!("/api/v1/admin/audit?per_page={per_page}");
        assert_eq!(follow(&bench, &admin, &path).await, ids, "{per_page}");
        let path = format!("/api/v1/admin/audit?per_page={per_page}&user={user}");
        assert_eq!(follow(&bench, &admin, &path).await, every(2), "{per_page}");
        let path =
            format!("/api/v1/admin/audit?per_page={per_page}&actor={user}&kind=sign_in_failed");
        assert_eq!(follow(&bench, &admin, &path).await, every(10), "{per_page}");
        // One's own, and of those what one is shown.
        let path = format!("/api/v1/security/events?per_page={per_page}");
        assert_eq!(follow(&bench, &own, &path).await, every(10), "{per_page}");
    }
    let some = "/api/v1/admin/audit?from=2026-11-19T12:00:00Z&to=2026-11-20T05:00:00Z&per_page=1";
    assert_eq!(follow(&bench, &admin, some).await, ids[1..=3]);
    let none = "/api/v1/admin/audit?from=2026-01-01T00:00:00Z&to=2026-01-31T00:00:00Z&per_page=1";
    assert!(follow(&bench, &admin, none).await.is_empty());
    let nothing = "/api/v1/admin/audit?kind=master_token_used&per_page=1";
    assert!(follow(&bench, &admin, nothing).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn what_happens_while_somebody_pages_neither_repeats_an_event_nor_hides_one() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, admin) = people.known(Role::Admin).await;
    let (user, _) = people.known(Role::User).await;
    let ids = happen(&bench, user).await;
    let path = "/api/v1/admin/audit?per_page=10";
    let first = read(&bench, &admin, path).await;
    bench.sandbox.clock.advance(1);
    let denied = Ask::get(path).bearer(&people.token_of(user).await);
    assert_eq!(denied.send(&bench.auth).await.status, 403);
    let mut seen = column(&first, "id");
    let mut next = first["next_cursor"].as_str().map(str::to_owned);
    while let Some(cursor) = next {
        let page = read(&bench, &admin, &format!("{path}&cursor={cursor}")).await;
        seen.extend(column(&page, "id"));
        next = page["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ids);
    // Who begins anew sees what happened first of all.
    let newest = read(&bench, &admin, path).await;
    assert_eq!(newest["items"][0]["kind"], "access_denied");
    assert_eq!(newest["items"][0]["detail"]["path"], "/api/v1/admin/audit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_trail_that_cannot_be_read_is_refused_with_its_reason() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, admin) = people.known(Role::Admin).await;
    let (user, own) = people.known(Role::User).await;
    let (_, viewer) = people.known(Role::Viewer).await;
    let status = async |token: &str, path: &str| {
        let answer = Ask::get(path).bearer(token).send(&bench.auth).await;
        answer.status
    };
    for query in [
        "from=2026-01-01T00:00:00Z",
        "from=2026-11-20T00:00:00Z&to=2026-11-19T00:00:00Z",
        "from=yesterday",
        "kind=party",
        "user=me",
        "actor=1",
        "page=1",
        "per_page=1000000000",
        "colour=red",
        "from=-009999-01-01T00:00:00Z",
    ] {
        let path = format!("/api/v1/admin/audit?{query}");
        assert_eq!(status(&admin, &path).await, 422, "{query}");
    }
    let far = "/api/v1/admin/audit?to=9999-12-30T00:00:00Z&from=2026-11-19T00:00:00Z";
    assert_eq!(status(&admin, far).await, 200);
    let long_ago = "/api/v1/admin/audit?to=-009999-01-02T01:59:59Z";
    assert_eq!(status(&admin, long_ago).await, 200);
    for kind in ["profile_changed", "master_token_used"] {
        let path = format!("/api/v1/security/events?kind={kind}");
        assert_eq!(status(&viewer, &path).await, 422, "{kind}");
    }
    let somebody = people.known(Role::User).await.0;
    let theirs = format!("/api/v1/security/events?user={somebody}");
    assert_eq!(status(&own, &theirs).await, 403);
    assert_eq!(status(&viewer, &theirs).await, 200);
    let mine = format!("/api/v1/security/events?user={user}");
    assert_eq!(status(&own, &mine).await, 200);
}
