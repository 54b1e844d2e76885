//! The tables whose rows are a person's, and how many rows of them are moved or deleted in bounded steps. SQLite remembers the keys
//! of the rows that a statement changes.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::model::limits::TRANSACTION_ROWS_MAX;
use crate::store::tables::TableName;

/// A table with rows of persons.
#[derive(Clone, Copy, Debug)]
pub(super) struct PersonTable {
    pub(super) name: TableName,
    /// The columns of its key behind the person; none if it has few rows, which are changed at once.
    keys: &'static [&'static str],
    /// Which of the ledger's counts its rows are in.
    pub(super) ledger: LedgerKind,
}

/// The ledger's counts of rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LedgerKind {
    Measurements,
    Workouts,
    Medications,
    RoutePoints,
    Other,
    /// Other records, of which only those of `data` are counted.
    OtherOfData,
    /// No count has them.
    Nothing,
}

const fn table(name: TableName, keys: &'static [&'static str], ledger: LedgerKind) -> PersonTable {
    PersonTable { name, keys, ledger }
}

pub(super) const SAMPLES: PersonTable =
    table(TableName::Samples, &["type_id", "start_ms", "uuid"], LedgerKind::Measurements);

pub(super) const WORKOUTS: PersonTable = table(TableName::Workouts, &["uuid"], LedgerKind::Workouts);

pub(super) const ROUTE_POINTS: PersonTable =
    table(TableName::RoutePoints, &["workout", "time_ms", "latitude", "longitude", "ordinal"], LedgerKind::RoutePoints);

/// All tables with rows of persons, except the ledger and the tokens.
pub(super) const TABLES: [PersonTable; 19] = [
    SAMPLES,
    table(TableName::MergedSamples, &["type_id", "start_ms", "uuid"], LedgerKind::Nothing),
    table(TableName::SampleOrigins, &[], LedgerKind::Nothing),
    WORKOUTS,
    table(TableName::WorkoutAliases, &["derived"], LedgerKind::Nothing),
    table(TableName::WorkoutIdentities, &["identity"], LedgerKind::Nothing),
    table(TableName::WorkoutRoutes, &["workout"], LedgerKind::Nothing),
    table(TableName::RouteFiles, &["file", "start_s"], LedgerKind::Nothing),
    ROUTE_POINTS,
    table(TableName::BeatLists, &["start_ms", "hash"], LedgerKind::Nothing),
    table(TableName::Correlations, &["type", "start_ms", "uuid"], LedgerKind::Other),
    table(TableName::ActivitySummaries, &["day"], LedgerKind::Other),
    table(TableName::Electrocardiograms, &["start_ms", "uuid"], LedgerKind::Other),
    table(TableName::Aggregates, &["metric", "start_ms", "label", "source", "number", "interval"], LedgerKind::Other),
    table(TableName::MedicationDoses, &["uuid"], LedgerKind::Medications),
    table(TableName::Medications, &[], LedgerKind::Medications),
    table(TableName::Characteristics, &["key"], LedgerKind::Nothing),
    table(TableName::OtherRecords, &["section", "hash"], LedgerKind::OtherOfData),
    table(TableName::Rejects, &[], LedgerKind::Nothing),
];

/// What a person has decided about figures.
pub(super) const DECISIONS: [PersonTable; 3] = [
    table(TableName::ZoneEntries, &[], LedgerKind::Nothing),
    table(TableName::HomeZones, &[], LedgerKind::Nothing),
    table(TableName::SourceOrders, &[], LedgerKind::Nothing),
];

/// The table of a name; it must be one of [`TABLES`].
pub(super) fn named(name: TableName) -> PersonTable {
    TABLES.into_iter().find(|table| table.name == name).unwrap_or(SAMPLES)
}

/// Rows that were moved, and rows that were deleted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Changed {
    pub(super) moved: u64,
    pub(super) deleted: u64,
}

/// Whether a table has rows of a person.
pub(super) fn has_rows(connection: &Connection, table: TableName, person: i64) -> rusqlite::Result<bool> {
    connection.prepare(&format!("SELECT 1 FROM {table} WHERE person_id = ?1 LIMIT 1"))?.exists([person])
}

/// Counts the rows of a person that the ledger counts.
pub(super) fn count_ledger_rows(connection: &Connection, person: i64) -> rusqlite::Result<u64> {
    TABLES.iter().try_fold(0, |sum, table| Ok(sum + table.count_ledger_rows(connection, person, "TRUE")?))
}

impl PersonTable {
    /// The same table for a filter that fixes the first column of the key, such as the type. SQLite uses either that, or the bound of
    /// a step: with both, each step would read all rows of the type.
    pub(super) fn within_first_key(self) -> Self {
        Self { keys: self.keys.get(1..).unwrap_or_default(), ..self }
    }

