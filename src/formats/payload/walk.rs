//! The walk over the skeleton: which section are we in, what are its elements, where does something not fit.

use std::io::BufRead;

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, SyntaxErrorKind, ValueType};

use super::Sink;
use super::element::{ElementDecoder, Output, judge, reader_settings};
use super::lift::Lifter;
use super::mend::mend_half_pairs;
use super::rows::RejectPlace;
use super::shape::{BodyMember, ElementKind, Flaw, LOCATIONS, uuid_of};
use super::transfer::Transferred;
use crate::model::batch::Batch;
use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::limits::SKELETON_STRING_BYTES_MAX;
use crate::model::record::Envelope;
use crate::model::time;

const CHARACTERISTICS: &str = "characteristics";
const WORKOUT_ROUTES: &str = "workoutRoutes";

/// A section: what its elements are, and how it is called in rejects and errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section<'a> {
    pub(crate) kind: ElementKind,
    pub(crate) label: &'a str,
    /// Arrays and objects around its elements that have not been counted for them yet.
    pub(crate) nesting: u32,
}

/// What struson says about a body that is no JSON, at its place in the body.
pub(crate) fn syntax_error(
    error: &ReaderError,
    offset: impl Fn(u64) -> u64,
    section: &str,
    index: Option<u64>,
) -> Error {
    let (kind, message, location) = match error {
        ReaderError::SyntaxError(error) => {
            let message = match error.kind {
                SyntaxErrorKind::IncompleteDocument => "the body ends before the JSON is complete".to_owned(),
                kind => format!("the body is not JSON: {}", words(&kind.to_string())),
            };
            (ErrorKind::Syntax, message, &error.location)
        }
        ReaderError::MaxNestingDepthExceeded { max_nesting_depth, location } => {
            (ErrorKind::Syntax, format!("the body is nested deeper than {max_nesting_depth} levels"), location)
        }
        ReaderError::IoError { location, .. } => (ErrorKind::Syntax, "the body is not UTF-8".to_owned(), location),
        ReaderError::UnexpectedValueType { location, .. }
        | ReaderError::UnexpectedStructure { location, .. }
        | ReaderError::UnsupportedNumberValue { location, .. } => {
            (ErrorKind::Shape, "the body is not a payload of Health Export Pro".to_owned(), location)
        }
        _ => return Error::new(ErrorKind::Syntax, "the body is not JSON"),
    };
    let section = (!section.is_empty()).then_some(section);
    Error::new(kind, message).at(location.data_pos.map(offset), section, index)
}

/// The kind of a value, for a sentence.
fn said(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Array => "an array",
        ValueType::Object => "an object",
        ValueType::String => "a text",
        ValueType::Number => "a number",
        ValueType::Boolean => "true or false",
        ValueType::Null => "null",
    }
}

/// `TrailingCommaNotEnabled` → `trailing comma not enabled`.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 8);
    for character in name.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

/// Walks over a whole body. What was decoded before an error is in the batch, or with the sink.
pub(crate) fn walk<R: BufRead>(
    lifter: &mut Lifter<R>,
    batch: &mut Box<Batch>,
    sink: &mut dyn Sink,
) -> Result<Envelope> {
    let mut walker = Walker {
        json: JsonStreamReader::new_custom(&mut *lifter, reader_settings()),
        elements: ElementDecoder::new(),
        output: Output { batch, sink },
        envelope: Envelope::default(),
        transferred: Transferred::default(),
        name: String::new(),
        label: String::new(),
        index: None,
        waiting: None,
        has_section: false,
    };
    if let Err(error) = walker.body() {
        // Elements that stand before the place of the error are whole. If one of them is no JSON, that comes first.
        walker.flush()?;
        return Err(error);
    }
    let Walker { json, envelope, has_section, .. } = walker;
    if let Err(error) = json.consume_trailing_whitespace() {
        return Err(failure(&error, lifter, "", None));
    }
    if !has_section {
        let message =
            "not a payload of Health Export Pro: it has none of `data`, `workoutRoutes` and `characteristics`";
        return Err(Error::new(ErrorKind::Shape, message).at(Some(0), None, None));
    }
    Ok(envelope)
}

