//! What struson is asked and what it says: how it reads, whether a text is JSON, and its errors as ours.

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings, SyntaxErrorKind, ValueType};

use super::nesting::blank_below;
use super::section::Section;
use crate::model::error::{Error, ErrorKind};
use crate::model::limits::SKELETON_NESTING_MAX;

/// Returns how struson reads: strict, without keeping a path, and without a limit on numbers.
pub(crate) fn reader_settings() -> ReaderSettings {
    ReaderSettings {
        track_path: false,
        max_nesting_depth: Some(SKELETON_NESTING_MAX),
        restrict_number_values: false,
        ..ReaderSettings::default()
    }
}

/// Returns how struson reads a body, which may be several documents, one behind the other.
pub(crate) fn body_settings() -> ReaderSettings {
    ReaderSettings { allow_multiple_top_level: true, ..reader_settings() }
}

/// Judges whether a text inside so many arrays and objects is JSON, whatever its values: numbers may be out of range. What is
/// nested too deeply is not judged: blanks are written over it.
pub(crate) fn judge(text: &mut [u8], nesting: u32) -> Result<(), ReaderError> {
    blank_below(SKELETON_NESTING_MAX.saturating_sub(nesting), text);
    let mut json = JsonStreamReader::new_custom(&*text, reader_settings());
    json.skip_value()?;
    json.consume_trailing_whitespace()
}

/// Whether a text only ends too early, although struson names another fault: it finds no colon behind the last name, or half a
/// word or number. `rest` returns what is in the text from a place on, if it is short.
pub(crate) fn is_cut(error: &ReaderError, rest: impl FnOnce(u64) -> Option<Vec<u8>>) -> bool {
    let ReaderError::SyntaxError(syntax) = error else {
        return false;
    };
    if syntax.kind == SyntaxErrorKind::IncompleteDocument {
        return true;
    }
    let Some(rest) = syntax.location.data_pos.and_then(rest) else {
        return false;
    };
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let is_half_escape = || match &*rest {
        [b'\\'] => true,
        [b'\\', b'u', digits @ ..] => digits.len() < 4 && digits.iter().all(u8::is_ascii_hexdigit),
        _ => false,
    };
    rest.is_empty()
        || is_half_escape()
        || syntax.kind == SyntaxErrorKind::MalformedNumber && rest.iter().all(is_part)
        || ["true", "false", "null"].iter().any(|word| word.as_bytes().starts_with(&rest))
}

/// The error for a body that ends too early.
pub(crate) fn cut_error(bytes: u64, section: &Section, index: Option<u64>) -> Error {
    let message = if bytes == 0 { EMPTY } else { CUT };
    Error::new(ErrorKind::Syntax, message).at(Some(bytes), section.named(), index)
}

const CUT: &str = "the document ends before its JSON is complete";

const EMPTY: &str = "the body is empty";

/// Returns our error for struson's about a body, with its place there. `offset` maps struson's offset to the body's.
pub(crate) fn syntax_error(
    error: &ReaderError,
    offset: impl Fn(u64) -> u64,
    section: &Section,
    index: Option<u64>,
) -> Error {
    let (kind, message, location) = match error {
        ReaderError::SyntaxError(error) => {
            let message = match error.kind {
                SyntaxErrorKind::IncompleteDocument if error.location.data_pos == Some(0) => EMPTY.to_owned(),
                SyntaxErrorKind::IncompleteDocument => CUT.to_owned(),
                kind => format!("the document is not JSON: {}", words(&kind.to_string())),
            };
            (ErrorKind::Syntax, message, &error.location)
        }
        ReaderError::MaxNestingDepthExceeded { max_nesting_depth, location } => {
            (ErrorKind::Syntax, format!("the document is nested deeper than {max_nesting_depth} levels"), location)
        }
        ReaderError::IoError { location, .. } => (ErrorKind::Syntax, "the document is not UTF-8".to_owned(), location),
        ReaderError::UnexpectedValueType { location, .. }
        | ReaderError::UnexpectedStructure { location, .. }
        | ReaderError::UnsupportedNumberValue { location, .. } => {
            (ErrorKind::Shape, "not a payload of Health Export Pro".to_owned(), location)
        }
        _ => return Error::new(ErrorKind::Syntax, "the document is not JSON"),
    };
    Error::new(kind, message).at(location.data_pos.map(offset), section.named(), index)
}

/// Returns the kind of a value, with its article.
pub(crate) fn kind_in_words(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Array => "an array",
        ValueType::Object => "an object",
        ValueType::String => "a text",
        ValueType::Number => "a number",
        ValueType::Boolean => "true or false",
        ValueType::Null => "null",
    }
}

/// Splits a name into words: `TrailingCommaNotEnabled` becomes `trailing comma not enabled`.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 8);
    for character in name.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}
