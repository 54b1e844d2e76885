//! The format of a file, by its first bytes. Its name does not count.

use std::io::{self, BufRead, Cursor, Read};

use super::apple::is_recording;
use super::shape::{Detector, Shape};
use crate::model::batch::Overflow;
use crate::model::error::{Error, ErrorKind, Result, from_io, into_io};
use crate::model::limits::{FOREIGN_BYTES, MARKUP_BYTES, SHAPE_BYTES_MAX, SNIFF_BYTES, SPOOL_BUFFER_BYTES};

/// Format of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// JSON as Health Export Pro posts it.
    Payload,
    /// JSON of Health Auto Export.
    AutoExport,
    /// Apple's `export.xml`, whatever its name.
    AppleXml,
    /// A part of it, as Apple also writes it: a clinical document.
    AppleCda,
    /// A route.
    Gpx,
    /// An electrocardiogram.
    Ecg,
    /// A FHIR resource.
    Fhir,
    /// An archive.
    Zip,
    /// Another format.
    Unknown,
}

/// Reads so many first bytes of a source. Returns them, and the source as it was.
pub(crate) fn peek<'a>(
    mut source: Box<dyn BufRead + 'a>,
    head_bytes: usize,
) -> io::Result<(Vec<u8>, Box<dyn BufRead + 'a>)> {
    let mut head = Vec::new();
    let mut failure = None;
    while head.len() < head_bytes {
        match source.fill_buf() {
            Ok([]) => break,
            Ok(chunk) => {
                // Never more than wanted: the format must not depend on the sizes of reads.
                let bytes = chunk.len().min(head_bytes - head.len());
                head.extend_from_slice(&chunk[..bytes]);
                source.consume(bytes);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if head.is_empty() => return Err(error),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    Ok((head.clone(), again(head, source, failure)))
}

/// Fails with an error that occurred earlier.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The format of a file that begins like this.
pub(crate) fn sniff(head: &[u8]) -> Format {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Format::Zip;
    }
    let has = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    let first = head.iter().copied().find(|byte| byte.is_ascii_graphic());
    match first {
        Some(b'{' | b'[') => sniff_json(head),
        Some(b'n') if is_json_behind_nulls(head) => sniff_json(head),
        _ if has("<HealthData") || has(":HealthData ") || has(":HealthData>") => Format::AppleXml,
        _ if has("<!DOCTYPE HealthData") => Format::AppleXml,
        _ if has("<ClinicalDocument") => Format::AppleCda,
        _ if has("<gpx") || has(":gpx ") || has(":gpx>") => Format::Gpx,
        Some(b'<') => Format::Unknown,
        _ if is_recording(head) => Format::Ecg,
        _ => Format::Unknown,
    }
}

/// Whether a text is JSON that begins with documents that are `null`.
fn is_json_behind_nulls(head: &[u8]) -> bool {
    let mut rest = head.trim_ascii_start();
    while let Some(behind) = rest.strip_prefix(b"null") {
        rest = behind.trim_ascii_start();
    }
    matches!(rest.first(), None | Some(b'{' | b'['))
}

/// The format of a file that begins like this. If it is JSON that does not show its program yet, `reopen` opens the file once more to
/// read on: a long text may be first.
pub(crate) fn sniff_on<S: BufRead>(head: &[u8], reopen: impl FnOnce() -> Result<S>) -> Result<Format> {
    let format = sniff(head);
    if format != Format::Payload || head.len() < SNIFF_BYTES || Detector::default().feed(head).is_some() {
        return Ok(format);
    }
    let (mut source, mut detector, mut left) = (reopen()?, Detector::default(), SHAPE_BYTES_MAX);
    loop {
        let chunk = match source.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Its reader reports the error.
            Err(_) => return Ok(format),
        };
        let bytes = chunk.len().min(left);
        let shape = detector.feed(&chunk[..bytes]);
        if shape.is_some() || bytes == 0 {
            return Ok(shape.map_or(format, of_shape));
        }
        source.consume(bytes);
        left -= bytes;
    }
}

fn sniff_json(head: &[u8]) -> Format {
    Detector::default().feed(head).map_or(Format::Payload, of_shape)
}

fn of_shape(shape: Shape) -> Format {
    match shape {
        Shape::AutoExport => Format::AutoExport,
        Shape::Fhir => Format::Fhir,
        Shape::Payload => Format::Payload,
    }
}

/// First bytes of what is not JSON, and what to do with it.
const FOREIGN: [(&[u8], &str); 8] = [
    (b"\x1f\x8b", "gzip: compress it once, and say so with `Content-Encoding: gzip`"),
    (b"\x28\xb5\x2f\xfd", "zstd: compress it once, and say so with `Content-Encoding: zstd`"),
    (b"\x78\x01", "zlib: compress it once, and say so with `Content-Encoding: deflate`"),
    (b"\x78\x9c", "zlib: compress it once, and say so with `Content-Encoding: deflate`"),
    (b"\x78\xda", "zlib: compress it once, and say so with `Content-Encoding: deflate`"),
    (b"PK\x03\x04", "a ZIP archive: send the JSON in it, or use `healthsink import`"),
    (b"bplist", "a property list: send JSON"),
    (b"--", "a form (multipart): send the JSON itself as the body"),
];

/// Fails if a body is of another format, by its first bytes. It waits for more of them only if the first one is not JSON's.
pub(crate) fn refuse_foreign<'a>(mut source: Box<dyn BufRead + 'a>) -> Result<Box<dyn BufRead + 'a>> {
    let first = loop {
        match source.fill_buf() {
            Ok(chunk) => break chunk.first().copied(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(from_io(error).at(Some(0), None, None)),
        }
    };
    let may_be = |first: u8| first == b'<' || FOREIGN.iter().any(|(magic, _)| magic.first() == Some(&first));
    let Some(first) = first.filter(|first| may_be(*first)) else {
        return Ok(source);
    };
    let (head, source) = peek(source, if first == b'<' { MARKUP_BYTES } else { FOREIGN_BYTES }).map_err(from_io)?;
    let lower = head.to_ascii_lowercase();
    let has = |text: &str| memchr::memmem::find(&lower, text.as_bytes()).is_some();
    let found = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    let what = match found {
        Some(what) => what,
        None if first != b'<' => return Ok(source),
        None if has("<html") || has("<!doctype html") => "an HTML page: send JSON",
        None if has("plist") => "a property list: send JSON",
        None => "XML: send JSON, or use `healthsink import`, which reads Apple's export",
    };
    Err(Error::new(ErrorKind::Shape, format!("not JSON: this is {what}")).at(Some(0), None, None))
}

