//! A plain SQLite database that keeps rows for a workbench: what PostgreSQL does, without PostgreSQL.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::failure::store_failure;
use super::remote::{Operation, Remote, Rows, Span, Wanted};
use super::tables::{ARRIVAL, CHANGES, Kind, TABLES, Table};
use crate::model::error::Result;
use crate::store::supplied::Most;

/// A database that has the rows of all persons.
#[derive(Debug)]
pub(super) struct Plain {
    pub(super) connection: Connection,
    /// Rows that were loaded, and rows that were changed.
    pub(super) loaded: u64,
    pub(super) changed: u64,
    statement: Option<(&'static Table, Operation)>,
}

/// A value of a row.
struct Cell<'v>(ValueRef<'v>);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

impl Plain {
    pub(super) fn new() -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        for table in TABLES {
            connection.execute_batch(&definition(table))?;
        }
        // As in every database, of which an empty one has no texts.
        connection.execute_batch(
            "CREATE TABLE long_texts (id INTEGER PRIMARY KEY, metadata TEXT, other TEXT);
             CREATE INDEX workouts_start ON workouts (person_id, start_ms);
             CREATE INDEX files_workout ON route_files (person_id, workout);
             CREATE INDEX aliases_workout ON workout_aliases (person_id, uuid);
             CREATE INDEX rejects_hash ON rejects (hash);",
        )?;
        Ok(Self { connection, loaded: 0, changed: 0, statement: None })
    }

    fn select(
        &mut self,
        table: &'static Table,
        (sql, values): (String, Vec<Value>),
        add: &mut impl FnMut(&'static Table, &[ValueRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        let mut select = self.connection.prepare_cached(&sql).map_err(store_failure)?;
        let mut rows = select.query(params_from_iter(values)).map_err(store_failure)?;
        while let Some(row) = rows.next().map_err(store_failure)? {
            let cells: rusqlite::Result<Vec<ValueRef<'_>>> =
                (0..table.width()).map(|place| row.get_ref(place)).collect();
            add(table, &cells.map_err(store_failure)?)?;
            self.loaded += 1;
        }
        Ok(())
    }
}

fn names(table: &Table) -> Vec<&'static str> {
    let names = table.columns.iter().map(|column| column.name);
    names.chain(table.has_arrival.then_some(ARRIVAL)).collect()
}

fn keys(table: &Table) -> Vec<&'static str> {
    let arrival = table.has_equal_keys().then_some(ARRIVAL);
    table.columns[..table.keys].iter().map(|column| column.name).chain(arrival).collect()
}

fn definition(table: &Table) -> String {
    let columns = table.columns.iter().map(|column| {
        let kind = match column.kind {
            Kind::Integer => "INTEGER",
            Kind::Real => "REAL",
            Kind::Text => "TEXT",
            Kind::Blob => "BLOB",
        };
        format!("{} {kind}", column.name)
    });
    let mut columns: Vec<String> = columns.chain(table.has_arrival.then(|| "arrival INTEGER".to_owned())).collect();
    columns.push(format!("PRIMARY KEY ({})", keys(table).join(", ")));
    format!("CREATE TABLE {} ({})", table.name, columns.join(", "))
}

impl Remote for Plain {
    fn load(
        &mut self,
        person: i64,
        wanted: &[Wanted],
        mut add: impl FnMut(&'static Table, &[ValueRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        for Wanted { table, rows } in wanted {
            let person = table.is_of_persons().then_some(person);
            let mine = if person.is_some() { "person_id = ?1" } else { "TRUE" };
            let sql = format!("SELECT {} FROM {} WHERE {mine}", names(table).join(", "), table.name);
            let own: Vec<Value> = person.into_iter().map(Value::from).collect();
            match rows {
                Rows::All => self.select(table, (sql, own), &mut add)?,
                Rows::Last => self.select(table, (sql + " ORDER BY arrival DESC LIMIT 1", own), &mut add)?,
                Rows::Spans { of, column, spans, most } => {
                    let limit = match most {
                        None => String::new(),
                        Some(Most::First(most)) => format!(" ORDER BY {column} LIMIT {most}"),
                        Some(Most::Last(most)) => format!(" ORDER BY {column} DESC LIMIT {most}"),
                    };
                    for Span { of: value, from, to } in spans {
                        let (mut sql, mut values) = (sql.clone(), own.clone());
                        if let (Some(of), Some(value)) = (of, value) {
                            values.push(value.clone());
                            sql += &format!(" AND {of} = ?{}", values.len());
                        }
                        values.extend([from.clone(), to.clone()]);
                        sql += &format!(" AND {column} BETWEEN ?{} AND ?{}{limit}", values.len() - 1, values.len());
                        self.select(table, (sql, values), &mut add)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, table: &'static Table, operation: Operation) -> Result<()> {
        self.statement = Some((table, operation));
        Ok(())
    }

    fn change(&mut self, row: &[ValueRef<'_>]) -> Result<()> {
        let Some((table, operation)) = self.statement else { return Ok(()) };
        let numbers: Vec<String> = (1..=row.len()).map(|number| format!("?{number}")).collect();
        let sql = match operation {
            Operation::Delete => {
                let equal = keys(table).into_iter().zip(&numbers).map(|(key, number)| format!("{key} = {number}"));
                format!("DELETE FROM {} WHERE {}", table.name, equal.collect::<Vec<_>>().join(" AND "))
            }
            Operation::Put => {
                let conflict = if table.is_of_persons() || *table == CHANGES { "REPLACE" } else { "IGNORE" };
                let (table, names) = (table.name, names(table).join(", "));
                format!("INSERT OR {conflict} INTO {table} ({names}) VALUES ({})", numbers.join(", "))
            }
        };
        self.changed += 1;
        let execute =
            || self.connection.prepare_cached(&sql)?.execute(params_from_iter(row.iter().map(|value| Cell(*value))));
        execute().map(|_| ()).map_err(store_failure)
    }

    fn end(&mut self) -> Result<()> {
        self.statement = None;
        Ok(())
    }
}
