//! Backups in a folder: their names, and which of them are deleted. A file of another name is never deleted, nor one that
//! is not a backup.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;

use super::partial::{PARTIAL_PREFIX, PARTIAL_SUFFIX};
use super::unused::EXTENSION;
use crate::store::database::Database;
use crate::store::files::COMPANIONS;

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

/// The result of `--keep`.
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

    /// Returns a name behind all others of this second: `NAME-TIME.db`, or `NAME-TIME-2.db`. A number that is free again, since
    /// its backup was deleted, would make the newest backup look older.
    pub(crate) fn next_path(&self, folder: &Path, stamp: &str) -> io::Result<PathBuf> {
        let mut number = 1;
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            // Also of a backup that another program is making, and of what SQLite kept beside one.
            let name =
                name.strip_prefix(PARTIAL_PREFIX).and_then(|name| name.strip_suffix(PARTIAL_SUFFIX)).unwrap_or(&name);
            let name = COMPANIONS.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
            if let Some((_, used)) = self.moment(name).filter(|(time, _)| time == stamp) {
                number = number.max(used.saturating_add(1));
            }
        }
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        Ok(folder.join(format!("{}-{stamp}{number}{EXTENSION}", self.name)))
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
            if moment.0 > made.0 {
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
    use crate::store::Store;
    use crate::store::backup::target::Replace;

    #[test]
    fn names_of_backups_are_recognized() {
        let series = Series::of(&Database::new("/data/health.db"));
        let check = |name: &str, expected: Option<u32>| {
            assert_eq!(series.moment(name).map(|(_, number)| number), expected, "{name}");
        };
        check("health-20260102T030405Z.db", Some(1));
        check("health-20260102T030405Z-2.db", Some(2));
        check("health-20260102T030405Z-12.db", Some(12));
        let folder = tempfile::tempdir().unwrap();
        let next = series.next_path(folder.path(), &stamp()).unwrap();
        check(next.file_name().unwrap().to_str().unwrap(), Some(1));
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

    /// Whatever was deleted meanwhile, the last one made is the one that is kept.
    #[test]
    fn many_backups_of_one_second_have_rising_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        drop(Store::open(&database).unwrap());
        let series = Series::of(&database);
        let backups = || {
            let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
            names.filter_map(|name| series.moment(name.to_str().unwrap())).map(|(_, number)| number).collect::<Vec<_>>()
        };
        for number in 1..=12 {
            let path = series.next_path(folder.path(), "20260102T030405Z").unwrap();
            let suffix = if number == 1 { String::new() } else { format!("-{number}") };
            assert_eq!(path, folder.path().join(format!("health-20260102T030405Z{suffix}.db")));
            database.back_up(&path, Replace::Nothing, &mut |_, _| {}).unwrap();
            let Pruned { deleted, later } = series.prune(folder.path(), &path, 1).unwrap();
            assert_eq!((deleted.len(), later), (usize::from(number > 1), 0), "{number}");
            assert_eq!(backups(), [number]);
        }
        // A partial backup of another program, and a leftover journal.
        for name in [".health-20260102T030405Z-20.db.healthsink-partial", "health-20260102T030405Z-30.db-journal"] {
            fs::write(folder.path().join(name), "").unwrap();
            let next = series.next_path(folder.path(), "20260102T030405Z").unwrap();
            let number = name.split('-').nth(2).unwrap()[..2].parse::<u32>().unwrap() + 1;
            assert_eq!(next, folder.path().join(format!("health-20260102T030405Z-{number}.db")));
        }
    }
}
