//! A meter between the code and the emulator: which calls were made, and what DynamoDB would bill.
//!
//! Write units are asked for and taken as reported. The emulator reports reads as a flat number, so
//! these are computed from the items that came back, by DynamoDB's published rules: 4 kB a unit,
//! rounded up for each item of a get and for the sum of a query, half as much when a read need not
//! be consistent, and the smallest unit for an item that is not there.

use std::sync::{Arc, Mutex};

use axum::{body::Body, extract::State, response::Response};
use http::{Request, header};
use serde_json::{Value, json};

/// What one read unit reads, in bytes.
const READ_UNIT: usize = 4096;

/// What one write unit writes, in bytes.
const WRITE_UNIT: usize = 1024;

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service, such as `dynamodb`.
    pub service: String,
    /// The operation; for S3 the method.
    pub operation: String,
    /// The body that was sent, where it is JSON.
    pub request: Value,
    /// The body that came back, where it is JSON.
    pub answer: Value,
    /// The status that came back.
    pub status: u16,
}

/// What some calls cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Calls to `DynamoDB`.
    pub calls: usize,
    /// Calls to other services.
    pub others: usize,
    /// Read units, computed.
    pub read: f64,
    /// Write units, as reported.
    pub write: f64,
}

/// A meter that is running.
pub struct Meter {
    /// Where the code finds it.
    pub endpoint: String,
    calls: Arc<Mutex<Vec<Call>>>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Wire {
    upstream: String,
    client: reqwest::Client,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Meter {
    /// Starts a meter before an end point, on a free port of the loopback.
    pub async fn start(upstream: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
        let calls = Arc::default();
        let client = reqwest::Client::builder().no_proxy().no_gzip().no_brotli();
        let wire = Wire {
            upstream: upstream.to_owned(),
            client: client.build().expect("a client needs nothing"),
            calls: Arc::clone(&calls),
        };
        let router = axum::Router::new().fallback(forward).with_state(wire);
        let server = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("the meter serves");
        });
        Self {
            endpoint,
            calls,
            server,
        }
    }

