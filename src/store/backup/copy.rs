//! A verified copy of the database, made page by page while others write to it.
//!
//! SQLite's backup API, not `VACUUM INTO`: it writes what is there instead of building every tree anew, and tells how far
//! it is. The source is read under one read transaction: without it the copy begins anew at each commit of another
//! connection, and beside a busy writer it never ends. Meanwhile the write-ahead log grows by what is written, no more.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::Serialize;

use super::destination::{self, Replace};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{COPY_CACHE_BYTES, COPY_STEP_PAGES};
use crate::store::failure::open_error;
use crate::store::files::{file_id, id_of};
use crate::store::private;
use crate::store::{open_read_only, suffixed};

/// What a copy holds.
#[derive(Clone, Debug, Serialize)]
pub struct Copied {
    /// Its size.
    pub bytes: u64,
    /// Rows of the ledger.
    pub uploads: i64,
    /// Samples.
    pub samples: i64,
}

/// Copies a database to a file that is there only once it is whole, verified and on the disk. `watch` is told the bytes
/// that are done, and how many there are.
///
/// # Errors
///
/// [`ErrorKind::Usage`] if what is there may not be replaced, [`ErrorKind::Store`] if the database cannot be read or is
/// damaged, [`ErrorKind::Full`] or [`ErrorKind::Io`] if the copy cannot be written, [`ErrorKind::Busy`] if another copy to
/// the same file is under way. The file of that name is then as it was.
pub fn copy(database: &Path, target: &Path, replace: Replace, watch: &mut dyn FnMut(u64, u64)) -> Result<Copied> {
    destination::check(target, replace)?;
    let partial = Partial::create(target)?;
    let copied = partial.fill(database, watch)?;
    // A long copy leaves time to put something there.
    destination::check(target, replace)?;
    partial.publish()?;
    Ok(copied)
}

/// A copy that is not finished: a locked file in the target's folder, gone when dropped.
///
/// What a power cut or Ctrl-C leaves behind is cleared by the next copy in that folder, whatever its target.
pub(in crate::store) struct Partial {
    path: PathBuf,
    target: PathBuf,
    /// Kept open until the end: closing it earlier would drop the locks that SQLite has on the same file.
    file: File,
    is_published: bool,
}

/// The name of a copy that is not finished is that of its target between these.
const PARTIAL_PREFIX: &str = ".";
const PARTIAL_SUFFIX: &str = ".healthsink-partial";

