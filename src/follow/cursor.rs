//! The cursor of a follower: what its target has, in a file beside the database that is replaced in one step.
//!
//! A file of another target counts as none: then everything is sent again, which costs only time. One that cannot be read stops the
//! follower: it may have been the file of a later version, and rows that were removed meanwhile would stay in the target.

use std::{fmt, io};

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::written::Names;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::follower::{FollowerFault, FollowerState};
use crate::model::limits::FOLLOWER_FILE_BYTES_MAX;
use crate::store::questions::FigureRules;
use crate::store::{Kept, now_ms};

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
    /// By their numbers in order. Somebody under another name than before is there twice.
    pub(super) people: Vec<PersonCursor>,
    /// Measurements that were written.
    pub(super) names: Names,
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
    /// The change up to which all rows were sent in one go.
    pub(super) since: i64,
    /// Whether it may have rows that are gone, so that all are removed before they are sent.
    pub(super) is_doubtful: bool,
    /// Whether points that other programs wrote are removed also: somebody has asked for that.
    pub(super) is_resynced: bool,
    /// The change up to which it has figures; none yet if missing.
    pub(super) figures: Option<i64>,
    /// The computation of these figures, and what they depend on.
    pub(super) run: i64,
    pub(super) rules: FigureRules,
}

impl PersonCursor {
    /// Begins with nothing again.
    pub(super) fn doubt(&mut self) {
        (self.is_whole, self.is_doubtful, self.figures, self.since) = (false, true, None, 0);
    }
}

const FORMAT: u32 = 1;

