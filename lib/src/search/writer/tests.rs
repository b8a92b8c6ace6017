use jiff::ToSpan;
use tempfile::TempDir;

use super::*;
use crate::search::{
    corpus::{product, recall, recalls},
    emulator::Emulated,
    query::Filters,
    reader::SnapshotReader,
    snapshot::pointer_key,
};

const ROOM: u64 = 1 << 30;

fn writer(bucket: &Emulated) -> (TempDir, SnapshotWriter) {
    let scratch = TempDir::new().unwrap();
    let writer = SnapshotWriter::open(bucket.snapshots(), scratch.path(), ROOM).unwrap();
    (scratch, writer)
}

fn upserts(ids: &[&str]) -> Batch {
    Batch {
        upserts: ids.iter().map(|id| (recall(id), 1)).collect(),
        removals: Vec::new(),
    }
}

async fn publish(writer: &SnapshotWriter, batch: Batch, now: Timestamp) -> Manifest {
    let base = writer.begin().await.unwrap();
    writer.publish(base, batch, now).await.unwrap()
}

/// The identifiers that a fresh reader sees.
async fn seen(bucket: &Emulated) -> Vec<String> {
    let directory = TempDir::new().unwrap();
    let reader = SnapshotReader::open(bucket.snapshots(), directory.path(), ROOM).unwrap();
    let generation = reader.current(Timestamp::UNIX_EPOCH).await.unwrap();
    let query = crate::search::query::ListQuery {
        filters: Filters::default(),
        text: None,
        sort: crate::search::query::RecallSort::Id,
        direction: crate::search::query::Direction::Ascending,
        page: crate::search::query::Page::Offset {
            offset: 0,
            limit: 100,
        },
    };
    let found = generation.catalogue.recalls(&query).unwrap();
    found.items.iter().map(|item| item.id.to_string()).collect()
}

/// The emulator's own idea of now, so that tests read no clock: when the pointer was written.
async fn emulator_time(bucket: &Emulated) -> Timestamp {
    let (_, written) = bucket
        .snapshots()
        .list(&pointer_key())
        .await
        .unwrap()
        .pop()
        .unwrap();
    written
}

