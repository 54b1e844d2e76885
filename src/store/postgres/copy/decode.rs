//! Bytes to rows, for tests. The stream arrives in pieces of any size.

use super::{HEADER, from_timestamp};
use crate::model::record::Uuid;

/// Why bytes are no rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store::postgres) struct Malformed;

/// Rows of a stream, one after the other.
#[derive(Debug, Default)]
pub(in crate::store::postgres) struct Decoder {
    /// Bytes that have arrived and were not handed out.
    bytes: Vec<u8>,
    /// Where the next row begins.
    next: usize,
    state: State,
    /// Where the fields of the last row are.
    fields: Vec<Option<(usize, usize)>>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    #[default]
    Header,
    Rows,
    End,
}

/// The fields of a row.
#[derive(Clone, Copy, Debug)]
pub(in crate::store::postgres) struct Fields<'a> {
    bytes: &'a [u8],
    places: &'a [Option<(usize, usize)>],
}

/// The bytes of a field; `None` for null.
#[derive(Clone, Copy, Debug)]
pub(in crate::store::postgres) struct Field<'a>(pub(in crate::store::postgres) Option<&'a [u8]>);

impl Decoder {
    /// Adds a piece of the stream.
    pub(in crate::store::postgres) fn push(&mut self, piece: &[u8]) {
        // Rows that were handed out are forgotten at once, not one by one.
        self.bytes.drain(..self.next);
        self.next = 0;
        self.bytes.extend_from_slice(piece);
    }

    /// The next row, if it has arrived as a whole.
    pub(in crate::store::postgres) fn next_row(&mut self) -> Result<Option<Fields<'_>>, Malformed> {
        if self.state == State::Header {
            let begin = &self.bytes[..self.bytes.len().min(HEADER.len())];
            if !HEADER.starts_with(begin) {
                return Err(Malformed);
            }
            if begin.len() < HEADER.len() {
                return Ok(None);
            }
            (self.next, self.state) = (HEADER.len(), State::Rows);
        }
        if self.state == State::End {
            return if self.bytes.len() > self.next { Err(Malformed) } else { Ok(None) };
        }
        let mut at = self.next;
        let Some(count) = self.bytes.get(at..).and_then(<[u8]>::first_chunk) else { return Ok(None) };
        let count = i16::from_be_bytes(*count);
        at += 2;
        if count == -1 {
            (self.next, self.state) = (at, State::End);
            return self.next_row();
        }
        self.fields.clear();
        for _ in 0..usize::try_from(count).map_err(|_| Malformed)? {
            let Some(length) = self.bytes.get(at..).and_then(<[u8]>::first_chunk) else { return Ok(None) };
            let length = i32::from_be_bytes(*length);
            at += 4;
            if length == -1 {
                self.fields.push(None);
                continue;
            }
            let end = at + usize::try_from(length).map_err(|_| Malformed)?;
            if end > self.bytes.len() {
                return Ok(None);
            }
            self.fields.push(Some((at, end)));
            at = end;
        }
        self.next = at;
        Ok(Some(Fields { bytes: &self.bytes, places: &self.fields }))
    }

    /// Fails if the stream has not ended.
    pub(in crate::store::postgres) fn finish(self) -> Result<(), Malformed> {
        if self.state == State::End && self.next == self.bytes.len() { Ok(()) } else { Err(Malformed) }
    }
}

impl<'a> Fields<'a> {
    pub(in crate::store::postgres) fn len(&self) -> usize {
        self.places.len()
    }

    /// A field; null beyond the last one.
    pub(in crate::store::postgres) fn get(&self, index: usize) -> Field<'a> {
        let place = self.places.get(index).copied().flatten();
        Field(place.map(|(from, to)| &self.bytes[from..to]))
    }
}

impl<'a> Field<'a> {
    pub(in crate::store::postgres) fn integer(self) -> Option<i64> {
        Some(i64::from_be_bytes(self.0?.try_into().ok()?))
    }

    pub(in crate::store::postgres) fn real(self) -> Option<f64> {
        Some(f64::from_bits(u64::from_be_bytes(self.0?.try_into().ok()?)))
    }

    pub(in crate::store::postgres) fn time(self) -> Option<i64> {
        self.integer().map(from_timestamp)
    }

    pub(in crate::store::postgres) fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.0?).ok()
    }

    pub(in crate::store::postgres) fn uuid(self) -> Option<Uuid> {
        self.0?.try_into().ok()
    }
}
