use std::cell::Cell;

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use babyshield::search::{
    SnapshotBucket,
    query::{Direction, Filters, ListQuery, Page, RecallSort},
    reader::SnapshotReader,
};
use tempfile::TempDir;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const ROOM: u64 = 1 << 30;

type Records = Vec<(RecallId, Option<(Recall, u32)>)>;

#[derive(Debug, thiserror::Error)]
#[error("the store is down")]
struct Down;

fn client(endpoint: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told where the emulator is by the environment"
)]
async fn bucket(scratch: &TempDir) -> SnapshotBucket {
    let stack = std::env::var("BABYSHIELD_STACK")
        .expect("BABYSHIELD_STACK names the description of the stack; ./dev test sets it");
    let stack: serde_json::Value = serde_json::from_slice(&std::fs::read(stack).unwrap()).unwrap();
    let client = client(stack["emulator"].as_str().unwrap());
    // The scratch directory's name is different in every run.
    let random = scratch.path().file_name().unwrap().to_str().unwrap();
    let name = format!("index-{}", random.trim_start_matches('.').to_lowercase());
    client.create_bucket().bucket(&name).send().await.unwrap();
    SnapshotBucket::new(client, name)
}

fn writer(bucket: &SnapshotBucket, scratch: &TempDir) -> SnapshotWriter {
    SnapshotWriter::open(bucket.clone(), scratch.path(), ROOM).unwrap()
}

fn message(id: &str, recalls: &[&str]) -> Message {
    let body = serde_json::json!({
        "v": 1, "kind": "index_recalls", "id": "00000000-0000-0000-0000-000000000000", "request_id": "r", "at": "2026-01-01T00:00:00Z", "recalls": recalls,
    });
    Message {
        id: id.to_owned(),
        body: body.to_string(),
    }
}

fn broken(id: &str) -> Message {
    Message {
        id: id.to_owned(),
        body: "{".to_owned(),
    }
}

fn recall(id: &RecallId) -> Recall {
    serde_json::from_value(serde_json::json!({
        "id": id, "agency": id.agency(), "source_id": "1", "source_version": null, "country": "US",
        "language": "en", "kind": "recall", "title": "A crib", "summary": null, "hazard_text": null,
        "hazards": [], "severity": {"authority": null, "level": "unknown"}, "remedy_text": null,
        "remedies": [], "published": "2026-01-01", "updated": null, "ended": null, "status": "unknown",
        "units": [], "sold": [], "incidents_text": null, "firms": [], "images": [], "url": null,
        "contact": null, "related": [], "products": [{"name": "Crib", "brands": [], "models": [],
        "category": null, "category_text": null, "description": null, "identifiers": [], "scope": "unknown"}],
    }))
    .unwrap()
}

/// Every recall is there.
fn all(ids: &[RecallId]) -> Records {
    ids.iter()
        .map(|id| (id.clone(), Some((recall(id), 1))))
        .collect()
}

async fn seen(bucket: &SnapshotBucket) -> Vec<String> {
    let directory = TempDir::new().unwrap();
    let reader = SnapshotReader::open(bucket.clone(), directory.path(), ROOM).unwrap();
    let query = ListQuery {
        filters: Filters::default(),
        text: None,
        sort: RecallSort::Id,
        direction: Direction::Ascending,
        page: Page::Offset {
            offset: 0,
            limit: 100,
        },
    };
    let open = reader.current(NOW).await.unwrap();
    let found = open.catalogue.recalls(&query).unwrap();
    found.items.iter().map(|item| item.id.to_string()).collect()
}

#[tokio::test]
async fn messages_that_are_no_jobs_fail_without_anything_being_read_or_written() {
    let scratch = TempDir::new().unwrap();
    let nowhere = SnapshotBucket::new(client("http://127.0.0.1:9"), "none");
    let load = async |_: &[RecallId]| -> Result<Records, Down> { panic!("nothing is to be read") };
    let outcome = apply(
        &writer(&nowhere, &scratch),
        &[broken("a"), broken("b")],
        load,
        NOW,
    )
    .await;
    assert_eq!(outcome.failed, ["a", "b"]);
    assert!(outcome.published.is_none());
    let outcome = apply(&writer(&nowhere, &scratch), &[], load, NOW).await;
    assert!(outcome.failed.is_empty() && outcome.published.is_none());
}

