//! Rows between PostgreSQL and a workbench: those that a step needs, and those that it has changed. All within the transaction of an
//! upload, which holds the person.

use std::error::Error as StdError;

use futures_util::TryStreamExt;
use rusqlite::types::{Value, ValueRef};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};

use super::copy::{Encoder, from_timestamp};
use super::copying::{Copying, copy};
use super::dictionary::{Dictionary, NewTexts, Texts};
use super::fault::{fault, is_duplicate};
use super::groups::Groups;
use super::link::Link;
use super::receiver::Postgres;
use super::savepoint::Savepoint;
use super::tables::{Form, form_of, keys_of, names_of, select_list};
use super::used_texts::UsedTexts;
use super::values::{Identity, Time};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::TRANSFER_GROUP_BYTES;
use crate::store::supplied::Most;
use crate::store::workbench::remote::{Operation, Remote, Rows, Span, Wanted};
use crate::store::workbench::tables::{CHANGES, REJECTS, ROUTE_POINTS, SAMPLES, Table};

/// Tables whose rows are mostly new ones, and many. The person is held, so nobody else puts rows there meanwhile.
const COME_BY_THE_THOUSAND: [&Table; 3] = [&SAMPLES, &ROUTE_POINTS, &REJECTS];

/// Rows of a transaction that PostgreSQL is copying straight into their table. The link must not be used before
/// [`Transfer::settle`].
#[derive(Debug, Default)]
pub(super) struct Straight {
    sent: Option<Sent>,
    savepoint: Savepoint,
}

/// A group of rows that PostgreSQL has been given.
#[derive(Debug)]
struct Sent {
    copying: Copying,
    table: &'static Table,
    columns: String,
}

