//! Raw payloads.

use aws_sdk_s3::Client;
use babyshield::stores::{StoreError, payloads::Payloads};
use babyshield_faults::{Fault, Plan, Rule};
use babyshield_tests::sandbox::{key, sdk};

use crate::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_payload_is_kept_as_it_came_under_a_key_that_its_content_decides() {
    let bench = Bench::new().await;
    let payloads = Payloads::new(bench.sandbox.s3(), &bench.sandbox.bucket);
    let body = b"\xff\x00not a feed\r\n".to_vec();
    let name = Payloads::key(key("us-cpsc"), "recalls", &body);
    assert!(name.starts_with("raw/us-cpsc/recalls/"), "{name}");
    assert_ne!(name, Payloads::key(key("us-cpsc"), "recalls", b"another"));
    assert_eq!(payloads.find(&name, 100).await.unwrap(), None);
    for _ in 0..2 {
        payloads.keep(&name, &body).await.unwrap();
        assert_eq!(
            payloads.find(&name, body.len()).await.unwrap().as_ref(),
            Some(&body)
        );
    }
    assert_eq!(bench.sandbox.objects("raw/").await, [name.as_str()]);
    let large = payloads.find(&name, body.len() - 1).await;
    assert!(
        matches!(large, Err(StoreError::TooLarge(size)) if size == body.len()),
        "{large:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_bucket_that_fails_is_busy_and_one_that_is_not_there_refuses() {
    let bench = Bench::new().await;
    let s3 = Client::new(&sdk(&bench.proxy.endpoint()).await);
    let payloads = Payloads::new(s3.clone(), &bench.sandbox.bucket);
    for fault in [Fault::Throttle, Fault::ServerError, Fault::DropBefore] {
        bench.proxy.follow(Plan::rules([
            Rule::every("PutObject", fault),
            Rule::every("GetObject", fault),
        ]));
        let kept = payloads.keep("raw/x", b"x").await;
        assert!(
            matches!(kept, Err(StoreError::Busy(_))),
            "{fault:?}: {kept:?}"
        );
        let found = payloads.find("raw/x", 10).await;
        assert!(
            matches!(found, Err(StoreError::Busy(_))),
            "{fault:?}: {found:?}"
        );
    }
    bench
        .proxy
        .follow(Plan::rules([Rule::first("PutObject", 2, Fault::Throttle)]));
    payloads.keep("raw/x", b"x").await.unwrap();
    // Nothing found in no bucket would read like an object that has expired.
    let nowhere = Payloads::new(s3, "there-is-no-such-bucket");
    let refused = nowhere.find("raw/x", 10).await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
}
