//! What the tests of snapshots need from the emulator: a bucket of their own.

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    primitives::ByteStream,
};

use super::SnapshotBucket;

/// A new bucket in the emulator that `./dev test` starts.
pub(super) struct Emulated {
    pub(super) client: Client,
    pub(super) name: String,
}

impl Emulated {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told where the emulator is by the environment; names must differ between runs"
    )]
    pub(super) async fn bucket() -> Self {
        let stack = std::env::var("BABYSHIELD_STACK")
            .expect("BABYSHIELD_STACK names the description of the stack; ./dev test sets it");
        let stack: serde_json::Value =
            serde_json::from_slice(&std::fs::read(stack).unwrap()).unwrap();
        let endpoint = stack["emulator"].as_str().unwrap();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(endpoint)
            .force_path_style(true)
            .build();
        let client = Client::from_conf(config);
        let directory = tempfile::Builder::new()
            .prefix("search-")
            .tempdir()
            .unwrap();
        let random = directory.path().file_name().unwrap().to_str().unwrap();
        let name = format!("{}-{}", random.to_lowercase(), std::process::id());
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "x");
        client.create_bucket().bucket(&name).send().await.unwrap();
        Self { client, name }
    }

    pub(super) fn snapshots(&self) -> SnapshotBucket {
        SnapshotBucket::new(self.client.clone(), &self.name)
    }

    pub(super) async fn keys(&self, prefix: &str) -> Vec<String> {
        let listed = self.snapshots().list(prefix).await.unwrap();
        listed.into_iter().map(|(key, _)| key).collect()
    }

    pub(super) async fn get(&self, key: &str) -> Vec<u8> {
        let got = self.client.get_object().bucket(&self.name).key(key);
        let body = got.send().await.unwrap().body;
        body.collect().await.unwrap().to_vec()
    }

    pub(super) async fn put(&self, key: &str, bytes: Vec<u8>) {
        let put = self.client.put_object().bucket(&self.name).key(key);
        put.body(ByteStream::from(bytes)).send().await.unwrap();
    }

    pub(super) async fn delete(&self, key: &str) {
        let gone = self.client.delete_object().bucket(&self.name).key(key);
        gone.send().await.unwrap();
    }
}
