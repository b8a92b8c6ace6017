//! Tables, a bucket and queues of a test's own in the emulator, shaped by `template.yaml`.
//!
//! The code under test gets the emulator's address or that of a proxy before it; what is read back
//! is read directly. Everything is deleted again when the sandbox is dropped.

mod message;
pub mod picture;
mod shape;

use std::{collections::HashMap, sync::Arc};

use aws_config::{Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::{
    Client as Dynamo,
    types::{AttributeValue, PutRequest, WriteRequest},
};
use aws_sdk_s3::{
    Client as S3, operation::list_objects_v2::ListObjectsV2Output, primitives::ByteStream,
};
use aws_sdk_sqs::{
    Client as Sqs,
    types::{DeleteMessageBatchRequestEntry, QueueAttributeName},
};
use babyshield::{
    clock::{Clock, Ids, RandomIds, TestClock},
    config::Settings,
    domain::recall::RecallId,
    runtime::{Start, sdk_loader},
    stores::{
        agencies::AgencyStore,
        jobs::{self, IndexJob},
        recalls::RecallStore,
    },
};
use jiff::Timestamp;
use rand::RngExt;
use serde_json::Value;
use tokio::sync::OnceCell;

pub use self::message::{delivery, job, key, returned, slice, sync_job, sync_kind};
use self::picture::Picture;
use crate::{stack::PUBLIC_URL, template::Template};

/// An item as the table holds it.
pub type Item = HashMap<String, AttributeValue>;

pub(crate) const READY: &str = "the emulator answers and takes what AWS takes";

/// A place of its own for one test.
#[derive(Debug)]
pub struct Sandbox {
    emulator: String,
    /// The table `accounts`.
    pub accounts: String,
    /// The table `recalls`.
    pub recalls: String,
    /// The table `products`.
    pub products: String,
    /// The table `ledger`.
    pub ledger: String,
    /// The bucket.
    pub bucket: String,
    /// The address of the queue `sync`.
    pub sync_queue: String,
    /// The address of the queue `index`.
    pub index_queue: String,
    /// The address of the queue `deliver`.
    pub deliver_queue: String,
    /// The time of the code under test. Stands still until it is told to go on.
    pub clock: Arc<TestClock>,
    sdk: SdkConfig,
    secrets: OnceCell<(String, String)>,
}

/// All items and objects of a sandbox, to begin others with.
#[derive(Debug, Clone, Default)]
pub struct Saved {
    recalls: Vec<Item>,
    products: Vec<Item>,
    objects: Vec<(String, Vec<u8>)>,
}

/// Returns the address of the emulator that `./dev test` started.
///
/// # Panics
/// When `BABYSHIELD_STACK` does not name the description of a stack.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told where the emulator is by the environment"
)]
pub fn emulator() -> String {
    let path = std::env::var("BABYSHIELD_STACK")
        .expect("BABYSHIELD_STACK names the description of the stack; ./dev test sets it");
    let text = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{path}, named by BABYSHIELD_STACK: {error}"));
    let stack: Value = serde_json::from_slice(&text).expect("the stack's description is JSON");
    let address = stack["emulator"].as_str();
    address
        .expect("the stack's description names the emulator")
        .to_owned()
}

/// Returns the SDK's configuration for an address, with the retries and limits of production.
pub async fn sdk(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    sdk_loader()
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .load()
        .await
}

impl Sandbox {
    /// Makes a sandbox whose clock stands at noon of 20 November 2026.
    pub async fn new() -> Self {
        Self::at("2026-11-20T12:00:00Z".parse().expect("an instant")).await
    }

