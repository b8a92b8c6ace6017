//! Errors in the words of the services, so that the SDKs take them for what they are.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, StatusCode};

use crate::{Call, Fault, Service};

/// Returns the answer that a fault gives without the service being asked, if it gives one.
pub(crate) fn error(fault: Fault, call: &Call) -> Option<Response<Full<Bytes>>> {
    match fault {
        Fault::Conflict if call.operation == "TransactWriteItems" => Some(conflict()),
        Fault::Throttle | Fault::Partial | Fault::Conflict => Some(throttled(call.service)),
        Fault::ServerError => Some(failed(call.service)),
        Fault::DropBefore | Fault::DropAfter | Fault::DelayMs(_) => None,
    }
}

fn throttled(service: Service) -> Response<Full<Bytes>> {
    let slow = "Rate of requests exceeds the allowed throughput.";
    match service {
        Service::Dynamodb => json(
            400,
            "com.amazonaws.dynamodb.v20120810#ThrottlingException",
            slow,
        ),
        Service::Sqs => json(
            400,
            "com.amazonaws.sqs#RequestThrottled",
            "Request is throttled.",
        ),
        Service::S3 => xml(503, "SlowDown", "Please reduce your request rate."),
        Service::Other => json(400, "ThrottlingException", slow),
    }
}

fn failed(service: Service) -> Response<Full<Bytes>> {
    let sorry = "The request processing has failed because of an unknown error.";
    match service {
        Service::Dynamodb => json(
            500,
            "com.amazonaws.dynamodb.v20120810#InternalServerError",
            sorry,
        ),
        Service::Sqs => json(500, "com.amazonaws.sqs#InternalFailure", sorry),
        Service::S3 => xml(
            500,
            "InternalError",
            "We encountered an internal error. Please try again.",
        ),
        Service::Other => json(500, "InternalServiceError", sorry),
    }
}

/// What `DynamoDB` says when an item of a transaction is in another one at that moment.
fn conflict() -> Response<Full<Bytes>> {
    let body = serde_json::json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]",
        "CancellationReasons": [
            {"Code": "None"},
            {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"},
        ],
    });
    answer(400, "application/x-amz-json-1.0", body.to_string())
}

fn json(status: u16, kind: &str, message: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({"__type": kind, "message": message});
    answer(status, "application/x-amz-json-1.0", body.to_string())
}

fn xml(status: u16, code: &str, message: &str) -> Response<Full<Bytes>> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>faults</RequestId></Error>"
    );
    answer(status, "application/xml", body)
}

pub(crate) fn answer(status: u16, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = StatusCode::from_u16(status).expect("the statuses here are valid");
    let headers = answer.headers_mut();
    headers.insert(
        "content-type",
        kind.parse().expect("the types here are valid"),
    );
    headers.insert("x-amzn-requestid", "faults".parse().expect("plain letters"));
    answer
}
