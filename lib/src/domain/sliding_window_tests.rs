//! The window against what it promises, over many phases, rhythms and instances.

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use super::*;

const HUNDRED: Policy = Policy {
    most: 100,
    seconds: 60,
};
const BEGIN: i64 = 1_795_176_000_000;

/// The item that all instances share, as the table keeps it.
#[derive(Default)]
struct Item {
    marks: HashMap<String, i64>,
    writes: usize,
    largest: usize,
}

impl Item {
    fn write(&mut self, booking: &Booking) -> HashMap<String, i64> {
        self.writes += 1;
        for (name, change) in &booking.add {
            *self.marks.entry(name.clone()).or_default() += change;
        }
        for name in &booking.remove {
            self.marks.remove(name);
        }
        self.largest = self.largest.max(self.marks.len());
        self.marks.clone()
    }
}

fn ask(window: &mut Window, item: &mut Item, now: i64) -> Decision {
    match window.ask(now) {
        Step::Decided(decision) => decision,
        Step::Write(booking) => {
            let marks = item.write(&booking);
            window.tell(&booking, &marks)
        }
    }
}

/// Fails where more than `most` of these instants lie in some window.
fn assert_within(passed: &[i64], policy: Policy) {
    for (at, first) in passed.iter().enumerate() {
        let in_window = passed[at..]
            .iter()
            .take_while(|instant| **instant < first + policy.window())
            .count();
        assert!(
            in_window <= policy.most as usize,
            "{in_window} passed from {first} on"
        );
    }
}

#[test]
fn one_client_in_sequence_passes_exactly_when_a_log_of_every_request_says_so() {
    let mut random = StdRng::seed_from_u64(1);
    for round in 0..100 {
        let policy = Policy {
            most: random.random_range(1..=120),
            seconds: random.random_range(1..=90),
        };
        let pause = policy.window() / i64::from(policy.most);
        let (mut window, mut item) = (Window::new(policy), Item::default());
        let mut now = BEGIN + random.random_range(0..100_000);
        let mut passed: Vec<i64> = Vec::new();
        for _ in 0..600 {
            let used = passed
                .iter()
                .filter(|at| **at > now - policy.window())
                .count();
            let decision = ask(&mut window, &mut item, now);
            let expected = used < policy.most as usize;
            assert_eq!(
                decision.passes,
                expected,
                "round {round}, {policy:?}, {} passed",
                passed.len()
            );
            if expected {
                passed.push(now);
                // Permits that were booked ahead do not see what leaves the window meanwhile.
                assert!((decision.remaining as usize) < policy.most as usize - used);
            }
            assert!(decision.resets >= now && decision.resets <= now + policy.window());
            now += match random.random_range(0..20) {
                0 => random.random_range(0..=policy.window()),
                1..8 => random.random_range(0..=2 * pause),
                8..14 => random.random_range(0..=HURRY),
                _ => 0,
            };
        }
        assert_within(&passed, policy);
    }
}

#[test]
fn the_hundredth_passes_and_the_hundred_and_first_does_not_at_any_phase() {
    let mut random = StdRng::seed_from_u64(2);
    for _ in 0..500 {
        let (mut window, mut item) = (Window::new(HUNDRED), Item::default());
        let mut now = BEGIN + random.random_range(0..60_000);
        // An earlier burst that has left by then changes nothing.
        for _ in 0..random.random_range(0..150) {
            ask(&mut window, &mut item, now);
            now += random.random_range(0..20);
        }
        now += 60_000;
        let begun = now;
        let mut instants: Vec<i64> = (0..101).map(|_| random.random_range(0..60_000)).collect();
        instants.sort_unstable();
        for (at, instant) in instants.into_iter().enumerate() {
            let decision = ask(&mut window, &mut item, begun + instant);
            assert_eq!(decision.passes, at < 100, "request {}", at + 1);
            assert_eq!(decision.remaining as usize, 99_usize.saturating_sub(at));
        }
    }
}

#[test]
fn who_waits_as_long_as_told_passes() {
    let (mut window, mut item) = (Window::new(HUNDRED), Item::default());
    let mut now = BEGIN;
    for _ in 0..100 {
        assert!(ask(&mut window, &mut item, now).passes);
        now += 100;
    }
    let refused = ask(&mut window, &mut item, now);
    assert_eq!((refused.passes, refused.resets), (false, BEGIN + 60_000));
    let writes = item.writes;
    for at in now..now + 1_000 {
        assert!(!ask(&mut window, &mut item, at).passes);
    }
    assert_eq!(item.writes, writes, "what is known to be full is not asked");
    assert!(!ask(&mut window, &mut item, refused.resets - 1).passes);
    assert!(ask(&mut window, &mut item, refused.resets).passes);
}

