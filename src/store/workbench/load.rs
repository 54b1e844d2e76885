//! Rows of the other database on their way into a workbench, and what they refer to.

use std::collections::BTreeSet;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use super::content;
use super::covered::Covered;
use super::failure::store_failure;
use super::open;
use super::remote::{Remote, Rows, Span, Wanted};
use super::tables::{Dictionary, IMPORT_NUMBERS, MERGED_SAMPLES, SHARED_METADATA, SOURCES, TYPES, Table, UNITS, ZONES};
use super::wants::Wants;
use crate::model::error::Result;
use crate::model::limits::{WORKBENCH_IDS_MAX, WORKBENCH_SPANS_EACH};
use crate::store::write::LongTexts;

/// Ids of dictionaries that rows have and the workbench may lack.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Ids whose texts are here.
    known: [BTreeSet<i64>; DICTIONARIES.len()],
    wanted: [BTreeSet<i64>; DICTIONARIES.len()],
}

/// The tables of texts, in the order of [`Dictionary`].
const DICTIONARIES: [&Table; 5] = [&TYPES, &UNITS, &SOURCES, &SHARED_METADATA, &ZONES];

/// The units of values that the app has corrected: rows name them by their texts.
const EARLIER_UNITS: &str =
    "SELECT DISTINCT e.value ->> '$.unit' FROM merged_samples m, json_each(m.other, '$.\"earlier values\"') e
    WHERE instr(m.other, '\"earlier values\":[') > 0 AND json_valid(m.other)";

/// A cell of a row.
struct Cell<'v>(ValueRef<'v>);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

/// The context of loading.
#[derive(Debug)]
pub(super) struct Loading<'w, R> {
    pub(super) connection: &'w Connection,
    pub(super) covered: &'w mut Covered,
    pub(super) references: &'w mut References,
    pub(super) remote: &'w mut R,
    pub(super) person: i64,
}

impl<R: Remote> Loading<'_, R> {
    /// Loads rows and the texts that they refer to.
    pub(super) fn load(&mut self, wants: &Wants) -> Result<()> {
        let rows = load(self.connection, self.references, self.remote, self.person, wants.list())?;
        self.covered.rows += rows;
        Ok(())
    }

    /// Notes of which types the person has samples: the rows that say so are here.
    pub(super) fn note_types(&mut self) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare_cached("SELECT DISTINCT type_id FROM sample_origins")?;
        self.covered.types = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(())
    }
}

/// Loads rows and the texts that they refer to. Returns how many rows came.
fn load(
    connection: &Connection,
    references: &mut References,
    remote: &mut impl Remote,
    person: i64,
    wanted: &[Wanted],
) -> Result<usize> {
    if wanted.is_empty() {
        return Ok(0);
    }
    open::pause_recording(connection).map_err(store_failure)?;
    let loaded = load_all(connection, references, remote, person, wanted);
    open::resume_recording(connection).map_err(store_failure)?;
    loaded
}

fn load_all(
    connection: &Connection,
    references: &mut References,
    remote: &mut impl Remote,
    person: i64,
    wanted: &[Wanted],
) -> Result<usize> {
    let mut loader = Loader { connection, references, rows: 0, has_earlier: false };
    remote.load(person, wanted, |table, row| loader.add(table, row).map_err(store_failure))?;
    let (rows, has_earlier) = (loader.rows, loader.has_earlier);
    if has_earlier {
        add_earlier_units(connection).map_err(store_failure)?;
    }
    let texts = references.take_wanted();
    let mut loader = Loader { connection, references, rows: 0, has_earlier: false };
    if !texts.is_empty() {
        remote.load(person, &texts, |table, row| loader.add(table, row).map_err(store_failure))?;
    }
    Ok(rows)
}

fn add_earlier_units(connection: &Connection) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(EARLIER_UNITS)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(name) = row.get_ref(0)?.as_str_or_null().unwrap_or_default() {
            let sql = "INSERT INTO units (id, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            connection.prepare_cached(sql)?.execute((content::id_of_text(name), name))?;
        }
    }
    Ok(())
}

