use jiff::ToSpan;
use tempfile::TempDir;

use super::*;
use crate::search::{
    corpus::recall,
    emulator::Emulated,
    snapshot::{manifest_key, pointer_key, segment_key},
    writer::{Batch, SnapshotWriter},
};

const ROOM: u64 = 1 << 30;
const START: Timestamp = Timestamp::UNIX_EPOCH;

struct Scene {
    bucket: Emulated,
    writer: SnapshotWriter,
    _scratch: TempDir,
    directory: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let bucket = Emulated::bucket().await;
        let scratch = TempDir::new().unwrap();
        Self {
            writer: SnapshotWriter::open(bucket.snapshots(), scratch.path(), ROOM).unwrap(),
            bucket,
            _scratch: scratch,
            directory: TempDir::new().unwrap(),
        }
    }

    async fn publish(&self, id: &str) -> Manifest {
        let base = self.writer.begin().await.unwrap();
        let batch = Batch {
            upserts: vec![(recall(id), 1)],
            removals: Vec::new(),
        };
        self.writer.publish(base, batch, START).await.unwrap()
    }

    fn reader(&self) -> SnapshotReader {
        SnapshotReader::open(self.bucket.snapshots(), self.directory.path(), ROOM).unwrap()
    }
}

fn count(generation: &Generation) -> usize {
    generation.catalogue.counts().unwrap().0
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_newer_generation_serves_the_request_after_the_one_beside_which_it_was_found() {
    let scene = Scene::new().await;
    let reader = scene.reader();
    assert!(matches!(
        reader.current(START).await,
        Err(SnapshotError::NoGeneration)
    ));
    scene.publish("us-cpsc:1").await;
    assert_eq!(reader.current(START).await.unwrap().number, 1);
    scene.publish("us-cpsc:2").await;
    assert_eq!(
        reader.current(START + 1.hour()).await.unwrap().number,
        1,
        "a request does not wait"
    );
    reader.refresh_beside(START + 4.seconds()).await;
    assert_eq!(
        reader.current(START).await.unwrap().number,
        1,
        "not before five seconds"
    );
    reader.refresh_beside(START + 5.seconds()).await;
    let second = reader.current(START).await.unwrap();
    assert_eq!((second.number, count(&second)), (2, 2));
    let freshness = reader.freshness(START + 5.seconds());
    assert_eq!(
        (freshness.generation, freshness.stale, freshness.error),
        (Some(2), false, None)
    );
    assert!(
        reader.freshness(START + 66.seconds()).stale,
        "nobody has looked for a minute"
    );
    reader.refresh_beside(START + 66.seconds()).await;
    assert!(!reader.freshness(START + 66.seconds()).stale);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn each_file_damaged_in_turn_leaves_the_last_good_generation_in_use() {
    let scene = Scene::new().await;
    scene.publish("us-cpsc:1").await;
    let reader = scene.reader();
    reader.current(START).await.unwrap();
    let shared = scene.bucket.keys("search/v1/segments/").await;
    let second = scene.publish("us-cpsc:2").await;
    let mut keys: Vec<_> = second
        .files
        .iter()
        .map(|file| segment_key(&file.key_name()))
        .collect();
    keys.retain(|key| !shared.contains(key));
    keys.extend([manifest_key(2), pointer_key()]);
    let mut now = START;
    let mut tried = 0;
    for key in keys {
        let whole = scene.bucket.get(&key).await;
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x20;
        let half = whole[..whole.len() / 2].to_vec();
        for damaged in [Some(flipped), Some(half), Some(Vec::new()), None] {
            match damaged {
                Some(damaged) => scene.bucket.put(&key, damaged).await,
                None => scene.bucket.delete(&key).await,
            }
            // One that was running, and has the files of the first generation only.
            now += 10.seconds();
            reader.refresh_beside(now).await;
            let open = reader.current(now).await.unwrap();
            assert_eq!((open.number, count(&open)), (1, 1), "{key}");
            assert!(reader.freshness(now).error.is_some(), "{key}");
            // One that just starts, on a disk of its own.
            let empty = TempDir::new().unwrap();
            let cold = SnapshotReader::open(scene.bucket.snapshots(), empty.path(), ROOM).unwrap();
            match cold.current(now).await {
                Ok(open) => {
                    assert_eq!((open.number, count(&open)), (1, 1), "{key}");
                    assert!(
                        cold.freshness(now).stale && cold.freshness(now).error.is_some(),
                        "{key}"
                    );
                }
                // Without the pointer there is no telling which generation is good.
                Err(error) => {
                    assert_eq!(key, pointer_key());
                    assert!(
                        error.spoilt() || matches!(error, SnapshotError::NoGeneration),
                        "{error:?}"
                    );
                }
            }
            scene.bucket.put(&key, whole.clone()).await;
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
    now += 10.seconds();
    reader.refresh_beside(now).await;
    assert_eq!(reader.current(now).await.unwrap().number, 2);
    assert!(!reader.freshness(now).stale);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_spoilt_generation_is_said_to_be_and_the_next_good_one_heals_it() {
    let scene = Scene::new().await;
    scene.publish("us-cpsc:1").await;
    let reader = scene.reader();
    reader.current(START).await.unwrap();
    let first = scene.bucket.keys("search/v1/segments/").await;
    let second = scene.publish("us-cpsc:2").await;
    let new = second
        .files
        .iter()
        .map(|file| segment_key(&file.key_name()));
    let missing = new.into_iter().find(|key| !first.contains(key)).unwrap();
    let whole = scene.bucket.get(&missing).await;
    scene.bucket.delete(&missing).await;
    reader.refresh_beside(START + 10.seconds()).await;
    let freshness = reader.freshness(START + 10.seconds());
    assert_eq!((freshness.generation, freshness.stale), (Some(1), true));
    assert!(
        freshness
            .error
            .unwrap()
            .contains("is missing from the bucket")
    );
    assert_eq!(
        reader
            .current(START)
            .await
            .unwrap()
            .age(START + 10.seconds())
            .as_secs(),
        10
    );
    scene.bucket.put(&missing, whole).await;
    reader.refresh_beside(START + 20.seconds()).await;
    assert_eq!(reader.freshness(START + 20.seconds()).generation, Some(2));
    assert!(!reader.freshness(START + 20.seconds()).stale);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_bucket_that_fails_leaves_what_is_open_and_stops_a_cold_start_with_its_cause() {
    let scene = Scene::new().await;
    scene.publish("us-cpsc:1").await;
    let reader = scene.reader();
    reader.current(START).await.unwrap();
    let nowhere = SnapshotBucket::new(scene.bucket.client.clone(), "no-such-bucket-anywhere");
    let cold = SnapshotReader::open(nowhere, scene.directory.path(), ROOM).unwrap();
    assert!(cold.current(START).await.is_err());
    assert_eq!(cold.freshness(START).generation, None);
    scene.bucket.delete(&pointer_key()).await;
    reader.refresh_beside(START + 90.seconds()).await;
    assert_eq!(reader.current(START).await.unwrap().number, 1);
    assert!(reader.freshness(START + 90.seconds()).stale);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_cursor_finds_the_generation_it_was_made_in_until_that_is_gone() {
    let scene = Scene::new().await;
    for n in 1..=5 {
        scene.publish(&format!("us-cpsc:{n}")).await;
    }
    let reader = scene.reader();
    assert_eq!(reader.current(START).await.unwrap().number, 5);
    for number in [1, 3, 2, 1, 5] {
        let open = reader.at(number).await.unwrap();
        assert_eq!(
            (open.number, count(&open)),
            (number, usize::try_from(number).unwrap())
        );
    }
    scene.bucket.delete(&manifest_key(4)).await;
    assert!(matches!(
        reader.at(4).await,
        Err(SnapshotError::GenerationGone(4))
    ));
    assert!(matches!(
        reader.at(99).await,
        Err(SnapshotError::GenerationGone(99))
    ));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn readers_share_a_directory_and_what_a_dead_one_left_goes() {
    let scene = Scene::new().await;
    scene.publish("us-cpsc:1").await;
    let dead = scene.directory.path().join("processes/process-dead");
    std::fs::create_dir_all(dead.join("generation-x")).unwrap();
    std::fs::write(dead.join("lock"), "").unwrap();
    let (one, two) = (scene.reader(), scene.reader());
    assert!(!dead.exists());
    one.current(START).await.unwrap();
    // The other one fetches nothing: the files are there.
    let files = scene.bucket.keys("search/v1/segments/").await;
    for key in &files {
        scene.bucket.delete(key).await;
    }
    assert_eq!(count(&two.current(START).await.unwrap()), 1);
    drop(one);
    assert_eq!(count(&two.current(START).await.unwrap()), 1);
    drop(two);
    let left = std::fs::read_dir(scene.directory.path().join("processes"))
        .unwrap()
        .count();
    assert_eq!(left, 0);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_generation_that_is_too_big_for_the_disk_is_refused_with_the_figures() {
    let scene = Scene::new().await;
    let manifest = scene.publish("us-cpsc:1").await;
    let small =
        SnapshotReader::open(scene.bucket.snapshots(), scene.directory.path(), 100).unwrap();
    let refused = small.current(START).await.err().unwrap();
    let SnapshotError::NoRoom { needed, allowed } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((needed, allowed), (manifest.bytes(), 100));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn generations_that_only_cursors_ask_for_give_way_when_the_disk_is_full() {
    let scene = Scene::new().await;
    // The same recall each time, so that generations share no files.
    let size = scene.publish("us-cpsc:1").await.bytes();
    let room = size * 5 / 2;
    let reader =
        SnapshotReader::open(scene.bucket.snapshots(), scene.directory.path(), room).unwrap();
    reader.current(START).await.unwrap();
    for number in 2..=4 {
        scene.publish("us-cpsc:1").await;
        let now = START + SignedDuration::from_secs(10 * i64::try_from(number).unwrap());
        reader.refresh_beside(now).await;
        let freshness = reader.freshness(now);
        assert_eq!(
            (freshness.generation, freshness.error, freshness.stale),
            (Some(number), None, false)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs the emulator: ./dev test"]
async fn queries_during_publications_all_answer_from_one_generation_or_the_next() {
    let scene = Scene::new().await;
    scene.publish("us-cpsc:0").await;
    let reader = Arc::new(scene.reader());
    reader.current(START).await.unwrap();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let asking = {
        let (reader, stop) = (Arc::clone(&reader), Arc::clone(&stop));
        tokio::spawn(async move {
            let (mut now, mut numbers) = (START, std::collections::BTreeSet::new());
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                now += 5.seconds();
                let beside = tokio::spawn({
                    let reader = Arc::clone(&reader);
                    async move { reader.refresh_beside(now).await }
                });
                let open = reader.current(now).await.unwrap();
                assert_eq!(count(&open), open.recalls);
                numbers.insert(open.number);
                beside.await.unwrap();
            }
            numbers
        })
    };
    for n in 1..30 {
        scene.publish(&format!("us-cpsc:{n}")).await;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let numbers = asking.await.unwrap();
    assert!(
        numbers.len() > 5,
        "only {numbers:?} were seen, which shows little"
    );
}
