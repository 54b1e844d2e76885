//! The children of an XML document's root, one after the other, each as one slice of a bounded buffer.
//!
//! What is ours is brackets, quotes and depth; whether an element is well-formed is judged by the XML library, so one broken
//! element costs itself alone. Whatever stands before the root (stray bytes, a document type, its entities) is passed over.

use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem};

use super::tag::tag_end;
use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::limits::{IMPORT_ELEMENT_BYTES_MAX, READ_BUFFER_BYTES, REJECT_RAW_BYTES_MAX};

/// Bytes that may stand before the root.
const PROLOG_BYTES_MAX: usize = 16 << 20;

const TOO_LONG: &str = "it is longer than an element may be";

/// Elements that stand under the root and nowhere else: where one begins, a broken one before it has ended.
const TOP: [&[u8]; 11] = [
    b"Record",
    b"Correlation",
    b"Workout",
    b"ActivitySummary",
    b"ClinicalRecord",
    b"Audiogram",
    b"VisionPrescription",
    b"ExportDate",
    b"Me",
    b"trkpt",
    b"rtept",
];

/// Bytes that decide whether one of them begins: the longest name with its brackets.
const TOP_BYTES: usize = 32;

/// One child of the root.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Where it lies: see [`Frames::bytes`].
    range: Range<usize>,
    /// Line of its first byte, from 1.
    pub(crate) line: u64,
    /// Offset of its first byte.
    pub(crate) offset: u64,
    /// Its whole length.
    pub(crate) bytes: u64,
    /// What is wrong with it already.
    pub(crate) flaw: Option<&'static str>,
}

/// Reads the children of the root.
#[derive(Debug)]
pub(crate) struct Frames<R> {
    source: R,
    root: &'static [u8],
    /// Elements whose children are read as if they were the root's.
    opened: &'static [&'static [u8]],
    buf: Vec<u8>,
    /// Offset of `buf[0]` in the input.
    base: u64,
    /// What is scanned next.
    at: usize,
    /// Begin of the element under way.
    start: usize,
    depth: u32,
    /// Lines up to `counted`.
    line: u64,
    counted: usize,
    is_at_end: bool,
    is_root_closed: bool,
    /// Line and offset of an element that is longer than the limit, and how it begins.
    oversize: Option<(u64, u64)>,
    head: Vec<u8>,
    passing: Option<Passing>,
    /// Bytes between elements that are no blanks.
    pub(crate) stray_bytes: u64,
}

