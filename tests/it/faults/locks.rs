//! SQLite's locks belong to the process. If a process closes a descriptor of a file that it has open by SQLite, the kernel
//! drops its locks on that file. Other programs then checkpoint and delete the WAL, or write at the same time.
//!
//! `tests/it/layering.rs` lists the places that open files by path.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use healthsink::import::{FileReport, Import, Mode, Observer, import};
use healthsink::store::Database;
use healthsink::store::writer::Writer;
use healthsink_testkit::missing::not_run;
use rusqlite::Connection;

/// The locks of this process on a database or on its WAL's index, as the kernel lists them: on the file that has fewer.
fn locks(database: &Path) -> Option<usize> {
    let table = fs::read_to_string("/proc/locks").ok()?;
    let own = std::process::id().to_string();
    let of_file = |suffix: &str| {
        let file = fs::metadata(format!("{}{suffix}", database.display())).ok()?;
        let inode = format!(":{}", file.ino());
        let is_own = |line: &&str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            matches!(fields[..], [_, "POSIX", _, _, process, file, ..] if process == own && file.ends_with(&inode))
        };
        Some(table.lines().filter(is_own).count())
    };
    of_file("").min(of_file("-shm")).filter(|count| *count > 0)
}

#[test]
fn the_writers_end_drops_no_lock_of_another_connection() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let writer = Writer::start(&Database::new(&database)).unwrap();
    let reader = Connection::open(&database).unwrap();
    reader.execute_batch("PRAGMA application_id").unwrap();
    if locks(&database).is_none() {
        return not_run("/proc/locks does not list the locks");
    }
    writer.stop().unwrap();
    assert!(locks(&database).is_some());
    drop(reader);
    assert!(locks(&database).is_none());
}

/// Counts the locks at the end of each input.
struct Locks<'a> {
    database: &'a Path,
    least: Cell<Option<usize>>,
}

impl Observer for Locks<'_> {
    fn failed(&self, _: &FileReport) {
        self.end();
    }

    fn end(&self) {
        let (now, before) = (locks(self.database).unwrap_or_default(), self.least.get());
        self.least.set(Some(before.map_or(now, |before| before.min(now))));
    }
}

#[test]
fn an_import_never_opens_its_own_database() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let writer = Writer::start(&Database::new(&database)).unwrap();
    let can_see = locks(&database).is_some();
    writer.stop().unwrap();
    if !can_see {
        return not_run("/proc/locks does not list the locks");
    }
    let payload = folder.path().join("payload.json");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/quantity.json"), &payload).unwrap();
    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink(&database, &link).unwrap();
    let observer = Locks { database: &database, least: Cell::new(None) };
    let files = vec![folder.path().to_owned(), database.clone(), link, folder.path().join("health.db-shm"), payload];
    let job = Import { db: database.clone(), store: None, files, person: None, mode: Mode::Store, home: None };
    let report = import(&job, &observer).unwrap();
    assert!(observer.least.get().is_some_and(|least| least > 0), "{report:?}");
    // The database, its WAL, the WAL's index, the file that shows what is under way, and the link.
    assert_eq!(report.account.skipped.get("file: the database that is imported into"), Some(&5), "{report:?}");
    let errors: Vec<String> =
        report.files.iter().filter_map(|file| file.error.as_ref().map(ToString::to_string)).collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors.iter().all(|error| error.contains("of the database that is imported into")), "{errors:?}");
}
