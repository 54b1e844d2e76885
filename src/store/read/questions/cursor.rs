//! Keys of rows as texts: where the next page of an answer begins. Clients pass them on as they are.

use std::fmt::Write;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::model::identity::hex;
use crate::model::limits::CURSOR_BYTES_MAX;
use crate::model::record::Uuid;

/// The key of a row, as its table sorts it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RowKey(Vec<KeyPart>);

/// A column of a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum KeyPart {
    Integer(i64),
    Text(String),
    /// Any bytes, since other programs may write them.
    Bytes(Vec<u8>),
}

impl KeyPart {
    fn letter(&self) -> char {
        match self {
            Self::Integer(_) => 'i',
            Self::Text(_) => 't',
            Self::Bytes(_) => 'b',
        }
    }
}

impl ToSql for KeyPart {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Integer(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
        }
    }
}

impl RowKey {
    #[cfg(test)]
    pub(super) fn new(parts: Vec<KeyPart>) -> Self {
        Self(parts)
    }

    /// The key in the first columns of a row.
    pub(super) fn of(row: &rusqlite::Row<'_>, parts: usize) -> rusqlite::Result<Self> {
        let part = |column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Integer(number) => KeyPart::Integer(number),
                ValueRef::Blob(bytes) => KeyPart::Bytes(bytes.to_vec()),
                ValueRef::Text(text) => KeyPart::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Null | ValueRef::Real(_) => KeyPart::Integer(0),
            })
        };
        (0..parts).map(part).collect::<rusqlite::Result<_>>().map(Self)
    }

    /// The key of a sample of a type.
    pub(super) fn of_sample(start_ms: i64, uuid: Uuid) -> Self {
        Self(vec![KeyPart::Integer(start_ms), KeyPart::Bytes(uuid.to_vec())])
    }

    pub(super) fn parts(&self) -> &[KeyPart] {
        &self.0
    }

    /// Whether its columns are of these kinds, each by the letter that it has in cursors.
    pub(super) fn is_of(&self, kinds: &str) -> bool {
        self.0.iter().map(KeyPart::letter).eq(kinds.chars())
    }

    /// The cursor: a letter for the kind of each column, then its digits. `None` if it would be too long.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            if !text.is_empty() {
                text.push('.');
            }
            text.push(part.letter());
            let bytes = match part {
                KeyPart::Integer(number) => {
                    // Writing to a string cannot fail.
                    let _ = write!(text, "{number}");
                    continue;
                }
                KeyPart::Text(text) => text.as_bytes(),
                KeyPart::Bytes(bytes) => bytes.as_slice(),
            };
            if bytes.len() > CURSOR_BYTES_MAX {
                return None;
            }
            text.push_str(&hex(bytes));
        }
        (text.len() <= CURSOR_BYTES_MAX).then_some(text)
    }

    /// Reads a cursor.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > CURSOR_BYTES_MAX {
            return None;
        }
        text.split('.').map(part).collect::<Option<Vec<_>>>().map(Self)
    }
}

fn part(text: &str) -> Option<KeyPart> {
    let (letter, rest) = text.split_at_checked(1)?;
    match letter {
        "i" => rest.parse().ok().map(KeyPart::Integer),
        "t" => String::from_utf8(bytes(rest)?).ok().map(KeyPart::Text),
        "b" => bytes(rest).map(KeyPart::Bytes),
        _ => None,
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?));
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back() {
        for parts in [
            vec![KeyPart::Integer(-5)],
            vec![KeyPart::Integer(7), KeyPart::Bytes(vec![0, 255, 16])],
            vec![KeyPart::Text("a.ü".to_owned()), KeyPart::Bytes(Vec::new())],
        ] {
            let key = RowKey::new(parts);
            assert_eq!(RowKey::parse(&key.to_text().unwrap()), Some(key));
        }
        let named = |length| RowKey::new(vec![KeyPart::Integer(1), KeyPart::Text("n".repeat(length))]);
        let longest = (CURSOR_BYTES_MAX - 4) / 2;
        assert_eq!(RowKey::parse(&named(longest).to_text().unwrap()), Some(named(longest)));
        assert_eq!([longest + 1, 9 * CURSOR_BYTES_MAX].map(|length| named(length).to_text()), [None, None]);
        let key = RowKey::new(vec![KeyPart::Integer(7), KeyPart::Bytes(vec![1])]);
        assert_eq!(
            ["ib", "it", "i", "ibi", "bi", ""].map(|kinds| key.is_of(kinds)),
            [true, false, false, false, false, false]
        );
        let long = format!("b{}", "00".repeat(CURSOR_BYTES_MAX));
        for wrong in ["", "1", "x00", "i", "b0", "b0g", "bü0", "i99999999999999999999", "i1.", "tff", long.as_str()] {
            assert_eq!(RowKey::parse(wrong), None, "{wrong}");
        }
    }
}
