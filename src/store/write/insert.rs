//! New rows, several by one statement: to begin and end a statement is a third of a row's cost.
//!
//! Rows wait until there are enough of them. A row whose identity is stored stays as it is, and the statement says so by calling
//! [`IS_STORED`] with that identity; the caller then writes the row by itself.

use std::cell::RefCell;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection};

use super::sql_value::SqlValue;
use super::table::{IS_STORED, Table};
use super::upsert::Upsert;
use crate::model::counts::Outcome;
use crate::model::identity::digest;
use crate::model::limits::{INSERT_ROWS, INSERT_TEXT_BYTES};

type Identity = [u8; 16];

thread_local! {
    /// Identities of rows that the present statement has not inserted: SQLite calls the function on the statement's thread.
    static STORED: RefCell<Vec<Identity>> = const { RefCell::new(Vec::new()) };
}

/// Makes a connection ready for [`Inserts`].
pub(in crate::store) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function(IS_STORED, -1, flags, |context: &Context<'_>| {
        let identity = identity((0..context.len()).map(|index| context.get_raw(index)));
        STORED.with_borrow_mut(|stored| stored.push(identity));
        Ok(false)
    })
}

/// Rows of a table that wait to be inserted together.
pub(super) struct Inserts<'c, 'b, const N: usize> {
    table: &'static Table,
    statement: CachedStatement<'c>,
    /// The rows that wait, and behind them those of before.
    rows: [[SqlValue<'b>; N]; INSERT_ROWS],
    waiting: usize,
    /// Rows that the statement has values of, from the first one on: as in [`Upsert`], only a value that differs is bound.
    bound: usize,
}

/// The outcomes of rows, in their order.
pub(super) type Outcomes = [Outcome; INSERT_ROWS];

impl<'c, 'b, const N: usize> Inserts<'c, 'b, N> {
    pub(super) fn new(connection: &'c Connection, table: &'static Table) -> rusqlite::Result<Self> {
        let statement = connection.prepare_cached(table.insert_several())?;
        Ok(Self { table, statement, rows: [[SqlValue::Null; N]; INSERT_ROWS], waiting: 0, bound: 0 })
    }

    /// How many rows wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether no further row may wait before these are written.
    pub(super) fn is_full(&self) -> bool {
        self.waiting == INSERT_ROWS
    }

    /// Lets a row wait, unless it has long texts, which the statement would keep. Returns whether it does. There must be room.
    pub(super) fn add(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<bool> {
        let Some(place) = self.rows.get_mut(self.waiting) else {
            return Ok(false);
        };
        if row.iter().map(SqlValue::text_bytes).sum::<usize>() > INSERT_TEXT_BYTES {
            return Ok(false);
        }
        let is_bound = self.waiting < self.bound;
        for (index, (bound, value)) in (self.waiting * N..).zip(place.iter_mut().zip(row)) {
            if !(is_bound && bound.is_same(value)) {
                self.statement.raw_bind_parameter(index + 1, value.borrowed())?;
                *bound = *value;
            }
        }
        self.waiting += 1;
        self.bound = self.bound.max(self.waiting);
        Ok(true)
    }

    /// Writes the rows that wait. Returns how many these are, and their outcomes. `note` runs before a stored row is replaced.
    pub(super) fn write(
        &mut self,
        upsert: &mut Upsert<'c, 'b, N>,
        note: impl Fn(&[SqlValue<'b>; N]) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<(usize, Outcomes)> {
        let count = std::mem::take(&mut self.waiting);
        // A few rows are written one by one.
        let is_new =
            if count == INSERT_ROWS && !upsert.expects_known() { self.insert()? } else { [false; INSERT_ROWS] };
        let mut outcomes = [Outcome::New; INSERT_ROWS];
        for (outcome, (row, is_new)) in outcomes.iter_mut().zip(self.rows[..count].iter().zip(is_new)) {
            if !is_new {
                *outcome = upsert.write_after(row, || note(row))?;
            }
        }
        Ok((count, outcomes))
    }

    /// Inserts a full number of rows. Returns which of them are new.
    fn insert(&mut self) -> rusqlite::Result<[bool; INSERT_ROWS]> {
        STORED.with_borrow_mut(Vec::clear);
        if self.statement.raw_execute()? == INSERT_ROWS {
            return Ok([true; INSERT_ROWS]);
        }
        let stored = STORED.take();
        let keys = self.table.keys_count();
        let identities = self.rows.map(|row| identity(row[..keys].iter().map(SqlValue::value)));
        let mut is_new = [true; INSERT_ROWS];
        for (place, identity) in identities.iter().enumerate() {
            let times = |all: &[Identity]| all.iter().filter(|other| *other == identity).count();
            // Of equal identities the first is new, unless all of them were stored.
            let is_first = !identities[..place].contains(identity);
            is_new[place] = is_first && times(&stored) < times(&identities);
        }
        Ok(is_new)
    }
}

/// A digest of the values that identify a row.
fn identity<'v>(values: impl Iterator<Item = ValueRef<'v>>) -> Identity {
    let mut bytes = Vec::new();
    for value in values {
        match value {
            ValueRef::Null => bytes.push(0),
            ValueRef::Integer(number) => bytes.extend([1].into_iter().chain(number.to_le_bytes())),
            // SQLite does not distinguish the two zeros.
            ValueRef::Real(number) => bytes.extend([2].into_iter().chain((number + 0.0).to_bits().to_le_bytes())),
            ValueRef::Text(text) => bytes.extend_from_slice(&digest(&[b"text", text])),
            ValueRef::Blob(blob) => bytes.extend_from_slice(&digest(&[b"blob", blob])),
        }
    }
    digest(&[&bytes])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::write::sql_value::sql_values;
    use crate::store::write::table::Column::{Key, Value};

    static NOTES: Table = Table::new("notes", &[Key("day"), Key("place"), Key("uuid"), Value("text")]);

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let columns = "day INTEGER, place REAL, uuid BLOB, text TEXT, PRIMARY KEY (day, place, uuid)";
        connection.execute_batch(&format!("CREATE TABLE notes ({columns}) STRICT, WITHOUT ROWID")).unwrap();
        prepare(&connection).unwrap();
        connection
    }

    /// Writes rows of a day, a place and a text, and returns what has become of each.
    fn write(connection: &Connection, rows: &[(i64, f64, &str)]) -> Vec<Outcome> {
        let (mut all, mut upsert) = (Vec::new(), Upsert::new(connection, &NOTES, false).unwrap());
        let mut inserts = Inserts::new(connection, &NOTES).unwrap();
        for (number, &(day, place, text)) in rows.iter().enumerate() {
            assert!(inserts.add(&sql_values![day, place, [7_u8; 16], text]).unwrap());
            if inserts.is_full() || number + 1 == rows.len() {
                let (count, outcomes) = inserts.write(&mut upsert, |_| Ok(())).unwrap();
                all.extend_from_slice(&outcomes[..count]);
            }
        }
        assert_eq!(inserts.waiting(), 0);
        all
    }

    fn stored(connection: &Connection) -> Vec<(i64, f64, String)> {
        let mut select = connection.prepare("SELECT day, place, text FROM notes ORDER BY day, place").unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn rows_end_as_one_by_one_whatever_is_stored() {
        // Each row of the second write repeats a stored one, changes one, or is new; some come twice, the zeros are one place.
        let first: Vec<_> = (0..40).map(|day| (day, 0.0, "a")).collect();
        let second: Vec<_> = (0..3 * INSERT_ROWS as i64)
            .flat_map(|day| match day % 5 {
                0 => vec![(day, -0.0, "a")],
                1 => vec![(day, 0.0, "b"), (day, -0.0, "b")],
                2 => vec![(100 + day, 1.5, "new"), (100 + day, 1.5, "new")],
                3 => vec![(100 + day, 2.5, "new"), (100 + day, 2.5, "newer")],
                _ => vec![(100 + day, -2.5, "new")],
            })
            .collect();
        let (together, alone) = (database(), database());
        for rows in [&first, &second] {
            let one_by_one = rows.iter().flat_map(|row| write(&alone, std::slice::from_ref(row)));
            assert_eq!(write(&together, rows), one_by_one.collect::<Vec<_>>());
            assert_eq!(stored(&together), stored(&alone));
        }
    }

    #[test]
    fn a_long_text_does_not_wait() {
        let connection = database();
        let mut inserts: Inserts<'_, '_, 4> = Inserts::new(&connection, &NOTES).unwrap();
        let text = "x".repeat(INSERT_TEXT_BYTES + 1);
        assert!(!inserts.add(&sql_values![1_i64, 1.0, [7_u8; 16], &*text]).unwrap());
        assert!(inserts.add(&sql_values![1_i64, 1.0, [7_u8; 16], &text[1..]]).unwrap());
    }

    #[test]
    fn a_failed_statement_leaves_no_identities_behind() {
        let connection = database();
        write(&connection, &[(0, 0.0, "a")]);
        let mut inserts: Inserts<'_, '_, 4> = Inserts::new(&connection, &NOTES).unwrap();
        for day in 0..INSERT_ROWS as i64 {
            // The last day is missing: a row without it cannot be stored.
            let day = (day + 1 < INSERT_ROWS as i64).then_some(day);
            inserts.add(&sql_values![day, 0.0, [7_u8; 16], "b"]).unwrap();
        }
        let mut upsert = Upsert::new(&connection, &NOTES, false).unwrap();
        assert!(inserts.write(&mut upsert, |_| Ok(())).is_err());
        let rows: Vec<_> = (20..20 + INSERT_ROWS as i64).map(|day| (day, 0.0, "c")).collect();
        assert_eq!(write(&connection, &rows), [Outcome::New; INSERT_ROWS]);
        assert_eq!(stored(&connection).len(), 1 + INSERT_ROWS);
    }
}
