//! Messages and deliveries, as the queues make them.

use babyshield::{
    clock::{Ids, RandomIds},
    domain::{agency::AgencyKey, feed_state::Slice, window::Window},
    stores::jobs::{FORMAT, Job, Kind, SyncJob},
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Returns the body of a job.
pub fn job<K: Kind>(kind: K) -> String {
    let job = Job {
        v: FORMAT,
        kind,
        id: RandomIds.new_id(),
        request_id: "a-test".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    };
    serde_json::to_string(&job).expect("a job has only string keys")
}

/// Returns the body of the job that fetches a slice of a feed.
pub fn sync_job(agency: &str, parts: &[&str], window: Window) -> String {
    job(sync_kind(agency, parts, window, false, false))
}

/// Returns a job that fetches a slice of a feed, with what an operator may add.
pub fn sync_kind(
    agency: &str,
    parts: &[&str],
    window: Window,
    accept: bool,
    full: bool,
) -> SyncJob {
    let Slice { parts, window } = slice(parts, window);
    SyncJob::SyncAgency {
        agency: key(agency),
        parts,
        window,
        accept,
        full,
    }
}

/// Returns a slice of a feed.
pub fn slice(parts: &[&str], window: Window) -> Slice {
    Slice {
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        window,
    }
}

/// Returns an agency's key.
pub fn key(agency: &str) -> AgencyKey {
    agency.parse().expect("an agency of the registry")
}

/// Returns a delivery of a queue with these bodies; the messages are called `m0`, `m1`, …
pub fn delivery<'a>(bodies: impl IntoIterator<Item = &'a String>) -> Value {
    let records = bodies
        .into_iter()
        .enumerate()
        .map(|(at, body)| json!({"messageId": format!("m{at}"), "body": body}));
    json!({"Records": records.collect::<Vec<_>>()})
}

/// Returns the messages that an answer sends back to the queue.
pub fn returned(answer: &Value) -> Vec<String> {
    let failures = answer["batchItemFailures"].as_array();
    let failures = failures.expect("a worker answers a delivery with a list of failures");
    let ids = failures
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().unwrap_or_default());
    ids.map(str::to_owned).collect()
}