    /// Makes a sandbox whose clock stands at that instant.
    pub async fn at(now: Timestamp) -> Self {
        let emulator = emulator();
        let sdk = sdk(&emulator).await;
        let name = format!("sandbox-{}", RandomIds.new_id().simple());
        let (dynamo, sqs) = (Dynamo::new(&sdk), Sqs::new(&sdk));
        let template = Template::read();
        for (table, short) in [
            ("AccountsTable", "accounts"),
            ("RecallsTable", "recalls"),
            ("ProductsTable", "products"),
            ("LedgerTable", "ledger"),
        ] {
            shape::create_table(&dynamo, &template, table, &format!("{name}-{short}")).await;
        }
        let bucket = S3::new(&sdk).create_bucket().bucket(&name);
        bucket.send().await.expect(READY);
        let queue = async |logical: &str, short: &str| {
            let visibility = template.properties(logical)["VisibilityTimeout"]
                .as_u64()
                .expect("a queue of the template says its visibility timeout");
            sqs.create_queue()
                .queue_name(format!("{name}-{short}"))
                .attributes(
                    QueueAttributeName::VisibilityTimeout,
                    visibility.to_string(),
                )
                .send()
                .await
                .expect(READY)
                .queue_url
                .expect("a queue has an address")
        };
        Self {
            sync_queue: queue("SyncQueue", "sync").await,
            index_queue: queue("IndexQueue", "index").await,
            deliver_queue: queue("DeliverQueue", "deliver").await,
            accounts: format!("{name}-accounts"),
            recalls: format!("{name}-recalls"),
            products: format!("{name}-products"),
            ledger: format!("{name}-ledger"),
            bucket: name,
            clock: TestClock::at(now),
            emulator,
            sdk,
            secrets: OnceCell::new(),
        }
    }

    /// Makes a sandbox that begins with what another one held.
    pub async fn with(saved: &Saved, now: Timestamp) -> Self {
        let sandbox = Self::at(now).await;
        sandbox.put_all(&sandbox.recalls, &saved.recalls).await;
        sandbox.put_all(&sandbox.products, &saved.products).await;
        for (key, body) in &saved.objects {
            sandbox.put_object(key, body.clone()).await;
        }
        sandbox
    }

    /// Returns the emulator's own address.
    pub fn emulator(&self) -> &str {
        &self.emulator
    }

    /// Returns a client of the tables that goes past every proxy.
    pub fn dynamo(&self) -> Dynamo {
        Dynamo::new(&self.sdk)
    }