impl Partial {
    pub(in crate::store) fn create(target: &Path) -> Result<Self> {
        let mut name = OsString::from(PARTIAL_PREFIX);
        name.push(target.file_name().unwrap_or_default());
        name.push(PARTIAL_SUFFIX);
        let path = target.with_file_name(name);
        let fail = |error: io::Error| {
            let message = format!("cannot write {}: {error}; name a folder that may be written to", target.display());
            Error::new(ErrorKind::Io, message)
        };
        clear_left_over(target, &path);
        let file = private::create_new(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => is_under_way(target),
            _ => fail(error),
        })?;
        // Someone who came in between has taken ours for a left-over one.
        if file.try_lock().is_err() || !is_at(&file, &path) {
            return Err(is_under_way(target));
        }
        Ok(Self { path, target: target.to_owned(), file, is_published: false })
    }

    /// The file, open for writing: whose it is and who may read it is set there, where no link can lead elsewhere.
    pub(in crate::store) fn file(&self) -> &File {
        &self.file
    }

    /// Copies the database, and makes sure that the copy is the same and sound.
    pub(in crate::store) fn fill(&self, database: &Path, watch: &mut dyn FnMut(u64, u64)) -> Result<Copied> {
        let source = open_read_only(database)?;
        let expected = source
            .execute_batch("BEGIN")
            .and_then(|()| Holdings::read(&source))
            .map_err(|error| open_error(database, &error))?;
        self.transfer(&source, watch)?;
        // The write-ahead log is free again; the copy is looked through on its own.
        drop(source);
        let verified = self.verify(&expected).map_err(|error| copy_error(&self.target, &error))?;
        if let Some(fault) = verified {
            let message = format!(
                "the copy of {} is not sound and was dropped: {fault}; run `healthsink check --db {}`",
                database.display(),
                database.display()
            );
            return Err(Error::new(ErrorKind::Store, message));
        }
        let bytes = self.file.metadata().map_or(0, |file| file.len());
        Ok(Copied { bytes, uploads: expected.uploads, samples: expected.rows("samples") })
    }

    fn transfer(&self, source: &Connection, watch: &mut dyn FnMut(u64, u64)) -> Result<()> {
        let fail = |error: rusqlite::Error| copy_error(&self.target, &error);
        let mut target = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(fail)?;
        // A copy that fails is dropped, so nothing in it needs to be undone; it is synced once, at the end.
        configure(&target).map_err(fail)?;
        let page_bytes: u64 =
            source.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0)).map_err(fail)?.unsigned_abs();
        let backup = Backup::new(source, &mut target).map_err(fail)?;
        loop {
            let step = backup.step(COPY_STEP_PAGES).map_err(fail)?;
            let progress = backup.progress();
            let [whole, left] = [progress.pagecount, progress.remaining].map(|pages| u64::from(pages.unsigned_abs()));
            watch((whole - left) * page_bytes, whole * page_bytes);
            match step {
                StepResult::More => {}
                StepResult::Done => break,
                _ => return Err(is_under_way(&self.target)),
            }
        }
        drop(backup);
        // One file that opens anywhere, a folder that may not be written to included: no write-ahead log until it is served.
        target.pragma_update(None, "journal_mode", "DELETE").map_err(fail)
    }

    /// What is wrong with the copy, if anything is.
    fn verify(&self, expected: &Holdings) -> rusqlite::Result<Option<String>> {
        let copy = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        let verdict: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Ok(Some(verdict.replace('\n', " ")));
        }
        let found = Holdings::read(&copy)?;
        Ok((found != *expected).then(|| "it does not hold the same rows".to_owned()))
    }

    /// Puts the copy on the disk, and then in its place.
    pub(in crate::store) fn publish(mut self) -> Result<()> {
        let fail =
            |error: io::Error| Error::new(ErrorKind::Io, format!("cannot finish {}: {error}", self.target.display()));
        self.file.sync_all().map_err(fail)?;
        if !is_at(&self.file, &self.path) {
            return Err(is_under_way(&self.target));
        }
        fs::rename(&self.path, &self.target).map_err(fail)?;
        self.is_published = true;
        sync_folder(&self.target)
    }

    /// Puts the copy on the disk, and then in the target's place, whose file gets the name `kept`. In one step where the file
    /// system can exchange two names; else the target's name leads to no file for a moment.
    pub(in crate::store) fn publish_in_exchange(mut self, kept: &Path) -> Result<()> {
        let fail =
            |error: io::Error| Error::new(ErrorKind::Io, format!("cannot finish {}: {error}", self.target.display()));
        self.file.sync_all().map_err(fail)?;
        if !is_at(&self.file, &self.path) {
            return Err(is_under_way(&self.target));
        }
        // Killed behind this, the copy has the name that the old database was to get, and that still has its own.
        fs::rename(&self.path, kept).map_err(fail)?;
        if exchange(kept, &self.target).is_err() {
            fs::rename(kept, &self.path)
                .and_then(|()| fs::rename(&self.target, kept))
                .and_then(|()| fs::rename(&self.path, &self.target))
                .map_err(fail)?;
        }
        self.is_published = true;
        sync_folder(&self.target)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_published && is_at(&self.file, &self.path) {
            // The next copy clears what stays.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Gives each of two files the other's name.
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
    }
    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    {
        let _ = (one, other);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Whether a path leads to a file that is open.
fn is_at(file: &File, path: &Path) -> bool {
    file.metadata().is_ok_and(|file| Some(id_of(&file)) == file_id(path))
}

/// Removes what copies that ended in their midst have left in the target's folder. Where that fails, the name stays taken.
fn clear_left_over(target: &Path, own: &Path) {
    let is_partial = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        name.starts_with(PARTIAL_PREFIX.as_bytes()) && name.ends_with(PARTIAL_SUFFIX.as_bytes())
    };
    for entry in fs::read_dir(folder_of(target)).into_iter().flatten().flatten() {
        // An empty one may be of a copy that is about to lock it.
        let is_begun = |path: &Path| path == own || entry.metadata().is_ok_and(|file| file.len() > 0);
        let path = target.with_file_name(entry.file_name());
        if is_partial(&entry.file_name())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && is_begun(&path)
            && let Ok(file) = File::options().read(true).write(true).open(&path)
            && file.try_lock().is_ok()
            && is_at(&file, &path)
        {
            let _ = fs::remove_file(&path);
            let _ = fs::remove_file(suffixed(&path, "-journal"));
        }
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name that was given must outlast a power cut, too.
pub(in crate::store) fn sync_folder(file: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let folder = folder_of(file);
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot sync the folder {}: {error}", folder.display())))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Ok(())
    }
}

fn is_under_way(target: &Path) -> Error {
    Error::new(ErrorKind::Busy, format!("another copy to {} is under way; wait for its end", target.display()))
}

fn configure(target: &Connection) -> rusqlite::Result<()> {
    target.pragma_update(None, "journal_mode", "OFF")?;
    target.pragma_update(None, "synchronous", "OFF")?;
    target.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    target.pragma_update(None, "cache_size", -(i64::try_from(COPY_CACHE_BYTES / 1024).unwrap_or(i64::MAX)))
}

fn copy_error(target: &Path, error: &rusqlite::Error) -> Error {
    let target = target.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            Error::new(ErrorKind::Full, format!("no space left for {target}; free some, or name another folder"))
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            let message = format!("{target} cannot be made of a damaged database: {error}; run `healthsink check`");
            Error::new(ErrorKind::Store, message)
        }
        _ => Error::new(ErrorKind::Io, format!("cannot make {target}: {error}")),
    }
}

