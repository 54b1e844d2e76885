//! What a run gives to the writer: rows that take the place of others, and where the run stands.

use rusqlite::types::Value;

use crate::model::limits::DERIVED_ROWS_MAX;
use crate::store::supplied::Need;

/// Rows for the writer, of one person and one run.
#[derive(Debug)]
pub(in crate::store) struct Chunk {
    pub(in crate::store) person: i64,
    /// The number of the run.
    pub(in crate::store) run: i64,
    /// In their order, in one transaction.
    pub(in crate::store) parts: Vec<Part>,
}

/// A part of what is stored.
#[derive(Debug)]
pub(in crate::store) enum Part {
    /// A run begins. The zone becomes the home of a person without one.
    Begin { home: Option<String> },
    /// New source groups, with their ids.
    Groups(Vec<GroupRow>),
    /// Rows of a table in place of all others between two keys.
    Rows(Rows),
    /// All figures are those of this change.
    Finish(Finish),
}

impl Part {
    /// Returns how many rows it stores.
    pub(in crate::store) fn rows(&self) -> usize {
        match self {
            Self::Begin { .. } => 1,
            Self::Groups(groups) => groups.len(),
            Self::Rows(rows) => rows.rows.len(),
            Self::Finish(finish) => {
                finish.groups.len()
                    + finish.gone.len()
                    + finish.lengths.len()
                    + finish.zones.as_ref().map_or(0, |(_, zones)| zones.len())
            }
        }
    }
}

/// A source group.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) struct GroupRow {
    pub(in crate::store) id: i64,
    pub(in crate::store) key: String,
    pub(in crate::store) name: String,
    pub(in crate::store) class: &'static str,
    pub(in crate::store) first_ms: i64,
    pub(in crate::store) last_ms: i64,
    /// A sample of each of its sources, as text.
    pub(in crate::store) sources: String,
}

/// The end of a run.
#[derive(Debug)]
pub(in crate::store) struct Finish {
    pub(in crate::store) change: i64,
    pub(in crate::store) rules: u32,
    pub(in crate::store) tzdb: &'static str,
    pub(in crate::store) home: Option<String>,
    /// Source groups that are new or other.
    pub(in crate::store) groups: Vec<GroupRow>,
    /// The ids of those that have no samples any more.
    pub(in crate::store) gone: Vec<i64>,
    /// Types, and their longest samples.
    pub(in crate::store) lengths: Vec<(i64, i64)>,
    /// The time from which on zones by evidence have changed, and those from then on.
    pub(in crate::store) zones: Option<(i64, Vec<(i64, String)>)>,
}

/// A derived table.
#[derive(Debug)]
pub(in crate::store) struct DerivedTable {
    pub(in crate::store) name: &'static str,
    pub(in crate::store) columns: &'static [Column],
    /// Columns of the key; the first one is the person.
    pub(in crate::store) keys: usize,
    /// The column of the key by which rows are replaced. Those before it are equal in all rows of a chunk.
    pub(in crate::store) place: usize,
}

/// A column of a derived table.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Column {
    Plain(&'static str),
    /// The id of a text in a dictionary. Rows have the text.
    Named(&'static str, Dictionary),
}

/// A dictionary of texts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Dictionary {
    Units,
    Zones,
}

impl Column {
    pub(in crate::store) fn name(self) -> &'static str {
        match self {
            Self::Plain(name) | Self::Named(name, _) => name,
        }
    }
}

/// A row, its values in the order of the columns.
pub(in crate::store) type Row = Vec<Value>;

/// Rows in place of all others of their table between two keys.
#[derive(Debug)]
pub(in crate::store) struct Rows {
    pub(in crate::store) table: &'static DerivedTable,
    /// The values of the key before the place.
    pub(in crate::store) scope: Vec<Value>,
    /// The places that are replaced; rows at `after` were replaced before.
    pub(in crate::store) from: Value,
    pub(in crate::store) after: Option<Value>,
    pub(in crate::store) to: Value,
    /// In the order of their keys.
    pub(in crate::store) rows: Vec<Row>,
}

impl Rows {
    /// The stored rows that these replace.
    pub(in crate::store) fn need(&self) -> Need {
        let names: Vec<&'static str> = self.table.columns.iter().map(|column| column.name()).collect();
        let person =
            self.scope.first().and_then(|person| if let Value::Integer(id) = person { Some(*id) } else { None });
        let of = self.scope.get(1).map(|value| (names[1], value.clone()));
        let span = (names[self.table.place], self.from.clone(), self.to.clone());
        Need { of, span: Some(span), ..Need::all(person.unwrap_or_default(), self.table.name) }
    }

    /// Whether a row begins a new chunk: rows of one place are never divided.
    pub(in crate::store) fn is_full_for(&self, row: &Row) -> bool {
        let place = self.table.place;
        self.rows.len() >= DERIVED_ROWS_MAX && self.rows.last().is_some_and(|last| last[place] != row[place])
    }
}

/// A row of values of different types.
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$(rusqlite::types::Value::from($value)),*] };
}
pub(in crate::store) use row;