/// The rows of a person in PostgreSQL, for the length of a transaction.
pub(super) struct Transfer<'a> {
    link: &'a Link,
    straight: &'a mut Straight,
    dictionary: &'a Dictionary,
    groups: &'a Groups,
    used: &'a mut UsedTexts,
    person: i64,
    /// The table under change.
    change: Option<(&'static Table, Operation)>,
    /// Whether rows of it are copied straight: none of them was there so far.
    is_straight: bool,
    /// Whether its stage has rows.
    is_staged: bool,
    rows: Encoder,
    texts: NewTexts,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(
        (link, straight): (&'a Link, &'a mut Straight),
        (postgres, used): (&'a Postgres, &'a mut UsedTexts),
        person: i64,
    ) -> Self {
        let Postgres { dictionary, groups, .. } = postgres;
        let (change, is_straight, is_staged) = (None, false, false);
        let (rows, texts) = (Encoder::default(), NewTexts::default());
        Self { link, straight, dictionary, groups, used, person, change, is_straight, is_staged, rows, texts }
    }

    fn begun(&self) -> Result<(&'static Table, Operation)> {
        self.change.ok_or_else(|| Error::new(ErrorKind::Store, "a row is changed before its table is named"))
    }

    /// Copies the rows that have gathered into their table, or into its stage.
    fn send(&mut self) -> Result<()> {
        let (table, operation) = self.begun()?;
        self.settle()?;
        if self.rows.len() == 0 {
            return Ok(());
        }
        let columns = match operation {
            Operation::Delete => keys_of(table).collect::<Vec<_>>().join(", "),
            Operation::Put => names_of(table).filter(|name| !is_numbered(table, name)).collect::<Vec<_>>().join(", "),
        };
        if self.is_straight {
            return self.begin_straight(table, columns);
        }
        self.stage(table, &columns)?;
        self.groups.give_back(std::mem::take(&mut self.rows));
        Ok(())
    }

    /// Gives PostgreSQL rows for their table, and does not wait for its answer.
    fn begin_straight(&mut self, table: &'static Table, columns: String) -> Result<()> {
        let sql = format!("COPY {} ({columns}) FROM STDIN (FORMAT binary)", table.name);
        let statement = self.link.prepared(&sql)?;
        let savepoint = self.straight.savepoint.set();
        let copying = Copying::begin(self.link, Some(savepoint), &statement, std::mem::take(&mut self.rows))?;
        self.straight.sent = Some(Sent { copying, table, columns });
        Ok(())
    }

    /// Waits until PostgreSQL has taken the last group. If one of its keys is there, its rows are put by the stage.
    pub(super) fn settle(&mut self) -> Result<()> {
        let Some(Sent { copying, table, columns }) = self.straight.sent.take() else { return Ok(()) };
        let (copied, mut rows) = copying.end(self.link)?;
        match copied {
            Ok(()) => {}
            Err(error) if is_duplicate(&error) => {
                self.straight.savepoint.undo_group(self.link)?;
                self.is_straight = false;
                let gathered = std::mem::replace(&mut self.rows, rows);
                self.stage(table, &columns)?;
                self.put_staged(table, Operation::Put)?;
                rows = std::mem::replace(&mut self.rows, gathered);
            }
            Err(error) => return Err(fault(&error)),
        }
        self.groups.give_back(rows);
        Ok(())
    }

    fn stage(&mut self, table: &Table, columns: &str) -> Result<()> {
        let name = table.name;
        if !self.is_staged {
            self.link.run(&format!(
                "CREATE TEMP TABLE IF NOT EXISTS bench_{name} ON COMMIT DELETE ROWS AS SELECT * FROM {name} WITH NO DATA"
            ))?;
            self.is_staged = true;
        }
        let sql = format!("COPY bench_{name} ({columns}) FROM STDIN (FORMAT binary)");
        copy(self.link, &self.link.prepared(&sql)?, &mut self.rows)?.map_err(|error| fault(&error))
    }

    /// Puts what is staged into the table, or deletes it there.
    fn put_staged(&mut self, table: &Table, operation: Operation) -> Result<()> {
        self.is_staged = false;
        let sql = match operation {
            Operation::Delete => super::tables::delete(table),
            Operation::Put => super::tables::put(table),
        };
        self.link.run(&format!("{sql}; TRUNCATE bench_{}", table.name))
    }

    fn parameters(&self, table: &Table, rows: &Rows) -> Result<(String, Vec<Box<dyn ToSql + Sync>>)> {
        let mut values: Vec<Box<dyn ToSql + Sync>> = Vec::new();
        let list = select_list(table);
        let name = table.name;
        let of_person = if table.is_of_persons() {
            values.push(Box::new(self.person));
            "t.person_id = $1"
        } else {
            "true"
        };
        let sql = match rows {
            Rows::All => format!("SELECT {list} FROM {name} t WHERE {of_person}"),
            Rows::Last => format!("SELECT {list} FROM {name} t WHERE {of_person} ORDER BY t.arrival DESC LIMIT 1"),
            Rows::Spans { of, column, spans, most } => {
                let form = form_of(table, column)?;
                let number = values.len();
                values.push(form.array(spans.iter().map(|span| (&span.from, false)))?);
                values.push(form.array(spans.iter().map(|span| (&span.to, true)))?);
                let cast = form.cast();
                let (mut arrays, mut places) =
                    (format!("${}::{cast}[], ${}::{cast}[]", number + 1, number + 2), "first, last".to_owned());
                let mut of_value = String::new();
                if let Some(of) = of {
                    let of_form = form_of(table, of)?;
                    values.push(of_form.array(spans.iter().map(|span| (of_of(span), false)))?);
                    arrays = format!("{arrays}, ${}::{}[]", number + 3, of_form.cast());
                    places.push_str(", value");
                    of_value = format!(" AND t.{} = w.value", of_form.name(of));
                }
                let column = form.name(column);
                let order = most.map(|most| match most {
                    Most::First(rows) => format!(" ORDER BY t.{column} LIMIT {rows}"),
                    Most::Last(rows) => format!(" ORDER BY t.{column} DESC LIMIT {rows}"),
                });
                // Each span is one search, whatever is known of the table's size.
                let order = order.unwrap_or_else(|| " OFFSET 0".to_owned());
                format!(
                    "SELECT {list} FROM unnest({arrays}) AS w ({places}) CROSS JOIN LATERAL (SELECT * FROM {name} t
                     WHERE {of_person}{of_value} AND t.{column} BETWEEN w.first AND w.last{order}) AS t"
                )
            }
        };
        Ok((sql, values))
    }
}