/// Reads as much of a body as shows whose JSON it is. Returns that, and the source as it was. What is too long for memory waits in
/// `overflow`: a long text may be first.
pub(crate) fn recognize<'a>(
    mut source: Box<dyn BufRead + 'a>,
    overflow: &'a mut dyn Overflow,
) -> (Option<Shape>, Box<dyn BufRead + 'a>) {
    let (mut detector, mut head, mut failure, mut kept) = (Detector::default(), Vec::new(), None, 0);
    let shape = loop {
        match source.fill_buf() {
            Ok([]) => break None,
            Ok(chunk) => {
                // As many bytes however they come.
                let bytes = chunk.len().min(SHAPE_BYTES_MAX - kept - head.len());
                let shape = detector.feed(&chunk[..bytes]);
                if shape.is_some() || bytes == 0 {
                    break shape;
                }
                head.extend_from_slice(&chunk[..bytes]);
                source.consume(bytes);
                if head.len() >= SNIFF_BYTES {
                    if let Err(error) = overflow.append(&head) {
                        failure = Some(into_io(error));
                        break None;
                    }
                    kept += head.len();
                    head.clear();
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                failure = Some(error);
                break None;
            }
        }
    };
    let source = again(head, source, failure);
    if kept == 0 {
        return (shape, source);
    }
    let kept = io::BufReader::with_capacity(SPOOL_BUFFER_BYTES, overflow.reader());
    (shape, Box::new(kept.chain(source)))
}

/// The source with its first bytes, and the failure behind them, before it.
fn again<'a>(head: Vec<u8>, source: Box<dyn BufRead + 'a>, failure: Option<io::Error>) -> Box<dyn BufRead + 'a> {
    let rest: Box<dyn BufRead + 'a> = match failure {
        // The bytes before the failure are read first.
        Some(error) => Box::new(io::BufReader::with_capacity(1, Failing(Some(error)))),
        None => source,
    };
    if head.is_empty() { rest } else { Box::new(Cursor::new(head).chain(rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let check = |head: &str, expected| assert_eq!(sniff(head.as_bytes()), expected, "{head}");
        check("\u{b}\n<?xml version=\"1.0\"?><!DOCTYPE HealthData [", Format::AppleXml);
        check("<?xml?><ClinicalDocument xmlns=\"urn:hl7-org:v3\">", Format::AppleCda);
        check("<?xml?><gpx version=\"1.1\">", Format::Gpx);
        check("<?xml?><x:gpx version=\"1.1\" xmlns:x=\"http://www.topografix.com/GPX/1/1\">", Format::Gpx);
        check("<html>", Format::Unknown);
        check(" {\"exportDate\":\"2026\",\"data\":{\"workouts\":[{\"startDate\":1}]}}", Format::Payload);
        check(" {\"exportDate\":\"2026\",\"data\":{\"workouts\":[{\"start\":1}]}}", Format::AutoExport);
        check("{\"data\":{}}", Format::Payload);
        check("{\"data\":{\"metrics\":[]}}", Format::AutoExport);
        check("{\"data\":{\"workouts\":[{\"name\":\"Run\",\"start\":\"2026\"}]}}", Format::AutoExport);
        check("{\"data\":{\"workouts\":[{\"route\":[{\"latitude\":1,\"timestamp\":\"2026\"}", Format::AutoExport);
        check("{\"data\":{\"ecg\":[{\"voltageMeasurements\":[", Format::AutoExport);
        check("[{\"metrics\":[]}]", Format::AutoExport);
        check("{\"resourceType\":\"Observation\"}", Format::Fhir);
        check("PK\u{3}\u{4}", Format::Zip);
        let ecg = format!("Name,X\nRecorded Date,2020\nUnit,V\nLead,I\n\n{}", "-12.5\n".repeat(30));
        check(&ecg, Format::Ecg);
        check(&format!("الاسم,س\nا,2020\nب,V\nج,I\n\n{}", "\u{61c}-١٨٠٫٥٩٦\n".repeat(3000)), Format::Ecg);
        check(&format!("N,X\nD,2020\nE,V\nA,I\n\n{}", "\u{2212}1.032,5\n".repeat(30)), Format::Ecg);
        for separator in [",", ";"] {
            for ends in ["\n", "\r", "\r\n"] {
                let lines = ["Name,Ada", "Datum,2026-03-01 10:00:00 +0100", "Rate,512 Hz", "Einheit,µV", "", "1"];
                check(&lines.join(ends).replace(',', separator), Format::Ecg);
            }
        }
        check("a,b\n1,2\n", Format::Unknown);
        check(&format!("a,b\n{}", "1,2\n".repeat(30)), Format::Unknown);
        check("", Format::Unknown);
        check(" null\n", Format::Payload);
    }
}
