//! What an owner decides, entered on a workbench.

use rusqlite::Connection;

use super::failure::store_failure;
use super::flush;
use super::remote::Remote;
use super::tables::{HOME_ZONES, SOURCE_GROUPS, SOURCE_ORDERS, TYPES, ZONE_ENTRIES};
use super::wants::Wants;
use super::work::Workbench;
use crate::model::error::Result;
use crate::store::derive::Decided;
use crate::store::workbench::content::id_of_text;

impl Workbench {
    /// Brings a person's decisions, and hands over what `enter` changes.
    pub(in crate::store) fn decide(
        &mut self,
        remote: &mut impl Remote,
        decided: &Decided,
        enter: impl FnOnce(&Connection) -> Result<()>,
    ) -> Result<()> {
        self.begin()?;
        self.enter_person(decided.person).map_err(store_failure)?;
        let mut wants = Wants::default();
        [&SOURCE_GROUPS, &SOURCE_ORDERS, &ZONE_ENTRIES, &HOME_ZONES].into_iter().for_each(|table| wants.all(table));
        if !decided.kind.is_empty() {
            wants.first(&TYPES, "id", id_of_text(&decided.kind).into());
        }
        let loading = &mut self.loading(remote, decided.person);
        loading.load(&wants)?;
        enter(loading.connection)?;
        flush::flush(loading.connection, loading.remote)
    }
}
