//! The root of an XML document: where it begins, and what follows it. Everything before it (stray bytes, a document type, its
//! entities) is skipped.

use std::io::Read;

use memchr::{memmem, memrchr};

use super::frames::{Frame, Frames, TOP_BYTES};
use super::tag::{is_name_end, name, tag_end};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::XML_PROLOG_BYTES_MAX;

/// Content behind the root.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Behind {
    /// Only blanks and comments.
    Nothing,
    /// Another document, as programs write that put files together.
    Document,
    /// Something else, in this line.
    Text(u64),
}

impl<R: Read> Frames<R> {
    /// Finds the root and returns its start tag.
    pub(crate) fn enter(&mut self) -> Result<Frame> {
        loop {
            if let Some(tag) = self.find_root() {
                let bytes = self.window.bytes();
                if let Some(end) = tag_end(&bytes[tag..]) {
                    self.is_root_closed = bytes[tag + end - 2] == b'/';
                    self.window.at = tag + end;
                    return Ok(self.frame(tag + end, None));
                }
            }
            let was_at_end = self.window.is_at_end();
            if self.passed() - self.document > XML_PROLOG_BYTES_MAX as u64 || (!self.window.read_more()? && was_at_end)
            {
                if was_at_end {
                    self.window.at = self.window.end();
                }
                let root = String::from_utf8_lossy(self.root);
                let message = format!("no element `{root}` was found: it is another file, or it is cut");
                return Err(Error::new(ErrorKind::Shape, message));
            }
        }
    }

    /// Moves to the root's start tag, of which the window has at least the name, and returns its position.
    fn find_root(&mut self) -> Option<usize> {
        while let Some(found) = memmem::find(self.window.rest(), self.root) {
            let (start, end) = (self.window.at + found, self.window.at + found + self.root.len());
            let before = &self.window.bytes()[..start];
            let tag = memrchr(b'<', before).filter(|tag| {
                let prefix = &self.window.bytes()[*tag..start];
                // A longer prefix may be out of the window.
                prefix == b"<"
                    || prefix.len() < TOP_BYTES
                        && prefix.ends_with(b":")
                        && prefix[1..].iter().all(|byte| !is_name_end(*byte))
            });
            match (tag, self.window.bytes().get(end)) {
                (Some(tag), Some(byte)) if is_name_end(*byte) => {
                    self.has_prefixes |= start - tag > 1;
                    (self.window.start, self.window.at) = (tag, tag);
                    return Some(tag);
                }
                (Some(_), None) if !self.window.is_at_end() => return None,
                _ => self.window.at = end,
            }
        }
        // A part of the tag may be there already.
        let window = &mut self.window;
        window.at = window.end().saturating_sub(self.root.len()).max(window.at);
        window.start = window.at.saturating_sub(TOP_BYTES).max(window.start);
        None
    }

    /// Looks behind the root, and moves to the next document if there is one.
    pub(crate) fn behind(&mut self) -> Result<Behind> {
        loop {
            let blanks = self.window.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.window.at += blanks;
            self.window.start = self.window.at;
            let (rest, is_at_end) = (self.window.rest(), self.window.is_at_end());
            let close: &[u8] = match rest {
                _ if rest.len() < TOP_BYTES && !is_at_end => b"",
                [] => return Ok(Behind::Nothing),
                [b'<', b'!', b'-', b'-', ..] => b"-->",
                [b'<', b'?', ..] => b"?>",
                [b'<', tag @ ..] if tag.starts_with(b"!DOCTYPE") || self.local(name(tag)) == self.root => {
                    self.document = self.passed();
                    return Ok(Behind::Document);
                }
                _ => return Ok(Behind::Text(self.window.line(self.window.at))),
            };
            match memmem::find(rest, close).filter(|_| !close.is_empty()) {
                Some(end) => self.window.at += end + close.len(),
                None if is_at_end => return Ok(Behind::Text(self.window.line(self.window.at))),
                None => _ = self.window.read_more()?,
            }
        }
    }

    /// Reads to the end of the input.
    pub(crate) fn skip_rest(&mut self) -> Result<()> {
        loop {
            self.window.at = self.window.end();
            self.window.start = self.window.at;
            if !self.window.read_more()? {
                return Ok(());
            }
        }
    }
}
