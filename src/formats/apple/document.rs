//! The loop over an XML document: each child of its root is read, or rejected.

use std::borrow::Cow;
use std::io::Read;

use super::element::{Element, Tree};
use super::frames::Frames;
use super::root::Behind;
use crate::formats::charset::repaired;
use crate::formats::flaw::Flaw;
use crate::formats::output::{Location, Output, Raw};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::IMPORT_ELEMENT_BYTES_MAX;

/// The outcome of an element.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// It was read.
    Read,
    /// It waits for what comes later.
    Waits,
}

/// Where an element is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    /// Line and offset of its first byte.
    pub(super) line: u64,
    pub(super) offset: u64,
}

/// Reads the children of a root.
pub(super) trait Children {
    /// Begins a document. A file may hold several.
    fn begin(&mut self, file: &str, output: &mut Output<'_>) -> Result<()>;

    /// Learns what the root says of itself, or an element whose children are read one by one: its attributes, and what is before
    /// the first of them.
    fn open(&mut self, element: Element<'_>, place: Place<'_>, output: &mut Output<'_>);

    /// Reads one of them.
    fn read(&mut self, element: Element<'_>, place: Place<'_>, output: &mut Output<'_>) -> Result<Fate, Flaw>;

    /// Takes the text of one that waits.
    fn wait(&mut self, text: &[u8], place: Place<'_>, output: &mut Output<'_>) -> Result<()>;
}

/// Reads the children of a document's root, and adds the bytes of the document to `bytes`. Returns how many bytes between
/// elements were left out.
pub(super) fn read_document<R: Read>(
    mut frames: Frames<R>,
    file: &str,
    bytes: &mut u64,
    output: &mut Output<'_>,
    children: &mut impl Children,
) -> Result<u64> {
    let outcome = read_all(&mut frames, file, output, children);
    *bytes += frames.passed();
    let stray_bytes = frames.stray_bytes();
    if stray_bytes > 0 {
        output.within("bytes between elements, left out", stray_bytes);
    }
    outcome.map(|()| stray_bytes).map_err(|error| error.at(None, Some(file), None))
}

fn read_all<R: Read>(
    frames: &mut Frames<R>,
    file: &str,
    output: &mut Output<'_>,
    children: &mut impl Children,
) -> Result<()> {
    let mut tree = Tree::default();
    loop {
        let root = frames.enter()?;
        children.begin(file, output)?;
        let place = Place { file, line: root.line, offset: root.offset };
        tree.set_idle_prefixes(frames.has_idle_prefixes());
        open(frames.bytes(&root), place, &mut tree, children, output)?;
        while let Some(mut frame) = frames.next()? {
            let text = frames.bytes(&frame);
            let place = Place { file, line: frame.line, offset: frame.offset };
            match frame.flaw.take() {
                Some(flaw) => reject(place, &flaw, Raw { text, bytes: frame.bytes }, output)?,
                None if frame.is_open => open(text, place, &mut tree, children, output)?,
                None => read_one(text, place, &mut tree, children, output)?,
            }
        }
        match frames.behind()? {
            Behind::Nothing => return Ok(()),
            Behind::Document => {}
            Behind::Text(line) => {
                // The rest counts as read: its end may be an archive's checksum.
                frames.skip_rest()?;
                let message = format!("line {line} is behind the end of the document: put it inside, or delete it");
                return Err(Error::new(ErrorKind::Shape, message));
            }
        }
    }
}

/// Reads one element, lets it wait, or rejects it.
pub(super) fn read_one(
    bytes: &[u8],
    place: Place<'_>,
    tree: &mut Tree,
    children: &mut impl Children,
    output: &mut Output<'_>,
) -> Result<()> {
    let (text, wrong) = text_of(bytes);
    let fate = parse(&text, tree, |element| children.read(element, place, output));
    // One that waits comes again.
    if fate != Ok(Fate::Waits) {
        count_wrong(wrong, output);
    }
    match fate {
        Ok(Fate::Read) => output.hand_over_if_full(),
        Ok(Fate::Waits) => children.wait(bytes, place, output),
        Err(flaw) => reject(place, &flaw, bytes.into(), output),
    }
}

/// Parses one element and hands it to `read`.
fn parse(text: &str, tree: &mut Tree, read: impl FnOnce(Element<'_>) -> Result<Fate, Flaw>) -> Result<Fate, Flaw> {
    if written_bytes(text) > IMPORT_ELEMENT_BYTES_MAX {
        return Err(Flaw::TooLongEscaped(IMPORT_ELEMENT_BYTES_MAX as u64));
    }
    tree.parse(text).and_then(read)
}

/// An element's text, and how many of its bytes are not UTF-8. They cost neither the record nor a letter.
fn text_of(bytes: &[u8]) -> (Cow<'_, str>, u64) {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), 0),
        Err(_) => {
            let (text, wrong) = repaired(bytes);
            (Cow::Owned(text), wrong)
        }
    }
}

fn count_wrong(wrong: u64, output: &mut Output<'_>) {
    if wrong > 0 {
        output.within("bytes that are not UTF-8, read as Windows-1252", wrong);
    }
}

/// Hands on the beginning of an element whose children follow, or rejects it.
fn open(
    bytes: &[u8],
    place: Place<'_>,
    tree: &mut Tree,
    children: &mut impl Children,
    output: &mut Output<'_>,
) -> Result<()> {
    let (text, wrong) = text_of(bytes);
    count_wrong(wrong, output);
    match tree.parse_open(&text) {
        Ok(element) => {
            children.open(element, place, output);
            output.hand_over_if_full()
        }
        Err(flaw) => reject(place, &flaw, bytes.into(), output),
    }
}

fn reject(place: Place<'_>, flaw: &Flaw, raw: Raw<'_>, output: &mut Output<'_>) -> Result<()> {
    let Place { file, line, offset } = place;
    let part = format!("line {line}");
    output.reject(Location { section: file, part: &part, index: None, offset }, flaw, raw)
}

/// About what an element takes as JSON, where a control character is six bytes long.
fn written_bytes(text: &str) -> usize {
    if text.len() <= IMPORT_ELEMENT_BYTES_MAX / 6 {
        return text.len();
    }
    let escapes = text.bytes().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    text.len() + 5 * escapes
}
