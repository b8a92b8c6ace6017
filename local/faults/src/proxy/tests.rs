use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::{Rule, Service};

/// A service that counts what reached it and echoes the body.
struct Target {
    endpoint: String,
    reached: Arc<AtomicU64>,
}

async fn service() -> Target {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let reached = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&reached);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let count = Arc::clone(&count);
            let echo = service_fn(move |request: Request<Incoming>| {
                let count = Arc::clone(&count);
                async move {
                    let body = request.into_body().collect().await?.to_bytes();
                    count.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, hyper::Error>(Response::new(Full::new(body)))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), echo));
        }
    });
    Target { endpoint, reached }
}

async fn put(endpoint: &str) -> Result<(u16, String), reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(endpoint)
        .header("x-amz-target", "DynamoDB_20120810.PutItem")
        .body("{\"a\":1}")
        .send()
        .await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

#[tokio::test]
async fn what_is_not_hit_goes_through_as_it_is_and_is_counted() {
    let service = service().await;
    let proxy = Proxy::start(&service.endpoint, Plan::default())
        .await
        .unwrap();
    assert_eq!(
        put(&proxy.endpoint()).await.unwrap(),
        (200, "{\"a\":1}".to_owned())
    );
    assert_eq!(
        proxy.log(),
        [Entry {
            call: Call {
                service: Service::Dynamodb,
                operation: "PutItem".to_owned()
            },
            outcome: Outcome::Passed
        }]
    );
}

#[tokio::test]
async fn errors_are_the_services_own_and_do_not_reach_it() {
    let service = service().await;
    let plan = Plan::rules([
        Rule::first("PutItem", 1, Fault::Throttle),
        Rule {
            skip: 1,
            ..Rule::first("PutItem", 1, Fault::ServerError)
        },
    ]);
    let proxy = Proxy::start(&service.endpoint, plan).await.unwrap();
    let (status, body) = put(&proxy.endpoint()).await.unwrap();
    assert!(
        status == 400 && body.contains("ThrottlingException"),
        "{status} {body}"
    );
    let (status, body) = put(&proxy.endpoint()).await.unwrap();
    assert!(
        status == 500 && body.contains("InternalServerError"),
        "{status} {body}"
    );
    assert_eq!(service.reached.load(Ordering::SeqCst), 0);
    assert_eq!(put(&proxy.endpoint()).await.unwrap().0, 200);
}

#[tokio::test]
async fn a_drop_before_never_reaches_the_service_and_a_drop_after_does() {
    for (fault, reached) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1)] {
        let service = service().await;
        let plan = Plan::rules([Rule::first("PutItem", 1, fault)]);
        let proxy = Proxy::start(&service.endpoint, plan).await.unwrap();
        put(&proxy.endpoint()).await.unwrap_err();
        proxy.settled().await;
        assert_eq!(service.reached.load(Ordering::SeqCst), reached, "{fault:?}");
        assert_eq!(put(&proxy.endpoint()).await.unwrap().0, 200);
    }
}

#[tokio::test]
async fn after_its_last_call_nobody_gets_through_any_more() {
    for (commit, reached) in [(false, 1), (true, 2)] {
        let service = service().await;
        let proxy = Proxy::start(&service.endpoint, Plan::kill_after(2, commit))
            .await
            .unwrap();
        put(&proxy.endpoint()).await.unwrap();
        put(&proxy.endpoint()).await.unwrap_err();
        proxy.settled().await;
        assert!(proxy.is_dead());
        let refused = put(&proxy.endpoint()).await.unwrap_err();
        assert!(refused.is_connect() || refused.is_request(), "{refused:?}");
        assert_eq!(service.reached.load(Ordering::SeqCst), reached);
        assert_eq!(proxy.calls(), 2);
    }
}

#[tokio::test]
async fn a_service_that_is_gone_is_a_broken_connection() {
    let proxy = Proxy::start("http://127.0.0.1:9", Plan::default())
        .await
        .unwrap();
    put(&proxy.endpoint()).await.unwrap_err();
    proxy.settled().await;
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let everywhere = ([0, 0, 0, 0], 0).into();
    assert!(
        Proxy::listen(everywhere, "http://127.0.0.1:9", Plan::default())
            .await
            .is_err()
    );
}
