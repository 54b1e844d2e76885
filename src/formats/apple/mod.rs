//! Apple's own export: `export.xml` and the files beside it, as a stream, to rows. Pure: files are opened elsewhere.
//!
//! `frames` cuts the XML into elements, `element` reads one, `record`, `workout` and `summary` know what they mean; `gpx`, `ecg`
//! and `clinical` read the files beside it. `names` has the numbers behind names, `equals` tells equal records apart.

mod clinical;
mod ecg;
mod element;
pub(crate) mod equals;
mod frames;
mod gpx;
mod record;
mod source;
pub(crate) mod summary;
mod tag;
mod workout;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use foldhash::fast::RandomState;

use crate::model::error::Result;
use crate::model::identity::{derive, digest};
use crate::model::limits::IMPORT_ELEMENT_BYTES_MAX;
use crate::model::record::{Envelope, Uuid};
use crate::model::time;

use super::output::{Output, Place};
use element::{Element, Tree};
use equals::Equals;
use frames::{Frame, Frames};
use record::Scratch;
use source::Sources;

/// A route of a workout.
#[derive(Clone, Copy, Debug)]
struct Route {
    workout: Uuid,
    number: u32,
}

/// Names of elements within others that are told apart in the account.
const WITHIN_NAMES_MAX: usize = 256;

/// Elements that were kept within others.
#[derive(Debug, Default)]
struct Within {
    metadata: u64,
    beat_lists: u64,
    beats: u64,
    names: BTreeMap<String, u64>,
}

impl Within {
    /// Counts an element and all in it.
    fn add(&mut self, element: Element<'_>) {
        if let Some(count) = self.names.get_mut(element.name()) {
            *count += 1;
        } else if self.names.len() < WITHIN_NAMES_MAX {
            self.names.insert(element.name().to_owned(), 1);
        }
        for child in element.children() {
            self.add(child);
        }
    }
}

/// Reads the files of one export; what it learns from the XML it needs for the files beside it.
pub(crate) struct Reader<'a> {
    /// File that is read now.
    file: &'a str,
    sources: Sources,
    equals: Equals,
    scratch: Scratch,
    routes: HashMap<[u8; 16], Route, RandomState>,
    within: Within,
    envelope: Envelope,
    bytes: u64,
}

impl<'a> Reader<'a> {
    pub(crate) fn new() -> Self {
        Self {
            file: "",
            sources: Sources::default(),
            equals: Equals::default(),
            scratch: Scratch::default(),
            routes: HashMap::default(),
            within: Within::default(),
            envelope: Envelope::default(),
            bytes: 0,
        }
    }

    /// What the export says of itself, and how many bytes were read.
    pub(crate) fn finish(mut self, output: &mut Output<'_>) -> (Envelope, u64) {
        let Within { metadata, beat_lists, beats, names } = std::mem::take(&mut self.within);
        let fixed = [
            ("MetadataEntry", metadata),
            ("HeartRateVariabilityMetadataList", beat_lists),
            ("InstantaneousBeatsPerMinute", beats),
        ];
        for (name, count) in fixed.into_iter().filter(|(_, count)| *count > 0) {
            output.tally.within(name, count);
        }
        for (name, count) in names {
            output.tally.within(&name, count);
        }
        (self.envelope, self.bytes)
    }

    /// The file that is read next, as rejects and errors name it.
    pub(crate) fn enter(&mut self, file: &'a str) {
        self.file = file;
    }

    /// Reads `export.xml`.
    pub(crate) fn xml(&mut self, source: impl Read, output: &mut Output<'_>) -> Result<()> {
        let mut frames = Frames::new(source, "HealthData", &[]);
        let outcome = self.children(&mut frames, output, |reader, element, output| reader.top(element, output));
        self.bytes += frames.passed();
        self.stray(&frames, output);
        outcome.map_err(|error| error.at(None, Some(self.file), None))
    }

    fn stray<R: Read>(&self, frames: &Frames<R>, output: &mut Output<'_>) {
        if frames.stray_bytes > 0 {
            output.tally.within("bytes between elements, left out", frames.stray_bytes);
        }
    }

