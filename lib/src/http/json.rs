//! What no JSON body may be, whatever it is read as: nested without end, or with a field that stands twice.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// How deep a body may be nested: deeper than anything that is meant.
pub(super) const DEPTH_MOST: usize = 64;

/// Returns how deep a text that is JSON is nested.
pub(super) fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Any JSON in which no field stands twice in its object: two readers would take different ones.
pub(super) struct Plain;

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Plain {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = object.next_key::<String>()? {
            if names.contains(&name) {
                return Err(A::Error::custom(format!("duplicate field `{name}`")));
            }
            names.insert(name);
            object.next_value::<Self>()?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_are_no_depth() {
        assert_eq!(depth("1"), 0);
        assert_eq!(depth(r#"{"a[[{": "\"[\\\"[", "b": []}"#), 2);
        assert_eq!(depth(&format!("{}{}", "[".repeat(65), "]".repeat(65))), 65);
    }

    #[test]
    fn a_field_that_stands_twice_is_found_wherever_it_is_and_however_it_is_written() {
        let read = |json: &str| serde_json::from_str::<Plain>(json).map(drop);
        for fine in [
            "null",
            r#"[{"a": 1}, {"a": 1.5}]"#,
            r#"{"a": {"a": true}, "A": -1, "": "x"}"#,
        ] {
            read(fine).unwrap();
        }
        for twice in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#"[{"b": [{"": 1, "": 2}]}]"#,
        ] {
            assert!(
                read(twice)
                    .unwrap_err()
                    .to_string()
                    .contains("duplicate field")
            );
        }
    }
}
