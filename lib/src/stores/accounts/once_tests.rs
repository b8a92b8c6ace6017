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
fn an_hour_of_asking_sends_five_and_never_takes_the_last_one_away() {
    let mut stored = None;
    let mut mails = Vec::new();
    for minute in 0..60 {
        let asked = StoredLink::ask(
            stored.as_ref(),
            link(u128::try_from(minute).unwrap(), at(minute)),
            at(minute),
        );
        if asked.send {
            mails.push((minute, asked.stored.link.id));
        }
        stored = Some(asked.stored);
    }
    assert_eq!(mails.len(), SENT_MOST);
    assert_eq!(stored.unwrap().link.id, mails.last().unwrap().1);
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
