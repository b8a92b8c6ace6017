//! The deployed stack: its description, its data, and a client as the outside world has one.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration, time::Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_s3::{
    config::{Credentials, SharedCredentialsProvider},
    primitives::ByteStream,
};
use babyshield::{
    clock::{RandomIds, SystemClock},
    config::Settings,
    runtime::Start,
};
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::template::root;

/// Where the tests' stack says that it is reached: the issuer of its tokens, and the host of its links.
pub const PUBLIC_URL: &str = "https://api.babyshield.example";
/// The object that the demo catalogue is imported from.
const CATALOGUE_KEY: &str = "catalogue/demo.csv";
/// How long the pipeline may take with the demo data; they take seconds.
const PATIENCE: Duration = Duration::from_mins(5);

/// What `.local/stack.json` says.
#[derive(Debug, Clone, Deserialize)]
pub struct Stack {
    /// The base URL.
    pub api: String,
    /// The emulator's end point.
    pub emulator: String,
    /// Table names, by what they hold.
    pub tables: BTreeMap<String, String>,
    /// Queue URLs, by name; dead letters as `sync-dlq`.
    pub queues: BTreeMap<String, String>,
    /// Bucket names.
    pub buckets: BTreeMap<String, String>,
    /// Secrets.
    pub secrets: BTreeMap<String, String>,
    /// Function names, by binary.
    pub functions: BTreeMap<String, String>,
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Got {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, as it came over the wire: compressed where the request allowed it.
    pub body: Vec<u8>,
}

impl Got {
    /// Returns the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&self.body)))
    }

    /// Returns what the envelope holds; anything but a success fails.
    pub fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        let mut body = self.json();
        assert_eq!(body["success"], true);
        body["data"].take()
    }

    /// Returns a header field, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("our headers are ASCII"))
    }
}

impl Stack {
    /// Reads the description that `BABYSHIELD_STACK` names.
    pub fn read() -> Self {
        let path = std::env::var_os("BABYSHIELD_STACK")
            .expect("BABYSHIELD_STACK names the description of the stack; ./dev test sets it");
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_slice(&text).expect("stack.json is what ./dev writes")
    }

