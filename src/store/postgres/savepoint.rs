//! The savepoint before a group of rows that PostgreSQL copies straight into their table: if one of their keys is there, only this
//! group is undone.

use super::link::Link;
use crate::model::error::Result;

/// Whether the open transaction has one. A transaction begins with the default.
#[derive(Debug, Default)]
pub(super) struct Savepoint {
    is_set: bool,
}

impl Savepoint {
    /// The statements that set it before the next group. They release that of the group before, which is stored.
    pub(super) fn set(&mut self) -> &'static str {
        let was_set = std::mem::replace(&mut self.is_set, true);
        if was_set { "RELEASE straight; SAVEPOINT straight" } else { "SAVEPOINT straight" }
    }

    /// Undoes the last group.
    pub(super) fn undo_group(&self, link: &Link) -> Result<()> {
        link.run("ROLLBACK TO straight")
    }
}
