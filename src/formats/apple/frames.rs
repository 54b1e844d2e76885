//! The children of an XML document's root, one after the other, each as one slice of the window.
//!
//! This file matches brackets, quotes and depth. The XML library judges whether an element is well-formed, so a broken element
//! costs only itself. `root` finds the root, and what follows it.

use std::io::Read;
use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::tag::{name, tag_end};
use super::window::Window;
use crate::formats::flaw::Flaw;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{IMPORT_ELEMENT_BYTES_MAX, REJECT_RAW_BYTES_MAX};

/// Elements that occur only under the root: where one begins, a broken one before it has ended.
const TOP: [&[u8]; 12] = [
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
    b"wpt",
];

/// Bytes that show whether one of them begins: at least the longest name with its brackets and a prefix.
pub(super) const TOP_BYTES: usize = 64;

/// One child of the root.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Where it is in the window: see [`Frames::bytes`].
    range: Range<usize>,
    /// Line of its first byte, from 1.
    pub(crate) line: u64,
    /// Offset of its first byte.
    pub(crate) offset: u64,
    /// Its whole length.
    pub(crate) bytes: u64,
    /// Whether it is only the beginning of an element, whose children follow.
    pub(crate) is_open: bool,
    /// Its first fault.
    pub(crate) flaw: Option<Flaw>,
}

/// Reads the children of the root.
#[derive(Debug)]
pub(crate) struct Frames<R> {
    pub(super) window: Window<R>,
    pub(super) root: &'static [u8],
    /// Elements whose children are read as if they were the root's.
    opened: &'static [&'static [u8]],
    /// Those of them whose beginning counts, also without attributes.
    shown: &'static [&'static [u8]],
    /// Whether names may have a prefix: `gpx:trkpt`.
    pub(super) has_prefixes: bool,
    /// Offset at which the document begins.
    pub(super) document: u64,
    /// Elements that are open in the window.
    depth: u32,
    /// Open elements around records that are not the root.
    around: u32,
    pub(super) is_root_closed: bool,
    /// Line and offset of an element that is longer than the limit.
    oversize: Option<(u64, u64)>,
    /// The beginning of that element.
    head: Vec<u8>,
    skipping: Option<Skipping>,
    stray_bytes: u64,
}

/// Start of a text without escapes.
const CDATA: &[u8] = b"<![CDATA[";

/// What is skipped because its end is further off than an element may be long.
#[derive(Clone, Copy, Debug)]
enum Skipping {
    /// A comment and the like: up to these bytes.
    Text(&'static [u8]),
    /// A tag: up to the next element of the top level.
    Tag,
}

/// The meaning of the next tag.
enum Tag {
    /// More bytes are needed.
    More,
    /// Scanned; no element is complete.
    Scanned,
    /// An element is complete. It ends here.
    Complete(usize),
    /// An element has begun, and its children follow from here.
    Opened(usize),
    /// The element under way is not closed and another one begins here.
    Broken(usize),
    /// The root's end.
    Root,
}

impl<R: Read> Frames<R> {
    pub(crate) fn new(source: R, root: &'static str, opened: &'static [&'static [u8]]) -> Self {
        Self {
            window: Window::new(source),
            root: root.as_bytes(),
            opened,
            shown: &[],
            has_prefixes: false,
            document: 0,
            depth: 0,
            around: 0,
            is_root_closed: false,
            oversize: None,
            head: Vec::new(),
            skipping: None,
            stray_bytes: 0,
        }
    }

    /// Takes names with a prefix for those without.
    pub(crate) fn with_prefixes(self) -> Self {
        Self { has_prefixes: true, ..self }
    }

    /// Also returns where elements with these names begin.
    pub(crate) fn showing(self, shown: &'static [&'static [u8]]) -> Self {
        Self { shown, ..self }
    }

