//! A window of CPSC's feed with one recall of every fate.

use std::collections::BTreeSet;

use babyshield::{
    domain::{
        agency::Family,
        posting::postings,
        recall::{Recall, content_hash},
        window::Window,
    },
    feeds::{self, Page},
};
use babyshield_tests::{
    feed_rows::{cpsc, upc},
    feed_server::{Answer, FeedServer},
    sandbox::{Sandbox, Saved, delivery, key, picture::Picture, returned, sync_job},
};
use serde_json::Value;

use crate::QUICK;

/// The recalls by their fate.
pub(crate) const NEW: &str = "us-cpsc:27001";
pub(crate) const CHANGED: &str = "us-cpsc:27002";
pub(crate) const UNCHANGED: &str = "us-cpsc:27003";
/// Stored and never filed nor announced.
pub(crate) const MARKED_NEW: &str = "us-cpsc:27004";
/// Its second version is stored and never filed nor announced; what the first was filed under stands.
pub(crate) const MARKED_CHANGED: &str = "us-cpsc:27005";

/// What there is before, what comes, and what must come of it.
pub(crate) struct Story {
    pub(crate) feeds: FeedServer,
    pub(crate) saved: Saved,
    pub(crate) job: String,
    /// The table after a run that nothing disturbed, without its instants.
    pub(crate) end: Picture,
    /// The recalls that such a run announces.
    pub(crate) announced: BTreeSet<String>,
    /// The table as it was before.
    pub(crate) begin: Picture,
}

fn before() -> Vec<Value> {
    vec![
        cpsc(
            "27002",
            "2026-02-02",
            "2026-02-02",
            "Quillabee Crib",
            &[&upc(2), &upc(20)],
        ),
        cpsc(
            "27003",
            "2026-03-03",
            "2026-03-03",
            "Quillabee Chair",
            &[&upc(3)],
        ),
        cpsc(
            "27005",
            "2026-05-05",
            "2026-05-05",
            "Quillabee Gate",
            &[&upc(5), &upc(50)],
        ),
    ]
}

fn after() -> Vec<Value> {
    vec![
        cpsc(
            "27001",
            "2026-01-01",
            "2026-01-01",
            "Quillabee Swing",
            &[&upc(1), &upc(10)],
        ),
        cpsc(
            "27002",
            "2026-02-02",
            "2026-06-02",
            "Quillabee Crib",
            &[&upc(20), &upc(21)],
        ),
        cpsc(
            "27003",
            "2026-03-03",
            "2026-03-03",
            "Quillabee Chair",
            &[&upc(3)],
        ),
        cpsc(
            "27004",
            "2026-04-04",
            "2026-04-04",
            "Quillabee Mat",
            &[&upc(4)],
        ),
        cpsc(
            "27005",
            "2026-05-05",
            "2026-06-05",
            "Quillabee Gate",
            &[&upc(50), &upc(51)],
        ),
    ]
}

/// Reads rows as the worker does.
fn parsed(rows: Vec<Value>) -> Vec<Recall> {
    let agency = key("us-cpsc").row();
    let adapter = feeds::adapter(Family::CpscRest).unwrap();
    let request = adapter.first(&agency.parts[0], Window::year(2026));
    let body = Value::Array(rows).to_string();
    let page = Page {
        request: &request,
        body: body.as_bytes(),
    };
    adapter.parse(agency, &[page]).unwrap().recalls
}

impl Story {
    pub(crate) async fn begin() -> Self {
        // On the heap: the future of a worker's whole run is large.
        Box::pin(Self::run_undisturbed()).await
    }

    async fn run_undisturbed() -> Self {
        let feeds = FeedServer::start().await;
        let job = sync_job("us-cpsc", &["recalls"], Window::year(2026));
        let saved = Self::prepare(&feeds, &job).await;
        feeds.script(&["saferproducts"], [Answer::rows(&after())]);
        let undisturbed = Sandbox::with(&saved, later()).await;
        let begin = undisturbed.picture().await;
        let app = undisturbed
            .sync(undisturbed.emulator(), feeds.origin(), QUICK)
            .await;
        let answer = app.handle(delivery([&job])).await.unwrap();
        assert!(returned(&answer).is_empty());
        let end = undisturbed.picture().await;
        assert_eq!(end.faults(), [""; 0]);
        assert_eq!(end.marked(), [""; 0]);
        let versions: Vec<_> = end
            .recalls()
            .into_iter()
            .map(|(id, (version, _))| (id, version))
            .collect();
        let expected = [
            (NEW, 1),
            (CHANGED, 2),
            (UNCHANGED, 1),
            (MARKED_NEW, 1),
            (MARKED_CHANGED, 2),
        ];
        assert_eq!(
            versions,
            expected.map(|(id, version)| (id.to_owned(), version))
        );
        let announced = flat(undisturbed.announced().await);
        assert_eq!(
            announced,
            [NEW, CHANGED, MARKED_NEW, MARKED_CHANGED]
                .map(str::to_owned)
                .into()
        );
        Self {
            end: end.timeless(),
            feeds,
            saved,
            job,
            announced,
            begin,
        }
    }

    /// Loads the first edition, then stores two recalls as a worker that died did.
    async fn prepare(feeds: &FeedServer, job: &String) -> Saved {
        let sandbox = Sandbox::new().await;
        feeds.script(&["saferproducts"], [Answer::rows(&before())]);
        let app = sandbox
            .sync(sandbox.emulator(), feeds.origin(), QUICK)
            .await;
        let answer = app.handle(delivery([job])).await.unwrap();
        assert!(returned(&answer).is_empty());
        let store = sandbox.recall_store();
        for recall in parsed(after()) {
            if [MARKED_NEW, MARKED_CHANGED].contains(&recall.id.as_str()) {
                let before = store.find(&recall.id).await.unwrap();
                let version = before.as_ref().map_or(0, |before| before.version) + 1;
                let keys = postings(&recall, version).into_keys();
                let (hash, now) = (
                    content_hash(&recall),
                    "2026-11-20T12:00:00Z".parse().unwrap(),
                );
                let written = store.write(recall, hash, "raw/x".into(), keys, before.as_ref(), now);
                assert!(written.await.unwrap().unwrap().pending);
            }
        }
        let picture = sandbox.picture().await;
        assert_eq!(picture.marked(), [MARKED_NEW, MARKED_CHANGED]);
        let stale = (format!("GTIN#00{}", upc(5)), MARKED_CHANGED.to_owned(), 1);
        assert!(picture.filed().contains(&stale), "{:?}", picture.filed());
        sandbox.save().await
    }
}

/// When the second edition comes.
pub(crate) fn later() -> jiff::Timestamp {
    "2026-11-20T14:00:00Z".parse().unwrap()
}

pub(crate) fn flat(messages: Vec<Vec<babyshield::domain::recall::RecallId>>) -> BTreeSet<String> {
    messages
        .into_iter()
        .flatten()
        .map(|id| id.to_string())
        .collect()
}
