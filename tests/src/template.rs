//! `template.yaml`, read as data.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_yaml_ng::Value;

/// Returns the root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in a folder")
        .to_owned()
}

/// The template.
pub struct Template(Value);

impl Template {
    /// Reads the committed template. Tags such as `!Ref` stay as tagged values.
    pub fn read() -> Self {
        let text =
            fs::read_to_string(root().join("template.yaml")).expect("template.yaml is committed");
        Self(serde_yaml_ng::from_str(&text).expect("template.yaml is YAML"))
    }

    /// Returns the resources of a type, by their logical name.
    pub fn resources(&self, kind: &str) -> BTreeMap<String, &Value> {
        let resources = self.0["Resources"]
            .as_mapping()
            .expect("a template has resources");
        resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str().expect("names are text").to_owned(), resource))
            .collect()
    }

    /// Returns a resource's properties.
    pub fn properties(&self, name: &str) -> &Value {
        &self.0["Resources"][name]["Properties"]
    }

    /// Returns a parameter.
    pub fn parameter(&self, name: &str) -> &Value {
        &self.0["Parameters"][name]
    }

    /// Returns the defaults that all functions share.
    pub fn globals(&self) -> &Value {
        &self.0["Globals"]["Function"]
    }
}

/// Returns the logical names that a value refers to, by `!Ref`, `!GetAtt` or `!Sub`.
pub fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Tagged(tagged) => {
            let text = tagged.value.as_str().unwrap_or_default();
            match tagged.tag.to_string().as_str() {
                "!Ref" => vec![text.to_owned()],
                "!GetAtt" => vec![text.split('.').next().unwrap_or_default().to_owned()],
                "!Sub" => text
                    .split("${")
                    .skip(1)
                    .filter_map(|rest| rest.split(['}', '.']).next())
                    .map(str::to_owned)
                    .collect(),
                _ => references(&tagged.value),
            }
        }
        Value::Sequence(values) => values.iter().flat_map(references).collect(),
        Value::Mapping(values) => values.values().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
