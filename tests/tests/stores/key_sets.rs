//! The published set of keys: one change at a time.

use babyshield::stores::key_set::{KeySet, KeySets};

use crate::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn of_many_who_change_the_keys_at_once_one_does_and_the_others_are_told() {
    let bench = Bench::new().await;
    let sets = KeySets::new(bench.sandbox.dynamo(), &bench.sandbox.accounts);
    assert_eq!(sets.find().await.unwrap(), None);
    let mut last = KeySet::default();
    for round in 0..5 {
        let changes = (0..12_u64).map(|who| {
            let (sets, last) = (&sets, &last);
            let next = KeySet {
                ring: round * 100 + who,
                ..last.clone()
            };
            async move { sets.replace(&next).await.unwrap() }
        });
        let written = futures_util::future::join_all(changes).await;
        let written: Vec<_> = written.into_iter().flatten().collect();
        let [one] = written.as_slice() else {
            panic!("round {round}: {} were written", written.len());
        };
        assert_eq!(one.version, last.version + 1);
        assert_eq!(sets.find().await.unwrap().as_ref(), Some(one));
        last = one.clone();
    }
}