#[test]
fn sixteen_instances_never_let_more_pass_than_one_and_hardly_fewer() {
    let mut random = StdRng::seed_from_u64(3);
    let (mut least, mut least_after) = (u32::MAX, u32::MAX);
    for _ in 0..12 {
        let mut item = Item::default();
        let mut windows = vec![Window::new(HUNDRED); 16];
        let (mut now, mut passed) = (BEGIN + random.random_range(0..60_000), Vec::new());
        let end = now + 240_000;
        let mut under_way: Vec<(usize, Booking)> = Vec::new();
        while now < end {
            // Writes of several instances are under way together and come in any order.
            let one = random.random_range(0..16);
            match windows[one].ask(now) {
                Step::Decided(decision) if decision.passes => passed.push(now),
                Step::Decided(_) => {}
                Step::Write(booking) => under_way.push((one, booking)),
            }
            if under_way.len() > random.random_range(0..16) {
                let (one, booking) = under_way.swap_remove(random.random_range(0..under_way.len()));
                let marks = item.write(&booking);
                if windows[one].tell(&booking, &marks).passes {
                    passed.push(booking.now);
                }
            }
            now += random.random_range(0..12);
        }
        passed.sort_unstable();
        assert_within(&passed, HUNDRED);
        let count = |from: i64, to: i64| {
            let inside = passed.iter().filter(|at| (from..to).contains(*at)).count();
            u32::try_from(inside).unwrap()
        };
        least = least.min(count(end - 240_000, end - 180_000));
        least_after = least_after.min(count(end - 180_000, end) / 3);
    }
    assert!(least >= 80, "{least} of 100 passed in the first window");
    assert!(
        least_after >= 75,
        "{least_after} of 100 passed in the later windows"
    );
}

#[test]
fn a_larger_limit_is_kept_to_the_second_and_costs_little_in_a_hurry() {
    let policy = Policy {
        most: 10_000,
        seconds: 60,
    };
    let (mut window, mut item) = (Window::new(policy), Item::default());
    let mut random = StdRng::seed_from_u64(4);
    let (mut now, mut passed) = (BEGIN + 123, Vec::new());
    for _ in 0..40_000 {
        if ask(&mut window, &mut item, now).passes {
            passed.push(now);
        }
        now += random.random_range(0..8);
    }
    assert_within(&passed, policy);
    assert!(item.largest <= 70, "{} marks", item.largest);
    assert!(
        item.writes < 2_500,
        "{} writes for 40,000 requests",
        item.writes
    );
    assert!(passed.len() >= 20_000, "{} passed", passed.len());
}

#[test]
fn an_hour_of_any_rhythm_leaves_an_item_of_one_write_unit() {
    for seed in 0..8 {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut window, mut item) = (Window::new(HUNDRED), Item::default());
        let mut now = BEGIN;
        while now < BEGIN + 3_600_000 {
            ask(&mut window, &mut item, now);
            now += random.random_range(0..=1_000 * i64::try_from(seed % 4).unwrap() + 30);
        }
        // Seven bytes a mark, and 100 for the key and the time at which it ends.
        assert!(item.largest * 7 + 100 <= 1_024, "{} marks", item.largest);
    }
}

#[test]
fn a_client_in_a_hurry_costs_less_than_half_a_write_for_a_request() {
    let (mut window, mut item) = (Window::new(HUNDRED), Item::default());
    for at in 0..100 {
        assert!(ask(&mut window, &mut item, BEGIN + at * 10).passes);
    }
    assert!(item.writes <= 45, "{} writes", item.writes);
}

#[test]
fn a_name_reads_back_as_the_mark_nearest_to_now_and_nothing_else_does() {
    let mut random = StdRng::seed_from_u64(5);
    for policy in [
        HUNDRED,
        Policy {
            most: 10_000,
            seconds: 60,
        },
        Policy {
            most: 1_000,
            seconds: 3_600,
        },
    ] {
        for _ in 0..1_000 {
            let now = BEGIN + i64::from(random.next_u32());
            let mark = policy.mark(now + random.random_range(-10_000_000..10_000));
            assert_eq!(policy.read(&policy.name(mark), now), Some(mark));
        }
    }
    for other in ["pk", "sk", "expires_at", "", "abc!d", "abcdé"] {
        assert_eq!(HUNDRED.read(other, BEGIN), None);
    }
}

#[test]
fn a_write_that_is_lost_lets_nobody_pass_twice() {
    let (mut window, mut item) = (Window::new(HUNDRED), Item::default());
    let mut passed = 0;
    for at in 0..400 {
        match window.ask(BEGIN + at) {
            Step::Decided(decision) => passed += u32::from(decision.passes),
            // Every third is written, and the instance never hears of it.
            Step::Write(booking) if at % 3 == 0 => drop(item.write(&booking)),
            Step::Write(booking) => {
                let marks = item.write(&booking);
                passed += u32::from(window.tell(&booking, &marks).passes);
            }
        }
    }
    assert!((50..=100).contains(&passed), "{passed}");
}
