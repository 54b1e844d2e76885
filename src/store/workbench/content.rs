//! Ids that are made of content, so that programs agree on them without asking each other.

use crate::model::identity::digest;
use crate::store::write::shared::{content_id, is_shared};

/// The id of a text in a dictionary.
pub(in crate::store) fn id_of_text(text: &str) -> i64 {
    content_id(text)
}

/// The id of a person's source group.
pub(in crate::store) fn id_of_group(person: i64, key: &str) -> i64 {
    half(&digest(&[&person.to_le_bytes(), key.as_bytes()]))
}

/// The id of metadata that is shared; `None` for a text that stays with its sample.
pub(in crate::store) fn id_of_metadata(text: &str) -> Option<i64> {
    is_shared(text).then(|| content_id(text))
}

/// The first half of a digest as a number that is not negative.
fn half([a, b, c, d, e, f, g, h, ..]: &[u8; 16]) -> i64 {
    i64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) & i64::MAX
}