/// The value of a span's other column. One without it fits nothing.
fn of_of(span: &Span) -> &Value {
    span.of.as_ref().unwrap_or(&Value::Null)
}

/// Whether PostgreSQL itself numbers a column.
fn is_numbered(table: &Table, column: &str) -> bool {
    table.name == CHANGES.name && column == "number"
}

impl Remote for Transfer<'_> {
    fn load(
        &mut self,
        _: i64,
        wanted: &[Wanted],
        mut add: impl FnMut(&'static Table, &[ValueRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        if !wanted.is_empty() {
            self.settle()?;
        }
        for Wanted { table, rows } in wanted {
            let (sql, values) = self.parameters(table, rows)?;
            let statement = self.link.prepared(&sql)?;
            let values = values.iter().map(|value| &**value as &(dyn ToSql + Sync));
            let stream = self.link.wait(self.link.client().query_raw(&statement, values))?;
            let mut stream = std::pin::pin!(stream);
            let forms: Vec<Form> =
                table.columns.iter().map(Form::of).chain(table.has_arrival.then_some(Form::Integer)).collect();
            while let Some(row) = self.link.wait(stream.try_next())? {
                let cells: Vec<ValueRef<'_>> =
                    forms.iter().enumerate().map(|(place, form)| read(&row, place, *form)).collect::<Result<_>>()?;
                add(table, &cells)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, table: &'static Table, operation: Operation) -> Result<()> {
        self.change = Some((table, operation));
        self.is_straight = operation == Operation::Put && COME_BY_THE_THOUSAND.contains(&table);
        self.is_staged = false;
        Ok(())
    }

    fn change(&mut self, row: &[ValueRef<'_>]) -> Result<()> {
        let (table, operation) = self.begun()?;
        if let Some(texts) = Texts::of(table.name) {
            if let [ValueRef::Integer(id), ValueRef::Text(text)] = row {
                self.used.note(texts, *id);
                if !self.dictionary.has(texts, *id) {
                    self.texts.add(texts, *id, &String::from_utf8_lossy(text));
                }
            }
            return Ok(());
        }
        if !self.rows.has_memory() {
            self.rows = self.groups.take();
        }
        let keys = keys_of(table).count();
        let names = names_of(table).zip(table.columns.iter().map(Form::of).chain([Form::Integer]));
        match operation {
            Operation::Delete => {
                // The key may lack the person.
                let key_forms = super::tables::key_forms(table);
                self.rows.begin_row(keys);
                let is_whole = row.len() == keys;
                for (cell, form) in row.iter().zip(key_forms) {
                    encode(&mut self.rows, *cell, form)?;
                }
                if !is_whole {
                    self.rows.integer(self.person);
                }
            }
            Operation::Put => {
                let skipped = usize::from(table.name == CHANGES.name);
                self.rows.begin_row(row.len() - skipped);
                for ((name, form), cell) in names.zip(row) {
                    if !is_numbered(table, &name) {
                        encode(&mut self.rows, *cell, form)?;
                    }
                }
            }
        }
        if self.rows.len() >= TRANSFER_GROUP_BYTES { self.send() } else { Ok(()) }
    }

    fn end(&mut self) -> Result<()> {
        let (table, operation) = self.begun()?;
        if Texts::of(table.name).is_some() {
            self.change = None;
            return self.dictionary.enter(&mut self.texts);
        }
        self.send()?;
        self.change = None;
        if self.is_staged { self.put_staged(table, operation) } else { Ok(()) }
    }
}

/// A field as it comes.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A value of a row.
pub(super) fn read(row: &Row, place: usize, form: Form) -> Result<ValueRef<'_>> {
    let raw: Option<Raw<'_>> = row.try_get(place).map_err(|error| fault(&error))?;
    let Some(Raw(bytes)) = raw else { return Ok(ValueRef::Null) };
    let number = || bytes.try_into().map(i64::from_be_bytes).map_err(|_| malformed());
    Ok(match form {
        Form::Integer => ValueRef::Integer(number()?),
        Form::Time => ValueRef::Integer(from_timestamp(number()?)),
        Form::Real => ValueRef::Real(f64::from_bits(number()?.cast_unsigned())),
        Form::Text => ValueRef::Text(bytes),
        Form::Uuid | Form::Bytes => ValueRef::Blob(bytes),
    })
}

fn encode(rows: &mut Encoder, cell: ValueRef<'_>, form: Form) -> Result<()> {
    match (cell, form) {
        (ValueRef::Null, _) => rows.null(),
        (ValueRef::Integer(value), Form::Integer) => rows.integer(value),
        (ValueRef::Integer(at_ms), Form::Time) => rows.time(at_ms),
        (ValueRef::Real(value), Form::Real) => rows.real(value),
        (ValueRef::Text(text), Form::Text) => rows.text(std::str::from_utf8(text).map_err(|_| malformed())?),
        (ValueRef::Blob(bytes), Form::Uuid) => rows.uuid(bytes.try_into().map_err(|_| malformed())?),
        (ValueRef::Blob(bytes), Form::Bytes) => rows.bytes(bytes),
        _ => return Err(malformed()),
    }
    Ok(())
}

fn malformed() -> Error {
    Error::new(ErrorKind::Store, "a value has another type than its column")
}

impl Form {
    /// Values of spans as an array; `true` for those at the end of their span.
    fn array<'v>(self, values: impl Iterator<Item = (&'v Value, bool)>) -> Result<Box<dyn ToSql + Sync>> {
        let wrong = malformed;
        Ok(match self {
            Self::Integer | Self::Time => {
                let numbers = values.map(|(value, _)| match value {
                    Value::Integer(number) => Ok(*number),
                    _ => Err(wrong()),
                });
                let numbers: Vec<i64> = numbers.collect::<Result<_>>()?;
                if self == Self::Integer {
                    Box::new(numbers)
                } else {
                    Box::new(numbers.into_iter().map(Time).collect::<Vec<_>>())
                }
            }
            Self::Real => {
                let numbers = values.map(|(value, _)| match value {
                    Value::Real(number) => Ok(*number),
                    _ => Err(wrong()),
                });
                Box::new(numbers.collect::<Result<Vec<f64>>>()?)
            }
            Self::Text => {
                let texts = values.map(|(value, _)| match value {
                    Value::Text(text) => Ok(text.replace('\0', "\u{2400}")),
                    _ => Err(wrong()),
                });
                Box::new(texts.collect::<Result<Vec<String>>>()?)
            }
            Self::Uuid => {
                let uuids = values.map(|(value, is_last)| match value {
                    Value::Blob(bytes) => Ok(Identity(padded(bytes, is_last))),
                    _ => Err(wrong()),
                });
                Box::new(uuids.collect::<Result<Vec<Identity>>>()?)
            }
            Self::Bytes => {
                let blobs = values.map(|(value, _)| match value {
                    Value::Blob(bytes) => Ok(bytes.clone()),
                    _ => Err(wrong()),
                });
                Box::new(blobs.collect::<Result<Vec<Vec<u8>>>>()?)
            }
        })
    }
}

/// The first or the last identity that begins with some bytes.
fn padded(bytes: &[u8], is_last: bool) -> [u8; 16] {
    let mut uuid = [if is_last { 0xff } else { 0 }; 16];
    let length = bytes.len().min(16);
    uuid[..length].copy_from_slice(&bytes[..length]);
    uuid
}
