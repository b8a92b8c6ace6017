//! Batches of which a part is handed back.

use serde_json::{Map, Value, json};

use crate::Call;

/// A batch cut in two: what is forwarded, and what is told to be undone.
pub(crate) struct Cut {
    /// The request's body with the first entry only.
    pub(crate) body: Vec<u8>,
    left: Left,
}

enum Left {
    Keys(Value),
    Items(Value),
    Messages(Vec<Value>),
}

impl Cut {
    /// Cuts a batch; nothing when the call is none or has one entry only.
    pub(crate) fn of(call: &Call, body: &[u8]) -> Option<Self> {
        let mut request: Value = serde_json::from_slice(body).ok()?;
        let left = match call.operation.as_str() {
            "BatchGetItem" => Left::Keys(split_tables(&mut request, |table| &mut table["Keys"])?),
            "BatchWriteItem" => Left::Items(split_tables(&mut request, |table| table)?),
            "SendMessageBatch" => Left::Messages(split(&mut request["Entries"])?),
            _ => return None,
        };
        Some(Self {
            body: request.to_string().into_bytes(),
            left,
        })
    }

    /// Adds to the service's answer what was held back.
    pub(crate) fn complete(&self, answer: &[u8]) -> Option<String> {
        let mut answer: Value = serde_json::from_slice(answer).ok()?;
        match &self.left {
            Left::Keys(keys) => answer["UnprocessedKeys"] = keys.clone(),
            Left::Items(items) => answer["UnprocessedItems"] = items.clone(),
            Left::Messages(entries) => {
                let failed = entries.iter().map(|entry| {
                    json!({"Id": entry["Id"], "SenderFault": false, "Code": "InternalError", "Message": "try again"})
                });
                answer["Failed"] = failed.collect();
            }
        }
        Some(answer.to_string())
    }
}

/// Leaves one entry in the first table and returns the rest, in the same shape.
fn split_tables(request: &mut Value, entries: fn(&mut Value) -> &mut Value) -> Option<Value> {
    let tables = request["RequestItems"].as_object_mut()?;
    let mut rest = Map::new();
    let mut kept = Map::new();
    for (name, mut table) in std::mem::take(tables) {
        if kept.is_empty() {
            let mut held_back = table.clone();
            if let Some(left) = split(entries(&mut table)) {
                *entries(&mut held_back) = Value::Array(left);
                rest.insert(name.clone(), held_back);
            }
            kept.insert(name, table);
        } else {
            rest.insert(name, table);
        }
    }
    *tables = kept;
    (!rest.is_empty()).then_some(Value::Object(rest))
}

fn split(entries: &mut Value) -> Option<Vec<Value>> {
    let entries = entries.as_array_mut()?;
    (entries.len() > 1).then(|| entries.split_off(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;

    fn call(operation: &str) -> Call {
        Call {
            service: Service::Dynamodb,
            operation: operation.to_owned(),
        }
    }

    #[test]
    fn what_is_held_back_and_what_goes_on_are_the_whole_batch() {
        let body = json!({"RequestItems": {"a": {"Keys": [1, 2, 3], "ConsistentRead": true}, "b": {"Keys": [4]}}});
        let cut = Cut::of(&call("BatchGetItem"), body.to_string().as_bytes()).unwrap();
        let on: Value = serde_json::from_slice(&cut.body).unwrap();
        assert_eq!(
            on["RequestItems"],
            json!({"a": {"Keys": [1], "ConsistentRead": true}})
        );
        let answer = cut
            .complete(br#"{"Responses":{},"UnprocessedKeys":{}}"#)
            .unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            answer["UnprocessedKeys"],
            json!({"a": {"Keys": [2, 3], "ConsistentRead": true}, "b": {"Keys": [4]}})
        );
        let body = json!({"QueueUrl": "q", "Entries": [{"Id": "0"}, {"Id": "1"}]});
        let cut = Cut::of(&call("SendMessageBatch"), body.to_string().as_bytes()).unwrap();
        let answer = cut.complete(br#"{"Successful":[{"Id":"0"}]}"#).unwrap();
        assert!(answer.contains(r#""Id":"1""#), "{answer}");
    }

    #[test]
    fn a_batch_of_one_and_a_call_that_is_none_cannot_be_cut() {
        let one = json!({"RequestItems": {"a": [{"PutRequest": {}}]}}).to_string();
        assert!(Cut::of(&call("BatchWriteItem"), one.as_bytes()).is_none());
        assert!(Cut::of(&call("PutItem"), b"{}").is_none());
        assert!(Cut::of(&call("BatchGetItem"), b"{").is_none());
    }
}