    /// Reads the children of a document's root.
    fn children<R: Read>(
        &mut self,
        frames: &mut Frames<R>,
        output: &mut Output<'_>,
        mut read: impl FnMut(&mut Self, Element<'_>, &mut Output<'_>) -> Result<(), String>,
    ) -> Result<()> {
        let root = frames.enter()?;
        let mut tree = Tree::default();
        self.root(&String::from_utf8_lossy(frames.bytes(&root)), &mut tree, output);
        while let Some(frame) = frames.next()? {
            let bytes = frames.bytes(&frame);
            let read = match frame.flaw {
                Some(flaw) => Err(flaw.to_owned()),
                None => {
                    // Stray bytes cost the characters they stand in, not the record.
                    let text = match simdutf8::basic::from_utf8(bytes) {
                        Ok(text) => Cow::Borrowed(text),
                        Err(_) => String::from_utf8_lossy(bytes),
                    };
                    if written_bytes(&text) > IMPORT_ELEMENT_BYTES_MAX {
                        Err("it is longer than an element may be, once its control characters are escaped".to_owned())
                    } else {
                        tree.read(&text).and_then(|element| read(self, element, output))
                    }
                }
            };
            match read {
                Ok(()) => output.make_room()?,
                Err(reason) => self.reject(&frame, &reason, bytes, output)?,
            }
        }
        frames.finish()
    }

    /// What the root of `export.xml` says in its attributes, such as the phone's locale, is kept.
    fn root(&self, tag: &str, tree: &mut Tree, output: &mut Output<'_>) {
        // An element of its own, closed at once.
        let element = [tag.trim_end_matches(['>', '/']), "/>"].concat();
        if let Ok(root) = tree.read(&element)
            && root.name() == "HealthData"
            && root.attributes().next().is_some()
        {
            summary::keep_aside(root, output);
        }
    }

    fn reject(&self, frame: &Frame, reason: &str, raw: &[u8], output: &mut Output<'_>) -> Result<()> {
        let place = Place { file: self.file, line: frame.line, offset: frame.offset };
        output.reject(place, reason, raw, frame.bytes)
    }

    /// An element at the top level of `export.xml`.
    fn top(&mut self, element: Element<'_>, output: &mut Output<'_>) -> Result<(), String> {
        match element.name() {
            "Record" => self.record(element, output),
            "Correlation" => self.correlation(element, output),
            "Workout" => self.workout(element, output),
            "ActivitySummary" => summary::read(element, output),
            "Me" => {
                summary::characteristics(element, output);
                output.tally.skip("Me: kept in the table of characteristics", 1);
                Ok(())
            }
            "ExportDate" => {
                self.envelope.export_ms = element.get("value").and_then(time::parse);
                if self.envelope.export_ms.is_none() {
                    return Err("`value` is not a date with time and offset".to_owned());
                }
                output.tally.skip("ExportDate: kept with the upload", 1);
                Ok(())
            }
            _ => {
                summary::other(element, output);
                for child in element.children() {
                    self.within.add(child);
                }
                Ok(())
            }
        }
    }

    /// The workout of a route's file. A file that no workout refers to gets one of its own, made from its name.
    fn route(&self, path: &str) -> Option<Route> {
        self.routes.get(&route_key(path)).copied()
    }
}

/// About what an element takes as JSON, where a control character is six bytes long.
fn written_bytes(text: &str) -> usize {
    if text.len() <= IMPORT_ELEMENT_BYTES_MAX / 6 {
        return text.len();
    }
    let escapes = text.bytes().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    text.len() + 5 * escapes
}

/// What a path within an export is looked up by: `/workout-routes/x.gpx`, `apple_health_export/workout-routes/x.gpx`.
fn route_key(path: &str) -> [u8; 16] {
    let path = path.replace('\\', "/");
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    let (file, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    digest(&[folder.as_bytes(), file.as_bytes()])
}

/// The workout that a route belongs to if no workout refers to its file.
fn workout_of_file(path: &str) -> Uuid {
    derive(&route_key(path))
}