    /// Whether the names of Apple's elements have a prefix, which says nothing. Those of routes are kept as they are.
    pub(crate) fn has_idle_prefixes(&self) -> bool {
        self.has_prefixes && self.root == b"HealthData"
    }

    /// The name of an element, without its prefix if names may have one.
    pub(super) fn local<'n>(&self, name: &'n [u8]) -> &'n [u8] {
        if !self.has_prefixes {
            return name;
        }
        memrchr(b':', name).map_or(name, |colon| &name[colon + 1..])
    }

    /// Bytes of the input that were scanned.
    pub(crate) fn passed(&self) -> u64 {
        self.window.passed()
    }

    /// Bytes between elements that are not blanks.
    pub(crate) fn stray_bytes(&self) -> u64 {
        self.stray_bytes
    }

    /// The text of a frame, until the next one is asked for.
    pub(crate) fn bytes(&self, frame: &Frame) -> &[u8] {
        if frame.range.is_empty() { &self.head } else { &self.window.bytes()[frame.range.clone()] }
    }

    /// The next child; `None` behind the last one, when the root is closed.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>> {
        if self.is_root_closed {
            return Ok(None);
        }
        loop {
            match self.tag() {
                Tag::Scanned => {}
                Tag::Complete(end) => {
                    self.window.at = end;
                    return Ok(Some(self.frame(end, None)));
                }
                Tag::Opened(next) => {
                    self.window.at = next;
                    return Ok(Some(Frame { is_open: true, ..self.frame(next, None) }));
                }
                Tag::Broken(next) => {
                    self.depth = 0;
                    self.window.at = next;
                    return Ok(Some(self.frame(next, Some(Flaw::NotClosed))));
                }
                Tag::Root => {
                    (self.is_root_closed, self.around) = (true, 0);
                    return Ok(None);
                }
                Tag::More => {
                    self.limit();
                    // When the end is known, the last bytes are scanned again.
                    let was_at_end = self.window.is_at_end();
                    if !self.window.read_more()? && was_at_end {
                        return Err(self.cut());
                    }
                }
            }
        }
    }

    fn cut(&mut self) -> Error {
        let end = self.window.end();
        let line = self.window.line(end);
        let message = format!("the file ends in line {line} before its last element is closed: it is cut");
        self.window.at = end;
        Error::new(ErrorKind::Syntax, message).at(Some(self.window.offset(end)), None, None)
    }

    /// The element that ends here.
    pub(super) fn frame(&mut self, end: usize, flaw: Option<Flaw>) -> Frame {
        let start = std::mem::replace(&mut self.window.start, end);
        let too_long = Flaw::TooLong(IMPORT_ELEMENT_BYTES_MAX as u64);
        if let Some((line, offset)) = self.oversize.take() {
            let bytes = self.window.offset(end) - offset;
            return Frame { range: 0..0, line, offset, bytes, is_open: false, flaw: Some(too_long) };
        }
        let (line, offset, range) = (self.window.line(start), self.window.offset(start), start..end);
        let bytes = range.len() as u64;
        let flaw = flaw.or((range.len() > IMPORT_ELEMENT_BYTES_MAX).then_some(too_long));
        Frame { range, line, offset, bytes, is_open: false, flaw }
    }

    /// Skips an element that is too long, except for what a reject shows of it.
    fn limit(&mut self) {
        if self.depth > 0 && self.window.at - self.window.start > IMPORT_ELEMENT_BYTES_MAX {
            self.note_oversize();
            self.window.start = self.window.at;
        }
    }

    fn note_oversize(&mut self) {
        if self.oversize.is_none() {
            let start = self.window.start;
            let end = self.window.end().min(start + REJECT_RAW_BYTES_MAX);
            self.head.clear();
            self.head.extend_from_slice(&self.window.bytes()[start..end]);
            self.oversize = Some((self.window.line(start), self.window.offset(start)));
        }
    }

    /// Scans the next tag.
    fn tag(&mut self) -> Tag {
        match self.skipping {
            Some(Skipping::Text(close)) => return self.skip_text(close),
            Some(Skipping::Tag) => return self.skip_tag(),
            None => {}
        }
        let Some(found) = memchr(b'<', self.window.rest()) else {
            if self.depth == 0 {
                self.stray_bytes += stray(self.window.rest());
                self.window.start = self.window.end();
            }
            self.window.at = self.window.end();
            return Tag::More;
        };
        if self.depth == 0 {
            self.stray_bytes += stray(&self.window.bytes()[self.window.at..self.window.at + found]);
            self.window.start = self.window.at + found;
        }
        self.window.at += found;
        let tag = self.window.at;
        let rest = &self.window.bytes()[tag..];
        if rest.len() < 9 && !self.window.is_at_end() {
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
            Some(end) => {
                if self.depth == 0 && close == b"]]>" {
                    self.stray_bytes += stray(&rest[CDATA.len().min(open + end)..open + end]);
                }
                self.window.at = tag + open + end + close.len();
            }
            None if rest.len() > IMPORT_ELEMENT_BYTES_MAX => {
                self.skipping = Some(Skipping::Text(close));
                self.window.at += if close == b"]]>" { CDATA.len().min(rest.len()) } else { open };
            }
            None => return Tag::More,
        }
        Tag::Scanned
    }

    fn skip_text(&mut self, close: &[u8]) -> Tag {
        let found = memmem::find(self.window.rest(), close);
        let from = self.window.at;
        match found {
            Some(end) => {
                self.skipping = None;
                self.window.at += end + close.len();
            }
            None => self.window.at = self.window.at.max(self.window.end().saturating_sub(close.len() - 1)),
        }
        if self.depth == 0 {
            if close == b"]]>" {
                let to = found.map_or(self.window.at, |end| from + end);
                self.stray_bytes += stray(&self.window.bytes()[from..to]);
            }
            self.window.start = self.window.at;
        }
        if found.is_some() { Tag::Scanned } else { Tag::More }
    }

    fn skip_tag(&mut self) -> Tag {
        if let Some(next) = self.next_top(self.window.at, self.window.end()) {
            self.skipping = None;
            return Tag::Broken(next);
        }
        self.window.at = self.window.at.max(self.window.end().saturating_sub(TOP_BYTES));
        self.window.start = self.window.at;
        Tag::More
    }

    /// Where the next element of the top level begins, or the root ends.
    fn next_top(&self, from: usize, to: usize) -> Option<usize> {
        let outer = self.local(name(&self.window.bytes()[self.window.start + 1..]));
        let is_top = |at: &usize| {
            let tag = &self.window.bytes()[at + 1..to];
            let (is_end, tag) = tag.strip_prefix(b"/").map_or((false, tag), |tag| (true, tag));
            let whole = name(tag);
            let name = self.local(whole);
            let is_repeated = outer == b"Correlation" && name == b"Record";
            let is_name = if is_end { name == self.root } else { TOP.contains(&name) && !is_repeated };
            is_name && whole.len() < tag.len()
        };
        memchr_iter(b'<', &self.window.bytes()[from..to]).map(|at| from + at).find(is_top)
    }

    /// What a start tag is in which another element begins: a quote is missing. Apple writes each tag in one line.
    fn broken_tag(&mut self, tag: usize, end: Option<usize>) -> Option<Tag> {
        let seen = end.unwrap_or(self.window.end());
        if seen - tag > IMPORT_ELEMENT_BYTES_MAX {
            self.note_oversize();
            self.skipping = Some(Skipping::Tag);
            self.window.at = tag + 1;
            return Some(Tag::Scanned);
        }
        let is_cut = end.is_none() && self.window.is_at_end();
        if is_cut || memchr(b'\n', &self.window.bytes()[tag..seen]).is_some() {
            return self.next_top(tag + 1, seen).map(Tag::Broken);
        }
        None
    }

    fn start_tag(&mut self, tag: usize) -> Tag {
        let end = tag_end(&self.window.bytes()[tag..]).map(|end| tag + end);
        if let Some(broken) = self.broken_tag(tag, end) {
            return broken;
        }
        let Some(end) = end else {
            return Tag::More;
        };
        let name = self.local(name(&self.window.bytes()[tag + 1..end]));
        if self.depth > 0 && self.oversize.is_none() && TOP.contains(&name) {
            let outer = self.local(self::name(&self.window.bytes()[self.window.start + 1..]));
            match (TOP.contains(&outer), outer == b"Correlation" && name == b"Record") {
                (true, false) => return Tag::Broken(tag),
                (true, true) => {}
                (false, _) => {
                    // An element around records: its children are read as if they were the root's.
                    self.around += std::mem::take(&mut self.depth);
                    return Tag::Opened(tag);
                }
            }
        }
        let is_opened = self.depth == 0 && self.opened.contains(&name);
        let is_shown = self.shown.contains(&name);
        let is_closed = self.window.bytes()[end - 2] == b'/';
        self.window.at = end;
        if is_opened {
            let has_attributes = self.window.bytes()[tag..end].contains(&b'=');
            return if has_attributes || is_shown { Tag::Opened(end) } else { Tag::Scanned };
        }
        if is_closed {
            return if self.depth == 0 { Tag::Complete(end) } else { Tag::Scanned };
        }
        self.depth += 1;
        Tag::Scanned
    }

    fn end_tag(&mut self, tag: usize) -> Tag {
        let end = memchr(b'>', &self.window.bytes()[tag..]).map(|end| tag + end + 1);
        if let Some(broken) = self.broken_tag(tag, end) {
            return broken;
        }
        let Some(end) = end else {
            return Tag::More;
        };
        let name = self.local(name(&self.window.bytes()[tag + 2..end]));
        let (is_root, is_opened) = (name == self.root, self.opened.contains(&name));
        self.window.at = end;
        match self.depth {
            0 if is_root => Tag::Root,
            0 if is_opened => Tag::Scanned,
            0 if self.around > 0 => {
                self.around -= 1;
                Tag::Scanned
            }
            0 => {
                // An end without a beginning.
                self.stray_bytes += (end - tag) as u64;
                Tag::Scanned
            }
            // The root ends although the element under way does not.
            _ if is_root => Tag::Broken(tag),
            1 => {
                self.depth = 0;
                Tag::Complete(end)
            }
            _ => {
                self.depth -= 1;
                Tag::Scanned
            }
        }
    }
}