/// What a copy must hold as well: the rows of each table, and the ledger's last number and sum.
#[derive(Debug, Eq, PartialEq)]
struct Holdings {
    tables: Vec<(String, i64)>,
    uploads: i64,
    ledger: (i64, i64),
}

impl Holdings {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut select = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
        let names = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        let mut tables = Vec::with_capacity(names.len());
        for name in names {
            let rows = connection.query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get(0))?;
            tables.push((name, rows));
        }
        let (uploads, last, new) = connection.query_row(
            "SELECT count(*), coalesce(max(id), 0), coalesce(sum(new), 0) FROM uploads",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(Self { tables, uploads, ledger: (last, new) })
    }

    fn rows(&self, table: &str) -> i64 {
        self.tables.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| *rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn what_comes_to_the_place_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [database, target] = ["health.db", "copy.db"].map(|name| folder.path().join(name));
        drop(Store::open(&database).unwrap());
        let check = |replace, came: &[u8]| {
            let error = copy(&database, &target, replace, &mut |_, _| fs::write(&target, came).unwrap()).unwrap_err();
            assert_eq!(fs::read(&target).unwrap(), came, "{error}");
            assert!(!folder.path().join(".copy.db.healthsink-partial").exists(), "{error}");
            fs::remove_file(&target).unwrap();
        };
        check(Replace::Backup, b"notes");
        check(Replace::Backup, &fs::read(&database).unwrap());
        check(Replace::Nothing, b"");
        // Nor is what has come to the partial copy's own name taken for it.
        let partial = Partial::create(&target).unwrap();
        fs::rename(&partial.path, folder.path().join("moved")).unwrap();
        fs::write(&partial.path, "another").unwrap();
        let path = partial.path.clone();
        assert_eq!(partial.publish().unwrap_err().kind(), ErrorKind::Busy);
        assert_eq!(fs::read(path).unwrap(), b"another");
        assert!(!target.exists());
    }
}
