//! Which service is called and what is asked of it.

use hyper::{Method, Request};
use serde::{Deserialize, Serialize};

/// A service of AWS, as far as the code uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// `DynamoDB`.
    Dynamodb,
    /// S3.
    S3,
    /// SQS.
    Sqs,
    /// Any other.
    Other,
}

/// A service and an operation of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call {
    /// The service.
    pub service: Service,
    /// The operation, as the service spells it: `PutItem`, `GetObject`, `SendMessageBatch`.
    pub operation: String,
}

impl Call {
    /// Reads a call off a request's head. JSON services name the operation in a header; the mail
    /// service is told by its path, S3 by its query and method.
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let target = request
            .headers()
            .get("x-amz-target")
            .and_then(|value| value.to_str().ok());
        if let Some((api, operation)) = target.and_then(|target| target.split_once('.')) {
            let service = match api {
                "DynamoDB_20120810" => Service::Dynamodb,
                "AmazonSQS" => Service::Sqs,
                _ => Service::Other,
            };
            return Self {
                service,
                operation: operation.to_owned(),
            };
        }
        // The mail service is told by its path.
        if request.uri().path() == "/v2/email/outbound-emails" {
            return Self {
                service: Service::Other,
                operation: "SendEmail".to_owned(),
            };
        }
        let query = request.uri().query().unwrap_or_default();
        Self {
            service: Service::S3,
            operation: object_operation(request.method(), query),
        }
    }
}

fn object_operation(method: &Method, query: &str) -> String {
    let has = |name: &str| {
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some(name))
    };
    let named = query.split('&').find_map(|pair| pair.strip_prefix("x-id="));
    match named {
        Some(named) => named.to_owned(),
        None if has("list-type") => "ListObjectsV2".to_owned(),
        None if has("delete") => "DeleteObjects".to_owned(),
        None => match *method {
            Method::GET => "GetObject".to_owned(),
            Method::PUT => "PutObject".to_owned(),
            Method::HEAD => "HeadObject".to_owned(),
            Method::DELETE => "DeleteObject".to_owned(),
            _ => method.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(method: &str, uri: &str, target: Option<&str>) -> (Service, String) {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let call = Call::of(&request.body(()).unwrap());
        (call.service, call.operation)
    }

    #[test]
    fn a_call_is_named_as_its_service_names_it() {
        for (method, uri, target, service, operation) in [
            (
                "POST",
                "/",
                Some("DynamoDB_20120810.PutItem"),
                Service::Dynamodb,
                "PutItem",
            ),
            (
                "POST",
                "/",
                Some("AmazonSQS.SendMessageBatch"),
                Service::Sqs,
                "SendMessageBatch",
            ),
            (
                "POST",
                "/",
                Some("secretsmanager.GetSecretValue"),
                Service::Other,
                "GetSecretValue",
            ),
            ("GET", "/b/k?x-id=GetObject", None, Service::S3, "GetObject"),
            (
                "GET",
                "/b/?list-type=2&prefix=search",
                None,
                Service::S3,
                "ListObjectsV2",
            ),
            ("POST", "/b/?delete", None, Service::S3, "DeleteObjects"),
            ("PUT", "/b/k", None, Service::S3, "PutObject"),
        ] {
            assert_eq!(named(method, uri, target), (service, operation.to_owned()));
        }
    }
}
