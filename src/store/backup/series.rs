//! Backups in a folder: their names, and which of them go. A file of any other name is never removed, nor one that is no
//! backup.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;

use crate::store::is_ours;

/// Now, in UTC: sorted by text is sorted by time.
pub(crate) fn stamp() -> String {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    now.to_string().replace(['-', ':'], "")
}

/// A time, and a number among those of that second.
type Moment = (String, u32);

/// The backups of one database, by its name, so that others in the folder are left alone.
#[derive(Debug)]
pub(crate) struct Series {
    name: String,
}

/// The end of a backup's name; a database's own is left out of it.
const SUFFIX: &str = ".db";

impl Series {
    pub(crate) fn of(database: &Path) -> Self {
        let name = database.file_name().unwrap_or_default().to_string_lossy();
        Self { name: name.strip_suffix(SUFFIX).unwrap_or(&name).to_owned() }
    }

    /// A name that nothing has: `NAME-TIME.db`, or `NAME-TIME-2.db` in the same second.
    pub(crate) fn free(&self, folder: &Path, stamp: &str) -> PathBuf {
        let first = folder.join(format!("{}-{stamp}{SUFFIX}", self.name));
        let is_free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
        let mut others = (2..=u32::MAX).map(|number| folder.join(format!("{}-{stamp}-{number}{SUFFIX}", self.name)));
        if is_free(&first) { first } else { others.find(is_free).unwrap_or(first) }
    }

    /// When a backup of that name was made, if it is of this database.
    fn moment(&self, name: &str) -> Option<Moment> {
        let rest = name.strip_prefix(self.name.as_str())?.strip_prefix('-')?.strip_suffix(SUFFIX)?;
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

    /// Removes all but the newest. The one that was just made stays, and those that claim to be later: the clock is or was
    /// wrong, and they would push out the ones that come.
    pub(crate) fn remove_old(&self, folder: &Path, made: &Path, keep: u32) -> io::Result<Vec<PathBuf>> {
        let moment = |name: OsString| name.to_str().and_then(|name| self.moment(name));
        let made = made.file_name().and_then(|name| moment(name.to_owned())).unwrap_or_default();
        let (mut older, mut later) = (Vec::new(), 0);
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Some(moment) = moment(entry.file_name()).filter(|moment| *moment != made) else {
                continue;
            };
            if !entry.file_type()?.is_file() || !is_ours(&entry.path()).unwrap_or_default() {
                continue;
            }
            if moment > made {
                later += 1;
            } else {
                older.push((moment, entry.path()));
            }
        }
        if later > 0 {
            tracing::warn!(
                "{later} backups in {} are of a time to come: --keep neither counts nor removes them; look at the clock",
                folder.display()
            );
        }
        older.sort_unstable_by(|one, other| other.cmp(one));
        let removed: Vec<PathBuf> =
            older.split_off(older.len().min(keep as usize - 1)).into_iter().map(|(_, path)| path).collect();
        for file in &removed {
            fs::remove_file(file)?;
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_backups_are_told_from_others() {
        let series = Series::of(Path::new("/data/health.db"));
        let check = |name: &str, expected: Option<u32>| {
            assert_eq!(series.moment(name).map(|(_, number)| number), expected, "{name}");
        };
        check("health-20260102T030405Z.db", Some(1));
        check("health-20260102T030405Z-2.db", Some(2));
        check("health-20260102T030405Z-12.db", Some(12));
        check(series.free(Path::new(""), &stamp()).to_str().unwrap(), Some(1));
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
        // Databases that differ by their ends alone have names of their own, too.
        assert_eq!(Series::of(Path::new("health.sqlite")).moment("health-20260102T030405Z.db"), None);
        assert!(Series::of(Path::new("health.sqlite")).moment("health.sqlite-20260102T030405Z.db").is_some());
    }

    #[test]
    fn a_name_that_is_taken_is_not_given_again() {
        let folder = tempfile::tempdir().unwrap();
        let series = Series::of(Path::new("health.db"));
        for expected in ["health-20260102T030405Z.db", "health-20260102T030405Z-2.db", "health-20260102T030405Z-3.db"] {
            let path = series.free(folder.path(), "20260102T030405Z");
            assert_eq!(path, folder.path().join(expected));
            fs::write(path, "").unwrap();
        }
    }
}
