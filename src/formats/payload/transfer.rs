//! Copies one value out of struson as text: the slow way of an element to the element decoder.
//!
//! Only blanks are lost. A value over the limit is read to its end, so that the body goes on behind it.

use std::io::Read;

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ValueType};

use super::arena::RawElement;
use crate::formats::json::write_string;
use crate::formats::surrogates;
use crate::model::batch::Overflow;
use crate::model::error::Error;
use crate::model::limits::{ELEMENT_BYTES_MAX, GROUP_BYTES, GROUP_BYTES_MAX, REJECT_RAW_BYTES_MAX};

/// The text of a value, as far as it is kept.
#[derive(Debug)]
pub(crate) struct Transferred {
    /// The text: whole, or if it is longer than a group as much as a reject shows.
    pub(crate) text: String,
    /// The whole length.
    pub(crate) bytes: u64,
    /// The whole text if it is longer than a group, unless it is over the limit.
    pub(crate) overflow: Box<dyn Overflow>,
    /// The end of that text, which waits to be long enough.
    tail: String,
    /// A string with its escapes.
    string: String,
    failure: Option<Error>,
}

/// An array or object under way.
#[derive(Clone, Copy, Debug)]
enum Open {
    Array,
    Object,
}

impl Transferred {
    pub(crate) fn new(overflow: Box<dyn Overflow>) -> Self {
        Self { text: String::new(), bytes: 0, overflow, tail: String::new(), string: String::new(), failure: None }
    }

