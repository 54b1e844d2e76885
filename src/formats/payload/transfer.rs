//! Copies one value out of struson as text: the slow way of an element to the element decoder.
//!
//! Only blanks are lost. A value over the limit is read to its end, so that the body goes on behind it.

use std::io::Read;

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ValueType};

use crate::formats::json::write_string;
use crate::model::limits::{ELEMENT_BYTES_MAX, REJECT_RAW_BYTES_MAX};

/// The text of a value, as far as it is kept.
#[derive(Debug, Default)]
pub(crate) struct Transferred {
    /// The text: whole, or if it is over the limit as much as a reject shows.
    pub(crate) text: String,
    /// The whole length.
    pub(crate) bytes: u64,
}

/// An array or object under way.
#[derive(Clone, Copy, Debug)]
enum Open {
    Array,
    Object,
}

impl Transferred {
    /// Replaces what it holds by the next value.
    pub(crate) fn read<R: Read>(&mut self, json: &mut JsonStreamReader<R>) -> Result<(), ReaderError> {
        self.text.clear();
        self.text.shrink_to(REJECT_RAW_BYTES_MAX);
        self.bytes = 0;
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
        if self.reserve(text.len()) {
            self.text.push_str(text);
        }
        self.bytes += text.len() as u64;
    }

    fn push_string(&mut self, text: &str) {
        if self.reserve(text.len() + 2) {
            let before = self.text.len();
            write_string(text, &mut self.text);
            self.bytes += (self.text.len() - before) as u64;
        } else {
            self.bytes += text.len() as u64 + 2;
        }
    }

    /// Reserves memory for so many bytes more. Returns false if the text is not whole, or no longer: it is then cut.
    fn reserve(&mut self, more: usize) -> bool {
        let is_whole = self.bytes == self.text.len() as u64;
        if is_whole && self.text.len() + more > ELEMENT_BYTES_MAX {
            let end = self.text.floor_char_boundary(REJECT_RAW_BYTES_MAX);
            self.text.truncate(end);
            return false;
        }
        if is_whole && self.text.len() + more > self.text.capacity() && self.text.len() >= REJECT_RAW_BYTES_MAX {
            // It gets memory for the longest at once: by doubling, twice as much would be touched.
            self.text.reserve_exact(ELEMENT_BYTES_MAX - self.text.len());
        }
        is_whole
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
            let mut transferred = Transferred::default();
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
    fn a_value_over_the_limit_is_read_to_its_end() {
        let body = format!("[[{}0],7]", "\"0123456789\",".repeat(ELEMENT_BYTES_MAX / 10));
        let mut reader = JsonStreamReader::new(body.as_bytes());
        reader.begin_array().unwrap();
        let mut transferred = Transferred::default();
        transferred.read(&mut reader).unwrap();
        assert_eq!(transferred.bytes, body.len() as u64 - 4);
        assert_eq!(transferred.text, body[1..=transferred.text.len()]);
        assert!(transferred.text.len() <= REJECT_RAW_BYTES_MAX);
        assert_eq!(reader.next_number_as_str().unwrap(), "7");
    }
}