#[tokio::test]
async fn when_the_bucket_is_down_every_message_comes_again() {
    let scratch = TempDir::new().unwrap();
    let nowhere = SnapshotBucket::new(client("http://127.0.0.1:9"), "none");
    let messages = [
        message("a", &["us-cpsc:1"]),
        broken("b"),
        message("c", &["us-cpsc:2"]),
    ];
    let load = async |ids: &[RecallId]| Ok::<_, Down>(all(ids));
    let outcome = apply(&writer(&nowhere, &scratch), &messages, load, NOW).await;
    assert_eq!(outcome.failed, ["b", "a", "c"]);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn one_delivery_is_one_generation_and_a_bad_message_spoils_nothing_else() {
    let scratch = TempDir::new().unwrap();
    let bucket = bucket(&scratch).await;
    let writer = writer(&bucket, &scratch);
    let messages = [
        message("a", &["us-cpsc:1", "us-cpsc:2"]),
        broken("b"),
        message("c", &["us-cpsc:2", "us-fda:3"]),
    ];
    let asked = Cell::new(0);
    let load = async |ids: &[RecallId]| {
        asked.set(asked.get() + ids.len());
        Ok::<_, Down>(all(ids))
    };
    let outcome = apply(&writer, &messages, load, NOW).await;
    let published = outcome.published.unwrap();
    assert_eq!((published.generation, published.recalls), (1, 3));
    assert_eq!(outcome.failed, ["b"]);
    assert_eq!(asked.get(), 3, "one that is named twice is read once");
    assert_eq!(seen(&bucket).await, ["us-cpsc:1", "us-cpsc:2", "us-fda:3"]);
    // The same once more.
    let again = apply(&writer, &messages, load, NOW).await;
    assert_eq!(again.published.unwrap().recalls, 3);
    assert_eq!(seen(&bucket).await.len(), 3);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_record_that_is_gone_leaves_the_index_and_one_that_is_not_answered_stops_everything() {
    let scratch = TempDir::new().unwrap();
    let bucket = bucket(&scratch).await;
    let writer = writer(&bucket, &scratch);
    let both = [message("a", &["us-cpsc:1", "us-cpsc:2"])];
    apply(
        &writer,
        &both,
        async |ids: &[RecallId]| Ok::<_, Down>(all(ids)),
        NOW,
    )
    .await;
    let silent = async |ids: &[RecallId]| Ok::<_, Down>(all(&ids[..1]));
    let outcome = apply(&writer, &both, silent, NOW).await;
    assert_eq!(outcome.failed, ["a"]);
    assert_eq!(seen(&bucket).await, ["us-cpsc:1", "us-cpsc:2"]);
    let gone =
        async |ids: &[RecallId]| Ok::<_, Down>(ids.iter().map(|id| (id.clone(), None)).collect());
    let outcome = apply(&writer, &[message("b", &["us-cpsc:2"])], gone, NOW).await;
    assert!(outcome.failed.is_empty());
    assert_eq!(seen(&bucket).await, ["us-cpsc:1"]);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn when_the_store_is_down_every_message_comes_again_and_the_index_stays() {
    let scratch = TempDir::new().unwrap();
    let bucket = bucket(&scratch).await;
    let writer = writer(&bucket, &scratch);
    let one = [message("a", &["us-cpsc:1"])];
    apply(
        &writer,
        &one,
        async |ids: &[RecallId]| Ok::<_, Down>(all(ids)),
        NOW,
    )
    .await;
    let down = async |_: &[RecallId]| Err::<Records, _>(Down);
    let outcome = apply(
        &writer,
        &[message("b", &["us-cpsc:2"]), broken("c")],
        down,
        NOW,
    )
    .await;
    assert_eq!(outcome.failed, ["c", "b"]);
    assert_eq!(seen(&bucket).await, ["us-cpsc:1"]);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn what_was_published_while_the_records_were_read_is_never_taken_back() {
    let scratch = TempDir::new().unwrap();
    let bucket = bucket(&scratch).await;
    let slow = writer(&bucket, &scratch);
    let elsewhere = TempDir::new().unwrap();
    let quick = writer(&bucket, &elsewhere);
    // The slow one reads that the recall does not exist; before it publishes, it does, and is published.
    let load = async |ids: &[RecallId]| {
        let exists = async |ids: &[RecallId]| Ok::<_, Down>(all(ids));
        apply(&quick, &[message("q", &["us-cpsc:1"])], exists, NOW).await;
        Ok::<_, Down>(ids.iter().map(|id| (id.clone(), None)).collect())
    };
    let outcome = apply(&slow, &[message("s", &["us-cpsc:1"])], load, NOW).await;
    assert_eq!(outcome.failed, ["s"], "it lost and must read again");
    assert_eq!(seen(&bucket).await, ["us-cpsc:1"]);
}
