//! Answers that are too large: refused early, whatever their head says.

use babyshield_sync::Limits;
use babyshield_tests::{feed_rows::cpsc_rows, feed_server::Answer};

use crate::{Desk, QUICK};

const HUGE: u64 = 300_000_000;

/// The most memory that this process has had so far, in bytes, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

async fn refused(desk: &Desk, says: &str, most_sent: u64) {
    let stands = desk.sandbox.picture().await.recalls_only();
    assert_eq!(stands.recalls().len(), 20);
    desk.feeds.requests();
    assert!(desk.run().await.is_empty(), "the job is done with");
    let error = desk.sum().await.last_error.expect("it is said");
    assert!(error.reason.contains(says), "{}", error.reason);
    let requests = desk.feeds.requests();
    assert_eq!(requests.len(), 1, "once is enough");
    assert!(
        requests[0].sent <= most_sent,
        "{} bytes were taken",
        requests[0].sent
    );
    assert_eq!(
        desk.sandbox
            .picture()
            .await
            .recalls_only()
            .differences(&stands),
        [""; 0]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn three_hundred_megabytes_are_refused_and_memory_stays_bounded() {
    let usual = Limits {
        lease: QUICK.lease,
        backoff: QUICK.backoff,
        pause: QUICK.pause,
        ..Limits::default()
    };
    let desk = Desk::within(usual).await;
    desk.says([Answer::rows(&cpsc_rows(20))]);
    assert!(desk.run().await.is_empty());
    let before = peak();
    // What lies in the buffers of sockets when the client hangs up.
    let buffers = 20_000_000;
    desk.says([Answer::blanks(HUGE, true)]);
    refused(&desk, "larger than 64000000 bytes", buffers).await;
    desk.says([Answer::blanks(HUGE, false)]);
    refused(&desk, "larger than 64000000 bytes", 64_000_000 + buffers).await;
    match (before, peak()) {
        (Some(before), Some(after)) => {
            assert!(
                after - before < 160_000_000,
                "{} bytes more than before",
                after - before
            );
        }
        _ => println!("this system does not tell the peak of memory: not looked at"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_small_answer_that_unfolds_to_a_large_one_is_refused_as_large() {
    let desk = Desk::new().await;
    desk.says([Answer::rows(&cpsc_rows(20)).gzip()]);
    assert!(desk.run().await.is_empty());
    desk.says([Answer::bytes(vec![b' '; 50_000_000]).gzip()]);
    refused(&desk, "larger than 1000000 bytes", 1_000_000).await;
}
