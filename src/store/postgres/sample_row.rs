//! A sample of the app as a row of COPY, and what is read back from that.

use super::copy::{Encoder, from_timestamp};
use crate::model::record::Uuid;

/// The columns of a sample of the app, in the order of their fields.
macro_rules! columns {
    () => {
        "person_id, type_id, start_at, uuid, end_at, value, unit_id, source_id, metadata_id, metadata, other"
    };
}

pub(super) use columns;

const COLUMNS: usize = 11;

/// Where values of a row begin: a count of fields, and a length before each of them.
const TYPE: usize = 2 + 12 + 4;
const START: usize = TYPE + 12;
const UUID: usize = START + 12;
const END: usize = UUID + 20;

/// A sample with ids in place of texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct SampleRow<'a> {
    pub(super) person: i64,
    pub(super) type_id: i64,
    pub(super) start_ms: i64,
    pub(super) uuid: &'a Uuid,
    pub(super) end_ms: Option<i64>,
    pub(super) value: Option<f64>,
    pub(super) unit_id: Option<i64>,
    pub(super) source_id: Option<i64>,
    pub(super) metadata_id: Option<i64>,
    pub(super) metadata: Option<&'a str>,
    pub(super) other: Option<&'a str>,
}

impl SampleRow<'_> {
    pub(super) fn encode(&self, group: &mut Encoder) {
        group.begin_row(COLUMNS);
        group.integer(self.person);
        group.integer(self.type_id);
        group.time(self.start_ms);
        group.uuid(self.uuid);
        optional(group, self.end_ms, Encoder::time);
        optional(group, self.value, Encoder::real);
        for id in [self.unit_id, self.source_id, self.metadata_id] {
            optional(group, id, Encoder::integer);
        }
        optional(group, self.metadata, Encoder::text);
        optional(group, self.other, Encoder::text);
    }
}

/// The identity of a row, and its end. Times are PostgreSQL's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Encoded {
    pub(super) type_id: i64,
    pub(super) start: i64,
    pub(super) uuid: Uuid,
    pub(super) end_ms: Option<i64>,
}

impl Encoded {
    pub(super) fn of(row: &[u8]) -> Self {
        let number = |place: usize| i64::from_be_bytes(bytes(row, place));
        let has_end = i32::from_be_bytes(bytes(row, END - 4)) >= 0;
        Self {
            type_id: number(TYPE),
            start: number(START),
            uuid: bytes(row, UUID),
            end_ms: has_end.then(|| from_timestamp(number(END))),
        }
    }
}

fn bytes<const N: usize>(row: &[u8], place: usize) -> [u8; N] {
    *row[place..].first_chunk().expect("each row has these fields")
}

fn optional<T>(group: &mut Encoder, value: Option<T>, write: impl FnOnce(&mut Encoder, T)) {
    match value {
        Some(value) => write(group, value),
        None => group.null(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::copy::to_timestamp;

    #[test]
    fn identities_are_read_back() {
        let sample = |type_id: i64, end_ms: Option<i64>| SampleRow {
            person: 1,
            type_id,
            start_ms: 1_726_400_000_123,
            uuid: &[7; 16],
            end_ms,
            value: Some(2.0),
            unit_id: None,
            source_id: Some(9),
            metadata_id: None,
            metadata: Some("{}"),
            other: None,
        };
        let mut group = Encoder::default();
        let samples = [sample(5, Some(1_726_400_000_999)), sample(-3, None), sample(8, Some(-1))];
        samples.iter().for_each(|sample| sample.encode(&mut group));
        let mut taken = Encoder::default();
        let mut read = Vec::new();
        group.move_rows(&mut taken, |row| {
            read.push(Encoded::of(row));
            Encoded::of(row).type_id == -3
        });
        let expected = samples.map(|sample| Encoded {
            type_id: sample.type_id,
            start: to_timestamp(sample.start_ms),
            uuid: [7; 16],
            end_ms: sample.end_ms,
        });
        assert_eq!(read, expected);
        let mut moved = Vec::new();
        for encoder in [&mut group, &mut taken] {
            encoder.move_rows(&mut Encoder::default(), |row| {
                moved.push(Encoded::of(row).type_id);
                false
            });
        }
        assert_eq!(moved, [5, 8, -3]);
    }
}
