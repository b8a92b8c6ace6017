use super::*;

fn at(minutes: i64) -> Timestamp {
    "2026-11-20T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn link(id: u128, now: Timestamp) -> OnceLink {
    OnceLink::new(
        Uuid::from_u128(id),
        Purpose::ResetPassword,
        UserId(Uuid::from_u128(1)),
        "ana@example.org".parse().unwrap(),
        now,
    )
}

#[test]
fn who_asks_again_in_a_moment_gets_no_second_mail_and_keeps_the_link() {
    let first = StoredLink::ask(None, link(1, at(0)), at(0));
    assert!(first.send);
    let second = StoredLink::ask(Some(&first.stored), link(2, at(0)), at(0));
    assert!(!second.send);
    assert_eq!(second.stored, first.stored);
}

#[test]
fn a_link_with_half_its_time_left_is_sent_again_and_a_later_one_is_new() {
    let first = StoredLink::ask(None, link(1, at(0)), at(0)).stored;
    let again = StoredLink::ask(Some(&first), link(2, at(7)), at(7));
    assert!(again.send);
    assert_eq!(again.stored.link, first.link);
    let new = StoredLink::ask(Some(&first), link(2, at(8)), at(8));
    assert!(new.send);
    assert_eq!(new.stored.link, link(2, at(8)));
}

#[test]
fn an_hour_of_asking_sends_few_and_always_leaves_a_link_that_is_good_for_a_while() {
    let mut stored: Option<StoredLink> = None;
    let mut mails = Vec::new();
    for minute in 0..600 {
        let new = link(u128::try_from(minute).unwrap(), at(minute));
        let asked = StoredLink::ask(stored.as_ref(), new, at(minute));
        if asked.send {
            mails.push((minute, asked.stored.link.id));
        }
        // Whoever wants in now finds the link that counts in the last mail, with time to follow it.
        assert_eq!(asked.stored.link.id, mails.last().unwrap().1, "{minute}");
        let left = asked.stored.link.until.duration_since(at(minute));
        assert!(left >= SignedDuration::from_mins(7), "{minute}");
        stored = Some(asked.stored);
    }
    for hour in 0..10 {
        let minutes = hour * 60..(hour + 1) * 60;
        let sent = mails.iter().filter(|(at, _)| minutes.contains(at));
        assert!(sent.count() <= SENT_MOST + 8, "{mails:?}");
    }
}

#[test]
fn a_link_to_another_address_is_always_new() {
    let first = StoredLink::ask(None, link(1, at(0)), at(0)).stored;
    let other = OnceLink {
        email: "bea@example.org".parse().unwrap(),
        ..link(2, at(2))
    };
    let asked = StoredLink::ask(Some(&first), other.clone(), at(2));
    assert_eq!(asked.stored.link, other);
}