fn segments(manifest: &Manifest) -> Vec<String> {
    manifest
        .files
        .iter()
        .map(|file| segment_key(&file.key_name()))
        .collect()
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn each_generation_adds_to_the_last_and_uploads_only_what_is_new() {
    let bucket = Emulated::bucket().await;
    let (_one, writer) = writer(&bucket);
    let first = publish(
        &writer,
        upserts(&["us-cpsc:1", "us-cpsc:2"]),
        Timestamp::UNIX_EPOCH,
    )
    .await;
    assert_eq!((first.generation, first.recalls, first.products), (1, 2, 2));
    let before = bucket.keys(&segments_prefix()).await;
    for key in &before {
        // Files are immutable: if one were uploaded again this would show.
        assert!(segments(&first).contains(key));
    }
    // Another machine, with nothing on its disk.
    let (_two, other) = self::writer(&bucket);
    let second = publish(&other, upserts(&["us-cpsc:3"]), Timestamp::UNIX_EPOCH).await;
    assert_eq!((second.generation, second.recalls), (2, 3));
    assert!(
        segments(&first)
            .iter()
            .all(|key| segments(&second).contains(key))
    );
    // The first one again, from what it held.
    let removal = Batch {
        upserts: Vec::new(),
        removals: vec!["us-cpsc:2".parse().unwrap()],
    };
    let third = publish(&writer, removal, Timestamp::UNIX_EPOCH).await;
    assert_eq!((third.generation, third.recalls), (3, 2));
    assert_eq!(seen(&bucket).await, ["us-cpsc:1", "us-cpsc:3"]);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn of_two_writers_from_one_base_one_loses_cleanly_and_nothing_is_lost_when_it_tries_again() {
    let bucket = Emulated::bucket().await;
    let (_one, one) = writer(&bucket);
    let (_two, two) = writer(&bucket);
    publish(
        &one,
        upserts(&["us-cpsc:1", "us-cpsc:2"]),
        Timestamp::UNIX_EPOCH,
    )
    .await;
    // Both delete in the same segment, so that both make a file of the same name and other content.
    let (base_one, base_two) = (one.begin().await.unwrap(), two.begin().await.unwrap());
    let won = one
        .publish(base_one, upserts(&["us-cpsc:1"]), Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    let lost = two
        .publish(
            base_two,
            upserts(&["us-cpsc:2", "us-cpsc:3"]),
            Timestamp::UNIX_EPOCH,
        )
        .await;
    assert!(matches!(lost, Err(SnapshotError::Conflict)), "{lost:?}");
    assert_eq!(seen(&bucket).await, ["us-cpsc:1", "us-cpsc:2"]);
    let again = publish(
        &two,
        upserts(&["us-cpsc:2", "us-cpsc:3"]),
        Timestamp::UNIX_EPOCH,
    )
    .await;
    assert_eq!(
        again.generation,
        won.generation + 2,
        "the number of the lost one stays taken"
    );
    assert_eq!(seen(&bucket).await, ["us-cpsc:1", "us-cpsc:2", "us-cpsc:3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs the emulator: ./dev test"]
async fn writers_all_at_once_lose_nothing() {
    let bucket = Emulated::bucket().await;
    let mut running = JoinSet::new();
    for n in 0..6 {
        let (scratch, writer) = writer(&bucket);
        running.spawn(async move {
            let (_scratch, mut lost) = (scratch, 0);
            loop {
                let base = writer.begin().await.unwrap();
                let batch = upserts(&[&format!("us-cpsc:{n}"), "us-cpsc:shared"]);
                match writer.publish(base, batch, Timestamp::UNIX_EPOCH).await {
                    Ok(_) => return lost,
                    Err(SnapshotError::Conflict) => lost += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    let lost: usize = running.join_all().await.into_iter().sum();
    assert!(lost > 0, "they never met, so this shows nothing");
    let mut all: Vec<_> = (0..6).map(|n| format!("us-cpsc:{n}")).collect();
    all.push("us-cpsc:shared".to_owned());
    assert_eq!(seen(&bucket).await, all);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_crash_between_any_two_steps_leaves_the_last_generation_in_force_and_is_swept_later() {
    let bucket = Emulated::bucket().await;
    let (_scratch, writer) = writer(&bucket);
    publish(&writer, upserts(&["us-cpsc:1"]), Timestamp::UNIX_EPOCH).await;
    let now = emulator_time(&bucket).await;
    let good = publish(&writer, upserts(&["us-cpsc:2"]), now).await;

    // Dies after the files.
    let checkout = writer.cache.check_out(&writer.bucket, &good).await.unwrap();
    let built = build::build(checkout.path(), &upserts(&["us-cpsc:9"]), &good.files).unwrap();
    writer.upload(&built, &checkout).await.unwrap();
    assert_eq!(seen(&bucket).await, ["us-cpsc:1", "us-cpsc:2"]);
    // Dies after the manifest.
    let base = writer.begin().await.unwrap();
    let orphan = writer.claim(&base, built, now).await.unwrap();
    assert_eq!(seen(&bucket).await, ["us-cpsc:1", "us-cpsc:2"]);

    let next = publish(&writer, upserts(&["us-cpsc:3"]), now).await;
    assert_eq!(next.generation, orphan.generation + 1);
    assert_eq!(seen(&bucket).await, ["us-cpsc:1", "us-cpsc:2", "us-cpsc:3"]);
    let orphans: Vec<_> = segments(&orphan)
        .into_iter()
        .filter(|key| !segments(&next).contains(key))
        .collect();
    assert!(!orphans.is_empty());
    // Dies after the pointer: the next one finds its work done.
    let early = publish(&writer, upserts(&["us-cpsc:3"]), now + 47.hours()).await;
    assert!(
        bucket.keys(&segments_prefix()).await.contains(&orphans[0]),
        "too early"
    );
    let late = publish(&writer, upserts(&["us-cpsc:4"]), now + 72.hours()).await;
    let left = bucket.keys(&segments_prefix()).await;
    assert!(
        orphans.iter().all(|key| !left.contains(key)),
        "the orphans are still there"
    );
    assert!(
        !bucket
            .keys(&manifests_prefix())
            .await
            .contains(&manifest_key(orphan.generation))
    );
    assert!(segments(&late).iter().all(|key| left.contains(key)));
    assert_eq!((early.recalls, late.recalls), (3, 4));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn what_is_retired_is_kept_48_hours_and_not_longer() {
    let bucket = Emulated::bucket().await;
    let (_scratch, writer) = writer(&bucket);
    let first = publish(
        &writer,
        upserts(&["us-cpsc:1", "us-cpsc:2"]),
        Timestamp::UNIX_EPOCH,
    )
    .await;
    let start = Timestamp::UNIX_EPOCH + 1.hour();
    // Every document of the first segment is replaced.
    let second = publish(&writer, upserts(&["us-cpsc:1", "us-cpsc:2"]), start).await;
    let gone: Vec<_> = segments(&first)
        .into_iter()
        .filter(|key| !segments(&second).contains(key))
        .collect();
    assert!(!gone.is_empty());
    let entry = second.retired.last().unwrap();
    assert_eq!((entry.generation, entry.at), (first.generation, start));

    let early = start + 48.hours() - 1.second();
    let third = publish(&writer, upserts(&["us-cpsc:3"]), early).await;
    let kept = bucket.keys("search/").await;
    assert!(
        gone.iter().all(|key| kept.contains(key)),
        "deleted too early"
    );
    assert!(kept.contains(&manifest_key(first.generation)));
    assert_eq!(third.retired.len(), 2);

    let fourth = publish(&writer, upserts(&["us-cpsc:4"]), start + 48.hours()).await;
    let kept = bucket.keys("search/").await;
    assert!(gone.iter().all(|key| !kept.contains(key)), "not deleted");
    assert!(!kept.contains(&manifest_key(first.generation)));
    assert!(kept.contains(&manifest_key(second.generation)));
    let generations: Vec<_> = fourth
        .retired
        .iter()
        .map(|entry| entry.generation)
        .collect();
    assert_eq!(generations, [second.generation, third.generation]);
    assert_eq!(seen(&bucket).await.len(), 4);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn many_small_generations_are_merged_and_the_answers_stay() {
    let bucket = Emulated::bucket().await;
    let (_scratch, writer) = writer(&bucket);
    let mut most = 0;
    for some in recalls().chunks(9) {
        let batch = Batch {
            upserts: some.iter().map(|r| (r.clone(), 1)).collect(),
            removals: Vec::new(),
        };
        let manifest = publish(&writer, batch, Timestamp::UNIX_EPOCH).await;
        let stores = manifest
            .files
            .iter()
            .filter(|file| file.name.contains(".store"))
            .count();
        most = most.max(stores);
    }
    assert!((5..=8).contains(&most), "{most} segments");
    let directory = TempDir::new().unwrap();
    let reader = SnapshotReader::open(bucket.snapshots(), directory.path(), ROOM).unwrap();
    let generation = reader.current(Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(
        (generation.recalls, generation.products),
        (recalls().len(), recalls().len())
    );
    assert_eq!(
        generation.catalogue.counts().unwrap(),
        (recalls().len(), recalls().len())
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_base_that_cannot_be_read_stops_the_writer_and_changes_nothing() {
    let bucket = Emulated::bucket().await;
    let (_scratch, writer) = writer(&bucket);
    let good = publish(&writer, upserts(&["us-cpsc:1"]), Timestamp::UNIX_EPOCH).await;
    let key = segments(&good).pop().unwrap();
    let whole = bucket.get(&key).await;
    bucket.put(&key, whole[..whole.len() - 1].to_vec()).await;
    let (_other, fresh) = self::writer(&bucket);
    let base = fresh.begin().await.unwrap();
    let refused = fresh
        .publish(base, upserts(&["us-cpsc:2"]), Timestamp::UNIX_EPOCH)
        .await;
    assert!(
        matches!(refused, Err(SnapshotError::Corrupt { .. })),
        "{refused:?}"
    );
    assert_eq!(bucket.keys(&manifests_prefix()).await, [manifest_key(1)]);
    bucket.put(&key, whole).await;
    publish(&fresh, upserts(&["us-cpsc:2"]), Timestamp::UNIX_EPOCH).await;
    assert_eq!(seen(&bucket).await.len(), 2);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn without_a_pointer_the_newest_generation_is_gone_on_from() {
    let bucket = Emulated::bucket().await;
    let (_scratch, writer) = writer(&bucket);
    publish(&writer, upserts(&["us-cpsc:1"]), Timestamp::UNIX_EPOCH).await;
    publish(&writer, upserts(&["us-cpsc:2"]), Timestamp::UNIX_EPOCH).await;
    bucket.delete(&pointer_key()).await;
    let anew = publish(&writer, upserts(&["us-cpsc:3"]), Timestamp::UNIX_EPOCH).await;
    assert_eq!((anew.generation, anew.recalls), (3, 3));
}

#[test]
fn the_last_of_several_records_counts_and_a_removal_beats_them_all() {
    let directory = TempDir::new().unwrap();
    let mut newer = recall("us-cpsc:1");
    newer.products = vec![product("A"), product("B")];
    let batch = Batch {
        upserts: vec![
            (recall("us-cpsc:1"), 1),
            (newer, 2),
            (recall("us-cpsc:2"), 1),
        ],
        removals: vec!["us-cpsc:2".parse().unwrap()],
    };
    let built = build::build(directory.path(), &batch, &[]).unwrap();
    assert_eq!((built.recalls, built.products), (1, 2));
}
