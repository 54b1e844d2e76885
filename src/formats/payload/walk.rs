//! The walk over the skeleton: follows the grammar of `keys`, decodes elements, and rejects what does not fit.

use std::io::BufRead;

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ValueType};

use super::element::{Context, ElementDecoder};
use super::fields::uuid_of;
use super::grammar::{body_settings, kind_in_words};
use super::keys::{DATA_TWICE, EMPTY_LIST, ElementKind, NO_SECTION, Role};
use super::lift::Lifter;
use super::place::{Place, failure};
use super::transfer::Transferred;
use crate::formats::flaw::Flaw;
use crate::formats::output::{Location, Output};
use crate::formats::shape::{MIXED, Shape, shape_of_section};
use crate::formats::surrogates::plain;
use crate::model::envelope::Envelope;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::SKELETON_STRING_BYTES_MAX;
use crate::model::locale::{parse_iso_of_phone, unclear_year};

/// Walks over a whole body. The rows decoded before an error are in the batch, or with the sink.
pub(crate) fn walk<R: BufRead>(lifter: &mut Lifter<R>, output: &mut Output<'_>) -> Result<Envelope> {
    let overflow = output.receiver.overflow();
    let mut walker = Walker {
        json: JsonStreamReader::new_custom(&mut *lifter, body_settings()),
        elements: ElementDecoder::new(),
        output,
        envelope: Envelope::default(),
        transferred: Transferred::new(overflow),
        name: String::new(),
        place: Place::default(),
        waiting: None,
        documents: 0,
        has_section: false,
        null_section: None,
        null_document: None,
    };
    if let Err(error) = walker.bodies() {
        // Elements before the place of the error are whole. If one of them is not JSON, its error comes first.
        walker.flush()?;
        return Err(error);
    }
    Ok(walker.envelope)
}

/// Lifted elements that the walk has passed and that wait to be decoded together.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    kind: ElementKind,
    nesting: u32,
    first: u64,
}

struct Walker<'a, 'o, R: BufRead> {
    json: JsonStreamReader<&'a mut Lifter<R>>,
    elements: ElementDecoder,
    output: &'a mut Output<'o>,
    envelope: Envelope,
    transferred: Transferred,
    /// The member's name that was read last.
    name: String,
    place: Place,
    waiting: Option<Waiting>,
    /// Documents so far, the one under way among them.
    documents: u64,
    has_section: bool,
    /// A section of the document that is null, and a document that is: absence, unless nothing else comes.
    null_section: Option<Error>,
    null_document: Option<Error>,
}

impl<R: BufRead> Walker<'_, '_, R> {
    fn fail(&mut self, error: &ReaderError) -> Error {
        failure(error, self.json.reader_mut(), &self.place)
    }

    fn peek(&mut self) -> Result<ValueType> {
        self.json.peek().map_err(|error| self.fail(&error))
    }

    /// Returns the offset in the body of what follows.
    fn offset(&mut self) -> u64 {
        let at = self.json.current_position(false).data_pos.unwrap_or_default();
        self.json.reader_mut().offset(at)
    }

    fn begin_object(&mut self) -> Result<()> {
        self.json.begin_object().map_err(|error| self.fail(&error))?;
        self.place.nesting += 1;
        Ok(())
    }

    /// Reads the next member's name into `self.name`. Returns false at the end of the object, which is then closed.
    fn next_member(&mut self) -> Result<bool> {
        if !self.json.has_next().map_err(|error| self.fail(&error))? {
            self.json.end_object().map_err(|error| self.fail(&error))?;
            self.place.nesting -= 1;
            return Ok(false);
        }
        match self.json.next_name() {
            Ok(name) => {
                self.name.clear();
                self.name.push_str(&plain(name));
                Ok(true)
            }
            Err(error) => Err(self.fail(&error)),
        }
    }