    /// The condition for rows that the ledger counts.
    fn in_ledger(&self) -> &'static str {
        match self.ledger {
            LedgerKind::Nothing => "FALSE",
            LedgerKind::OtherOfData => "in_data",
            _ => "TRUE",
        }
    }

    /// Counts the rows of a person that the ledger counts, of those with `filter`.
    pub(super) fn count_ledger_rows(
        &self,
        connection: &Connection,
        person: i64,
        filter: &str,
    ) -> rusqlite::Result<u64> {
        if self.ledger == LedgerKind::Nothing {
            return Ok(0);
        }
        let (table, counted) = (self.name, self.in_ledger());
        let sql = format!("SELECT count(*) FROM {table} WHERE person_id = ?1 AND {counted} AND ({filter})");
        connection.query_row(&sql, [person], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    }

    /// Counts the rows of a person with `filter`.
    pub(super) fn count(&self, connection: &Connection, person: i64, filter: &str) -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM {} WHERE person_id = ?1 AND ({filter})", self.name);
        connection.query_row(&sql, [person], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    }

    /// Moves the rows of a person with `filter` to another one. Deletes those that this person also has.
    pub(super) fn move_rows(
        &self,
        connection: &Connection,
        (from, into): (i64, i64),
        filter: &str,
    ) -> rusqlite::Result<Changed> {
        self.move_rows_and_show(connection, (from, into), filter, &mut |_| {})
    }

    /// The same, and calls `show` with what each step has changed.
    pub(super) fn move_rows_and_show(
        &self,
        connection: &Connection,
        (from, into): (i64, i64),
        filter: &str,
        show: &mut dyn FnMut(Changed),
    ) -> rusqlite::Result<Changed> {
        let update = format!("UPDATE OR IGNORE {} SET person_id = {into}", self.name);
        let mut changed = Changed::default();
        self.in_steps(connection, from, filter, |step, values| {
            changed.moved += connection.execute(&[&update, " ", step].concat(), params_from_iter(values))? as u64;
            let delete = format!("DELETE FROM {} {step}", self.name);
            changed.deleted += connection.execute(&delete, params_from_iter(values))? as u64;
            show(changed);
            Ok(())
        })?;
        Ok(changed)
    }

    /// Deletes the rows of a person with `filter`. Returns their number.
    pub(super) fn delete_rows(&self, connection: &Connection, person: i64, filter: &str) -> rusqlite::Result<u64> {
        let mut deleted = 0;
        self.in_steps(connection, person, filter, |step, values| {
            let delete = format!("DELETE FROM {} {step}", self.name);
            deleted += connection.execute(&delete, params_from_iter(values))? as u64;
            Ok(())
        })?;
        Ok(deleted)
    }

    /// The condition, up to a key.
    fn bounded(&self, condition: &str) -> String {
        let places = (2..self.keys.len() + 2).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ");
        format!("{condition} AND ({}) <= ({places})", self.keys.join(", "))
    }

    /// Calls `change` with the condition of some rows of a person at a time, and its values. It must leave none of them.
    fn in_steps(
        &self,
        connection: &Connection,
        person: i64,
        filter: &str,
        mut change: impl FnMut(&str, &[Value]) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let condition = format!("WHERE person_id = ?1 AND ({filter})");
        let person = Value::Integer(person);
        if self.keys.is_empty() {
            return change(&condition, &[person]);
        }
        let keys = self.keys.join(", ");
        let sql = format!(
            "SELECT {keys} FROM {} {condition} ORDER BY {keys} LIMIT 1 OFFSET {}",
            self.name,
            TRANSACTION_ROWS_MAX - 1
        );
        let bounded = self.bounded(&condition);
        loop {
            let last = {
                let mut select = connection.prepare_cached(&sql)?;
                let mut rows = select.query([&person])?;
                let row = rows.next()?;
                row.map(|row| {
                    (0..self.keys.len()).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<Value>>>()
                })
                .transpose()?
            };
            match last {
                Some(last) => {
                    let values: Vec<Value> = [person.clone()].into_iter().chain(last).collect();
                    change(&bounded, &values)?;
                }
                None => return change(&condition, &[person]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::Store;
    use crate::store::tables::Content;

    #[test]
    fn every_table_with_rows_of_a_person_is_listed() {
        let sorted = |tables: &[PersonTable]| tables.iter().map(|table| table.name).collect::<BTreeSet<_>>();
        let with = |content| TableName::with(content).collect::<BTreeSet<_>>();
        let mut rows = &with(Content::Rows) | &with(Content::Beside);
        // Marks of samples leave with their samples.
        assert!(rows.remove(&TableName::MissingSamples));
        assert_eq!(sorted(&TABLES), rows);
        assert_eq!(sorted(&DECISIONS), with(Content::Decision));
    }

    /// Otherwise each of many steps would read all rows that are left.
    #[test]
    fn a_step_reads_its_rows_only() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let store = Store::open(&Database::new(file.path())).unwrap();
        let check = |table: PersonTable, filter: &str, last: &str| {
            let step = table.bounded(&format!("WHERE person_id = ?1 AND ({filter})"));
            let sql = format!("EXPLAIN QUERY PLAN UPDATE OR IGNORE {} SET person_id = 2 {step}", table.name);
            let values = vec![Value::Null; table.keys.len() + 1];
            let plan: String = store.connection.query_row(&sql, params_from_iter(values), |row| row.get(3)).unwrap();
            assert!(plan.starts_with("SEARCH") && plan.contains(last), "{}: {plan}", table.name);
        };
        check(SAMPLES, "TRUE", "(type_id,start_ms,uuid)<(");
        check(SAMPLES.within_first_key(), "type_id = 7", "type_id=? AND (start_ms,uuid)<(");
        let by_name = "type_id = (SELECT id FROM types WHERE name = 'x') AND TRUE AND start_ms >= 5";
        check(SAMPLES.within_first_key(), by_name, "type_id=? AND start_ms>? AND (start_ms,uuid)<(");
        check(ROUTE_POINTS, "TRUE", "<(");
        check(named(TableName::Aggregates).within_first_key(), "metric = 'x' AND TRUE", "metric=? AND (start_ms,");
    }

    use crate::store::Database;
}