/// The version of a file, whatever else it has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Cursor {
    /// Reads the cursor of a follower, or begins one. Returns whether there was one of this target.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] if there is a file that cannot be read as one.
    pub(super) fn load(kept: &Kept, name: &str, target: &str) -> Result<(Self, bool)> {
        let found = Self::known(kept, name)?;
        let is_other = found.is_some();
        if let Some(mut cursor) = found.filter(|cursor| cursor.state.target == target) {
            name.clone_into(&mut cursor.state.name);
            return Ok((cursor, true));
        }
        if is_other {
            tracing::warn!("the cursor of the follower {name} is of another target: everything is sent again");
        }
        Ok((Self::new(name, target), false))
    }

    /// Begins a cursor.
    pub(super) fn new(name: &str, target: &str) -> Self {
        let state = FollowerState { name: name.to_owned(), target: target.to_owned(), ..FollowerState::default() };
        Self { state, format: FORMAT, ..Self::default() }
    }

    /// Reads the cursor of a follower, whatever its target is. `None` without a file, or with an empty one, as a power cut leaves it.
    ///
    /// # Errors
    ///
    /// As [`Cursor::load`].
    pub(super) fn known(kept: &Kept, name: &str) -> Result<Option<Self>> {
        let refused = |what: &str| {
            let shown = kept.follower_place(name);
            Error::usage(format!(
                "{shown} is not a cursor that this version reads: {what}; start the follower with --resync, which removes what the target \
                 has and sends everything again, or put the file back"
            ))
        };
        let bytes = match kept.read_follower(name) {
            Ok(bytes) if bytes.is_empty() => return Ok(None),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Err(refused(&format!("it is longer than {FOLLOWER_FILE_BYTES_MAX} bytes")));
            }
            Err(error) => return Err(refused(&error.to_string())),
        };
        // Serde's message may quote a person's name.
        let Format { format } = serde_json::from_slice(&bytes).map_err(|_| refused("it is truncated or damaged"))?;
        if format != FORMAT {
            return Err(refused(&format!("it has format {format}, and this version writes {FORMAT}")));
        }
        serde_json::from_slice(&bytes).map(Some).map_err(|_| refused("it is damaged"))
    }

    /// Notes what keeps the follower from going on.
    pub(super) fn note_fault(&mut self, message: String, is_stopped: bool) {
        let since_ms = self.state.fault.as_ref().map_or_else(now_ms, |fault| fault.since_ms);
        self.state.fault = Some(FollowerFault { since_ms, is_stopped, message });
    }

    /// Writes the cursor beside the database.
    pub(super) fn write(&self, kept: &Kept) -> Result<()> {
        let failed = |kind, cause: &dyn fmt::Display| {
            let name = &self.state.name;
            Error::new(kind, format!("cannot write the cursor of the follower {name} beside the database: {cause}"))
        };
        let encode = |cursor: &Self| serde_json::to_vec(cursor).map_err(|error| failed(ErrorKind::Io, &error));
        let mut bytes = encode(self)?;
        if bytes.len() > FOLLOWER_FILE_BYTES_MAX {
            // The next start makes the plan again.
            bytes = encode(&Self { plan: None, ..self.clone() })?;
        }
        if bytes.len() > FOLLOWER_FILE_BYTES_MAX {
            let long = format!("it would have {} bytes, more than {FOLLOWER_FILE_BYTES_MAX}", bytes.len());
            return Err(failed(ErrorKind::Io, &long));
        }
        kept.write_follower(&self.state.name, &bytes).map_err(|error| failed(error.kind(), &error))
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Purpose, Ranges};
    use super::*;
    use crate::model::limits::{FOLLOW_GROUPS_MAX, FOLLOW_NAMES_BYTES_MAX, FOLLOWED_PEOPLE_MAX, NAME_BYTES_MAX};
    use crate::store::Database;

    #[test]
    fn a_cursor_comes_back_and_belongs_to_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::from(Database::new(folder.path().join("health.db")));
        let load = |target| Cursor::load(&kept, "influx", target).unwrap();
        let (mut cursor, is_known) = load("here");
        assert!(!is_known);
        let mut ranges = Ranges::default();
        ranges.add_all_figures("anna", &["x".to_owned()], true);
        let purpose = Purpose::Figures { id: 7, run: 8, rules: FigureRules::default() };
        cursor.plan = Some(Plan::new((3, 9), purpose, ranges));
        cursor.people = vec![PersonCursor { id: 7, name: "anna".to_owned(), ..PersonCursor::default() }];
        (cursor.state.change, cursor.mark) = (3, Some((5, 6)));
        cursor.write(&kept).unwrap();
        let (found, is_known) = load("here");
        assert!(is_known);
        assert_eq!(found.plan, cursor.plan);
        assert_eq!((found.state.change, found.mark, found.people[0].id), (3, Some((5, 6)), 7));
        let (other, is_known) = load("there");
        assert!(!is_known && other.plan.is_none() && other.state.change == 0 && other.state.target == "there");
        // As a power cut may leave it.
        kept.write_follower("influx", b"").unwrap();
        assert!(!load("here").1);
    }

    #[test]
    fn a_file_that_is_no_cursor_is_refused_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::from(Database::new(folder.path().join("health.db")));
        let long = vec![b' '; FOLLOWER_FILE_BYTES_MAX + 1];
        for (content, part) in [
            (&b"{\"format\":1,\"tar"[..], "truncated or damaged"),
            (b"{}", "truncated or damaged"),
            (b"{\"format\":1,\"people\":7}", "it is damaged"),
            (b"{\"format\":2,\"target\":\"here\"}", "it has format 2, and this version writes 1"),
            (&long, "longer than 2097152 bytes"),
        ] {
            kept.write_follower("influx", content).unwrap();
            let error = Cursor::load(&kept, "influx", "here").unwrap_err();
            let message = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(message.contains(part) && message.contains("health.db-follow-influx"), "{message}");
            assert!(message.contains("--resync"), "{message}");
        }
        let path = kept.file().unwrap().follower_path("influx");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(path).unwrap();
        assert!(Cursor::load(&kept, "influx", "here").is_err());
    }

    #[test]
    fn a_file_has_room_for_all_that_it_may_remember() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::from(Database::new(folder.path().join("health.db")));
        let rules = FigureRules { base: "0".repeat(16), groups: vec!["0".repeat(8); FOLLOW_GROUPS_MAX] };
        let id = 1 << 32;
        let name = "n".repeat(NAME_BYTES_MAX);
        let person = PersonCursor { id, name, figures: Some(id), run: id, rules, ..PersonCursor::default() };
        let mut cursor = Cursor::new("influx", "here");
        cursor.people = vec![person; FOLLOWED_PEOPLE_MAX];
        assert!(cursor.names.add_possible(&["t".repeat(FOLLOW_NAMES_BYTES_MAX / 3)]));
        cursor.write(&kept).unwrap();
        assert_eq!(Cursor::load(&kept, "influx", "here").unwrap().0.people.len(), FOLLOWED_PEOPLE_MAX);
    }

    #[test]
    fn a_cursor_that_is_too_long_is_written_without_its_plan() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::from(Database::new(folder.path().join("health.db")));
        let mut cursor = Cursor::new("influx", "here");
        let mut ranges = Ranges::default();
        ranges.add_all_figures("anna", &["x".repeat(FOLLOWER_FILE_BYTES_MAX)], true);
        cursor.seen = 7;
        cursor.plan = Some(Plan::new((3, 9), Purpose::Changes, ranges));
        cursor.write(&kept).unwrap();
        let (found, is_known) = Cursor::load(&kept, "influx", "here").unwrap();
        assert!(is_known && found.plan.is_none() && found.seen == 7);
        let name = "n".repeat(FOLLOWER_FILE_BYTES_MAX);
        cursor.people = vec![PersonCursor { name, ..PersonCursor::default() }];
        assert!(cursor.write(&kept).unwrap_err().to_string().contains("more than 2097152"));
    }
}
