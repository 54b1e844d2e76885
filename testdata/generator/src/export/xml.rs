//! A writer of XML elements in the layout of Apple's export: one line each, indented by one space a level.

use crate::clock;
use crate::identity::Uuid;
use crate::number::{self, Decimal};
use crate::text::Text;

#[derive(Debug)]
pub(crate) struct Xml {
    pub(crate) text: Text,
    /// Of the phone, when the export was made: all times are in it.
    offset_minutes: i64,
    /// Numbers have six significant digits at most, as Apple's have.
    pub(crate) rounded: bool,
}

impl Xml {
    pub(crate) fn new(offset_minutes: i64, rounded: bool) -> Self {
        Self { text: Text::default(), offset_minutes, rounded }
    }

    /// ` <Record`: attributes follow, then [`Xml::children`] or [`Xml::close`].
    pub(crate) fn open(&mut self, depth: usize, name: &str) {
        self.indent(depth);
        self.text.push(b"<");
        self.text.push(name.as_bytes());
    }

    /// Ends the tag of an element with children.
    pub(crate) fn children(&mut self) {
        self.text.push(b">\n");
    }

    /// Ends an element without children.
    pub(crate) fn close(&mut self) {
        self.text.push(b"/>\n");
    }

    /// Ends an element after its children.
    pub(crate) fn end(&mut self, depth: usize, name: &str) {
        self.indent(depth);
        self.text.push(b"</");
        self.text.push(name.as_bytes());
        self.text.push(b">\n");
    }

    pub(crate) fn attribute(&mut self, name: &str, value: &str) {
        self.quoted(name, |xml| push_escaped(value, &mut xml.text.bytes));
    }

    pub(crate) fn integer(&mut self, name: &str, value: u64) {
        self.quoted(name, |xml| {
            number::push_integer(value, &mut xml.text.bytes);
        });
    }

    pub(crate) fn decimal(&mut self, name: &str, value: Decimal) {
        self.quoted(name, |xml| xml.push_decimal(value));
    }

    /// All digits, also where other numbers are rounded: durations have them.
    pub(crate) fn exact(&mut self, name: &str, value: Decimal) {
        self.quoted(name, |xml| value.push(&mut xml.text.bytes));
    }

    /// `value="63 degF"`
    pub(crate) fn quantity(&mut self, name: &str, value: Decimal, unit: &str) {
        self.quoted(name, |xml| {
            xml.push_decimal(value);
            xml.text.push(b" ");
            push_escaped(unit, &mut xml.text.bytes);
        });
    }

    pub(crate) fn date(&mut self, name: &str, ms: i64) {
        self.quoted(name, |xml| {
            clock::push_local(&mut xml.text.bytes, ms, xml.offset_minutes);
        });
    }

    /// A date in metadata, which is in UTC.
    pub(crate) fn date_utc(&mut self, name: &str, ms: i64) {
        self.quoted(name, |xml| clock::push_local(&mut xml.text.bytes, ms, 0));
    }

    pub(crate) fn uuid(&mut self, name: &str, uuid: Uuid) {
        self.quoted(name, |xml| xml.text.push(&uuid.text()));
    }

    fn quoted(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.text.push(b" ");
        self.text.push(name.as_bytes());
        self.text.push(b"=\"");
        write(self);
        self.text.push(b"\"");
    }

    fn push_decimal(&mut self, value: Decimal) {
        if self.rounded {
            value.push_general(&mut self.text.bytes);
        } else {
            value.push(&mut self.text.bytes);
        }
    }

    fn indent(&mut self, depth: usize) {
        self.text.bytes.extend(std::iter::repeat_n(b' ', depth));
    }
}

pub(crate) fn push_escaped(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            _ => out.push(byte),
        }
    }
}