/// Number of bytes that are not blanks.
fn stray(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| !byte.is_ascii_whitespace()).count() as u64
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::super::root::Behind;
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
        if text.contains("x:") {
            frames = frames.with_prefixes();
        }
        let mut out = Vec::new();
        if let Err(error) = frames.enter() {
            return vec![error.message().to_owned()];
        }
        loop {
            match frames.next() {
                Ok(Some(frame)) => {
                    let flaw = match (frame.flaw.is_some(), frame.is_open) {
                        (true, _) => "!",
                        (_, true) => ">",
                        _ => "",
                    };
                    out.push(format!("{}{flaw} {}", frame.line, String::from_utf8_lossy(frames.bytes(&frame)).trim()));
                }
                Ok(None) => match frames.behind().unwrap() {
                    Behind::Nothing => {
                        out.push(format!("end {}", frames.stray_bytes()));
                        return out;
                    }
                    Behind::Text(line) => {
                        out.push(format!("end {}, text in line {line}", frames.stray_bytes()));
                        return out;
                    }
                    Behind::Document => match frames.enter() {
                        Ok(_) => out.push("document".to_owned()),
                        Err(error) => return vec![error.message().to_owned()],
                    },
                },
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
            "<HealthData><!-- <a> --><a><![CDATA[</a>]]></a>zz</b></HealthData>\n<!-- q -->\n",
            &["1 <a><![CDATA[</a>]]></a>", "end 6"],
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
        check(
            "<HealthData><list a=\"1\"><a/><list></a></list></list></HealthData>",
            &["1> <list a=\"1\">", "1 <a/>", "end 4"],
        );
        check("<HealthData>a<![CDATA[ b]]c ]]>\n<!-- d --><a/></HealthData>", &["2 <a/>", "end 5"]);
        check(
            "<HealthData><a/>\n<b",
            &["1 <a/>", "the file ends in line 2 before its last element is closed: it is cut"],
        );
        check("<HealthDataX/>", &["no element `HealthData` was found: it is another file, or it is cut"]);
        check("", &["no element `HealthData` was found: it is another file, or it is cut"]);
    }

    #[test]
    fn elements_around_records_are_opened() {
        let check = |text: &str, expected: &[&str]| {
            for piece in 1..=text.len() {
                assert_eq!(frames(text, piece), expected, "{text} in pieces of {piece}");
            }
        };
        check(
            "<HealthData><a b=\"1\">\n<c/>t<Record/><d/></a><Me/></HealthData>",
            &["1> <a b=\"1\">\n<c/>t", "2 <Record/>", "2 <d/>", "2 <Me/>", "end 0"],
        );
        check(
            "<HealthData><a><b><Record><c/></Record></b><Record/></a></e></HealthData>",
            &["1> <a><b>", "1 <Record><c/></Record>", "1 <Record/>", "end 4"],
        );
        check(
            "<HealthData><a><Record/></HealthData><HealthData></a></HealthData>",
            &["1> <a>", "1 <Record/>", "document", "end 4"],
        );
        check(
            "<HealthData><Correlation><a><Record/></a></Correlation></HealthData>",
            &["1 <Correlation><a><Record/></a></Correlation>", "end 0"],
        );
    }

    #[test]
    fn what_follows_the_root() {
        let check = |text: &str, expected: &[&str]| {
            for piece in 1..=text.len() {
                assert_eq!(frames(text, piece), expected, "{text} in pieces of {piece}");
            }
        };
        let two = ["1 <a/>", "document", "2 <b/>", "end 0"];
        check("<HealthData><a/></HealthData>\n<HealthData x=\"\"><b/></HealthData>\n", &two);
        check("<HealthData><a/></HealthData><!-- > --><?x?>\n<HealthData><b/></HealthData><!-- -->", &two);
        check(
            "<HealthData><a/></HealthData>\n<?xml version=\"1.0\"?><!DOCTYPE HealthData [<!ELEMENT HealthData > ]><HealthData><b/></HealthData>",
            &two,
        );
        check("<HealthData/>\n\nq<HealthData/>", &["end 0, text in line 3"]);
        check("<HealthData/>\n<Record/>", &["end 0, text in line 2"]);
        check("<HealthData/>\n<HealthDataX/>", &["end 0, text in line 2"]);
        check("<HealthData/>\n<!-- ", &["end 0, text in line 2"]);
        check("<HealthData/>\0", &["end 0, text in line 1"]);
    }

    #[test]
    fn names_may_have_a_prefix() {
        let check = |text: &str, expected: &[&str]| {
            for piece in 1..=text.len() {
                assert_eq!(frames(text, piece), expected, "{text} in pieces of {piece}");
            }
        };
        check(
            "<!-- HealthData <y:HealthDataX> --><x:HealthData>\n<x:list><x:trkpt><x:b/></x:trkpt></x:list></x:HealthData>\n",
            &["2 <x:trkpt><x:b/></x:trkpt>", "end 0"],
        );
        check(
            "<HealthData><x:trkpt>\n<x:trkpt/></HealthData><x:HealthData><b/></x:HealthData>",
            &["1! <x:trkpt>", "2 <x:trkpt/>", "document", "2 <b/>", "end 0"],
        );
    }

    #[test]
    fn an_element_over_the_limit_is_skipped() {
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