impl References {
    /// Notes that a row refers to a text.
    fn note(&mut self, dictionary: Dictionary, id: i64) {
        let place = dictionary as usize;
        if !self.known[place].contains(&id) {
            self.wanted[place].insert(id);
        }
    }

    /// The texts that are to be loaded. They count as known.
    fn take_wanted(&mut self) -> Vec<Wanted> {
        let mut texts = Vec::new();
        for (place, table) in DICTIONARIES.into_iter().enumerate() {
            let ids = std::mem::take(&mut self.wanted[place]);
            let of_ids = |ids: &[i64]| {
                let one = |id: &i64| Span { of: None, from: Value::Integer(*id), to: Value::Integer(*id) };
                let spans = ids.iter().map(one).collect();
                Wanted { table, rows: Rows::Spans { of: None, column: "id", spans, most: None } }
            };
            let listed: Vec<i64> = ids.iter().copied().collect();
            texts.extend(listed.chunks(WORKBENCH_SPANS_EACH).map(of_ids));
            // A text that is forgotten is asked for again, and is there.
            if self.known[place].len() + ids.len() > WORKBENCH_IDS_MAX {
                self.known[place].clear();
            }
            self.known[place].extend(ids);
        }
        texts
    }
}

/// Adds rows.
struct Loader<'w> {
    connection: &'w Connection,
    references: &'w mut References,
    rows: usize,
    /// Whether a row names units of values that it had earlier.
    has_earlier: bool,
}

impl Loader<'_> {
    fn add(&mut self, table: &'static Table, row: &[ValueRef<'_>]) -> rusqlite::Result<()> {
        self.rows += 1;
        for (place, dictionary) in &table.sql().references {
            // The origin of samples without a unit has 0.
            if let Some(ValueRef::Integer(id)) = row.get(*place)
                && *id != 0
            {
                self.references.note(*dictionary, *id);
            }
        }
        if *table == IMPORT_NUMBERS {
            let last = row.get(1).copied().unwrap_or(ValueRef::Null);
            return self
                .connection
                .prepare_cached("UPDATE import_numbers SET last = ?1")?
                .execute([Cell(last)])
                .map(|_| ());
        }
        if table.has_long_texts() && self.add_long(table, row)? {
            return Ok(());
        }
        self.has_earlier |= *table == MERGED_SAMPLES;
        let mut insert = self.connection.prepare_cached(&table.sql().load)?;
        bind(&mut insert, row)?;
        insert.raw_execute().map(|_| ())
    }

    /// Adds a row whose texts are long. Returns `false` if they are not.
    fn add_long(&mut self, table: &'static Table, row: &[ValueRef<'_>]) -> rusqlite::Result<bool> {
        let place = |name| table.place(name).unwrap_or(usize::MAX);
        let (metadata, other) = (place("metadata"), place("other"));
        let text = |place: usize| row.get(place).and_then(|value| value.as_str().ok());
        let Some(long) = LongTexts::of(text(metadata), text(other)) else {
            return Ok(false);
        };
        let mut has = self.connection.prepare_cached(&table.sql().has)?;
        bind(&mut has, row)?;
        if has.raw_query().next()?.is_some() {
            return Ok(true);
        }
        let id = long.insert(self.connection)?.to_string();
        let mut short = row.to_vec();
        short[other] = ValueRef::Text(id.as_bytes());
        if let Some(left) = short.get_mut(metadata) {
            *left = long.left_of(text(metadata)).map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()));
        }
        let mut insert = self.connection.prepare_cached(&table.sql().load)?;
        bind(&mut insert, &short)?;
        insert.raw_execute().map(|_| true)
    }
}

fn bind(statement: &mut CachedStatement<'_>, row: &[ValueRef<'_>]) -> rusqlite::Result<()> {
    let parameters = statement.parameter_count();
    let mut cells = row.iter().enumerate().take_while(|(place, _)| *place < parameters);
    cells.try_for_each(|(place, value)| statement.raw_bind_parameter(place + 1, Cell(*value)))
}