/// What is passed over because its end is further off than an element may be long.
#[derive(Clone, Copy, Debug)]
enum Passing {
    /// A comment and the like: up to these bytes.
    Text(&'static [u8]),
    /// A tag: up to the next element of the top level.
    Tag,
}

/// What a look at the next tag says.
enum Tag {
    /// More bytes are needed.
    More,
    /// Passed over; no element is complete.
    Passed,
    /// An element is complete; it ends here.
    Complete(usize),
    /// The element under way is not closed and another one begins here.
    Broken(usize),
    /// The root's end.
    Root,
}

impl<R: Read> Frames<R> {
    pub(crate) fn new(source: R, root: &'static str, opened: &'static [&'static [u8]]) -> Self {
        Self {
            source,
            root: root.as_bytes(),
            opened,
            buf: Vec::with_capacity(2 * READ_BUFFER_BYTES),
            base: 0,
            at: 0,
            start: 0,
            depth: 0,
            line: 1,
            counted: 0,
            is_at_end: false,
            is_root_closed: false,
            oversize: None,
            head: Vec::new(),
            passing: None,
            stray_bytes: 0,
        }
    }

    /// Bytes of the input that were passed.
    pub(crate) fn passed(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The text of a frame, until the next one is asked for.
    pub(crate) fn bytes(&self, frame: &Frame) -> &[u8] {
        if frame.range.is_empty() { &self.head } else { &self.buf[frame.range.clone()] }
    }

    /// Goes to the root: returns its start tag.
    pub(crate) fn enter(&mut self) -> Result<Frame> {
        let wanted = [b"<", self.root].concat();
        loop {
            let rest = &self.buf[self.at..];
            if let Some(found) = memmem::find(rest, &wanted) {
                let tag = self.at + found;
                match self.buf.get(tag + wanted.len()) {
                    None if !self.is_at_end => {}
                    Some(b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/') => {
                        self.start = tag;
                        self.at = tag;
                        if let Some(end) = tag_end(&self.buf[tag..]) {
                            self.is_root_closed = self.buf[tag + end - 2] == b'/';
                            self.at = tag + end;
                            return Ok(self.frame(self.at, None));
                        }
                    }
                    _ => {
                        self.at = tag + wanted.len();
                        continue;
                    }
                }
            } else {
                // A part of the name may be there already.
                self.at = self.buf.len().saturating_sub(wanted.len()).max(self.at);
                self.start = self.at;
            }
            let was_at_end = self.is_at_end;
            if self.passed() > PROLOG_BYTES_MAX as u64 || (!self.more()? && was_at_end) {
                let root = String::from_utf8_lossy(self.root);
                let message =
                    format!("no element `{root}` was found: this is not the file it was taken for, or it is cut");
                return Err(Error::new(ErrorKind::Shape, message));
            }
        }
    }

    /// The next child; none behind the last one, once the root is closed.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>> {
        if self.is_root_closed {
            return Ok(None);
        }
        loop {
            match self.tag() {
                Tag::Passed => {}
                Tag::Complete(end) => {
                    self.at = end;
                    return Ok(Some(self.frame(end, None)));
                }
                Tag::Broken(next) => {
                    self.depth = 0;
                    self.at = next;
                    return Ok(Some(self.frame(next, Some("it is not closed where the next element begins"))));
                }
                Tag::Root => {
                    self.is_root_closed = true;
                    return Ok(None);
                }
                Tag::More => {
                    self.limit();
                    // Once the end is known, the last bytes are looked at again.
                    let was_at_end = self.is_at_end;
                    if !self.more()? && was_at_end {
                        return Err(self.cut());
                    }
                }
            }
        }
    }

    /// Reads to the end of the input, whatever stands behind the root.
    pub(crate) fn finish(&mut self) -> Result<()> {
        loop {
            self.stray_bytes += stray(&self.buf[self.at..]);
            self.at = self.buf.len();
            self.start = self.at;
            if !self.more()? {
                return Ok(());
            }
        }
    }

    fn cut(&mut self) -> Error {
        self.count_lines(self.buf.len());
        let message = format!("the file ends in line {} before its last element is closed: it is cut", self.line);
        self.at = self.buf.len();
        Error::new(ErrorKind::Syntax, message).at(Some(self.base + self.buf.len() as u64), None, None)
    }

    fn count_lines(&mut self, to: usize) {
        if to > self.counted {
            self.line += memchr_iter(b'\n', &self.buf[self.counted..to]).count() as u64;
            self.counted = to;
        }
    }

    fn frame(&mut self, end: usize, flaw: Option<&'static str>) -> Frame {
        if let Some((line, offset)) = self.oversize.take() {
            let bytes = self.base + end as u64 - offset;
            self.start = end;
            return Frame { range: 0..0, line, offset, bytes, flaw: Some(TOO_LONG) };
        }
        self.count_lines(self.start);
        let range = self.start..end;
        let (line, offset, bytes) = (self.line, self.base + self.start as u64, range.len() as u64);
        self.start = end;
        let flaw = flaw.or((range.len() > IMPORT_ELEMENT_BYTES_MAX).then_some(TOO_LONG));
        Frame { range, line, offset, bytes, flaw }
    }

    /// An element that is too long is passed over; only what a reject shows of it is kept.
    fn limit(&mut self) {
        if self.depth > 0 && self.at - self.start > IMPORT_ELEMENT_BYTES_MAX {
            self.note_oversize();
            self.start = self.at;
        }
    }

    fn note_oversize(&mut self) {
        if self.oversize.is_none() {
            self.count_lines(self.start);
            self.head.clear();
            let end = self.buf.len().min(self.start + REJECT_RAW_BYTES_MAX);
            self.head.extend_from_slice(&self.buf[self.start..end]);
            self.oversize = Some((self.line, self.base + self.start as u64));
        }
    }

    /// Reads on; false at the end of the input.
    fn more(&mut self) -> Result<bool> {
        if self.is_at_end {
            return Ok(false);
        }
        if self.start > 0 {
            self.count_lines(self.start);
            self.buf.drain(..self.start);
            self.base += self.start as u64;
            self.at -= self.start;
            self.counted -= self.start.min(self.counted);
            self.start = 0;
        }
        if self.buf.len() > 2 * IMPORT_ELEMENT_BYTES_MAX {
            let message = format!("a tag in line {} is longer than {IMPORT_ELEMENT_BYTES_MAX} bytes", self.line);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        if self.buf.len() < READ_BUFFER_BYTES {
            // One large element must not make the buffer large for good.
            self.buf.shrink_to(2 * READ_BUFFER_BYTES);
        }
        let filled = self.buf.len();
        if self.buf.capacity() - filled < READ_BUFFER_BYTES {
            // Doubling would take twice what the longest element needs.
            self.buf.reserve_exact((filled / 4).max(READ_BUFFER_BYTES));
        }
        self.buf.resize(filled + READ_BUFFER_BYTES, 0);
        let read = loop {
            match self.source.read(&mut self.buf[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buf.truncate(filled + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(bytes) => {
                self.is_at_end = bytes == 0;
                Ok(bytes > 0)
            }
            Err(error) => {
                self.count_lines(filled);
                let (line, offset) = (self.line, self.base + filled as u64);
                self.at = filled;
                let error = from_io(error);
                let message = format!("{} (after line {line})", error.message());
                Err(Error::new(error.kind(), message).at(Some(offset), None, None))
            }
        }
    }

    /// Looks at the next tag.
    fn tag(&mut self) -> Tag {
        match self.passing {
            Some(Passing::Text(close)) => return self.pass_text(close),
            Some(Passing::Tag) => return self.pass_tag(),
            None => {}
        }
        let Some(found) = memchr(b'<', &self.buf[self.at..]) else {
            if self.depth == 0 {
                self.stray_bytes += stray(&self.buf[self.at..]);
                self.start = self.buf.len();
            }
            self.at = self.buf.len();
            return Tag::More;
        };
        if self.depth == 0 {
            self.stray_bytes += stray(&self.buf[self.at..self.at + found]);
            self.start = self.at + found;
        }
        self.at += found;
        let tag = self.at;
        let rest = &self.buf[tag..];
        if rest.len() < 9 && !self.is_at_end {
            return Tag::More;
        }
        let (open, close): (usize, &'static [u8]) = match rest {
            [b'<', b'!', b'-', b'-', ..] => (4, b"-->"),
            [b'<', b'!', b'[', ..] => (3, b"]]>"),
            [b'<', b'?', ..] => (2, b"?>"),
            [b'<', b'!', ..] => (2, b">"),
            [b'<', b'/', ..] => return self.end_tag(tag),
            _ => return self.start_tag(tag),
        };
        match memmem::find(rest.get(open..).unwrap_or_default(), close) {
            Some(end) => self.at = tag + open + end + close.len(),
            None if rest.len() > IMPORT_ELEMENT_BYTES_MAX => {
                self.passing = Some(Passing::Text(close));
                self.at += open;
            }
            None => return Tag::More,
        }
        Tag::Passed
    }

    fn pass_text(&mut self, close: &[u8]) -> Tag {
        let found = memmem::find(&self.buf[self.at..], close);
        match found {
            Some(end) => {
                self.passing = None;
                self.at += end + close.len();
            }
            None => self.at = self.at.max(self.buf.len().saturating_sub(close.len() - 1)),
        }
        if self.depth == 0 {
            self.start = self.at;
        }
        if found.is_some() { Tag::Passed } else { Tag::More }
    }

    fn pass_tag(&mut self) -> Tag {
        if let Some(next) = self.next_top(self.at, self.buf.len()) {
            self.passing = None;
            return Tag::Broken(next);
        }
        self.at = self.at.max(self.buf.len().saturating_sub(TOP_BYTES));
        self.start = self.at;
        Tag::More
    }

    /// Where the next element of the top level begins, or the root ends.
    fn next_top(&self, from: usize, to: usize) -> Option<usize> {
        let outer = name(&self.buf[self.start + 1..]);
        let is_top = |at: &usize| {
            let tag = &self.buf[at + 1..to];
            let (is_end, tag) = tag.strip_prefix(b"/").map_or((false, tag), |tag| (true, tag));
            let name = name(tag);
            let is_repeated = outer == b"Correlation" && name == b"Record";
            let is_name = if is_end { name == self.root } else { TOP.contains(&name) && !is_repeated };
            is_name && name.len() < tag.len()
        };
        memchr_iter(b'<', &self.buf[from..to]).map(|at| from + at).find(is_top)
    }

    /// What a start tag would be in which another element begins: a quote is missing. Apple writes each tag in one line.
    fn broken_tag(&mut self, tag: usize, end: Option<usize>) -> Option<Tag> {
        let seen = end.unwrap_or(self.buf.len());
        if seen - tag > IMPORT_ELEMENT_BYTES_MAX {
            self.note_oversize();
            self.passing = Some(Passing::Tag);
            self.at = tag + 1;
            return Some(Tag::Passed);
        }
        let is_cut = end.is_none() && self.is_at_end;
        if is_cut || memchr(b'\n', &self.buf[tag..seen]).is_some() {
            return self.next_top(tag + 1, seen).map(Tag::Broken);
        }
        None
    }

    fn start_tag(&mut self, tag: usize) -> Tag {
        let end = tag_end(&self.buf[tag..]).map(|end| tag + end);
        if let Some(broken) = self.broken_tag(tag, end) {
            return broken;
        }
        let Some(end) = end else {
            return Tag::More;
        };
        let name = name(&self.buf[tag + 1..end]);
        if self.depth > 0 && self.oversize.is_none() && TOP.contains(&name) {
            let outer = self::name(&self.buf[self.start + 1..]);
            if TOP.contains(&outer) && !(outer == b"Correlation" && name == b"Record") {
                return Tag::Broken(tag);
            }
        }
        let is_opened = self.depth == 0 && self.opened.contains(&name);
        self.at = end;
        if is_opened {
            return Tag::Passed;
        }
        if self.buf[end - 2] == b'/' {
            return if self.depth == 0 { Tag::Complete(end) } else { Tag::Passed };
        }
        self.depth += 1;
        Tag::Passed
    }

    fn end_tag(&mut self, tag: usize) -> Tag {
        let end = memchr(b'>', &self.buf[tag..]).map(|end| tag + end + 1);
        if let Some(broken) = self.broken_tag(tag, end) {
            return broken;
        }
        let Some(end) = end else {
            return Tag::More;
        };
        let name = name(&self.buf[tag + 2..end]);
        self.at = end;
        match self.depth {
            0 if name == self.root => Tag::Root,
            0 if self.opened.contains(&name) => Tag::Passed,
            0 => {
                // An end without a beginning.
                self.stray_bytes += (end - tag) as u64;
                Tag::Passed
            }
            // The root ends although the element under way does not.
            _ if name == self.root => Tag::Broken(tag),
            1 => {
                self.depth = 0;
                Tag::Complete(end)
            }
            _ => {
                self.depth -= 1;
                Tag::Passed
            }
        }
    }
}

/// The name at the beginning of a tag's text.
fn name(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/'));
    &bytes[..end.unwrap_or(bytes.len())]
}

/// Bytes that are no blanks.
fn stray(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| !byte.is_ascii_whitespace()).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The children with their lines, then `end` or the error.
    fn frames(text: &str, piece: usize) -> Vec<String> {
        struct Pieces<'a>(&'a [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let bytes = self.0.len().min(self.1).min(out.len());
                out[..bytes].copy_from_slice(&self.0[..bytes]);
                self.0 = &self.0[bytes..];
                Ok(bytes)
            }
        }
        let mut frames = Frames::new(Pieces(text.as_bytes(), piece), "HealthData", &[b"list"]);
        let mut out = Vec::new();
        if let Err(error) = frames.enter() {
            return vec![error.message().to_owned()];
        }
        loop {
            match frames.next() {
                Ok(Some(frame)) => {
                    let flaw = if frame.flaw.is_some() { "!" } else { "" };
                    out.push(format!("{}{flaw} {}", frame.line, String::from_utf8_lossy(frames.bytes(&frame)).trim()));
                }
                Ok(None) => {
                    frames.finish().unwrap();
                    out.push(format!("end {}", frames.stray_bytes));
                    return out;
                }
                Err(error) => {
                    out.push(error.message().to_owned());
                    return out;
                }
            }
        }
    }

    #[test]
    fn children_of_the_root() {
        let check = |text: &str, expected: &[&str]| {
            for piece in 1..=text.len().max(1) {
                assert_eq!(frames(text, piece), expected, "{text} in pieces of {piece}");
            }
        };
        check("<HealthData></HealthData>", &["end 0"]);
        check("<HealthData/>", &["end 0"]);
        check(
            "\u{b}x<?xml?><!DOCTYPE HealthData [<!ELEMENT HealthData EMPTY> > >]><HealthData a='>'>\n<a/>\n <b c=\">/\"><b/>\n</b>\n</HealthData>\n",
            &["2 <a/>", "3 <b c=\">/\"><b/>\n</b>", "end 0"],
        );
        check(
            "<HealthData><!-- <a> --><a><![CDATA[</a>]]></a>zz</b></HealthData>q",
            &["1 <a><![CDATA[</a>]]></a>", "end 7"],
        );
        check(
            "<HealthData><Record><a></Record>\n<Record/><Correlation><Record/></Correlation><Record></HealthData>",
            &[
                "1! <Record><a></Record>",
                "2 <Record/>",
                "2 <Correlation><Record/></Correlation>",
                "2! <Record>",
                "end 0",
            ],
        );
        check("<HealthData><list a=\"1\"><a/><list></a></list></list></HealthData>", &["1 <a/>", "end 4"]);
        check(
            "<HealthData><a/>\n<b",
            &["1 <a/>", "the file ends in line 2 before its last element is closed: it is cut"],
        );
        check(
            "<HealthDataX/>",
            &["no element `HealthData` was found: this is not the file it was taken for, or it is cut"],
        );
        check("", &["no element `HealthData` was found: this is not the file it was taken for, or it is cut"]);
    }

    #[test]
    fn an_element_over_the_limit_is_passed_over() {
        let text = format!("<HealthData>\n<a>{}</a>\n<b/></HealthData>", "<c/>\n".repeat(IMPORT_ELEMENT_BYTES_MAX / 4));
        let found = frames(&text, 1 << 20);
        assert_eq!(found.len(), 3);
        assert!(found[0].starts_with("2! <a><c/>") && found[0].len() < REJECT_RAW_BYTES_MAX + 10);
        assert!(found[1].ends_with(" <b/>"));
        // A tag or a comment without an end costs itself, and what is long but whole costs no more than itself.
        let long = "x".repeat(2 * IMPORT_ELEMENT_BYTES_MAX);
        let check = |text: &str, expected: &[&str]| {
            for piece in [1 << 20, 50_000] {
                let found = frames(&format!("<HealthData>{text}<Me/>\n</HealthData>"), piece);
                let heads: Vec<&str> = found.iter().map(|frame| &frame[..frame.len().min(12)]).collect();
                assert_eq!(heads, expected, "{:.60} in pieces of {piece}", text);
            }
        };
        check(&format!("<!--{long}-->"), &["1 <Me/>", "end 0"]);
        check(&format!("<Record><!--{long}--></Record>"), &["1! <Record><", "1 <Me/>", "end 0"]);
        check(&format!("<Record a=\"{long}\"/>"), &["1! <Record a", "1 <Me/>", "end 0"]);
        check(&format!("<Record a=\"{long}/>"), &["1! <Record a", "1 <Me/>", "end 0"]);
        check(&format!("<Record><a b=\"{long}/>"), &["1! <Record><", "1 <Me/>", "end 0"]);
        check(&format!("</a {long}"), &["1! </a xxxxx", "1 <Me/>", "end 0"]);
    }

    #[test]
    fn a_missing_quote_costs_one_element() {
        let check = |text: &str, expected: &[&str]| {
            for piece in 1..=text.len() {
                assert_eq!(frames(text, piece), expected, "{text} in pieces of {piece}");
            }
        };
        check(
            "<HealthData><Record a=\"1/>\n<Record a=\"2\"/>\n<Record a=\"3\"/></HealthData>",
            &["1! <Record a=\"1/>", "2 <Record a=\"2\"/>", "3 <Record a=\"3\"/>", "end 0"],
        );
        check(
            "<HealthData><Correlation a=\"1>\n<Record a=\"2\"/>\n</Correlation>\n<Me a=\"3\"/></HealthData>",
            &["1! <Correlation a=\"1>\n<Record a=\"2\"/>\n</Correlation>", "4 <Me a=\"3\"/>", "end 0"],
        );
        check("<HealthData><Record a=\"1/>\n</HealthData>", &["1! <Record a=\"1/>", "end 0"]);
    }
}