    /// The text as an element with this place and offset.
    pub(super) fn element(&self, index: Option<u64>, offset: u64) -> RawElement<'_> {
        let Self { text, bytes, overflow, .. } = self;
        RawElement { index, offset, text: text.as_bytes(), bytes: *bytes, overflow: &**overflow }
    }

    /// Takes the reason why the last value could not be kept.
    pub(crate) fn take_failure(&mut self) -> Result<(), Error> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Replaces what it holds by the next value.
    pub(crate) fn read<R: Read>(&mut self, json: &mut JsonStreamReader<R>) -> Result<(), ReaderError> {
        if self.bytes > GROUP_BYTES_MAX as u64 {
            self.overflow.clear();
        }
        self.text.clear();
        self.tail.clear();
        self.bytes = 0;
        self.copy(json)?;
        self.flush();
        Ok(())
    }

    fn copy<R: Read>(&mut self, json: &mut JsonStreamReader<R>) -> Result<(), ReaderError> {
        // struson bounds the depth.
        let mut open: Vec<Open> = Vec::new();
        // What stands between the last value and the next one.
        let mut separator = "";
        loop {
            if let Some(innermost) = open.last().copied() {
                if !json.has_next()? {
                    self.close(innermost, json)?;
                    open.pop();
                    if open.is_empty() {
                        return Ok(());
                    }
                    separator = ",";
                    continue;
                }
                self.push(separator);
                if matches!(innermost, Open::Object) {
                    self.push_string(json.next_name()?);
                    self.push(":");
                }
            }
            match self.begin(json)? {
                Some(opened) => {
                    open.push(opened);
                    separator = "";
                }
                None if open.is_empty() => return Ok(()),
                None => separator = ",",
            }
        }
    }

    /// Copies a value. Of an array or object it copies only the beginning, and returns which of the two it is.
    fn begin<R: Read>(&mut self, json: &mut JsonStreamReader<R>) -> Result<Option<Open>, ReaderError> {
        match json.peek()? {
            ValueType::Object => {
                json.begin_object()?;
                self.push("{");
                return Ok(Some(Open::Object));
            }
            ValueType::Array => {
                json.begin_array()?;
                self.push("[");
                return Ok(Some(Open::Array));
            }
            ValueType::String => self.push_string(json.next_str()?),
            ValueType::Number => self.push(json.next_number_as_str()?),
            ValueType::Boolean => self.push(if json.next_bool()? { "true" } else { "false" }),
            ValueType::Null => {
                json.next_null()?;
                self.push("null");
            }
        }
        Ok(None)
    }

    fn close<R: Read>(&mut self, open: Open, json: &mut JsonStreamReader<R>) -> Result<(), ReaderError> {
        match open {
            Open::Object => {
                json.end_object()?;
                self.push("}");
            }
            Open::Array => {
                json.end_array()?;
                self.push("]");
            }
        }
        Ok(())
    }

    fn push(&mut self, text: &str) {
        let was_whole = self.bytes <= GROUP_BYTES_MAX as u64;
        self.bytes += text.len() as u64;
        if self.bytes <= GROUP_BYTES_MAX as u64 {
            self.text.push_str(text);
            return;
        }
        if was_whole {
            self.tail.push_str(&self.text);
            self.text.push_str(&text[..text.floor_char_boundary(REJECT_RAW_BYTES_MAX)]);
            self.text.truncate(self.text.floor_char_boundary(REJECT_RAW_BYTES_MAX));
        }
        self.tail.push_str(text);
        if self.tail.len() >= GROUP_BYTES {
            self.flush();
        }
    }

    /// Moves the tail to the overflow.
    fn flush(&mut self) {
        if self.bytes > ELEMENT_BYTES_MAX as u64 {
            self.overflow.clear();
        } else if self.failure.is_none() && !self.tail.is_empty() {
            self.failure = self.overflow.append(self.tail.as_bytes()).err();
        }
        self.tail.clear();
        self.tail.shrink_to(GROUP_BYTES_MAX);
    }

    fn push_string(&mut self, text: &str) {
        // A string over the limit is not written, since it would be written twice.
        if text.len() > ELEMENT_BYTES_MAX {
            self.push(&text[..text.floor_char_boundary(GROUP_BYTES_MAX)]);
            self.bytes += text.len() as u64;
            return;
        }
        let mut string = std::mem::take(&mut self.string);
        write_string(text, &mut string);
        surrogates::restore(&mut string);
        self.push(&string);
        string.clear();
        string.shrink_to(GROUP_BYTES_MAX);
        self.string = string;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_copied_whole_and_the_reader_stands_behind_them() {
        let check = |json: &str, expected: &str| {
            let body = format!("[{json},7]");
            let mut reader = JsonStreamReader::new(body.as_bytes());
            reader.begin_array().unwrap();
            let mut transferred = Transferred::new(Box::<Vec<u8>>::default());
            transferred.read(&mut reader).unwrap();
            assert_eq!(transferred.text, expected);
            assert_eq!(transferred.bytes, expected.len() as u64);
            assert_eq!(reader.next_number_as_str().unwrap(), "7");
        };
        check("[ ]", "[]");
        check("{ }", "{}");
        check(
            r#"{"a" : [1.50, {"b":[[],{}] }, null,true ,false], "\u0061": "\"x\u00e9" }"#,
            r#"{"a":[1.50,{"b":[[],{}]},null,true,false],"a":"\"xé"}"#,
        );
        check("1e-7", "1e-7");
    }

    #[test]
    fn a_value_longer_than_a_group_is_in_the_overflow() {
        for count in [GROUP_BYTES_MAX / 12, GROUP_BYTES_MAX / 2] {
            let body = format!("[[{}0],7]", "\"0123456789\",".repeat(count));
            let mut reader = JsonStreamReader::new(body.as_bytes());
            reader.begin_array().unwrap();
            let mut transferred = Transferred::new(Box::<Vec<u8>>::default());
            for _ in 0..2 {
                if reader.peek().unwrap() == ValueType::Array {
                    transferred.read(&mut reader).unwrap();
                }
                assert_eq!(std::io::read_to_string(transferred.overflow.reader()).unwrap(), body[1..body.len() - 3]);
                assert_eq!(transferred.text, body[1..=REJECT_RAW_BYTES_MAX]);
            }
            transferred.read(&mut reader).unwrap();
            assert_eq!((transferred.text.as_str(), transferred.bytes), ("7", 1));
        }
    }

    #[test]
    fn a_value_over_the_limit_is_read_to_its_end() {
        let body = format!("[[{}0],7]", "\"0123456789\",".repeat(ELEMENT_BYTES_MAX / 10));
        let mut reader = JsonStreamReader::new(body.as_bytes());
        reader.begin_array().unwrap();
        let mut transferred = Transferred::new(Box::<Vec<u8>>::default());
        transferred.read(&mut reader).unwrap();
        assert_eq!(transferred.bytes, body.len() as u64 - 4);
        assert_eq!(transferred.text, body[1..=transferred.text.len()]);
        assert!(transferred.text.len() <= REJECT_RAW_BYTES_MAX);
        assert_eq!(reader.next_number_as_str().unwrap(), "7");
    }
}
