//! Rows to bytes.

use bytes::Bytes;

use super::{HEADER, to_timestamp};
use crate::model::record::Uuid;

/// Bytes of rows. They are the same for each table that has these columns.
#[derive(Debug, Default)]
pub(in crate::store::postgres) struct Encoder {
    rows: Vec<u8>,
}

impl Encoder {
    /// End of a stream.
    pub(in crate::store::postgres) const TRAILER: &'static [u8] = &(-1_i16).to_be_bytes();

    /// Start of a stream.
    pub(in crate::store::postgres) const HEADER: &'static [u8] = HEADER;

    /// The bytes of all rows, for a test.
    #[cfg(test)]
    pub(in crate::store::postgres) fn rows(&self) -> &[u8] {
        &self.rows
    }

    /// The bytes of all rows, in their memory.
    pub(in crate::store::postgres) fn into_bytes(self) -> Bytes {
        self.rows.into()
    }

    /// The rows whose bytes these are. They are copied if anyone else has a part of them.
    pub(in crate::store::postgres) fn of_bytes(bytes: Bytes) -> Self {
        Self { rows: bytes.into() }
    }

    /// Bytes of all rows.
    pub(in crate::store::postgres) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether rows may be added without new memory for the first ones.
    pub(in crate::store::postgres) fn has_memory(&self) -> bool {
        self.rows.capacity() > 0
    }

    /// Takes so much memory, unless it has some: rows that outgrow it would be copied, and take twice as much.
    pub(in crate::store::postgres) fn reserve_first(&mut self, bytes: usize) {
        if self.rows.capacity() == 0 {
            self.rows.reserve_exact(bytes);
        }
    }

    /// Forgets all rows. Memory beyond `kept` bytes is freed.
    pub(in crate::store::postgres) fn clear(&mut self, kept: usize) {
        self.rows.clear();
        self.rows.shrink_to(kept);
    }

    /// Moves the rows behind those of another one for which `is_moved` holds.
    pub(in crate::store::postgres) fn move_rows(&mut self, other: &mut Self, mut is_moved: impl FnMut(&[u8]) -> bool) {
        let (mut at, mut kept) = (0, 0);
        while at < self.rows.len() {
            let end = at + length_of_row(&self.rows[at..]);
            if is_moved(&self.rows[at..end]) {
                other.rows.extend_from_slice(&self.rows[at..end]);
            } else {
                if kept < at {
                    self.rows.copy_within(at..end, kept);
                }
                kept += end - at;
            }
            at = end;
        }
        self.rows.truncate(kept);
    }

    /// Moves the rows behind a place behind those of another one.
    pub(in crate::store::postgres) fn move_back(&mut self, other: &mut Self, place: usize) {
        other.rows.extend_from_slice(&self.rows[place..]);
        self.rows.truncate(place);
    }

    /// Begins a row. So many fields follow.
    pub(in crate::store::postgres) fn begin_row(&mut self, fields: usize) {
        let fields = i16::try_from(fields).expect("a table has few columns");
        self.rows.extend_from_slice(&fields.to_be_bytes());
    }

    pub(in crate::store::postgres) fn null(&mut self) {
        self.rows.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    pub(in crate::store::postgres) fn integer(&mut self, value: i64) {
        self.field(&value.to_be_bytes());
    }

    pub(in crate::store::postgres) fn real(&mut self, value: f64) {
        self.field(&value.to_bits().to_be_bytes());
    }

    pub(in crate::store::postgres) fn time(&mut self, at_ms: i64) {
        self.integer(to_timestamp(at_ms));
    }

    pub(in crate::store::postgres) fn uuid(&mut self, uuid: &Uuid) {
        self.field(uuid);
    }

    pub(in crate::store::postgres) fn bytes(&mut self, bytes: &[u8]) {
        self.field(bytes);
    }

    /// A text. PostgreSQL has no zero character: its symbol stands in its place.
    pub(in crate::store::postgres) fn text(&mut self, text: &str) {
        if text.contains('\0') {
            self.field(text.replace('\0', "\u{2400}").as_bytes());
        } else {
            self.field(text.as_bytes());
        }
    }

    #[inline]
    fn field(&mut self, bytes: &[u8]) {
        let length = i32::try_from(bytes.len()).expect("an element is far shorter than 2 GiB: `limits` has its bound");
        self.rows.extend_from_slice(&length.to_be_bytes());
        self.rows.extend_from_slice(bytes);
    }
}

/// The bytes of the first row.
fn length_of_row(rows: &[u8]) -> usize {
    let [a, b, ..] = *rows else { return rows.len() };
    let (mut at, fields) = (2, u16::from_be_bytes([a, b]));
    for _ in 0..fields {
        let length = rows[at..].first_chunk().map_or(-1, |length| i32::from_be_bytes(*length));
        at += 4 + usize::try_from(length).unwrap_or(0);
    }
    at
}