    fn begin_array(&mut self) -> Result<()> {
        self.json.begin_array().map_err(|error| self.fail(&error))?;
        self.place.nesting += 1;
        Ok(())
    }

    /// Returns false at the end of the array, which is then closed.
    fn next_element(&mut self) -> Result<bool> {
        if self.json.has_next().map_err(|error| self.fail(&error))? {
            return Ok(true);
        }
        self.flush()?;
        self.place.index = None;
        self.json.end_array().map_err(|error| self.fail(&error))?;
        self.place.nesting -= 1;
        Ok(false)
    }

    fn null(&mut self) -> Result<()> {
        self.json.next_null().map_err(|error| self.fail(&error))
    }

    /// All documents: objects and lists of objects, one behind the other.
    fn bodies(&mut self) -> Result<()> {
        loop {
            if self.peek()? == ValueType::Array {
                self.list()?;
            } else {
                self.body("the document")?;
            }
            if !self.json.has_next().map_err(|error| self.fail(&error))? {
                return self.null_document.take().filter(|_| self.documents == 0).map_or(Ok(()), Err);
            }
        }
    }

    /// The documents of a list.
    fn list(&mut self) -> Result<()> {
        let offset = self.offset();
        self.begin_array()?;
        let mut is_empty = true;
        while self.next_element()? {
            self.body("an element of the list")?;
            is_empty = false;
        }
        if is_empty { Err(Error::new(ErrorKind::Shape, EMPTY_LIST).at(Some(offset), None, None)) } else { Ok(()) }
    }

    fn body(&mut self, what: &str) -> Result<()> {
        let kind = self.peek()?;
        if kind != ValueType::Object {
            let wrong = self.wrong_shape(what, kind);
            if kind != ValueType::Null {
                return Err(wrong);
            }
            self.null_document.get_or_insert(wrong);
            return self.null();
        }
        let offset = self.offset();
        (self.has_section, self.null_section) = (false, None);
        self.documents += 1;
        self.begin_object()?;
        while self.next_member()? {
            self.place.section.enter(&self.name);
            match Role::Body.member(self.name.as_bytes()) {
                Role::ExportDate => self.envelope.export_ms = self.envelope_date()?,
                Role::StartDate => self.envelope.start_ms = self.envelope_date()?,
                Role::EndDate => self.envelope.end_ms = self.envelope_date()?,
                Role::SyncSource => self.envelope.sync_source = self.envelope_text()?,
                Role::Characteristics => self.characteristics()?,
                Role::Data => self.data()?,
                Role::WorkoutRoutes => self.workout_routes()?,
                _ => self.unknown()?,
            }
            self.place.section.leave();
            self.report_cut()?;
        }
        if self.has_section {
            return Ok(());
        }
        let nothing = || Error::new(ErrorKind::Shape, NO_SECTION).at(Some(offset), None, None);
        Err(self.null_section.take().unwrap_or_else(nothing))
    }

    fn wrong_shape(&mut self, what: &str, kind: ValueType) -> Error {
        let kind = kind_in_words(kind);
        let message = format!("not a payload of Health Export Pro: {what} is {kind}, not an object");
        let offset = self.offset();
        Error::new(ErrorKind::Shape, message).at(Some(offset), self.place.section.named(), None)
    }

    /// Begins a section, which must be an object, else the body is not a payload. Returns false for null, which is absence.
    fn begin_section(&mut self) -> Result<bool> {
        let kind = self.peek()?;
        if kind == ValueType::Object {
            self.has_section = true;
            return self.begin_object().map(|()| true);
        }
        let what = format!("`{}`", self.name);
        let wrong = self.wrong_shape(&what, kind);
        if kind != ValueType::Null {
            return Err(wrong);
        }
        self.null_section = Some(wrong);
        self.null().map(|()| false)
    }

