//! Lines of text in any encoding of spreadsheets, with their numbers. The reader of a recording goes back to the line that begins
//! the next one.

use std::io::{self, BufRead};
use std::ops::Range;

use crate::model::limits::ECG_REJECT_BYTES_MAX;

/// The lines of a file, which end with a line feed, a carriage return, or both.
pub(super) struct Lines<S> {
    pub(super) source: S,
    /// The bytes read up to a line feed, and where its next line begins.
    pub(super) text: String,
    at: usize,
    /// Number of the last line.
    pub(super) number: u64,
    /// The beginning of the recording under way.
    pub(super) head: String,
    pub(super) is_at_end: bool,
}

impl<S: BufRead> Lines<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, text: String::new(), at: 0, number: 0, head: String::new(), is_at_end: false }
    }

    /// Returns where the next line is in the text. `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Range<usize>>> {
        if self.at >= self.text.len() {
            let mut bytes = Vec::new();
            if self.source.read_until(b'\n', &mut bytes)? == 0 {
                self.is_at_end = true;
                return Ok(None);
            }
            (self.text, self.at) = (text_of(bytes), 0);
        }
        let start = self.at;
        let rest = &self.text[start..];
        let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let is_last = matches!(&rest[end..], "\r\n" | "\r" | "\n" | "");
        self.at = if is_last { self.text.len() } else { start + end + 1 };
        self.number += 1;
        Ok(Some(start..start + end))
    }

    /// Adds the line from this place on to the beginning of the recording.
    pub(super) fn see(&mut self, start: usize) {
        if self.head.len() < ECG_REJECT_BYTES_MAX {
            self.head.push_str(&self.text[start..self.at]);
        }
    }

    /// Goes back to the line from this place on.
    pub(super) fn go_back(&mut self, start: usize) {
        self.at = start;
        self.number -= 1;
    }
}

/// The text of lines that may be Latin-1, as spreadsheets save them.
pub(super) fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().map(|byte| char::from(*byte)).collect())
}
