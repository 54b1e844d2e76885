//! Backups in a folder: their names, and which of them are deleted. A file of another name is never deleted, nor one that
//! is not a backup.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;

use super::unused::{EXTENSION, unused_path};
use crate::store::database::Database;

/// Returns the time in UTC as part of a name. Sorting the texts sorts the times.
pub(crate) fn stamp() -> String {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    now.to_string().replace(['-', ':'], "")
}

/// A time, and a number among those of that second.
type Moment = (String, u32);

/// The backups of one database in a folder, by its name. Those of other databases are not touched.
#[derive(Debug)]
pub(crate) struct Series {
    name: String,
}

/// What `--keep` has done.
#[derive(Debug, Default)]
pub(crate) struct Pruned {
    pub(crate) deleted: Vec<PathBuf>,
    /// Backups dated later than the new one: they are neither counted nor deleted, since the clock is or was wrong.
    pub(crate) later: usize,
}

impl Series {
    pub(crate) fn of(database: &Database) -> Self {
        let name = database.path().file_name().unwrap_or_default().to_string_lossy();
        Self { name: name.strip_suffix(EXTENSION).unwrap_or(&name).to_owned() }
    }

    /// Returns an unused name: `NAME-TIME.db`, or `NAME-TIME-2.db` in the same second.
    pub(crate) fn unused_path(&self, folder: &Path, stamp: &str) -> PathBuf {
        unused_path(&folder.join(format!("{}-{stamp}", self.name)))
    }

    /// Returns when a backup of that name was made, or `None` if the name is not one of this series.
    fn moment(&self, name: &str) -> Option<Moment> {
        let rest = name.strip_prefix(self.name.as_str())?.strip_prefix('-')?.strip_suffix(EXTENSION)?;
        let (stamp, number) = rest.split_once('-').unwrap_or((rest, "1"));
        let form = b"ddddddddTddddddZ";
        let is_stamp = stamp.len() == form.len()
            && stamp
                .bytes()
                .zip(form)
                .all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == *form });
        let is_number = !number.starts_with(['0', '+']);
        Some((stamp.to_owned(), number.parse().ok()?)).filter(|_| is_stamp && is_number)
    }

    /// Deletes all but the newest `keep` backups, of which `made` is the newest.
    pub(crate) fn prune(&self, folder: &Path, made: &Path, keep: u32) -> io::Result<Pruned> {
        let moment = |name: OsString| name.to_str().and_then(|name| self.moment(name));
        let made = made.file_name().and_then(|name| moment(name.to_owned())).unwrap_or_default();
        let (mut older, mut later) = (Vec::new(), 0);
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Some(moment) = moment(entry.file_name()).filter(|moment| *moment != made) else {
                continue;
            };
            if !entry.file_type()?.is_file() || !Database::new(entry.path()).is_ours().unwrap_or_default() {
                continue;
            }
            if moment > made {
                later += 1;
            } else {
                older.push((moment, entry.path()));
            }
        }
        older.sort_unstable_by(|one, other| other.cmp(one));
        let deleted: Vec<PathBuf> =
            older.split_off(older.len().min(keep as usize - 1)).into_iter().map(|(_, path)| path).collect();
        for file in &deleted {
            fs::remove_file(file)?;
        }
        Ok(Pruned { deleted, later })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_backups_are_recognized() {
        let series = Series::of(&Database::new("/data/health.db"));
        let check = |name: &str, expected: Option<u32>| {
            assert_eq!(series.moment(name).map(|(_, number)| number), expected, "{name}");
        };
        check("health-20260102T030405Z.db", Some(1));
        check("health-20260102T030405Z-2.db", Some(2));
        check("health-20260102T030405Z-12.db", Some(12));
        check(series.unused_path(Path::new(""), &stamp()).to_str().unwrap(), Some(1));
        check("health-20260102T030405Z-.db", None);
        check("health-20260102T030405Z-02.db", None);
        check("health-20260102T030405Z-two.db", None);
        check("health-20260102T030405Z.db.partial", None);
        check("health-20260102T030405Z.db-wal", None);
        check("health-20260102T03040Z.db", None);
        check("health-2026010２T03040Z.db", None);
        check("health-20260102-030405Z.db", None);
        check("old-health-20260102T030405Z.db", None);
        check("health-old-20260102T030405Z.db", None);
        check("health20260102T030405Z.db", None);
        check("health-before-the-move.db", None);
        check("health.db", None);
        // Databases that differ only by their extension have different names.
        assert_eq!(Series::of(&Database::new("health.sqlite")).moment("health-20260102T030405Z.db"), None);
        assert!(Series::of(&Database::new("health.sqlite")).moment("health.sqlite-20260102T030405Z.db").is_some());
    }

    #[test]
    fn a_used_name_is_not_given_again() {
        let folder = tempfile::tempdir().unwrap();
        let series = Series::of(&Database::new("health.db"));
        for expected in ["health-20260102T030405Z.db", "health-20260102T030405Z-2.db", "health-20260102T030405Z-3.db"] {
            let path = series.unused_path(folder.path(), "20260102T030405Z");
            assert_eq!(path, folder.path().join(expected));
            fs::write(path, "").unwrap();
        }
    }
}