/// Our error for struson's.
fn failure<R: BufRead>(error: &ReaderError, lifter: &mut Lifter<R>, section: &str, index: Option<u64>) -> Error {
    if let Some(failure) = lifter.take_failure() {
        let section = (!section.is_empty()).then_some(section);
        return from_io(failure).at(Some(lifter.body_bytes()), section, index);
    }
    let is_end = is_end(error);
    // An element with a bracket or a quote too few swallows the rest of the body: the fault is inside it, not at the end.
    if is_end && let Some((offset, text)) = lifter.under_way() {
        let mut text = text.to_vec();
        mend_half_pairs(&mut text);
        if let Err(fault) = judge(&text, 0)
            && !self::is_end(&fault)
        {
            return syntax_error(&fault, |at| offset + at, section, index);
        }
    }
    syntax_error(
        error,
        |at| {
            if is_end { lifter.body_bytes() } else { lifter.offset(at) }
        },
        section,
        index,
    )
}

fn is_end(error: &ReaderError) -> bool {
    matches!(error, ReaderError::SyntaxError(error) if error.kind == SyntaxErrorKind::IncompleteDocument)
}

/// Lifted elements that were come by and wait to be decoded together.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    kind: ElementKind,
    nesting: u32,
    first: u64,
}

struct Walker<'a, R: BufRead> {
    json: JsonStreamReader<&'a mut Lifter<R>>,
    elements: ElementDecoder,
    output: Output<'a>,
    envelope: Envelope,
    transferred: Transferred,
    /// The member's name that was read last.
    name: String,
    /// The section under way, as rejects and errors call it.
    label: String,
    index: Option<u64>,
    waiting: Option<Waiting>,
    has_section: bool,
}

