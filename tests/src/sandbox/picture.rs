//! The table `recalls` as one value that can be compared, and the rules that it must obey.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use aws_sdk_dynamodb::types::AttributeValue;
use babyshield::{
    domain::{
        posting::postings,
        recall::{Recall, content_hash},
    },
    stores::keys,
};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::Item;

/// Every item by its key, `pk | sk`, with its attributes as JSON: bodies unfolded, texts that are
/// JSON read. Instants are kept apart from the rest, so that runs at different times compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture(pub BTreeMap<String, Value>);

/// Members that hold instants: a run later in time differs in them and in nothing else.
const INSTANTS: [&str; 8] = [
    "changed_at",
    "first_seen",
    "pending_since",
    "queued_at",
    "last_attempt",
    "last_success",
    "at",
    "s",
];

impl Picture {
    /// Reads the items of a table.
    pub fn of(items: Vec<Item>) -> Self {
        let items = items.into_iter().map(|item| {
            let attributes = item
                .into_iter()
                .map(|(name, value)| (name, read(&value)))
                .collect::<serde_json::Map<_, _>>();
            let text = |name: &str| attributes[name].as_str().unwrap_or_default();
            let key = format!("{} | {}", text("pk"), text("sk"));
            (key, Value::Object(attributes))
        });
        Self(items.collect())
    }

    /// Returns the picture without its instants; that there is one still shows. Left out as well is
    /// how often a sum was drawn.
    #[must_use]
    pub fn timeless(&self) -> Self {
        let mut timeless = self.0.clone();
        for item in timeless.values_mut() {
            redact(item);
            if let Some(attributes) = item.as_object_mut() {
                attributes.remove("revision");
            }
        }
        Self(timeless)
    }

    /// Returns only the items of recalls, their versions and postings.
    #[must_use]
    pub fn recalls_only(&self) -> Self {
        let kept = self.0.iter().filter(|(key, _)| {
            ["RECALL#", "GTIN#", "MODEL#"]
                .iter()
                .any(|prefix| key.starts_with(prefix))
        });
        Self(
            kept.map(|(key, item)| (key.clone(), item.clone()))
                .collect(),
        )
    }

    /// Returns every recall's version and record by its identifier.
    pub fn recalls(&self) -> BTreeMap<String, (u64, Recall)> {
        let current = self.0.iter().filter(|(key, _)| key.ends_with(" | RECALL"));
        let current = current.map(|(_, item)| {
            let recall = record(item);
            let version = item["version"].as_u64().expect("a version is a number");
            (recall.id.to_string(), (version, recall))
        });
        current.collect()
    }

    /// Returns the recalls whose mark stands.
    pub fn marked(&self) -> Vec<String> {
        let marked = self
            .0
            .iter()
            .filter(|(key, item)| key.ends_with(" | RECALL") && item.get("pending").is_some());
        marked.map(|(_, item)| id_of(item)).collect()
    }

    /// Returns what is filed: (partition key of the posting, recall, version).
    pub fn filed(&self) -> BTreeSet<(String, String, u64)> {
        let mut filed = BTreeSet::new();
        for (key, item) in &self.0 {
            let Some(name) = key.strip_suffix(" | POSTING") else {
                continue;
            };
            for (attribute, value) in item.as_object().into_iter().flatten() {
                if let Some(recall) = attribute.strip_prefix("r#") {
                    let version = value["version"].as_u64().expect("a posting has a version");
                    filed.insert((name.to_owned(), recall.to_owned(), version));
                }
            }
        }
        filed
    }

    /// Says what is wrong, one sentence each: versions that are missing or doubled, hashes that do
    /// not fit, postings that are stale or missing. Recalls that still wait to be announced are let
    /// off their postings; nothing else is.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let marked: BTreeSet<_> = self.marked().into_iter().collect();
        let mut expected = BTreeSet::new();
        for (id, (version, recall)) in self.recalls() {
            let item = &self.0[&format!("RECALL#{id} | RECALL")];
            self.check_versions(&id, version, item, &mut faults);
            if item["hash"] != json!(content_hash(&recall)) {
                faults.push(format!("{id}: the hash is not that of the record"));
            }
            let number = u32::try_from(version).expect("versions are small");
            for key in postings(&recall, number).keys() {
                expected.insert((keys::posting_name(key), id.clone(), version));
            }
        }
        let found = self.filed();
        let settled = |(_, id, _): &&(String, String, u64)| !marked.contains(id);
        for missing in expected.difference(&found).filter(settled) {
            faults.push(format!("not filed: {missing:?}"));
        }
        for stale in found.difference(&expected).filter(settled) {
            faults.push(format!("filed and should not be: {stale:?}"));
        }
        faults
    }

    fn check_versions(&self, id: &str, version: u64, item: &Value, faults: &mut Vec<String>) {
        let numbers: Vec<_> = item["versions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| row["version"].as_u64().unwrap_or_default())
            .collect();
        if numbers != (1..=version).collect::<Vec<_>>() {
            faults.push(format!(
                "{id}: version {version} with a history of {numbers:?}"
            ));
        }
        let prefix = format!("RECALL#{id} | VERSION#");
        let earlier: Vec<_> = self
            .0
            .keys()
            .filter_map(|key| key.strip_prefix(&prefix)?.parse::<u64>().ok())
            .collect();
        if earlier != (1..version).collect::<Vec<_>>() {
            faults.push(format!(
                "{id}: version {version} with earlier ones {earlier:?}"
            ));
        }
        for number in earlier {
            let old = &self.0[&format!("{prefix}{number:06}")];
            if old["hash"] != json!(content_hash(&record(old))) {
                faults.push(format!(
                    "{id}: the hash of version {number} is not that of its record"
                ));
            }
        }
    }

    /// Says how another picture differs, one sentence per item.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let keys: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        keys.into_iter()
            .filter(|key| self.0.get(*key) != other.0.get(*key))
            .map(|key| {
                let [here, there] = [self, other].map(|picture| match picture.0.get(key) {
                    Some(item) => item.to_string(),
                    None => "nothing".to_owned(),
                });
                format!("{key}:\n    {here}\n  instead of\n    {there}")
            })
            .collect()
    }
}

fn id_of(item: &Value) -> String {
    let pk = item["pk"].as_str().unwrap_or_default();
    pk.trim_start_matches("RECALL#").to_owned()
}

fn record(item: &Value) -> Recall {
    serde_json::from_value(item["body"].clone()).expect("a stored body is a record")
}

fn read(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) if text.starts_with(['{', '[']) => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        }
        AttributeValue::S(text) => json!(text),
        AttributeValue::N(digits) => serde_json::from_str(digits).expect("numbers are numbers"),
        AttributeValue::L(values) => values.iter().map(read).collect(),
        AttributeValue::B(packed) => {
            let mut text = String::new();
            GzDecoder::new(packed.as_ref())
                .read_to_string(&mut text)
                .expect("bodies are packed by gzip");
            serde_json::from_str(&text).expect("bodies are JSON")
        }
        other => json!(format!("{other:?}")),
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if INSTANTS.contains(&name.as_str()) && member.is_string() {
                    *member = json!("an instant");
                } else {
                    redact(member);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact),
        _ => {}
    }
}