    /// Returns the stack with the demo data in it, loaded through the deployed functions: import,
    /// plan, sync, announce, index. Done once; a stack that has them is left alone.
    pub async fn loaded() -> &'static Self {
        static STACK: OnceCell<Stack> = OnceCell::const_new();
        STACK
            .get_or_init(async || {
                let stack = Self::read();
                if !stack.is_live().await {
                    stack.load().await;
                }
                stack
            })
            .await
    }

    /// Returns the name of the one bucket.
    pub fn bucket(&self) -> &str {
        self.buckets.values().next().expect("a stack has a bucket")
    }

    /// Gets a path of the API.
    pub async fn get(&self, path: &str) -> Got {
        self.send(self.client().get(self.url(path))).await
    }

    /// Gets a path of the API and returns what the envelope holds.
    pub async fn data(&self, path: &str) -> Value {
        let got = self.get(path).await;
        assert_eq!(
            got.status,
            200,
            "{path}: {}",
            String::from_utf8_lossy(&got.body)
        );
        got.data()
    }

    /// Posts JSON to a path of the API.
    pub async fn post(&self, path: &str, body: &Value) -> Got {
        self.send(self.client().post(self.url(path)).json(body))
            .await
    }

    /// Sends a request and reads the answer whole.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Got {
        let answer = request.send().await.expect("the stack answers");
        Got {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.expect("the answer is whole").to_vec(),
        }
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api)
    }

    /// Returns a client that asks for no compression and follows no redirect, so that tests see what
    /// came over the wire.
    pub fn client(&self) -> reqwest::Client {
        reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client needs nothing")
    }

    /// Returns what a function starts from, against an end point: the emulator, or something before it.
    pub fn start(&self, endpoint: &str) -> Start {
        let table = |name: &str| self.tables[name].as_str();
        let settings = Settings::of([
            ("ENVIRONMENT", "test"),
            ("CORS_ORIGINS", "https://app.example,http://localhost:3000"),
            ("PUBLIC_URL", PUBLIC_URL),
            ("ACCOUNTS_TABLE", table("accounts")),
            ("RECALLS_TABLE", table("recalls")),
            ("PRODUCTS_TABLE", table("products")),
            ("LEDGER_TABLE", table("ledger")),
            ("BUCKET", self.bucket()),
            ("SYNC_QUEUE_URL", &self.queues["sync"]),
            ("INDEX_QUEUE_URL", &self.queues["index"]),
            ("DELIVER_QUEUE_URL", &self.queues["deliver"]),
            ("CURSOR_SECRET_ARN", &self.secrets["signing"]),
            ("TOKEN_SECRET_ARN", &self.secrets["token"]),
        ]);
        start(endpoint, settings)
    }

    async fn is_live(&self) -> bool {
        let agencies = self.data("/api/v1/agencies").await;
        let mut fetched = 0;
        for agency in agencies["items"].as_array().expect("a list of agencies") {
            match agency["status"].as_str() {
                Some("planned" | "not_verified") => {}
                Some("live") => fetched += 1,
                _ => return false,
            }
        }
        fetched > 0 && self.waiting(&["sync", "index"]).await == 0
    }

    async fn load(&self) {
        let start = self.start(&self.emulator);
        let catalogue = fs::read(root().join("local/demo/catalogue.csv")).expect("committed");
        aws_sdk_s3::Client::new(&start.sdk)
            .put_object()
            .bucket(self.bucket())
            .key(CATALOGUE_KEY)
            .body(ByteStream::from(catalogue))
            .send()
            .await
            .expect("the bucket takes the catalogue");
        let job = json!({
            "v": 1, "kind": "import_catalogue", "key": CATALOGUE_KEY, "id": start.ids.new_id(),
            "request_id": "the-tests", "at": start.clock.now(),
        });
        aws_sdk_sqs::Client::new(&start.sdk)
            .send_message()
            .queue_url(&self.queues["sync"])
            .message_body(job.to_string())
            .send()
            .await
            .expect("the queue takes the job");
        // The schedule's own input.
        self.invoke("sync", &json!({"kind": "plan"})).await;
        let begun = Instant::now();
        while !self.is_live().await {
            let dead = self.waiting(&["sync-dlq", "index-dlq"]).await;
            assert_eq!(
                dead, 0,
                "jobs failed for good: see the logs of sync and index"
            );
            assert!(
                begun.elapsed() < PATIENCE,
                "the demo data are not loaded after {PATIENCE:?}"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Runs a deployed function once, as its schedule would, and returns its answer.
    pub async fn invoke(&self, function: &str, event: &Value) -> Value {
        // The emulator looks at who signed and not at the signature.
        let signed = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";
        let name = &self.functions[function];
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.emulator);
        let request = self.client().post(url).header("authorization", signed);
        let got = self
            .send(request.timeout(PATIENCE).body(event.to_string()))
            .await;
        assert_eq!(got.status, 200, "{}", String::from_utf8_lossy(&got.body));
        assert_eq!(
            got.header("x-amz-function-error"),
            "",
            "{}",
            String::from_utf8_lossy(&got.body)
        );
        got.json()
    }

    /// Returns how many messages wait in these queues or are in hand.
    async fn waiting(&self, queues: &[&str]) -> u64 {
        use aws_sdk_sqs::types::QueueAttributeName::All;
        let client = aws_sdk_sqs::Client::new(&self.start(&self.emulator).sdk);
        let mut count = 0;
        for queue in queues {
            let told = client
                .get_queue_attributes()
                .queue_url(&self.queues[*queue])
                .attribute_names(All)
                .send()
                .await
                .expect("the queue answers");
            let told = told.attributes.unwrap_or_default();
            count += told
                .iter()
                .filter(|(name, _)| name.as_str().starts_with("ApproximateNumberOfMessages"))
                .filter_map(|(_, value)| value.parse::<u64>().ok())
                .sum::<u64>();
        }
        count
    }
}

/// Returns what a function starts from in a test: the emulator's administrator, production's tries.
pub fn start(endpoint: &str, settings: Settings) -> Start {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(10)))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .operation_timeout(Duration::from_secs(12))
                .build(),
        )
        .build();
    Start {
        settings,
        sdk,
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    }
}
