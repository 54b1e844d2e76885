//! Days and nights of a person, computed on a workbench.

use rusqlite::Connection;

use super::desk::Desk;
use super::failure::store_failure;
use super::remote::{Remote, Span};
use super::tables::{
    CHANGES, DERIVED_STATE, HOME_ZONES, SAMPLE_LENGTHS, SAMPLE_ORIGINS, SOURCE_GROUPS, SOURCE_ORDERS, ZONE_CHANGES,
    ZONE_ENTRIES,
};
use super::wants::Wants;
use super::work::Workbench;
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::derive::{Chunk, Halt, Wishes, apply, derive_supplied};

impl Workbench {
    /// Brings the derived tables of a person up to the last change that is not greater than `until`, and hands over what that changes.
    /// `run` is a number that no other computation has. Begins by forgetting all rows.
    pub(in crate::store) fn derive(
        &mut self,
        remote: &mut impl Remote,
        (person, until): (i64, i64),
        (home, run): (Option<String>, i64),
        is_stopping: &dyn Fn() -> bool,
    ) -> Result<()> {
        self.begin()?;
        self.enter_person(person).map_err(store_failure)?;
        let mut wants = Wants::default();
        let tables = [
            &SOURCE_GROUPS,
            &DERIVED_STATE,
            &ZONE_CHANGES,
            &ZONE_ENTRIES,
            &HOME_ZONES,
            &SOURCE_ORDERS,
            &SAMPLE_LENGTHS,
            &SAMPLE_ORIGINS,
        ];
        tables.into_iter().for_each(|table| wants.all(table));
        let mut loading = self.loading(remote, person);
        loading.load(&wants)?;
        loading.note_types().map_err(store_failure)?;
        let mut wants = Wants::default();
        let known = known_change(loading.connection).map_err(store_failure)?;
        let span = Span { of: None, from: known.saturating_add(1).into(), to: until.into() };
        wants.spans(&CHANGES, (None, "number"), vec![span]);
        loading.load(&wants)?;
        let desk = Desk::new(loading);
        let mut store = |chunk: Chunk| -> std::result::Result<bool, Halt> {
            let stored = apply(desk.supplied(), &chunk)?;
            desk.flush().map_err(Halt::Write)?;
            Ok(stored)
        };
        let derived = derive_supplied(desk.supplied(), &Wishes { home }, run, &mut store, is_stopping);
        let derived = derived.map_err(|halt| match halt {
            Halt::Read(error) => desk.failure(error),
            Halt::Write(error) => error,
            halt => Error::new(ErrorKind::Cancelled, halt.to_string()),
        });
        drop(desk);
        self.begin()?;
        derived
    }
}

/// The change that the derived tables know.
fn known_change(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce((SELECT change FROM derived_state), ?1)";
    connection.prepare_cached(sql)?.query_row([i64::MIN], |row| row.get(0))
}
