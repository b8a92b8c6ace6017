//! What follows from a ring for the published set: over a rotation, a revocation, and what cuts either short.

use super::*;

const ROOT: &str = "q9ZtW3vYk0rJm5XcB7sHd2LfNa8PgUe4TiRo6VxC1yQ";

fn bootstrap() -> Ring {
    Ring::parse(&format!(r#"{{"v":1,"root":"{ROOT}"}}"#)).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    let begun: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    begun + SignedDuration::from_secs(seconds)
}

fn kids(set: &KeySet) -> Vec<&str> {
    set.keys.iter().map(|key| key.kid.as_str()).collect()
}

/// The name of the key that signs.
fn signing(ring: &Ring, set: &KeySet, seconds: i64) -> Option<String> {
    ring.signing(set, at(seconds)).map(|key| key.kid.clone())
}

#[test]
fn a_new_stack_signs_at_once_and_nobody_else_publishes_again() {
    let ring = bootstrap();
    let set = ring.settled(None, at(0)).unwrap();
    assert_eq!(
        signing(&ring, &set, 0).as_deref(),
        Some(set.keys[0].kid.as_str())
    );
    assert_eq!((set.ring, set.keys.len()), (1, 1));
    assert_eq!(set.keys[0].verifies_until, None);
    assert_eq!(ring.settled(Some(&set), at(1)), None);
    assert_eq!(ring.published(Some(&set), LEAD, at(1)), None);
}

#[test]
fn the_next_key_is_published_before_it_signs_and_the_last_verifies_until_its_tokens_are_gone() {
    let first = bootstrap();
    let set = first.settled(None, at(0)).unwrap();
    let second = first.rotated(Some(&set), at(1_000)).unwrap();
    let (old, new) = (first.newest().kid.clone(), second.newest().kid.clone());

    // Published, and not current yet: everything goes on, for however long.
    let set = second.published(Some(&set), LEAD, at(1_000)).unwrap();
    assert_eq!(kids(&set), [old.as_str(), new.as_str()]);
    assert_eq!(signing(&first, &set, 100_000), Some(old.clone()));
    assert!(set.key(&old).unwrap().verifies(at(100_000)));
    assert_eq!(
        first.settled(Some(&set), at(1_001)),
        None,
        "the old ring changes nothing"
    );

    // Current: the old key signs until the new one's time has come.
    let set = second.settled(Some(&set), at(1_010)).unwrap();
    assert_eq!(signing(&second, &set, 1_119), Some(old.clone()));
    assert_eq!(signing(&second, &set, 1_120), Some(new.clone()));
    let last = at(1_120) + STALE;
    let gone = last + LONGEST_LIFE + LEEWAY;
    assert_eq!(set.key(&old).unwrap().verifies_until, Some(gone));
    assert_eq!(set.key(&new).unwrap().verifies_until, None);
    assert_eq!(second.settled(Some(&set), at(1_011)), None);

    // Whoever still has the old ring signs with its key, which is still taken.
    assert_eq!(signing(&first, &set, 1_150), Some(old.clone()));

    // The next rotation drops what is gone.
    let third = second.rotated(Some(&set), gone).unwrap();
    let set = third.published(Some(&set), LEAD, gone).unwrap();
    let set = third.settled(Some(&set), gone).unwrap();
    assert_eq!(kids(&set), [new.as_str(), third.newest().kid.as_str()]);
    assert_eq!(third.refresh_key(), first.refresh_key());
}

#[test]
fn rotations_in_a_row_leave_no_moment_without_a_key_that_everybody_knows() {
    let mut ring = bootstrap();
    let mut set = ring.settled(None, at(0)).unwrap();
    let mut published = vec![(set.keys[0].kid.clone(), i64::MIN)];
    for second in 0..600 {
        if second % 75 == 0 {
            let next = ring.rotated(Some(&set), at(second)).unwrap();
            set = next.published(Some(&set), LEAD, at(second)).unwrap();
            published.push((next.newest().kid.clone(), second));
            set = next.settled(Some(&set), at(second)).unwrap();
            ring = next;
        }
        let kid = signing(&ring, &set, second).expect("there is always one");
        let (_, since) = published.iter().find(|(known, _)| *known == kid).unwrap();
        assert!(second - since.max(&-1_000) >= 120, "{second}: {since}");
        let end = at(second) + LONGEST_LIFE;
        assert!(
            set.key(&kid).unwrap().verifies(end),
            "{second}: its tokens outlive it"
        );
    }
    let mut full = ring;
    while full.keys.len() < MOST_KEYS {
        full = full.rotated(Some(&set), at(600)).unwrap();
    }
    assert_eq!(
        full.rotated(Some(&set), at(600)).unwrap_err(),
        InvalidRing::Full
    );
}

#[test]
fn a_revoked_key_leaves_at_once_and_for_good() {
    let first = bootstrap();
    let set = first.settled(None, at(0)).unwrap();
    let bad = first.newest().kid.clone();
    // A rotation is under way, with the bad key in its ring.
    let pending = first.rotated(Some(&set), at(10)).unwrap();
    let set = pending.published(Some(&set), LEAD, at(10)).unwrap();

    let second = first.without(&bad, false, Some(&set)).unwrap();
    let set = second.settled_without(&bad, Some(&set), at(20));
    assert_eq!(kids(&set), [second.newest().kid.as_str()]);
    assert_eq!(
        signing(&second, &set, 20).as_deref(),
        Some(second.newest().kid.as_str())
    );
    assert_eq!(
        signing(&first, &set, 20),
        None,
        "an older ring signs nothing"
    );
    assert_eq!(first.refresh_key(), second.refresh_key());
    let ended = first.without(&bad, true, Some(&set)).unwrap();
    assert_ne!(first.refresh_key(), ended.refresh_key());

    // Neither the old ring nor the rotation brings it back.
    for older in [&first, &pending] {
        assert_eq!(older.settled(Some(&set), at(30)), None);
        let published = older.published(Some(&set), LEAD, at(30));
        assert!(published.is_none_or(|set| set.key(&bad).is_none()));
    }
    let again = second.settled_without(&bad, Some(&set), at(40));
    assert_eq!(again, set, "the same order twice is the same as once");
}

#[test]
fn a_revocation_that_was_cut_short_is_finished_by_whoever_reads_the_ring() {
    let first = bootstrap();
    let set = first.settled(None, at(0)).unwrap();
    let bad = first.newest().kid.clone();
    let second = first.without(&bad, false, Some(&set)).unwrap();
    let set = second.settled(Some(&set), at(20)).unwrap();
    assert_eq!(kids(&set), [second.newest().kid.as_str()]);
    assert_eq!(set.revoked, [bad]);
    assert_eq!(
        signing(&second, &set, 20),
        Some(second.newest().kid.clone())
    );
}

#[test]
fn a_secret_that_was_put_in_by_hand_is_healed_by_a_rotation() {
    let mut old = bootstrap();
    old.revision = 7;
    let set = old.settled(None, at(0)).unwrap();
    let foreign = ROOT.replace('q', "Q");
    let foreign = Ring::parse(&format!(r#"{{"v":1,"root":"{foreign}"}}"#)).unwrap();
    assert_eq!(foreign.settled(Some(&set), at(10)), None);
    assert_eq!(
        signing(&foreign, &set, 10),
        None,
        "nobody was told of its key"
    );
    let next = foreign.rotated(Some(&set), at(10)).unwrap();
    assert_eq!(next.revision, 8);
    let set = next.published(Some(&set), LEAD, at(10)).unwrap();
    let set = next.settled(Some(&set), at(10)).unwrap();
    assert!(signing(&next, &set, 10).is_some());
}

#[test]
fn a_ring_reads_back_as_it_was_written_and_shows_no_secret() {
    let ring = bootstrap().rotated(None, at(0)).unwrap();
    let back = Ring::parse(&ring.to_text()).unwrap();
    assert_eq!(back.to_text(), ring.to_text());
    assert_eq!(back.revision, 2);
    let names =
        |ring: &Ring| -> Vec<String> { ring.newest_first().map(|key| key.kid.clone()).collect() };
    assert_eq!(names(&back), names(&ring));
    assert_eq!(names(&back).len(), 2);
    assert_eq!(back.refresh_key(), bootstrap().refresh_key());
    let random = random_secret();
    assert_eq!(check(&random), Ok(()));
    assert_ne!(random, random_secret());
}

#[test]
fn what_is_no_ring_is_refused_and_not_repeated() {
    let shapes = [
        String::new(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        format!(r#"{{"v":2,"root":"{ROOT}"}}"#),
        format!(r#"{{"v":1,"root":"{ROOT}","revision":0}}"#),
        format!(r#"{{"v":1,"root":"{ROOT}","other":1}}"#),
        format!(r#"{{"v":1,"root":"{ROOT}","keys":[{{}}]}}"#),
        format!(
            r#"{{"v":1,"root":"{ROOT}","keys":{}}}"#,
            serde_json::json!(vec![serde_json::json!({"secret": ROOT}); 13])
        ),
    ];
    for text in shapes {
        let error = Ring::parse(&text).unwrap_err();
        assert_eq!(error, InvalidRing::Shape, "{text}");
        assert!(!error.to_string().contains(ROOT));
    }
    for text in [
        r#"{"v":1,"root":"short"}"#.to_owned(),
        format!(
            r#"{{"v":1,"root":"{ROOT}","keys":[{{"secret":"{}"}}]}}"#,
            "a".repeat(64)
        ),
    ] {
        assert_eq!(
            Ring::parse(&text).unwrap_err(),
            InvalidRing::Guessable(Guessable)
        );
    }
}
