//! The cursor of a follower: what its target has, in a file beside the database that is replaced in one step.
//!
//! A file that cannot be read, or is of another target, counts as none: then everything is sent again, which costs only time.

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::follower::{FollowerFault, FollowerState};
use crate::store::questions::FigureRules;
use crate::store::{Database, now_ms};

/// What a target has.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Cursor {
    /// What others may read.
    #[serde(flatten)]
    pub(super) state: FollowerState,
    /// The version of this file.
    format: u32,
    /// The change up to which it has the rows of everybody who is whole.
    pub(super) seen: i64,
    /// The last upload of the database when it was written.
    pub(super) mark: Option<(i64, i64)>,
    pub(super) people: Vec<PersonCursor>,
    /// What is under way.
    pub(super) plan: Option<Plan>,
}

/// What a target has of a person.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PersonCursor {
    pub(super) id: i64,
    pub(super) name: String,
    /// Whether it has all rows.
    pub(super) is_whole: bool,
    /// Whether it may have rows that are gone, so that all are removed before they are sent.
    pub(super) is_doubtful: bool,
    /// The change up to which it has figures; none yet if missing.
    pub(super) figures: Option<i64>,
    /// The computation of these figures, and what they depend on.
    pub(super) run: i64,
    pub(super) rules: FigureRules,
}

impl PersonCursor {
    /// Begins with nothing again.
    pub(super) fn doubt(&mut self) {
        (self.is_whole, self.is_doubtful, self.figures) = (false, true, None);
    }
}

const FORMAT: u32 = 1;

impl Cursor {
    /// Reads the cursor of a follower, or begins one. Returns whether there was one of this target.
    pub(super) fn load(database: &Database, name: &str, target: &str) -> (Self, bool) {
        let bytes = database.read_follower(name);
        let mut cursor: Self = serde_json::from_slice(&bytes).unwrap_or_default();
        if cursor.format == FORMAT && cursor.state.target == target {
            name.clone_into(&mut cursor.state.name);
            return (cursor, true);
        }
        if !bytes.is_empty() {
            tracing::warn!(
                "the cursor of the follower {name} is of another target, or damaged: everything is sent again"
            );
        }
        let state = FollowerState { name: name.to_owned(), target: target.to_owned(), ..FollowerState::default() };
        (Self { state, format: FORMAT, ..Self::default() }, false)
    }

    /// Reads the cursor of a follower, whatever its target is.
    pub(super) fn known(database: &Database, name: &str) -> Option<Self> {
        let cursor: Self = serde_json::from_slice(&database.read_follower(name)).ok()?;
        (cursor.format == FORMAT).then_some(cursor)
    }

    /// Notes what keeps the follower from going on.
    pub(super) fn note_fault(&mut self, message: String, is_stopped: bool) {
        let since_ms = self.state.fault.as_ref().map_or_else(now_ms, |fault| fault.since_ms);
        self.state.fault = Some(FollowerFault { since_ms, is_stopped, message });
    }

    /// Writes the cursor beside the database.
    pub(super) fn write(&self, database: &Database) -> Result<()> {
        let failed = |error: String| {
            let name = &self.state.name;
            let message = format!("cannot write the cursor of the follower {name} beside the database: {error}");
            Error::new(ErrorKind::Io, message)
        };
        let bytes = serde_json::to_vec(self).map_err(|error| failed(error.to_string()))?;
        database.write_follower(&self.state.name, &bytes).map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Purpose, Ranges};
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_belongs_to_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let (mut cursor, is_known) = Cursor::load(&database, "influx", "here");
        assert!(!is_known);
        let mut ranges = Ranges::default();
        ranges.add_all_figures("anna", &["x".to_owned()], true);
        let purpose = Purpose::Figures { id: 7, run: 8, rules: FigureRules::default() };
        cursor.plan = Some(Plan::new((3, 9), purpose, ranges));
        cursor.people = vec![PersonCursor { id: 7, name: "anna".to_owned(), ..PersonCursor::default() }];
        (cursor.state.change, cursor.mark) = (3, Some((5, 6)));
        cursor.write(&database).unwrap();
        let (found, is_known) = Cursor::load(&database, "influx", "here");
        assert!(is_known);
        assert_eq!(found.plan, cursor.plan);
        assert_eq!((found.state.change, found.mark, found.people[0].id), (3, Some((5, 6)), 7));
        let (other, is_known) = Cursor::load(&database, "influx", "there");
        assert!(!is_known && other.plan.is_none() && other.state.change == 0 && other.state.target == "there");
        database.write_follower("influx", b"{\"format\":1,\"tar").unwrap();
        assert!(!Cursor::load(&database, "influx", "here").1);
    }
}
