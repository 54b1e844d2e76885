//! How a window looks for rows: the conditions and the order that PostgreSQL is given, and what that costs.

use rusqlite::vtab::{IndexConstraintOp, IndexInfo};

use crate::store::workbench::tables::{ARRIVAL, Kind, Table};

/// How a column is compared with a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Op {
    Equal,
    /// Equal, or both are NULL.
    Is,
    After,
    From,
    Before,
    UpTo,
}

/// A way to look for rows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Plan {
    /// Columns that are compared with values, in the order of these. The arrival is behind all columns.
    pub(super) conditions: Vec<(usize, Op)>,
    /// Columns by which rows are in order; `true` for descending.
    pub(super) order: Vec<(usize, bool)>,
    /// The columns that the statement reads, a bit for each.
    pub(super) columns: u64,
    /// Whether one more value is the number of rows that the statement wants.
    pub(super) has_limit: bool,
    /// Whether at most one row fits.
    pub(super) is_single: bool,
}

/// The cost of a plan, in rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    pub(super) rows: f64,
    pub(super) cost: f64,
}

/// Rows of a table with rows of persons, and of others, if nothing is known.
const ROWS: [f64; 2] = [1e6, 1e4];

/// A question to PostgreSQL costs as much as so many rows.
const QUESTION: f64 = 60.0;

/// Columns by which PostgreSQL finds rows, beside the key: `schema.sql`.
const INDEXES: [(&str, &[&str]); 13] = [
    ("workouts", &["person_id", "start_ms"]),
    ("workouts", &["person_id", ARRIVAL]),
    ("workout_aliases", &["person_id", "uuid"]),
    ("route_files", &["person_id", "start_s"]),
    ("route_files", &["person_id", "workout"]),
    ("uploads", &["person_id"]),
    ("uploads", &["person_id", "origin", "finished_ms"]),
    ("rejects", &["person_id", "hash"]),
    ("rejects", &["person_id", "upload_id"]),
    ("changes", &["person_id", "number"]),
    ("source_groups", &["person_id", "key"]),
    ("medications", &["person_id", "display_text"]),
    ("persons", &["name"]),
];

/// The columns that SQLite knows as the key: those of the table, and the arrival where rows may have equal ones.
fn key(table: &Table) -> impl Iterator<Item = &'static str> {
    let columns = table.columns[..table.keys].iter().map(|column| column.name);
    columns.chain(table.has_equal_keys().then_some(ARRIVAL))
}

/// The name of a column by its place.
fn name(table: &Table, place: usize) -> &'static str {
    table.columns.get(place).map_or(ARRIVAL, |column| column.name)
}

impl Plan {
    /// Reads what SQLite offers, and answers with the way that is taken.
    pub(super) fn of(table: &Table, info: &mut IndexInfo) -> rusqlite::Result<(Self, Cost)> {
        let mut plan = Self { columns: info.col_used(), ..Self::default() };
        let mut given = Vec::new();
        let mut limit = None;
        for (number, constraint) in info.constraints().enumerate().filter(|(_, constraint)| constraint.is_usable()) {
            use IndexConstraintOp as Offered;
            let op = match constraint.operator() {
                Offered::SQLITE_INDEX_CONSTRAINT_EQ => Op::Equal,
                Offered::SQLITE_INDEX_CONSTRAINT_IS => Op::Is,
                Offered::SQLITE_INDEX_CONSTRAINT_GT => Op::After,
                Offered::SQLITE_INDEX_CONSTRAINT_GE => Op::From,
                Offered::SQLITE_INDEX_CONSTRAINT_LT => Op::Before,
                Offered::SQLITE_INDEX_CONSTRAINT_LE => Op::UpTo,
                Offered::SQLITE_INDEX_CONSTRAINT_LIMIT => {
                    limit = Some(number);
                    continue;
                }
                _ => continue,
            };
            let Some(place) = place(table, constraint.column()) else { continue };
            let is_text = table.columns.get(place).is_some_and(|column| column.kind == Kind::Text);
            if is_text && info.collation(number)? != "BINARY" {
                continue;
            }
            plan.conditions.push((place, op));
            given.push(number);
        }
        plan.has_limit = limit.is_some();
        for (at, number) in given.into_iter().chain(limit).enumerate() {
            // SQLite checks it again: PostgreSQL may be given a wider one.
            info.constraint_usage(number).set_argv_index(i32::try_from(at + 1).unwrap_or(i32::MAX));
        }
        let order = info.order_bys().map(|by| Some((place(table, by.column())?, by.is_order_by_desc())));
        plan.order = order.collect::<Option<_>>().unwrap_or_default();
        plan.is_single = key(table).all(|column| plan.is_given(table, column));
        let cost = plan.cost(table);
        Ok((plan, cost))
    }

    /// Whether a column has one value.
    fn is_given(&self, table: &Table, column: &str) -> bool {
        self.conditions.iter().any(|(place, op)| matches!(op, Op::Equal | Op::Is) && name(table, *place) == column)
    }

    fn is_bounded(&self, table: &Table, column: &str) -> bool {
        self.conditions.iter().any(|(place, _)| name(table, *place) == column)
    }

    fn cost(&self, table: &Table) -> Cost {
        if self.is_single {
            return Cost { rows: 1.0, cost: QUESTION };
        }
        let all = ROWS[usize::from(!table.is_of_persons())];
        let key: Vec<&str> = key(table).collect();
        let further = INDEXES.iter().filter(|(of, _)| *of == table.name).map(|(_, columns)| *columns);
        let found = std::iter::once(&key[..]).chain(further).map(|columns| all * self.share(table, columns));
        let looked_at = found.fold(all, f64::min);
        let further = self.conditions.len().min(4);
        let rows = (looked_at * 0.7_f64.powi(i32::try_from(further).unwrap_or(0))).max(1.0);
        Cost { rows, cost: QUESTION + looked_at + rows }
    }

    /// The share of rows that an index finds.
    fn share(&self, table: &Table, columns: &[&str]) -> f64 {
        let mut share = 1.0;
        for column in columns {
            if self.is_given(table, column) {
                share *= if *column == "person_id" { 0.2 } else { 0.02 };
            } else {
                return if self.is_bounded(table, column) { share * 0.1 } else { share };
            }
        }
        share
    }
}

/// The place of a column that SQLite names by its number; none for one that only SQLite has.
fn place(table: &Table, column: i32) -> Option<usize> {
    match usize::try_from(column) {
        Ok(place) => (place < table.columns.len()).then_some(place),
        // The number of a row.
        Err(_) => table.has_arrival.then_some(table.columns.len()),
    }
}