    /// Reads a text of the envelope. Null is absence, all other values are rejected.
    fn envelope_text(&mut self) -> Result<Option<String>> {
        match self.peek()? {
            ValueType::String => match self.json.next_str() {
                Ok(text) => Ok(Some(plain(text).into_owned())),
                Err(error) => Err(self.fail(&error)),
            },
            ValueType::Null => self.null().map(|()| None),
            _ => self.reject(&Flaw::Not("a text")).map(|()| None),
        }
    }

    fn envelope_date(&mut self) -> Result<Option<i64>> {
        self.peek()?;
        let offset = self.offset();
        let Some(text) = self.envelope_text()? else {
            return Ok(None);
        };
        if let Some(date) = parse_iso_of_phone(&text) {
            return Ok(Some(date.ms));
        }
        let flaw =
            unclear_year(&text).map_or(Flaw::Not("a date with time and offset"), |years| Flaw::Calendar("date", years));
        let location = Location { section: self.place.section.path(), part: "", index: None, offset };
        self.output.reject(location, &flaw, text.as_bytes().into())?;
        Ok(None)
    }

    fn characteristics(&mut self) -> Result<()> {
        if !self.begin_section()? {
            return Ok(());
        }
        while self.next_member()? {
            self.place.section.enter(&self.name);
            if self.peek()? == ValueType::Null {
                self.null()?;
            } else {
                self.slow_element(ElementKind::Characteristic)?;
            }
            self.place.section.leave();
        }
        Ok(())
    }

    fn data(&mut self) -> Result<()> {
        if !self.begin_section()? {
            return Ok(());
        }
        let mut is_own = false;
        while self.next_member()? {
            // Rejects and errors show only the key, not `data`.
            self.place.section.replace(&self.name);
            match shape_of_section(&self.name) {
                Some(Shape::AutoExport) if !is_own && self.documents > 1 => return Err(self.mixed()),
                shape => is_own |= shape.is_some(),
            }
            let kind = ElementKind::of_data_key(&self.name);
            match (self.peek()?, kind) {
                (ValueType::Array, _) => self.array(kind)?,
                (ValueType::Null, _) => self.null()?,
                (ValueType::Object, _) if self.name == "data" => {
                    let offset = self.offset();
                    return Err(Error::new(ErrorKind::Shape, DATA_TWICE).at(Some(offset), Some("data"), None));
                }
                (_, ElementKind::Unknown { .. }) => self.slow_element(kind)?,
                _ => self.reject(&Flaw::Not("an array"))?,
            }
            self.report_cut()?;
        }
        Ok(())
    }

    fn mixed(&mut self) -> Error {
        let offset = self.offset();
        Error::new(ErrorKind::Shape, MIXED).at(Some(offset), self.place.section.named(), None)
    }

    fn workout_routes(&mut self) -> Result<()> {
        if !self.begin_section()? {
            return Ok(());
        }
        while self.next_member()? {
            self.place.section.enter(&self.name);
            let workout = uuid_of(&self.name);
            match self.peek()? {
                ValueType::Array => self.routes(workout)?,
                ValueType::Null => self.null()?,
                _ => self.reject(&Flaw::Not("an array"))?,
            }
            self.report_cut()?;
            self.place.section.leave();
        }
        Ok(())
    }

    /// The routes of one workout.
    fn routes(&mut self, workout: Option<[u8; 16]>) -> Result<()> {
        self.begin_array()?;
        let mut route = 0_u32;
        while self.next_element()? {
            self.place.section.enter(itoa::Buffer::new().format(route));
            if self.peek()? == ValueType::Object {
                self.begin_object()?;
                self.route(ElementKind::Location { workout, route })?;
            } else {
                self.reject(&Flaw::Not("an object"))?;
            }
            self.place.section.leave();
            route = route.saturating_add(1);
        }
        Ok(())
    }