impl<R: BufRead> Walker<'_, R> {
    fn fail(&mut self, error: &ReaderError) -> Error {
        failure(error, self.json.reader_mut(), &self.label, self.index)
    }

    fn peek(&mut self) -> Result<ValueType> {
        self.json.peek().map_err(|error| self.fail(&error))
    }

    fn has_next(&mut self) -> Result<bool> {
        self.json.has_next().map_err(|error| self.fail(&error))
    }

    /// Offset in the body of what comes next.
    fn offset(&mut self) -> u64 {
        let at = self.json.current_position(false).data_pos.unwrap_or_default();
        self.json.reader_mut().offset(at)
    }

    fn begin_object(&mut self) -> Result<()> {
        self.json.begin_object().map_err(|error| self.fail(&error))
    }

    /// Reads the next member's name into `self.name`; false at the end of the object, which is then closed.
    fn next_member(&mut self) -> Result<bool> {
        if !self.has_next()? {
            self.json.end_object().map_err(|error| self.fail(&error))?;
            return Ok(false);
        }
        match self.json.next_name() {
            Ok(name) => {
                self.name.clear();
                self.name.push_str(name);
                Ok(true)
            }
            Err(error) => Err(self.fail(&error)),
        }
    }

    /// The member's value must be an object, else the body is no payload. False for null, which is absence.
    fn enter_section(&mut self, name: &str) -> Result<bool> {
        self.label.clear();
        self.label.push_str(name);
        self.has_section = true;
        match self.peek()? {
            ValueType::Object => self.begin_object().map(|()| true),
            ValueType::Null => self.null().map(|()| false),
            kind => {
                let message = format!("not a payload of Health Export Pro: `{name}` is {}, not an object", said(kind));
                let offset = self.offset();
                Err(Error::new(ErrorKind::Shape, message).at(Some(offset), Some(name), None))
            }
        }
    }

    fn body(&mut self) -> Result<()> {
        let kind = self.peek()?;
        if kind != ValueType::Object {
            let message = format!("not a payload of Health Export Pro: the body is {}, not an object", said(kind));
            let offset = self.offset();
            return Err(Error::new(ErrorKind::Shape, message).at(Some(offset), None, None));
        }
        self.begin_object()?;
        while self.next_member()? {
            self.label.clone_from(&self.name);
            match BodyMember::of(&self.name) {
                BodyMember::ExportDate => self.envelope.export_ms = self.envelope_date()?,
                BodyMember::StartDate => self.envelope.start_ms = self.envelope_date()?,
                BodyMember::EndDate => self.envelope.end_ms = self.envelope_date()?,
                BodyMember::SyncSource => self.envelope.sync_source = self.envelope_text()?,
                BodyMember::Characteristics => self.characteristics()?,
                BodyMember::Data => self.data()?,
                BodyMember::WorkoutRoutes => self.workout_routes()?,
                BodyMember::Unknown => self.unknown()?,
            }
            self.label.clear();
            self.report_cut()?;
        }
        Ok(())
    }

    /// A text of the envelope; null is absence, anything else is set aside.
    fn envelope_text(&mut self) -> Result<Option<String>> {
        match self.peek()? {
            ValueType::String => self.json.next_string().map(Some).map_err(|error| self.fail(&error)),
            ValueType::Null => self.null().map(|()| None),
            _ => self.set_aside("not a text").map(|()| None),
        }
    }

    fn envelope_date(&mut self) -> Result<Option<i64>> {
        self.peek()?;
        let offset = self.offset();
        let Some(text) = self.envelope_text()? else {
            return Ok(None);
        };
        if let Some(date) = time::parse_iso(&text) {
            return Ok(Some(date.ms));
        }
        let place = RejectPlace { index: None, offset };
        let reason = "not an ISO 8601 date with time and offset";
        self.output.reject(&self.label, reason, place, text.as_bytes(), text.len() as u64)?;
        Ok(None)
    }

    fn characteristics(&mut self) -> Result<()> {
        if !self.enter_section(CHARACTERISTICS)? {
            return Ok(());
        }
        while self.next_member()? {
            self.label.truncate(CHARACTERISTICS.len());
            self.label.push('/');
            self.label.push_str(&self.name);
            if self.peek()? == ValueType::Null {
                self.null()?;
            } else {
                self.slow_element(ElementKind::Characteristic)?;
            }
        }
        Ok(())
    }

    fn data(&mut self) -> Result<()> {
        if !self.enter_section("data")? {
            return Ok(());
        }
        while self.next_member()? {
            self.label.clone_from(&self.name);
            let kind = ElementKind::of_data_key(&self.name);
            match (self.peek()?, kind) {
                (ValueType::Array, _) => self.array(kind, 3)?,
                (ValueType::Null, _) => self.null()?,
                (_, ElementKind::Unknown { .. }) => self.slow_element(kind)?,
                _ => self.set_aside("not an array")?,
            }
            self.report_cut()?;
        }
        Ok(())
    }

    fn workout_routes(&mut self) -> Result<()> {
        if !self.enter_section(WORKOUT_ROUTES)? {
            return Ok(());
        }
        while self.next_member()? {
            self.label.truncate(WORKOUT_ROUTES.len());
            self.label.push('/');
            self.label.push_str(&self.name);
            let workout = uuid_of(&self.name);
            match self.peek()? {
                ValueType::Array => self.routes_of(workout)?,
                ValueType::Null => self.null()?,
                _ => self.set_aside("not an array")?,
            }
            self.report_cut()?;
        }
        Ok(())
    }

    /// The routes of one workout.
    fn routes_of(&mut self, workout: Option<[u8; 16]>) -> Result<()> {
        self.json.begin_array().map_err(|error| self.fail(&error))?;
        let label = self.label.len();
        let mut route = 0_u32;
        while self.has_next()? {
            self.label.truncate(label);
            self.label.push('/');
            self.label.push_str(itoa::Buffer::new().format(route));
            if self.peek()? == ValueType::Object {
                self.begin_object()?;
                self.route(ElementKind::Location { workout, route })?;
            } else {
                self.set_aside(&Flaw::NoObject.to_string())?;
            }
            route = route.saturating_add(1);
        }
        self.label.truncate(label);
        self.json.end_array().map_err(|error| self.fail(&error))
    }

    /// The members of one route.
    fn route(&mut self, kind: ElementKind) -> Result<()> {
        let label = self.label.len();
        while self.next_member()? {
            match self.peek()? {
                ValueType::Array if self.name == LOCATIONS => self.array(kind, 5)?,
                ValueType::Null => self.null()?,
                _ => {
                    self.label.push('/');
                    self.label.push_str(&self.name);
                    self.slow_element(ElementKind::Unknown { in_data: false })?;
                    self.label.truncate(label);
                }
            }
        }
        Ok(())
    }

    /// A member of the body that this version does not know: each part of it is kept as a record of its own.
    fn unknown(&mut self) -> Result<()> {
        let kind = ElementKind::Unknown { in_data: false };
        match self.peek()? {
            ValueType::Array => self.array(kind, 2),
            ValueType::Object => {
                let label = self.label.len();
                self.begin_object()?;
                while self.next_member()? {
                    self.label.truncate(label);
                    self.label.push('/');
                    self.label.push_str(&self.name);
                    if self.peek()? == ValueType::Array { self.array(kind, 3)? } else { self.slow_element(kind)? }
                }
                Ok(())
            }
            _ => self.slow_element(kind),
        }
    }

    /// The elements of an array; `nesting` counts the arrays and objects around each.
    fn array(&mut self, kind: ElementKind, nesting: u32) -> Result<()> {
        self.json.begin_array().map_err(|error| self.fail(&error))?;
        let mut index = 0;
        self.index = Some(index);
        while self.has_next()? {
            let at = match self.peek()? {
                ValueType::Object => self.json.current_position(false).data_pos,
                _ => None,
            };
            if at.is_some_and(|at| self.json.reader_mut().claim(at)) {
                self.waiting.get_or_insert(Waiting { kind, nesting, first: index });
                self.json.skip_value().map_err(|error| self.fail(&error))?;
                if self.json.reader_mut().is_claimed() {
                    self.flush()?;
                }
            } else {
                self.slow_element(kind)?;
            }
            index += 1;
            self.index = Some(index);
        }
        self.flush()?;
        self.index = None;
        self.json.end_array().map_err(|error| self.fail(&error))
    }

    /// Decodes the elements that wait.
    fn flush(&mut self) -> Result<()> {
        let Some(Waiting { kind, nesting, first }) = self.waiting.take() else {
            return Ok(());
        };
        let lifter = self.json.reader_mut();
        let (lifted, text) = lifter.claimed();
        let section = Section { kind, label: &self.label, nesting };
        self.elements.decode(&section, first, lifted, text, &mut self.output)?;
        lifter.take();
        Ok(())
    }

    /// Decodes the next value, which was not lifted, as an element.
    fn slow_element(&mut self, kind: ElementKind) -> Result<()> {
        self.flush()?;
        let place = RejectPlace { index: self.index, offset: self.offset() };
        self.transfer()?;
        let Transferred { text, bytes } = &self.transferred;
        // struson has counted them on its way.
        let section = Section { kind, label: &self.label, nesting: 0 };
        self.elements.decode_one(&section, place, text.as_bytes(), *bytes, &mut self.output)
    }

    fn transfer(&mut self) -> Result<()> {
        self.transferred.read(&mut self.json).map_err(|error| self.fail(&error))?;
        // Unlike all other values, a number does not say where it ends: if the body does there, it may be half a number.
        if self.transferred.text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            self.has_next()?;
        }
        Ok(())
    }

    /// Sets the next value aside.
    fn set_aside(&mut self, reason: &str) -> Result<()> {
        let place = RejectPlace { index: self.index, offset: self.offset() };
        self.transfer()?;
        let Transferred { text, bytes } = &self.transferred;
        self.output.reject(&self.label, reason, place, text.as_bytes(), *bytes)
    }

    fn null(&mut self) -> Result<()> {
        self.json.next_null().map_err(|error| self.fail(&error))
    }

    /// Says so if a name, string or number of the skeleton was too long to be kept whole.
    fn report_cut(&mut self) -> Result<()> {
        let Some(offset) = self.json.reader_mut().take_cut() else {
            return Ok(());
        };
        let reason = format!(
            "a name, text or number outside an element is longer than {SKELETON_STRING_BYTES_MAX} bytes: the rest of it was left out"
        );
        self.output.reject(&self.label, &reason, RejectPlace { index: None, offset }, b"", 0)
    }
}
