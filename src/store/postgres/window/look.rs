//! The look at one state of a database: a transaction that only reads, its cursors, its deadline.

use std::time::{Duration, Instant};

use futures_util::future::join3;
use rusqlite::ffi;
use rusqlite::types::Value;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::failure::{failed, failure, is_cancelled, malformed};
use super::select::Given;
use super::settled::Settled;
use super::texts::Texts;
use crate::model::error::{Error, Result};
use crate::model::limits::WINDOW_CURSORS_CLOSED;
use crate::store::postgres::address::Address;
use crate::store::postgres::fault::fault;
use crate::store::postgres::link::Link;
use crate::store::workbench::tables::Table;

/// A look at one state of a database.
pub(super) struct Look {
    address: Address,
    /// The connection, which is kept from one page to the next.
    link: Option<Link>,
    deadline: Instant,
    /// Why PostgreSQL could not be asked.
    pub(super) error: Option<Error>,
    pub(super) texts: Texts,
    /// For a follower.
    pub(super) settled: Option<Settled>,
    /// The number of the last cursor, and those whose rows are not wanted any more.
    last: u32,
    closed: Vec<u32>,
}

type Parameters<'v> = Vec<(&'v (dyn ToSql + Sync), Type)>;

fn parameters(values: &[Given]) -> Parameters<'_> {
    values.iter().map(|(value, kind)| (&**value, kind.clone())).collect()
}

impl Look {
    pub(super) fn new(address: Address) -> Result<Self> {
        let texts = Texts::new().map_err(|error| failed(&error))?;
        let (last, closed) = (0, Vec::new());
        Ok(Self { address, link: None, deadline: Instant::now(), error: None, texts, settled: None, last, closed })
    }

    /// Begins to look at the present state.
    pub(super) fn begin(&mut self, deadline: Instant, time_max: Duration) -> Result<()> {
        (self.deadline, self.error, self.last) = (deadline, None, 0);
        self.closed.clear();
        let sql = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {}",
            time_max.as_millis().max(1)
        );
        // The server may have been started again since.
        if let Some(link) = self.link.take().filter(Link::is_open)
            && self.begin_on(&link, &sql).is_ok()
        {
            self.link = Some(link);
            return Ok(());
        }
        let link = Link::open(&self.address)?;
        self.begin_on(&link, &sql)?;
        self.link = Some(link);
        Ok(())
    }

    fn begin_on(&mut self, link: &Link, sql: &str) -> Result<()> {
        match &mut self.settled {
            Some(settled) => settled.begin(link, sql, self.deadline),
            None => {
                let begun = link.wait_until(self.deadline, link.client().batch_execute(sql))?;
                begun.map_err(|error| fault(&error))
            }
        }
    }

    /// Ends the look. A connection that may still be at work is dropped.
    pub(super) fn end(&mut self) {
        let is_fine = self.error.is_none() && self.deadline > Instant::now();
        self.link = self.link.take().filter(|link| {
            let ended = if is_fine { link.run("COMMIT") } else { link.run("ROLLBACK") };
            ended.is_ok()
        });
    }

    /// Waits for an answer until the deadline.
    fn ask<T>(
        &mut self,
        ask: impl FnOnce(&Link, Instant) -> Result<std::result::Result<T, tokio_postgres::Error>>,
    ) -> rusqlite::Result<T> {
        let Some(link) = &self.link else {
            return Err(failure(ffi::SQLITE_MISUSE, "no state of the database is looked at"));
        };
        let error = match ask(link, self.deadline) {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => {
                let is_late = Instant::now() >= self.deadline || is_cancelled(&error);
                if is_late { None } else { Some(fault(&error)) }
            }
            Err(error) => {
                // It may answer later, to nobody.
                self.link = None;
                if Instant::now() >= self.deadline { None } else { Some(error) }
            }
        };
        let Some(error) = error else {
            self.link = None;
            return Err(failure(ffi::SQLITE_INTERRUPT, "the deadline has passed"));
        };
        let message = error.to_string();
        self.error.get_or_insert(error);
        Err(failure(ffi::SQLITE_IOERR, &message))
    }

    /// Returns all rows of a statement that has few.
    pub(super) fn rows(&mut self, sql: &str, values: &[Given]) -> rusqlite::Result<Vec<Row>> {
        let values = parameters(values);
        self.ask(|link, deadline| link.wait_until(deadline, link.client().query_typed(sql, &values)))
    }

    /// Returns the only value of the only row.
    pub(super) fn text(&mut self, sql: &str) -> rusqlite::Result<String> {
        let rows = self.rows(sql, &[])?;
        Ok(rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or_default())
    }

    /// Begins a statement, and returns its first rows. The cursor is for further ones, if there may be some.
    pub(super) fn open(
        &mut self,
        sql: &str,
        values: &[Given],
        first: usize,
    ) -> rusqlite::Result<(Option<u32>, Vec<Row>)> {
        self.last += 1;
        let cursor = self.last;
        let declare = format!("DECLARE hs{cursor} NO SCROLL CURSOR FOR {sql}");
        let fetch = format!("FETCH {first} FROM hs{cursor}");
        let close: String = self.closed.drain(..).map(|cursor| format!("CLOSE hs{cursor};")).collect();
        let values = parameters(values);
        // All are sent at once, in this order.
        let rows = self.ask(|link, deadline| {
            let client = link.client();
            let asked = async {
                let (closed, declared, fetched) = join3(
                    client.batch_execute(&close),
                    client.query_typed(&declare, &values),
                    client.query_typed(&fetch, &[]),
                )
                .await;
                closed.and(declared.map(|_| ()))?;
                fetched
            };
            link.wait_until(deadline, asked)
        })?;
        if rows.len() < first {
            self.close(cursor);
            return Ok((None, rows));
        }
        Ok((Some(cursor), rows))
    }

    /// Returns the next rows of a cursor.
    pub(super) fn fetch(&mut self, cursor: u32, most: usize) -> rusqlite::Result<Vec<Row>> {
        self.rows(&format!("FETCH {most} FROM hs{cursor}"), &[])
    }

    /// Notes that no further rows of a cursor are wanted.
    pub(super) fn close(&mut self, cursor: u32) {
        if self.closed.len() < WINDOW_CURSORS_CLOSED {
            self.closed.push(cursor);
        }
    }

    /// Returns all columns of a text; `None` if there is no such id.
    pub(super) fn text_by_id(&mut self, table: &'static Table, id: i64) -> rusqlite::Result<Option<Vec<Value>>> {
        if let Some(known) = self.texts.get(table, id)? {
            return Ok(Some(known));
        }
        let sql = format!("SELECT {} FROM {} WHERE id = $1", table.columns[1].name, table.name);
        let rows = self.rows(&sql, &[(Box::new(id), Type::INT8)])?;
        let text = rows.first().map(|row| row.try_get::<_, String>(0)).transpose();
        let text = text.map_err(|_| malformed("a text is missing"))?;
        text.map(|text| self.texts.put(table, id, &text)).transpose()
    }
}
