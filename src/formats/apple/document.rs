//! The loop over an XML document: each child of its root is read, or rejected.

use std::borrow::Cow;
use std::io::Read;

use super::element::{Element, Tree};
use super::frames::{Frame, Frames};
use super::kept::write_element;
use super::root::Behind;
use crate::formats::flaw::Flaw;
use crate::formats::output::{Location, Output, Raw};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::IMPORT_ELEMENT_BYTES_MAX;

/// Reads the children of a document's root with `read`, and adds the bytes of the document to `bytes`.
pub(super) fn read_children<R: Read>(
    mut frames: Frames<R>,
    file: &str,
    bytes: &mut u64,
    output: &mut Output<'_>,
    read: impl FnMut(Element<'_>, &mut Output<'_>) -> Result<(), Flaw>,
) -> Result<()> {
    let outcome = read_all(&mut frames, file, output, read);
    *bytes += frames.passed();
    if frames.stray_bytes() > 0 {
        output.within("bytes between elements, left out", frames.stray_bytes());
    }
    outcome.map_err(|error| error.at(None, Some(file), None))
}

fn read_all<R: Read>(
    frames: &mut Frames<R>,
    file: &str,
    output: &mut Output<'_>,
    mut read: impl FnMut(Element<'_>, &mut Output<'_>) -> Result<(), Flaw>,
) -> Result<()> {
    let mut tree = Tree::default();
    loop {
        let root = frames.enter()?;
        keep_root(&String::from_utf8_lossy(frames.bytes(&root)), &mut tree, output);
        while let Some(mut frame) = frames.next()? {
            let bytes = frames.bytes(&frame);
            let outcome = match frame.flaw.take() {
                Some(flaw) => Err(flaw),
                None => parse(bytes, &mut tree, |element| read(element, output)),
            };
            match outcome {
                Ok(()) => output.hand_over_if_full()?,
                Err(flaw) => reject(file, &frame, &flaw, bytes, output)?,
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

/// Parses one element and hands it to `read`.
fn parse(bytes: &[u8], tree: &mut Tree, read: impl FnOnce(Element<'_>) -> Result<(), Flaw>) -> Result<(), Flaw> {
    // Stray bytes cost the characters they stand in, not the record.
    let text = match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    };
    if written_bytes(&text) > IMPORT_ELEMENT_BYTES_MAX {
        return Err(Flaw::TooLongEscaped(IMPORT_ELEMENT_BYTES_MAX as u64));
    }
    tree.parse(&text).and_then(read)
}

/// Keeps what the root of `export.xml` says in its attributes, such as the phone's locale.
fn keep_root(tag: &str, tree: &mut Tree, output: &mut Output<'_>) {
    // The tag becomes an element that is closed at once.
    let element = [tag.trim_end_matches(['>', '/']), "/>"].concat();
    if let Ok(root) = tree.parse(&element)
        && root.name() == "HealthData"
        && root.attributes().next().is_some()
    {
        let mut json = String::new();
        write_element(root, &mut json);
        output.keep_beside(root.name(), json);
    }
}

fn reject(file: &str, frame: &Frame, flaw: &Flaw, raw: &[u8], output: &mut Output<'_>) -> Result<()> {
    let part = format!("line {}", frame.line);
    let location = Location { section: file, part: &part, index: None, offset: frame.offset };
    output.reject(location, flaw, Raw { text: raw, bytes: frame.bytes })
}

/// About what an element takes as JSON, where a control character is six bytes long.
fn written_bytes(text: &str) -> usize {
    if text.len() <= IMPORT_ELEMENT_BYTES_MAX / 6 {
        return text.len();
    }
    let escapes = text.bytes().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    text.len() + 5 * escapes
}
