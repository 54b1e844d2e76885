//! What each source group adds to a day, read from the details of its row.

use serde::Deserialize;
use serde_json::Value;

/// What a source group adds to a day.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub(in crate::store) struct StoredPart {
    /// The group's id.
    pub(in crate::store) group: i64,
    /// Its part of a sum, or its samples' mean or level.
    #[serde(default)]
    pub(in crate::store) value: Option<f64>,
    /// Its samples.
    #[serde(default)]
    pub(in crate::store) count: i64,
    /// Time in which it is the source that counts, in milliseconds.
    #[serde(default)]
    pub(in crate::store) covered_ms: i64,
}

/// The member of a day's details that this program writes.
#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    groups: Vec<StoredPart>,
}

/// The parts of a day with several groups. Another program may have written anything, of which nothing is a part.
pub(in crate::store) fn stored_parts(details: &str) -> Vec<StoredPart> {
    if let Ok(Details { groups }) = serde_json::from_str(details) {
        return groups;
    }
    let details: Value = serde_json::from_str(details).unwrap_or_default();
    let whole = |part: &Value, name: &str| part[name].as_i64();
    let part = |part: &Value| {
        Some(StoredPart {
            group: whole(part, "group")?,
            value: part["value"].as_f64(),
            count: whole(part, "count").unwrap_or(0),
            covered_ms: whole(part, "covered_ms").unwrap_or(0),
        })
    };
    details["groups"].as_array().into_iter().flatten().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_details() {
        let part = StoredPart { group: 7, value: Some(1.5), count: 2, covered_ms: 0 };
        let details = r#"{"groups":[{"group":7,"value":1.5,"count":2,"covered_ms":0},{"group":null},5]}"#;
        assert_eq!(stored_parts(details), [part]);
        let details = r#"{"values":[1],"groups":[{"covered_ms":0,"group":7,"value":1.5,"count":2,"more":{}}]}"#;
        assert_eq!(stored_parts(details), [part]);
        assert_eq!(stored_parts(r#"{"groups":[{"group":7}]}"#), [StoredPart { value: None, count: 0, ..part }]);
        for nothing in ["", "[]", "{}", r#"{"groups":{}}"#, r#"{"values":[]}"#] {
            assert_eq!(stored_parts(nothing), [], "{nothing}");
        }
    }
}
