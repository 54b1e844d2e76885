//! Rows in PostgreSQL's binary form of COPY. Pure: no connection, no table.
//!
//! A stream is a header, rows, and the count -1. A row is a count of fields, each of them a length and so many bytes; null has the
//! length -1. Numbers are big-endian.

#[cfg(test)]
mod decode;
mod encode;

pub(super) use encode::Encoder;

/// Start of a stream: eleven letters, no flags, no extension.
const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Microseconds from 1970 to 2000, from which PostgreSQL counts.
const EPOCH_US: i64 = 946_684_800_000_000;

/// A time as PostgreSQL has it. Times beyond its range are its infinities.
pub(super) fn to_timestamp(at_ms: i64) -> i64 {
    match at_ms.checked_mul(1000).and_then(|at_us| at_us.checked_sub(EPOCH_US)) {
        // 4714 BC to 294276 AD.
        Some(at_us @ -211_813_488_000_000_000..9_223_371_331_200_000_000) => at_us,
        _ if at_ms < 0 => i64::MIN,
        _ => i64::MAX,
    }
}

/// A time in milliseconds. Infinities are the first and the last one.
pub(super) fn from_timestamp(at_us: i64) -> i64 {
    match at_us {
        i64::MIN => i64::MIN,
        i64::MAX => i64::MAX,
        // Rounded down as the times of the app are; no sum overflows, since the quotient is small.
        _ => at_us.div_euclid(1000) + EPOCH_US / 1000,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::decode::{Decoder, Field};
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    enum Cell {
        Null,
        Integer(i64),
        Real(u64),
        Time(i64),
        Text(String),
        Uuid([u8; 16]),
        Bytes(Vec<u8>),
    }

    fn cells() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Null),
            any::<i64>().prop_map(Cell::Integer),
            any::<u64>().prop_map(Cell::Real),
            (-60_000_000_000_000_i64..250_000_000_000_000).prop_map(Cell::Time),
            ".{0,40}".prop_map(Cell::Text),
            any::<[u8; 16]>().prop_map(Cell::Uuid),
            proptest::collection::vec(any::<u8>(), 0..300).prop_map(Cell::Bytes),
        ]
    }

    fn encode(rows: &[Vec<Cell>]) -> Vec<u8> {
        let mut encoder = Encoder::default();
        for row in rows {
            encoder.begin_row(row.len());
            for cell in row {
                match cell {
                    Cell::Null => encoder.null(),
                    Cell::Integer(value) => encoder.integer(*value),
                    Cell::Real(bits) => encoder.real(f64::from_bits(*bits)),
                    Cell::Time(at_ms) => encoder.time(*at_ms),
                    Cell::Text(text) => encoder.text(text),
                    Cell::Uuid(uuid) => encoder.uuid(uuid),
                    Cell::Bytes(bytes) => encoder.bytes(bytes),
                }
            }
        }
        [HEADER, encoder.rows(), Encoder::TRAILER].concat()
    }

    fn read(cell: &Cell, field: Field<'_>) -> Cell {
        match (cell, field.0) {
            (_, None) => Cell::Null,
            (Cell::Integer(_), _) => Cell::Integer(field.integer().unwrap()),
            (Cell::Real(_), _) => Cell::Real(field.real().unwrap().to_bits()),
            (Cell::Time(_), _) => Cell::Time(field.time().unwrap()),
            (Cell::Text(_), _) => Cell::Text(field.text().unwrap().to_owned()),
            (Cell::Uuid(_), _) => Cell::Uuid(field.uuid().unwrap()),
            (_, Some(bytes)) => Cell::Bytes(bytes.to_vec()),
        }
    }

    proptest! {
        /// What was encoded comes back, wherever the stream is cut.
        #[test]
        fn rows_survive_any_cuts(
            rows in proptest::collection::vec(proptest::collection::vec(cells(), 1..9), 0..12),
            cut in 1_usize..70,
        ) {
            let (stream, mut decoder, mut found) = (encode(&rows), Decoder::default(), Vec::new());
            for piece in stream.chunks(cut) {
                decoder.push(piece);
                while let Some(fields) = decoder.next_row().unwrap() {
                    let row: &Vec<Cell> = &rows[found.len()];
                    prop_assert_eq!(fields.len(), row.len());
                    found.push(row.iter().enumerate().map(|(at, cell)| read(cell, fields.get(at))).collect::<Vec<_>>());
                }
            }
            decoder.finish().unwrap();
            // PostgreSQL has no text with a zero.
            let expected: Vec<Vec<Cell>> = rows
                .into_iter()
                .map(|row| row.into_iter().map(|cell| match cell {
                    Cell::Text(text) => Cell::Text(text.replace('\0', "\u{2400}")),
                    other => other,
                }).collect())
                .collect();
            prop_assert_eq!(found, expected);
        }

        /// Other bytes are an error or rows, never a panic, and memory stays that of the bytes.
        #[test]
        fn other_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), with_header: bool) {
            let mut decoder = Decoder::default();
            if with_header {
                decoder.push(HEADER);
            }
            decoder.push(&bytes);
            while let Ok(Some(fields)) = decoder.next_row() {
                for at in 0..fields.len() {
                    let _ = (fields.get(at).integer(), fields.get(at).text(), fields.get(at).uuid());
                }
            }
            let _ = decoder.finish();
        }
    }

    #[test]
    fn times_beyond_postgresql_are_infinite() {
        for at_ms in [0, 1, -1, 1_726_400_000_123, -62_135_596_800_000, 253_402_300_799_999] {
            assert_eq!(from_timestamp(to_timestamp(at_ms)), at_ms);
        }
        assert_eq!([i64::MIN, -300_000_000_000_000].map(to_timestamp), [i64::MIN; 2]);
        assert_eq!([i64::MAX, 9_300_000_000_000_000].map(to_timestamp), [i64::MAX; 2]);
        assert_eq!([i64::MIN, i64::MAX].map(from_timestamp), [i64::MIN, i64::MAX]);
    }

    #[test]
    fn a_stream_that_ends_early_is_an_error() {
        let stream = encode(&[vec![Cell::Integer(7), Cell::Text("count".to_owned())]]);
        for length in 0..stream.len() {
            let mut decoder = Decoder::default();
            decoder.push(&stream[..length]);
            while let Ok(Some(_)) = decoder.next_row() {}
            assert!(decoder.finish().is_err(), "{length}");
        }
    }
}
