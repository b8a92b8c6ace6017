//! Metrics in CloudWatch's embedded metric format: one JSON line each, no call to anybody.

use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "BabyShield";

/// Writes one set of metrics. `dimensions` are names with few values (a route, an agency); `values`
/// are name, CloudWatch unit and number.
pub fn emit(now: Timestamp, dimensions: &[(&str, &str)], values: &[(&str, &str, f64)]) {
    let line = line(now, dimensions, values);
    // Nobody can be told that standard output is closed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn line(now: Timestamp, dimensions: &[(&str, &str)], values: &[(&str, &str, f64)]) -> Value {
    let names: Vec<_> = dimensions.iter().map(|(name, _)| *name).collect();
    let metrics: Vec<_> = values
        .iter()
        .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".into(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [names], "Metrics": metrics}],
        }),
    );
    for (name, value) in dimensions {
        line.insert((*name).into(), json!(value));
    }
    for (name, _, value) in values {
        line.insert((*name).into(), json!(value));
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_cloudwatch_asks_for() {
        let line = line(
            Timestamp::UNIX_EPOCH,
            &[("route", "GET /health")],
            &[("duration", "Milliseconds", 1.5)],
        );
        let metrics = json!([{"Name": "duration", "Unit": "Milliseconds"}]);
        let directive =
            json!([{"Namespace": "BabyShield", "Dimensions": [["route"]], "Metrics": metrics}]);
        let expected = json!({
            "_aws": {"Timestamp": 0, "CloudWatchMetrics": directive},
            "route": "GET /health",
            "duration": 1.5,
        });
        assert_eq!(line, expected);
    }
}
