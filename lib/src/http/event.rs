//! Mends the gateway's event before it becomes a request.
//!
//! `lambda_http` builds a URI out of the event and panics where the pieces do not make one: a raw `<`
//! in the query string is enough. The URI parser also tidies a path up (`..`, white space at its end),
//! so that one path would be answered for another. Percent-encoding everything that is not plain
//! leaves it neither to do.

use lambda_http::{aws_lambda_events::apigw::ApiGatewayV2httpRequest, request::LambdaRequest};
use lambda_runtime::LambdaEvent;

/// Returns the event with a path and a query string that make a URI.
pub(super) fn mend(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        mend_request(request);
    }
    event
}

fn mend_request(request: &mut ApiGatewayV2httpRequest) {
    // Nothing here asks by what name it was called, and an odd name would make no URI either.
    request.headers.remove(http::header::HOST);
    request.request_context.domain_name = None;
    let path = request.raw_path.take().unwrap_or_default();
    let path = encode(path.trim_start_matches(|c| c != '/'), is_path_byte);
    let segments: Vec<_> = path
        .split('/')
        .map(|segment| {
            if is_dots(segment) {
                // A dot segment is a name like any other, and no such name exists.
                segment.replace('%', "%25").replace('.', "%252E")
            } else {
                segment.to_owned()
            }
        })
        .collect();
    request.raw_path = Some(match segments.join("/") {
        empty if empty.is_empty() => String::from("/"),
        path => path,
    });
    if let Some(query) = &mut request.raw_query_string {
        *query = encode(query, is_query_byte);
    }
}

/// Percent-encodes every byte that may not stand. What is encoded already stays.
fn encode(text: &str, may_stand: fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if may_stand(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}

/// The bytes of a path (RFC 3986, 3.3), `/` and `%` included.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&byte)
}

/// The bytes of a query (RFC 3986, 3.4), `%` included.
fn is_query_byte(byte: u8) -> bool {
    is_path_byte(byte) || byte == b'?'
}

/// Returns whether a URI parser would take a segment for `.` or `..`.
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

#[cfg(test)]
mod tests {
    use lambda_http::Service;
    use serde_json::json;

    use super::*;

    /// Returns path and query as they reach the router.
    async fn reaches(path: &str, query: &str) -> (String, Option<String>) {
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": {"host": "a b<", "x-forwarded-proto": "https"},
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "a b<", "requestId": "r", "stage": "$default",
                "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
                "timeEpoch": 0
            },
            "isBase64Encoded": false
        });
        let request: LambdaRequest = serde_json::from_value(event).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let mut adapter = lambda_http::Adapter::from(lambda_http::service_fn(
            move |request: lambda_http::Request| {
                let uri = request.uri().clone();
                sender.send(uri).unwrap();
                async { Ok::<_, std::convert::Infallible>("") }
            },
        ));
        let event = mend(LambdaEvent::new(request, lambda_http::Context::default()));
        adapter.call(event).await.unwrap();
        let uri = receiver.recv().unwrap();
        (uri.path().to_owned(), uri.query().map(str::to_owned))
    }

    #[tokio::test]
    async fn no_query_string_ends_the_process() {
        for odd in [
            "<",
            ">",
            "\"",
            "q=a b",
            "q=\u{0}\u{7f}",
            "é",
            "#x",
            "{|}\\^`[]",
            "%",
            "%zz",
        ] {
            let (path, query) = reaches("/api/v1/recalls", &format!("q={odd}")).await;
            assert_eq!(path, "/api/v1/recalls", "{odd}");
            let query = query.unwrap();
            let read: Vec<_> = form_urlencoded::parse(query.as_bytes())
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            let meant: Vec<_> = form_urlencoded::parse(format!("q={odd}").as_bytes())
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            assert_eq!(read, meant, "{odd}");
        }
    }

    #[tokio::test]
    async fn a_proper_request_is_left_alone() {
        let got = reaches("/api/v1/recalls/us-cpsc:24113", "q=a%20b+c&x=%C3%A9").await;
        let wanted = (
            "/api/v1/recalls/us-cpsc:24113".to_owned(),
            Some("q=a%20b+c&x=%C3%A9".to_owned()),
        );
        assert_eq!(got, wanted);
        assert_eq!(reaches("/", "").await, ("/".to_owned(), None));
        assert_eq!(reaches("", "").await, ("/".to_owned(), None));
    }

    #[tokio::test]
    async fn no_path_is_taken_for_another() {
        for (given, reached) in [
            ("/api/v1/recalls/ ", "/api/v1/recalls/%20"),
            (
                "/api/v1/recalls/us-cpsc:1?x",
                "/api/v1/recalls/us-cpsc:1%3Fx",
            ),
            (
                "/api/v1/recalls/us-cpsc:1#x",
                "/api/v1/recalls/us-cpsc:1%23x",
            ),
            ("/api/v1/recalls\\", "/api/v1/recalls%5C"),
            ("/api/v1/re\tcalls", "/api/v1/re%09calls"),
            (
                "/api/v1/recalls/us-cpsc:1\u{0}",
                "/api/v1/recalls/us-cpsc:1%00",
            ),
            ("/api/v1/recalls/..", "/api/v1/recalls/%252E%252E"),
            ("/api/v1/recalls/x/%2e%2E", "/api/v1/recalls/x/%252e%252E"),
            ("/api/v1/recalls/é", "/api/v1/recalls/%C3%A9"),
            ("//evil/x", "//evil/x"),
        ] {
            assert_eq!(reaches(given, "").await.0, reached, "{given:?}");
        }
    }
}
