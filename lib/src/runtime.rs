//! How a function starts: telemetry, the SDK, and the loop that the kind of function needs.
//!
//! A function's `main` hands over a builder and returns; nothing here knows what functions exist.

use std::{
    future::Future,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use aws_config::{
    BehaviorVersion, ConfigLoader, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{
    clock::{Clock, Ids, RandomIds, SystemClock},
    config::Settings,
};

/// Whatever ends a process at start.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What a function is built from.
pub struct Start {
    /// The environment.
    pub settings: Settings,
    /// Region, credentials, timeouts and retries for every client.
    pub sdk: SdkConfig,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The maker of identifiers.
    pub ids: Arc<dyn Ids>,
}

impl Start {
    /// Returns a directory of the function's own for files that may be lost at any time. It is the same
    /// for every process, so that the next one can clear away what a dead one left behind.
    pub fn scratch(&self, name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("babyshield-{name}"))
    }
}

/// Runs a worker: `build` makes the handler of one event, which is then called for each.
pub fn worker<B, H, F>(build: B) -> Result<(), Error>
where
    B: AsyncFnOnce(&mut Start) -> Result<H, Error>,
    H: Fn(Value) -> F,
    F: Future<Output = Result<Value, Error>>,
{
    block_on(async {
        let mut start = start().await;
        let handler = build(&mut start).await?;
        let (handler, warm) = (&handler, &AtomicBool::new(false));
        lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
            let begun = Instant::now();
            let cold_start = !warm.swap(true, Ordering::Relaxed);
            let outcome = handler(event.payload).await;
            tracing::info!(
                lambda.request_id = event.context.request_id,
                xray.trace_id = event.context.xray_trace_id,
                duration_ms = begun.elapsed().as_secs_f64() * 1000.0,
                cold_start,
                failed = outcome.is_err(),
                "event handled"
            );
            // The runtime logs what it is given: one line with the causes, not the SDK's insides.
            outcome.map_err(|error| Error::from(chain(&*error)))
        }))
        .await
    })
}

/// Runs a future on the one thread that a function has.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a process that cannot make a runtime cannot do anything")
        .block_on(future)
}

/// Reads the environment, switches telemetry on and loads the SDK's configuration.
pub(crate) async fn start() -> Start {
    let mut settings = Settings::from_process();
    telemetry(
        settings
            .optional::<String>("LOG_LEVEL")
            .as_deref()
            .unwrap_or("info"),
    );
    Start {
        settings,
        sdk: sdk_config().await,
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    }
}

/// Returns the SDK's configuration, region and credentials out of the environment.
pub async fn sdk_config() -> SdkConfig {
    sdk_loader().load().await
}

/// Returns what every client has in common: three tries with full jitter, one second to connect, and
/// never longer than the gateway's own limit. Tests add their own endpoint and credentials.
pub fn sdk_loader() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(50)),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .operation_attempt_timeout(Duration::from_secs(5))
                .operation_timeout(Duration::from_secs(12))
                .build(),
        )
}

/// Writes JSON lines to standard output, where Lambda collects them.
fn telemetry(level: &str) {
    // A second call (tests in one process) is no error.
    let _ = tracing::subscriber::set_global_default(log_lines(level, std::io::stdout));
}

/// Returns what writes JSON lines somewhere.
pub fn log_lines<W>(level: &str, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        // The request's or the job's own span is the outermost: its identifier stands in every line.
        .with_span_list(true)
        .with_target(false)
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
}

/// Returns an error and the causes behind it as one line for the log.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
