//! Feeds that fail, lie, shrink or repeat themselves: what is said of them, and that what they said
//! before still stands.

#![cfg(test)]

mod broken;
mod large;
mod order;
mod quarantine;
mod unchanged;

use std::time::Duration;

use babyshield::{
    clock::Clock,
    domain::{
        feed_state::{AgencyState, WindowState},
        window::Window,
    },
    stores::agencies::CoverageRow,
};
use babyshield_faults::{Plan, Proxy};
use babyshield_sync::{App, Limits};
use babyshield_tests::{
    feed_server::{Answer, FeedServer},
    sandbox::{Sandbox, delivery, job, key, returned, slice, sync_kind},
};

/// Limits of fetching without the waits of production.
const QUICK: Limits = Limits {
    lease: Duration::from_secs(1),
    slice: Duration::from_secs(20),
    body: 1_000_000,
    time: Duration::from_secs(5),
    tries: 3,
    backoff: Duration::from_millis(1),
    pause: Duration::ZERO,
};

const PARTS: &[&str] = &["recalls"];

/// CPSC's window of 2026, a feed that says what it is told, and the worker between them.
struct Desk {
    sandbox: Sandbox,
    feeds: FeedServer,
    proxy: Proxy,
    app: App,
}

impl Desk {
    async fn new() -> Self {
        Self::within(QUICK).await
    }

    async fn within(limits: Limits) -> Self {
        let sandbox = Sandbox::new().await;
        let feeds = FeedServer::start().await;
        let proxy = Proxy::start(sandbox.emulator(), Plan::default())
            .await
            .unwrap();
        let app = sandbox
            .sync(&proxy.endpoint(), feeds.origin(), limits)
            .await;
        Self {
            sandbox,
            feeds,
            proxy,
            app,
        }
    }

    /// Lets the feed say these answers from now on.
    fn says(&self, answers: impl IntoIterator<Item = Answer>) {
        self.feeds.script(&["saferproducts"], answers);
    }

    /// An hour later, runs the job; returns the messages that go back to the queue.
    async fn run(&self) -> Vec<String> {
        self.run_with(false).await
    }

    async fn run_with(&self, accept: bool) -> Vec<String> {
        self.sandbox.clock.advance(3_600);
        let kind = sync_kind("us-cpsc", PARTS, Window::year(2026), accept, false);
        let answer = self.app.handle(delivery([&job(kind)])).await.unwrap();
        returned(&answer)
    }

    /// What `/agencies` shows.
    async fn sum(&self) -> AgencyState {
        let sum = self.sandbox.agency_store().sum(key("us-cpsc")).await;
        sum.unwrap().expect("a job has ended")
    }

    /// What a verdict rests on.
    async fn coverage(&self) -> CoverageRow {
        let rows = self.sandbox.agency_store().coverage().await.unwrap();
        let row = rows
            .into_iter()
            .find(|(agency, _)| *agency == key("us-cpsc"));
        row.expect("a job has ended").1
    }

    async fn window(&self) -> WindowState {
        let slice = slice(PARTS, Window::year(2026));
        self.sandbox
            .agency_store()
            .window(key("us-cpsc"), &slice)
            .await
            .unwrap()
    }

    /// The calls to AWS since the last time, `service operation` each.
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

    fn now(&self) -> jiff::Timestamp {
        self.sandbox.clock.now()
    }
}
