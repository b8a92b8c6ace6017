//! A batch of SQS messages, and the answer that says which of them failed.
//!
//! Bodies stay text until each is handled: one that cannot be parsed must fail alone.

use serde_json::{Value, json};

/// A message of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The identifier by which its failure is reported.
    pub id: String,
    /// The body, untouched.
    pub body: String,
}

/// Returns the messages of an SQS event, or nothing when the event is not one.
///
/// A message without an identifier cannot be reported, so the whole event is refused then: it comes
/// back as a whole.
pub fn of(event: &Value) -> Option<Result<Vec<Message>, MissingId>> {
    let records = event.get("Records")?.as_array()?;
    Some(
        records
            .iter()
            .map(|record| {
                let field = |name: &str| record[name].as_str().map(str::to_owned);
                let id = field("messageId")
                    .filter(|id| !id.is_empty())
                    .ok_or(MissingId)?;
                Ok(Message {
                    id,
                    body: field("body").unwrap_or_default(),
                })
            })
            .collect(),
    )
}

/// A message that has no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of the batch has no identifier")]
pub struct MissingId;

/// Returns the answer that sends these messages back to the queue and acknowledges the others.
pub fn failed(ids: &[String]) -> Value {
    let failures: Vec<_> = ids.iter().map(|id| json!({"itemIdentifier": id})).collect();
    json!({"batchItemFailures": failures})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_stay_text_whatever_they_are() {
        let event =
            json!({"Records": [{"messageId": "1", "body": "{not json"}, {"messageId": "2"}]});
        let messages = of(&event).unwrap().unwrap();
        assert_eq!(
            messages[0],
            Message {
                id: "1".into(),
                body: "{not json".into()
            }
        );
        assert_eq!(messages[1].body, "");
    }

    #[test]
    fn a_message_that_could_not_be_reported_fails_the_event() {
        assert_eq!(
            of(&json!({"Records": [{"body": "{}"}]})),
            Some(Err(MissingId))
        );
        assert_eq!(
            of(&json!({"Records": [{"messageId": "", "body": "{}"}]})),
            Some(Err(MissingId))
        );
        assert_eq!(of(&json!({"kind": "plan"})), None);
    }

    #[test]
    fn failures_are_named_one_by_one() {
        assert_eq!(
            failed(&["1".into()]),
            json!({"batchItemFailures": [{"itemIdentifier": "1"}]})
        );
    }
}
