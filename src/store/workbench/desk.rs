//! Rows that are brought to a workbench while it reads: before each look, what the look is about.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, ffi};

use super::content::{id_of_group, id_of_text};
use super::failure::store_failure;
use super::flush;
use super::load::Loading;
use super::open;
use super::remote::{Remote, Rows, Span, Wanted};
use super::tables::{MISSING_SAMPLES, SAMPLES, TABLES, Table};
use super::wants::Wants;
use crate::model::error::{Error, Result};
use crate::model::limits::WORKBENCH_ROWS_MAX;
use crate::store::supplied::{ContentIds, Most, Need, Supplied, Supply};

/// Brings rows to a workbench.
pub(super) struct Desk<'w, R> {
    loading: RefCell<Loading<'w, R>>,
    connection: &'w Connection,
    /// Tables of which all rows are here, by person.
    whole: RefCell<BTreeSet<(i64, &'static str)>>,
    /// Why the other database could not be asked.
    error: RefCell<Option<Error>>,
}

impl<'w, R: Remote> Desk<'w, R> {
    pub(super) fn new(loading: Loading<'w, R>) -> Self {
        let connection = loading.connection;
        Self { loading: RefCell::new(loading), connection, whole: RefCell::default(), error: RefCell::default() }
    }

    /// The connection to read from.
    pub(super) fn supplied(&self) -> Supplied<'_> {
        Supplied::by(self.connection, self)
    }

    /// Why something failed: the other database, if it did.
    pub(super) fn failure(&self, error: rusqlite::Error) -> Error {
        self.error.borrow_mut().take().unwrap_or_else(|| store_failure(error))
    }

    /// Hands over what was changed.
    pub(super) fn flush(&self) -> Result<()> {
        flush::flush(self.connection, &mut *self.loading.borrow_mut().remote)
    }

    fn load(&self, need: &Need) -> Result<()> {
        let Some(table) = TABLES.iter().copied().find(|table| table.name == need.table) else {
            return Ok(());
        };
        let loading = &mut *self.loading.borrow_mut();
        loading.person = need.person;
        let mut wants = Wants::default();
        match need {
            Need {
                of: Some((_, Value::Integer(kind))),
                span: Some((_, Value::Integer(from), Value::Integer(to))),
                ..
            } if *table == SAMPLES && need.most.is_none() => {
                self.free(loading)?;
                // Those that are missing were brought before.
                wants.samples_only([(*kind, vec![(*from, *to)])].into(), loading.covered);
            }
            Need { of: None, span: None, .. } => {
                if self.whole.borrow_mut().insert((need.person, table.name)) {
                    wants.all(table);
                }
            }
            Need { of, span, most, .. } if !self.whole.borrow().contains(&(need.person, table.name)) => {
                wants.add(wanted(table, of.as_ref(), span.as_ref(), *most));
            }
            Need { .. } => {}
        }
        loading.load(&wants)
    }

    /// Frees the samples that were read, if they are many: none is being read now.
    fn free(&self, loading: &mut Loading<'_, R>) -> Result<()> {
        if loading.covered.rows < WORKBENCH_ROWS_MAX {
            return Ok(());
        }
        open::pause_recording(self.connection).map_err(store_failure)?;
        for table in [&SAMPLES, &MISSING_SAMPLES] {
            let clear = || self.connection.prepare_cached(&table.sql().clear)?.execute([]);
            clear().map_err(store_failure)?;
        }
        open::resume_recording(self.connection).map_err(store_failure)?;
        loading.covered.forget_samples();
        Ok(())
    }
}

fn wanted(
    table: &'static Table,
    of: Option<&(&'static str, Value)>,
    span: Option<&(&'static str, Value, Value)>,
    most: Option<Most>,
) -> Wanted {
    let (column, from, to) = match (span, of) {
        (Some((column, from, to)), _) => (*column, from.clone(), to.clone()),
        // All of a value: it is the span.
        (None, Some((column, value))) => (*column, value.clone(), value.clone()),
        (None, None) => return Wanted { table, rows: Rows::All },
    };
    let of = of.filter(|_| span.is_some());
    let spans = vec![Span { of: of.map(|(_, value)| value.clone()), from, to }];
    Wanted { table, rows: Rows::Spans { of: of.map(|(name, _)| *name), column, spans, most } }
}

impl<R: Remote> Supply for Desk<'_, R> {
    fn bring(&self, need: &Need) -> rusqlite::Result<()> {
        self.load(need).map_err(|error| {
            let message = error.to_string();
            *self.error.borrow_mut() = Some(error);
            rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), Some(message))
        })
    }

    fn ids(&self) -> ContentIds {
        ContentIds { text: id_of_text, group: id_of_group }
    }
}
