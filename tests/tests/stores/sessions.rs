//! Sessions: the use of a token, and the end.

use babyshield::{
    clock::{Clock, Ids, RandomIds},
    domain::account::{
        Session, SessionId, UserId,
        session::{Ending, IDLE, LONGEST, Presented, TokenHash},
    },
    stores::accounts::{Accounts, Changes, Outcome, Use, Used},
};
use babyshield_faults::{Fault, Plan, Rule};
use jiff::{SignedDuration, Timestamp};

use crate::Bench;

fn hash(token: &str) -> TokenHash {
    TokenHash::of(token)
}

/// A session that begins now, with the token `a`.
fn session(now: Timestamp) -> Session {
    Session {
        id: SessionId(RandomIds.new_id()),
        user: UserId(RandomIds.new_id()),
        current: hash("a"),
        previous: None,
        rotated_at: now,
        created_at: now,
        last_used_at: now,
        idle_until: now + IDLE,
        until: now + LONGEST,
        password_set_at: Some(now),
        device: "a \"test\"; é".into(),
        network: "203.0.113.0/24".into(),
        ended: None,
    }
}

struct Scene {
    bench: Bench,
    accounts: Accounts,
    session: Session,
}

impl Scene {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let accounts = Accounts::new(bench.dynamo.clone(), &bench.sandbox.accounts);
        let session = session(bench.sandbox.clock.now());
        let mut changes = Changes::new();
        accounts.add_session(&mut changes, &session).unwrap();
        assert_eq!(accounts.commit(changes).await.unwrap(), Outcome::Done);
        Self {
            bench,
            accounts,
            session,
        }
    }

    fn now(&self) -> Timestamp {
        self.bench.sandbox.clock.now()
    }

    async fn use_token(&self, presented: &str, next: &str) -> Used {
        self.use_under(presented, next, self.session.password_set_at)
            .await
    }

    async fn use_under(&self, presented: &str, next: &str, password: Option<Timestamp>) -> Used {
        let using = Use {
            user: self.session.user,
            session: self.session.id,
            presented: &hash(presented),
            next: &hash(next),
            password_set_at: password,
            network: "198.51.100.0/24",
            now: self.now(),
        };
        self.accounts.use_token(&using).await.unwrap()
    }

    async fn end(&self, ending: Ending) -> Outcome {
        let mut changes = Changes::new();
        let (user, id) = (self.session.user, self.session.id);
        self.accounts
            .end_session(&mut changes, user, id, ending, self.now())
            .unwrap();
        self.accounts.commit(changes).await.unwrap()
    }

    async fn stored(&self) -> Session {
        let found = self.accounts.session(self.session.user, self.session.id);
        found.await.unwrap().expect("it is stored")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_session_reads_back_as_it_was_written_and_is_there_once() {
    let scene = Scene::new().await;
    assert_eq!(scene.stored().await, scene.session);
    let all = scene.accounts.sessions(scene.session.user).await.unwrap();
    assert_eq!(all, std::slice::from_ref(&scene.session));
    let nobody = UserId(RandomIds.new_id());
    assert_eq!(scene.accounts.sessions(nobody).await.unwrap(), []);
    let found = scene.accounts.session(nobody, scene.session.id).await;
    assert_eq!(found.unwrap(), None);
    let mut changes = Changes::new();
    scene
        .accounts
        .add_session(&mut changes, &scene.session)
        .unwrap();
    let again = scene.accounts.commit(changes).await.unwrap();
    assert_eq!(again, Outcome::Refused(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn using_the_current_token_makes_its_successor_current_and_keeps_it_as_the_one_before() {
    let scene = Scene::new().await;
    scene.bench.sandbox.clock.advance(60);
    assert_eq!(scene.use_token("a", "b").await, Used::Rotated);
    let now = scene.now();
    let after = Session {
        current: hash("b"),
        previous: Some(hash("a")),
        rotated_at: now,
        last_used_at: now,
        idle_until: now + IDLE,
        network: "198.51.100.0/24".into(),
        ..scene.session.clone()
    };
    assert_eq!(scene.stored().await, after);
    assert_eq!(scene.bench.calls().last().unwrap(), "GetItem");
    let refused = Used::Refused(Box::new(after.clone()));
    assert_eq!(scene.use_token("a", "b").await, refused);
    assert_eq!(scene.use_token("x", "y").await, refused);
    assert_eq!(
        scene.stored().await,
        after,
        "what is refused writes nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn no_token_of_a_session_that_does_not_live_is_taken() {
    let refused = |used: &Used| matches!(used, Used::Refused(_));
    let other = Timestamp::UNIX_EPOCH;
    let scene = Scene::new().await;
    for password in [None, Some(other)] {
        let used = scene.use_under("a", "b", password).await;
        assert!(refused(&used), "another password: {used:?}");
    }
    scene.bench.sandbox.clock.advance(IDLE.as_secs());
    assert!(refused(&scene.use_token("a", "b").await), "idle");

    let scene = Scene::new().await;
    assert_eq!(scene.end(Ending::SignedOut).await, Outcome::Done);
    assert!(refused(&scene.use_token("a", "b").await), "ended");
    let stored = scene.stored().await;
    assert_eq!(stored.ended, Some((scene.now(), Ending::SignedOut)));
    // An end is written once: the first reason stays.
    assert_eq!(scene.end(Ending::Reused).await, Outcome::Refused(0));
    assert_eq!(scene.stored().await, stored);

    let mut unknown = Scene::new().await;
    unknown.session.id = SessionId(RandomIds.new_id());
    assert_eq!(unknown.use_token("a", "b").await, Used::Unknown);
    assert_eq!(unknown.end(Ending::Revoked).await, Outcome::Refused(0));
    assert_eq!(
        unknown
            .accounts
            .sessions(unknown.session.user)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_session_that_is_used_all_the_time_ends_after_its_longest_life() {
    let scene = Scene::new().await;
    let mut token = 0;
    for _ in 0..5 {
        scene.bench.sandbox.clock.advance(6 * 86_400 - 1);
        let (presented, next) = (token.to_string(), (token + 1).to_string());
        let presented = if token == 0 { "a" } else { &presented };
        assert_eq!(scene.use_token(presented, &next).await, Used::Rotated);
        token += 1;
    }
    assert_eq!(scene.stored().await.idle_until, scene.session.until);
    scene.bench.sandbox.clock.advance(5);
    let used = scene.use_token(&token.to_string(), "z").await;
    assert!(matches!(used, Used::Refused(_)), "{used:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_lost_answer_is_known_for_the_token_that_was_just_used() {
    let scene = Scene::new().await;
    let lost = Rule::first("UpdateItem", 1, Fault::DropAfter);
    scene.bench.proxy.follow(Plan::rules([lost]));
    let Used::Refused(stored) = scene.use_token("a", "b").await else {
        panic!("the second try finds the first one's work");
    };
    let judged = stored.judge(&hash("a"), scene.session.password_set_at, scene.now());
    assert_eq!(judged, Presented::Again);
    assert_eq!(stored.current, hash("b"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_use_that_meets_a_transaction_or_a_busy_table_waits_and_takes_effect() {
    let scene = Scene::new().await;
    for (fault, presented, next) in [
        (Fault::Conflict, "a", "b"),
        (Fault::Throttle, "b", "c"),
        (Fault::DropBefore, "c", "d"),
    ] {
        let twice = Rule::first("UpdateItem", 2, fault);
        scene.bench.proxy.follow(Plan::rules([twice]));
        assert_eq!(
            scene.use_token(presented, next).await,
            Used::Rotated,
            "{fault:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_session_goes_on_under_a_new_password_where_it_was_changed_from_it() {
    let scene = Scene::new().await;
    let new = scene.now() + SignedDuration::from_secs(60);
    let (user, id) = (scene.session.user, scene.session.id);
    let keep = async || {
        let mut changes = Changes::new();
        let kept = scene
            .accounts
            .keep_session(&mut changes, user, id, Some(new));
        assert_eq!(kept.unwrap(), 0);
        scene.accounts.commit(changes).await.unwrap()
    };
    assert_eq!(keep().await, Outcome::Done);
    assert_eq!(scene.use_under("a", "b", Some(new)).await, Used::Rotated);
    assert!(matches!(scene.use_token("b", "c").await, Used::Refused(_)));
    scene.end(Ending::Revoked).await;
    assert_eq!(keep().await, Outcome::Refused(0));
}
