//! Each promise in the doc comments of the stores, held against the emulator.

#![cfg(test)]

mod agencies;
mod attempts;
mod key_sets;
mod ledger;
mod lookup;
mod payloads;
mod people;
mod products;
mod queue;
mod recalls;
mod sessions;

use aws_sdk_dynamodb::Client;
use babyshield_faults::{Plan, Proxy};
use babyshield_tests::sandbox::{Sandbox, sdk};

/// A sandbox behind a proxy that lets everything through until it is told otherwise.
struct Bench {
    sandbox: Sandbox,
    proxy: Proxy,
    /// A client that goes through the proxy, with the retries of production.
    dynamo: Client,
}

impl Bench {
    async fn new() -> Self {
        let sandbox = Sandbox::new().await;
        let proxy = Proxy::start(sandbox.emulator(), Plan::default())
            .await
            .unwrap();
        let dynamo = Client::new(&sdk(&proxy.endpoint()).await);
        Self {
            sandbox,
            proxy,
            dynamo,
        }
    }

    /// The calls since the last time, by the operation.
    fn calls(&self) -> Vec<String> {
        let calls = self
            .proxy
            .log()
            .into_iter()
            .map(|entry| entry.call.operation)
            .collect();
        self.proxy.follow(Plan::default());
        calls
    }
}
