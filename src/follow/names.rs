//! Names and tags as a target has them. Rows are counted, written and deleted by these, so that the three agree.

use std::borrow::Cow;

use crate::model::limits::FOLLOW_TAG_BYTES_MAX;

/// What stands for a backslash at the end: there it would escape what follows.
const BACKSLASH: char = '⧵';

/// Returns the text of a tag: one line, cut, without spaces at its end. An empty one is left out.
pub(super) fn tag_text(text: &str) -> Cow<'_, str> {
    let is_plain = text.len() <= FOLLOW_TAG_BYTES_MAX && !text.ends_with(['\\', ' ']);
    if is_plain && is_one_line(text) {
        return Cow::Borrowed(text);
    }
    let cut = &text[..text.floor_char_boundary(FOLLOW_TAG_BYTES_MAX)];
    let cut = cut.trim_end_matches(|letter: char| letter <= ' ');
    Cow::Owned(ended(one_line(cut)))
}

/// Returns the name of a measurement. It does not begin as comments do, nor as the server's names do.
pub(super) fn measurement_text(name: &str) -> Cow<'_, str> {
    let is_taken = name.is_empty() || name.starts_with(['#', '_']);
    if !is_taken && !name.ends_with('\\') && is_one_line(name) {
        return Cow::Borrowed(name);
    }
    let mut text = ended(one_line(name));
    if is_taken {
        text.insert(0, 'x');
    }
    Cow::Owned(text)
}

fn is_one_line(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ')
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter < ' ' { ' ' } else { letter }).collect()
}

fn ended(mut text: String) -> String {
    if text.ends_with('\\') {
        text.pop();
        text.push(BACKSLASH);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_as_a_target_has_them() {
        let check = |text: &str, tag: &str, measurement: &str| {
            assert_eq!((&*tag_text(text), &*measurement_text(text)), (tag, measurement), "{text:?}");
            assert_eq!(tag_text(tag), tag, "what a target has is left as it is");
            assert_eq!(measurement_text(measurement), measurement);
        };
        check("steps", "steps", "steps");
        check("Anna\nWatch ", "Anna Watch", "Anna Watch ");
        check("anna\\", "anna⧵", "anna⧵");
        check("a\\b\\\\", "a\\b\\⧵", "a\\b\\⧵");
        check("\\", "⧵", "⧵");
        check("", "", "x");
        check("#a", "#a", "x#a");
        check("_a", "_a", "x_a");
        let long = "ü".repeat(FOLLOW_TAG_BYTES_MAX);
        assert_eq!(tag_text(&long).len(), FOLLOW_TAG_BYTES_MAX);
        let cut = ["a".repeat(FOLLOW_TAG_BYTES_MAX - 1), "\\b".to_owned()].concat();
        assert!(tag_text(&cut).ends_with("a⧵"));
    }
}