    /// Returns the calls since the last time, and forgets them.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().expect("no holder panics"))
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(State(wire): State<Wire>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let mut body = axum::body::to_bytes(body, usize::MAX)
        .await
        .expect("requests are whole")
        .to_vec();
    let field = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let service = service(field("authorization")).to_owned();
    let operation = field("x-amz-target")
        .rsplit('.')
        .next()
        .filter(|name| !name.is_empty());
    let operation = operation.unwrap_or(parts.method.as_str()).to_owned();
    let mut sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    if service == "dynamodb" && sent.is_object() {
        sent["ReturnConsumedCapacity"] = json!("TOTAL");
        body = sent.to_string().into_bytes();
    }
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let mut headers = parts.headers.clone();
    headers.remove(header::CONTENT_LENGTH);
    let answer = wire
        .client
        .request(parts.method.clone(), format!("{}{target}", wire.upstream))
        .headers(headers)
        .body(body)
        .send()
        .await
        .expect("the emulator answers");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.expect("answers are whole");
    wire.calls.lock().expect("no holder panics").push(Call {
        service,
        operation,
        request: sent,
        answer: serde_json::from_slice(&body).unwrap_or_default(),
        status: status.as_u16(),
    });
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    response
}

/// Returns the service out of a signature's credential scope: `Credential=id/date/region/service/…`.
fn service(authorization: &str) -> &str {
    authorization
        .split("Credential=")
        .nth(1)
        .and_then(|scope| scope.split('/').nth(3))
        .unwrap_or("unknown")
}

impl Cost {
    /// Adds calls up.
    pub fn of(calls: &[Call]) -> Self {
        let mut cost = Self::default();
        for call in calls {
            if call.service == "dynamodb" {
                cost.calls += 1;
                cost.read += read_units(call);
                cost.write += write_units(call);
            } else {
                cost.others += 1;
            }
        }
        cost
    }
}

/// Returns the write units that a call reports; a read reports none that are meant.
fn write_units(call: &Call) -> f64 {
    if !call.operation.contains("Write")
        && !["PutItem", "UpdateItem", "DeleteItem"].contains(&call.operation.as_str())
    {
        return 0.0;
    }
    // A condition that does not hold costs as much as if it had; the emulator does not report that.
    if call.status == 400 {
        let refused = call.answer["__type"].as_str().unwrap_or_default();
        if !refused.ends_with("ConditionalCheckFailedException") {
            return 0.0;
        }
        let items = [&call.request["Item"], &call.answer["Item"]].map(item_size);
        return items
            .into_iter()
            .max()
            .unwrap_or(0)
            .div_ceil(WRITE_UNIT)
            .max(1) as f64;
    }
    let consumed = &call.answer["ConsumedCapacity"];
    let units = |one: &Value| {
        one["WriteCapacityUnits"]
            .as_f64()
            .or(one["CapacityUnits"].as_f64())
    };
    match consumed {
        Value::Array(tables) => tables.iter().filter_map(units).sum(),
        one => units(one).unwrap_or_else(|| panic!("{} reports no units", call.operation)),
    }
}

fn read_units(call: &Call) -> f64 {
    let request = &call.request;
    let factor = |consistent: &Value| if consistent == true { 1.0 } else { 0.5 };
    match call.operation.as_str() {
        "GetItem" => factor(&request["ConsistentRead"]) * of_item(&call.answer["Item"]),
        "BatchGetItem" => {
            let tables = request["RequestItems"]
                .as_object()
                .expect("a batch names tables");
            tables
                .iter()
                .map(|(table, asked)| {
                    let found = call.answer["Responses"][table]
                        .as_array()
                        .map_or(&[][..], Vec::as_slice);
                    let keys = asked["Keys"].as_array().map_or(0, Vec::len);
                    let absent = keys.saturating_sub(found.len());
                    let units: f64 = found.iter().map(of_item).sum();
                    factor(&asked["ConsistentRead"]) * (units + absent as f64)
                })
                .sum()
        }
        "TransactGetItems" => panic!("transactional reads cost twice: nobody should need one here"),
        "Query" | "Scan" => {
            let items = call.answer["Items"]
                .as_array()
                .map_or(&[][..], Vec::as_slice);
            let bytes: usize = items.iter().map(item_size).sum();
            factor(&request["ConsistentRead"]) * bytes.div_ceil(READ_UNIT).max(1) as f64
        }
        _ => 0.0,
    }
}

fn of_item(item: &Value) -> f64 {
    item_size(item).div_ceil(READ_UNIT).max(1) as f64
}

/// Returns an item's size as DynamoDB counts it (developer guide, "item sizes and formats").
pub fn item_size(item: &Value) -> usize {
    let attributes = item.as_object().into_iter().flatten();
    attributes
        .map(|(name, value)| name.len() + value_size(value))
        .sum()
}

fn value_size(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else {
        return 0;
    };
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    match kind.as_str() {
        // Two digits a byte, and one more.
        "N" => text(value).div_ceil(2) + 1,
        // Base64 on the wire, bytes in the table.
        "B" => value
            .as_str()
            .map_or(0, |text| text.trim_end_matches('=').len() * 3 / 4),
        "BOOL" | "NULL" => 1,
        "L" => {
            3 + value
                .as_array()
                .into_iter()
                .flatten()
                .map(|value| 1 + value_size(value))
                .sum::<usize>()
        }
        "M" => {
            3 + value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| 1 + name.len() + value_size(value))
                .sum::<usize>()
        }
        "SS" | "NS" | "BS" => value.as_array().into_iter().flatten().map(text).sum(),
        _ => text(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, request: Value, answer: Value) -> Call {
        Call {
            service: "dynamodb".into(),
            operation: operation.into(),
            request,
            answer,
            status: 200,
        }
    }

    #[test]
    fn sizes_are_names_and_values() {
        assert_eq!(
            item_size(&json!({"pk": {"S": "abc"}, "n": {"N": "1234"}, "ok": {"BOOL": true}})),
            5 + 4 + 3
        );
        assert_eq!(item_size(&json!({"b": {"B": "QUJDRA=="}})), 1 + 4);
        assert_eq!(
            item_size(&json!({"l": {"L": [{"S": "ab"}]}, "m": {"M": {"k": {"S": "v"}}}})),
            1 + 6 + 1 + 6
        );
    }

    #[test]
    fn a_batch_costs_each_item_rounded_up_and_a_unit_for_what_is_absent() {
        let large = "x".repeat(5000);
        let request =
            json!({"RequestItems": {"t": {"Keys": [{}, {}, {}], "ConsistentRead": true}}});
        let answer = json!({"Responses": {"t": [{"a": {"S": "b"}}, {"a": {"S": large}}]}});
        assert!(
            (Cost::of(&[call("BatchGetItem", request, answer)]).read - 4.0).abs() < f64::EPSILON
        );
    }

    #[test]
    fn reads_that_need_not_be_consistent_cost_half_and_a_query_costs_its_sum() {
        let get = call("GetItem", json!({}), json!({"Item": {"a": {"S": "b"}}}));
        assert!((Cost::of(&[get]).read - 0.5).abs() < f64::EPSILON);
        let items: Vec<_> = (0..10)
            .map(|_| json!({"a": {"S": "x".repeat(900)}}))
            .collect();
        let query = call(
            "Query",
            json!({"ConsistentRead": true}),
            json!({"Items": items}),
        );
        assert!((Cost::of(&[query]).read - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn writes_are_taken_as_reported() {
        let put = call(
            "PutItem",
            json!({}),
            json!({"ConsumedCapacity": {"CapacityUnits": 3.0}}),
        );
        let batch = call(
            "BatchWriteItem",
            json!({}),
            json!({"ConsumedCapacity": [{"CapacityUnits": 2.0}, {"CapacityUnits": 5.0}]}),
        );
        let cost = Cost::of(&[put, batch]);
        assert_eq!((cost.calls, cost.write, cost.read), (2, 10.0, 0.0));
    }

    #[test]
    fn the_service_stands_in_the_signature() {
        assert_eq!(
            service(
                "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host"
            ),
            "s3"
        );
        assert_eq!(service(""), "unknown");
    }
}