    /// Returns a client of the secrets that goes past every proxy.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.sdk)
    }

    /// Returns a client of the bucket that goes past every proxy.
    pub fn s3(&self) -> S3 {
        S3::new(&self.sdk)
    }

    /// Returns the store of recalls, past every proxy.
    pub fn recall_store(&self) -> RecallStore {
        RecallStore::new(self.dynamo(), &self.recalls)
    }

    /// Returns the store of agencies, past every proxy.
    pub fn agency_store(&self) -> AgencyStore {
        AgencyStore::new(self.dynamo(), &self.recalls)
    }

    /// Returns what a function is built from, with every client at that address.
    pub async fn start(&self, endpoint: &str) -> Start {
        Start {
            settings: Settings::default(),
            sdk: sdk(endpoint).await,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ids: Arc::new(RandomIds),
        }
    }

    /// Returns what an HTTP function is built from: this sandbox's tables, queues and clock, two secrets
    /// of its own, and the given settings above those that the template has by default.
    pub async fn http(&self, endpoint: &str, settings: &[(&str, &str)]) -> Start {
        let (signing, tokens) = self.secrets().await;
        let usual = [
            ("ENVIRONMENT", "test"),
            ("CORS_ORIGINS", "https://app.example"),
            ("PUBLIC_URL", PUBLIC_URL),
            ("ACCOUNTS_TABLE", &self.accounts),
            ("RECALLS_TABLE", &self.recalls),
            ("PRODUCTS_TABLE", &self.products),
            ("LEDGER_TABLE", &self.ledger),
            ("BUCKET", &self.bucket),
            ("SYNC_QUEUE_URL", &self.sync_queue),
            ("INDEX_QUEUE_URL", &self.index_queue),
            ("DELIVER_QUEUE_URL", &self.deliver_queue),
            ("CURSOR_SECRET_ARN", signing),
            ("TOKEN_SECRET_ARN", tokens),
            ("ADMIN_DOMAINS", "staff.example"),
            ("RATE_LIMIT_DEFAULT", "1000000"),
        ];
        let all = usual.into_iter().chain(settings.iter().copied());
        Start {
            settings: Settings::of(all),
            ..self.start(endpoint).await
        }
    }

    /// Returns the names of the sandbox's two secrets: what signs cursors and links, and what signs
    /// tokens. They are made when they are first asked for, shaped as the template's are.
    pub async fn secrets(&self) -> (&str, &str) {
        let made = self.secrets.get_or_init(async || {
            let client = aws_sdk_secretsmanager::Client::new(&self.sdk);
            // As Secrets Manager makes them; two identifiers of one moment are too much alike.
            let random = || {
                let characters = rand::rng().sample_iter(rand::distr::Alphanumeric);
                characters.take(64).map(char::from).collect::<String>()
            };
            let make = async |name: &str, text: String| {
                let name = format!("{}/{name}", self.bucket);
                let made = client.create_secret().name(&name).secret_string(text);
                made.send().await.expect(READY);
                name
            };
            let tokens = serde_json::json!({"v": 1, "root": random()});
            (
                make("signing", random()).await,
                make("tokens", tokens.to_string()).await,
            )
        });
        let (signing, tokens) = made.await;
        (signing, tokens)
    }

    /// Returns the worker `sync`, with every client at that address and feeds from that origin.
    pub async fn sync(
        &self,
        endpoint: &str,
        feeds: &str,
        limits: babyshield_sync::Limits,
    ) -> babyshield_sync::App {
        let config = babyshield_sync::Config {
            recalls_table: self.recalls.clone(),
            products_table: self.products.clone(),
            ledger_table: self.ledger.clone(),
            bucket: self.bucket.clone(),
            sync_queue: self.sync_queue.clone(),
            index_queue: self.index_queue.clone(),
            feed_origin: Some(feeds.to_owned()),
        };
        let start = self.start(endpoint).await;
        babyshield_sync::App::with_limits(&start, config, limits).expect("a client can be made")
    }

    /// Returns the worker `index`, with every client at that address.
    pub async fn index(&self, endpoint: &str) -> babyshield_index::App {
        let config = babyshield_index::Config {
            recalls_table: self.recalls.clone(),
            ledger_table: self.ledger.clone(),
            bucket: self.bucket.clone(),
        };
        let start = self.start(endpoint).await;
        babyshield_index::App::new(&start, config).expect("the scratch directory can be made")
    }

    /// Returns the function `accounts`, which carries out operators' orders.
    pub async fn orders(&self) -> babyshield_accounts::App {
        let (_, tokens) = self.secrets().await;
        let config = babyshield_accounts::Config {
            accounts_table: self.accounts.clone(),
            ledger_table: self.ledger.clone(),
            bucket: self.bucket.clone(),
            token_secret: tokens.to_owned(),
        };
        babyshield_accounts::App::new(&self.start(&self.emulator).await, config)
    }

    /// Returns everything that the table `recalls` holds.
    pub async fn picture(&self) -> Picture {
        Picture::of(self.scan(&self.recalls).await)
    }

    /// Returns every item of a table.
    pub async fn scan(&self, table: &str) -> Vec<Item> {
        let pages = self.dynamo().scan().table_name(table).consistent_read(true);
        let items = pages.into_paginator().items().send();
        items.try_collect().await.expect(READY)
    }

    /// Takes every message off a queue and returns the bodies.
    pub async fn drain(&self, queue: &str) -> Vec<String> {
        let sqs = Sqs::new(&self.sdk);
        let mut bodies = Vec::new();
        loop {
            let answer = sqs
                .receive_message()
                .queue_url(queue)
                .max_number_of_messages(10)
                .wait_time_seconds(0)
                .send()
                .await
                .expect(READY);
            if answer.messages().is_empty() {
                return bodies;
            }
            let mut gone = Vec::new();
            for (at, message) in answer.messages().iter().enumerate() {
                bodies.push(message.body().unwrap_or_default().to_owned());
                let entry = DeleteMessageBatchRequestEntry::builder()
                    .id(at.to_string())
                    .receipt_handle(message.receipt_handle().unwrap_or_default());
                gone.push(entry.build().expect("both are set"));
            }
            sqs.delete_message_batch()
                .queue_url(queue)
                .set_entries(Some(gone))
                .send()
                .await
                .expect(READY);
        }
    }

    /// Takes every message off the queue `index` and returns the recalls that each names.
    pub async fn announced(&self) -> Vec<Vec<RecallId>> {
        let bodies = self.drain(&self.index_queue).await;
        let named = bodies.iter().map(|body| {
            let job = jobs::parse::<IndexJob>(body).expect("the worker sends jobs");
            let IndexJob::IndexRecalls { recalls } = job.kind;
            recalls
        });
        named.collect()
    }

    /// Returns the keys of all objects with that beginning.
    pub async fn objects(&self, prefix: &str) -> Vec<String> {
        let listed = self.s3().list_objects_v2().bucket(&self.bucket);
        let pages = listed.prefix(prefix).into_paginator().send();
        let pages: Vec<_> = pages.try_collect().await.expect(READY);
        let objects = pages.iter().flat_map(ListObjectsV2Output::contents);
        objects
            .filter_map(|object| Some(object.key()?.to_owned()))
            .collect()
    }

    /// Returns an object's bytes.
    pub async fn object(&self, key: &str) -> Vec<u8> {
        let got = self.s3().get_object().bucket(&self.bucket).key(key);
        let body = got.send().await.expect(READY).body;
        body.collect().await.expect(READY).to_vec()
    }

    /// Puts an object.
    pub async fn put_object(&self, key: &str, body: Vec<u8>) {
        let put = self.s3().put_object().bucket(&self.bucket).key(key);
        put.body(ByteStream::from(body)).send().await.expect(READY);
    }

    /// Deletes an object.
    pub async fn delete_object(&self, key: &str) {
        let gone = self.s3().delete_object().bucket(&self.bucket).key(key);
        gone.send().await.expect(READY);
    }

    /// Returns what other sandboxes can begin with. The ledger and the queues are not kept.
    pub async fn save(&self) -> Saved {
        let mut objects = Vec::new();
        for key in self.objects("").await {
            let body = self.object(&key).await;
            objects.push((key, body));
        }
        Saved {
            recalls: self.scan(&self.recalls).await,
            products: self.scan(&self.products).await,
            objects,
        }
    }

    async fn put_all(&self, table: &str, items: &[Item]) {
        let puts = items.iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build();
            WriteRequest::builder()
                .put_request(put.expect("an item is there"))
                .build()
        });
        self.write_all(table, puts.collect()).await;
    }

    async fn write_all(&self, table: &str, requests: Vec<WriteRequest>) {
        for some in requests.chunks(25) {
            self.dynamo()
                .batch_write_item()
                .request_items(table, some.to_vec())
                .send()
                .await
                .expect(READY);
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let (emulator, bucket) = (self.emulator.clone(), self.bucket.clone());
        let tables =
            [&self.accounts, &self.recalls, &self.products, &self.ledger].map(Clone::clone);
        let queues = [&self.sync_queue, &self.index_queue, &self.deliver_queue].map(Clone::clone);
        // A thread and a runtime of its own: a destructor cannot wait inside the test's.
        let secrets = match self.secrets.take() {
            Some((signing, tokens)) => vec![signing, tokens],
            None => Vec::new(),
        };
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(shape::clean(&emulator, &tables, &queues, &bucket, &secrets));
            }
        });
        // What is left behind by a failure is in nobody's way: every name is new.
        let _ = cleaner.join();
    }
}