    /// The members of one route.
    fn route(&mut self, kind: ElementKind) -> Result<()> {
        while self.next_member()? {
            match (self.peek()?, Role::Route.member(self.name.as_bytes())) {
                (ValueType::Array, Role::Locations) => self.array(kind)?,
                (ValueType::Null, _) => self.null()?,
                _ => {
                    self.place.section.enter(&self.name);
                    self.slow_element(ElementKind::Unknown { in_data: false })?;
                    self.place.section.leave();
                }
            }
        }
        Ok(())
    }

    /// A member of the body that this version does not know: each part of it is kept as a record.
    fn unknown(&mut self) -> Result<()> {
        let kind = ElementKind::Unknown { in_data: false };
        match self.peek()? {
            ValueType::Array => self.array(kind),
            ValueType::Object => {
                self.begin_object()?;
                while self.next_member()? {
                    self.place.section.enter(&self.name);
                    if self.peek()? == ValueType::Array {
                        self.array(kind)?
                    } else {
                        self.slow_element(kind)?
                    }
                    self.place.section.leave();
                }
                Ok(())
            }
            _ => self.slow_element(kind),
        }
    }

    /// The elements of an array.
    fn array(&mut self, kind: ElementKind) -> Result<()> {
        self.begin_array()?;
        let mut index = 0;
        self.place.index = Some(index);
        while self.next_element()? {
            if self.claim()? {
                self.waiting.get_or_insert(Waiting { kind, nesting: self.place.nesting, first: index });
                self.json.skip_value().map_err(|error| self.fail(&error))?;
                if self.json.reader_mut().is_claimed() {
                    self.flush()?;
                }
            } else {
                self.slow_element(kind)?;
            }
            index += 1;
            self.place.index = Some(index);
        }
        Ok(())
    }

    /// Claims the next value if it is a lifted element. Returns whether it is.
    fn claim(&mut self) -> Result<bool> {
        if self.peek()? != ValueType::Object {
            return Ok(false);
        }
        let at = self.json.current_position(false).data_pos;
        Ok(at.is_some_and(|at| self.json.reader_mut().claim(at)))
    }

    /// Decodes the elements that wait.
    fn flush(&mut self) -> Result<()> {
        let Some(Waiting { kind, nesting, first }) = self.waiting.take() else {
            return Ok(());
        };
        let lifter = self.json.reader_mut();
        let context = Context { kind, section: &self.place.section, nesting };
        self.elements.decode(context, lifter.claimed(first), self.output)?;
        lifter.take();
        Ok(())
    }

    /// Decodes the next value, which was not lifted, as an element.
    fn slow_element(&mut self, kind: ElementKind) -> Result<()> {
        self.flush()?;
        let offset = self.transfer()?;
        let Place { section, index, nesting } = &self.place;
        let context = Context { kind, section, nesting: *nesting };
        let element = self.transferred.element(*index, offset);
        self.elements.decode_one(context, element, self.output)
    }

    /// Copies the next value. Returns its offset in the body.
    fn transfer(&mut self) -> Result<u64> {
        let offset = self.offset();
        self.transferred.read(&mut self.json).map_err(|error| self.fail(&error))?;
        self.transferred.take_failure()?;
        // Unlike all other values, a number has no mark at its end: if the body ends there, it may be half a number.
        if self.transferred.text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            self.json.has_next().map_err(|error| self.fail(&error))?;
        }
        Ok(offset)
    }

    /// Rejects the next value.
    fn reject(&mut self, flaw: &Flaw) -> Result<()> {
        let offset = self.transfer()?;
        let element = self.transferred.element(self.place.index, offset);
        self.output.reject(element.location(&self.place.section), flaw, element.raw())
    }

    /// Rejects the rest of a name, string or number of the skeleton that was too long to be kept whole.
    fn report_cut(&mut self) -> Result<()> {
        let Some(offset) = self.json.reader_mut().take_cut() else {
            return Ok(());
        };
        let location = Location { section: self.place.section.path(), part: "", index: None, offset };
        self.output.reject(location, &Flaw::Cut(SKELETON_STRING_BYTES_MAX), b"".as_slice().into())
    }
}
