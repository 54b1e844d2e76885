//! The files of a database: how many names they have, and whether they are still at those names.
//!
//! SQLite keeps the WAL and its index beside the *name* of a database. A second name has a second WAL, and the rows of one WAL
//! are lost to the other. So a database has one name. Hard links are second names, and so is a mount of the file without its
//! folder. A symbolic link is not a second name: SQLite follows it first.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::percent::push_encoded;

/// What SQLite keeps beside a database that is open, and would read into another one of that name.
pub(super) const COMPANIONS_IN_USE: [&str; 2] = ["-wal", "-shm"];

/// All that SQLite may keep beside a database.
pub(super) const COMPANIONS_ALL: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Files that SQLite reads into a database of their name.
pub(super) const COMPANIONS: [&str; 2] = ["-wal", "-journal"];

/// Appends to a file's name, as SQLite names what it keeps beside a database.
pub(super) fn suffixed(path: &Path, suffix: impl AsRef<OsStr>) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Returns the bytes that this user may still write to the disk of a folder, if the system reports them.
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Returns a file's folder.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether nothing can change a database while this user reads it: no program has it open, and the user may not write to its
/// folder. SQLite would need to create the WAL's index there.
pub(super) fn is_closed(database: &Path) -> bool {
    let path = resolved(database);
    let may_write = rustix::fs::access(folder_of(&path), rustix::fs::Access::WRITE_OK).is_ok();
    !may_write && COMPANIONS_ALL.iter().all(|suffix| !suffixed(&path, suffix).exists())
}

/// Returns the name by which SQLite opens a file that does not change, without locks and without a WAL.
pub(super) fn immutable_name(database: &Path) -> String {
    let mut name = "file:".to_owned();
    push_encoded(resolved(database).as_os_str().as_encoded_bytes(), b"/", &mut name);
    name + "?immutable=1"
}

/// Device and number of a file.
pub(super) type FileId = (u64, u64);

pub(super) fn file_id(path: &Path) -> Option<FileId> {
    Facts::of(path).ok().map(|facts| facts.id)
}

pub(super) fn id_of(file: &fs::Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// The file system's data of a file.
#[derive(Clone, Copy, Debug)]
struct Facts {
    id: FileId,
    links: u64,
    /// `None` if the kernel does not say so.
    is_mount_point: Option<bool>,
    bytes: u64,
}

impl Facts {
    /// One system call, since the writer asks after each COMMIT.
    #[cfg(target_os = "linux")]
    fn of(path: &Path) -> io::Result<Self> {
        use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, makedev, statx};
        let facts = match statx(CWD, path, AtFlags::empty(), StatxFlags::BASIC_STATS) {
            // An old kernel, or a sandbox that does not know the call.
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => return Self::without_mounts(path),
            other => other?,
        };
        let attribute = StatxAttributes::MOUNT_ROOT;
        Ok(Self {
            id: (makedev(facts.stx_dev_major, facts.stx_dev_minor), facts.stx_ino),
            links: facts.stx_nlink.into(),
            is_mount_point: facts
                .stx_attributes_mask
                .contains(attribute)
                .then(|| facts.stx_attributes.contains(attribute)),
            bytes: facts.stx_size,
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn of(path: &Path) -> io::Result<Self> {
        Self::without_mounts(path)
    }

    fn without_mounts(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let file = fs::metadata(path)?;
        Ok(Self { id: id_of(&file), links: file.nlink(), is_mount_point: None, bytes: file.len() })
    }

    /// Fails if the file has a second name.
    fn check_names(&self, path: &Path) -> Result<()> {
        let fail = |what: &str| Err(Error::new(ErrorKind::Store, format!("{} {what}", path.display())));
        if self.links > 1 {
            let what = format!(
                "has {} names (hard links), and SQLite keeps a WAL for each name: remove the other names; copy instead of linking",
                self.links
            );
            return fail(&what);
        }
        if self.is_mount_point == Some(true) {
            return fail("is a mount point, and its WAL would lie outside of it: mount the folder, not the file");
        }
        Ok(())
    }
}

/// Fails if SQLite would not open the file of that name: it reads such a name as a URI or as a database in memory.
pub(super) fn check_name(path: &Path) -> Result<()> {
    if path == Path::new(":memory:") {
        return Err(Error::usage("a database in memory keeps nothing; name a file with --db"));
    }
    if path.as_os_str().as_encoded_bytes().starts_with(b"file:") {
        let shown = path.display();
        return Err(Error::usage(format!("{shown} is a URI; name a file by its path, such as ./{shown}")));
    }
    Ok(())
}

/// The same for a database, which also must be a file: SQLite waits for the other end of a pipe.
pub(super) fn check_path(path: &Path) -> Result<()> {
    if let Ok(found) = fs::metadata(path)
        && !found.is_file()
    {
        let (shown, what) = (path.display(), if found.is_dir() { "a folder" } else { "not a file" });
        return Err(Error::usage(format!("{shown} is {what}; name a file with --db")));
    }
    check_name(path)
}

/// Fails if a database, its WAL or the WAL's index has a second name. Files that are missing have none.
pub(super) fn check_names(database: &Path) -> Result<()> {
    check_path(database)?;
    let database = resolved(database);
    for suffix in [""].into_iter().chain(COMPANIONS_IN_USE) {
        let path = suffixed(&database, suffix);
        if let Ok(mut facts) = Facts::of(&path) {
            if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
                let message = format!("{} is not a file, and SQLite needs its name; move it away", path.display());
                return Err(Error::new(ErrorKind::Store, message));
            }
            facts.is_mount_point = facts.is_mount_point.or_else(|| Some(is_in_mount_table(&path)));
            facts.check_names(&path)?;
        }
    }
    Ok(())
}

/// Fails if the database is missing or empty, and files of a former one are there: SQLite would delete that one's WAL with its
/// rows, or write into it beside a server that has it open. A journal is a former database's only if there is no file: SQLite
/// writes one when it fills an empty file.
pub(super) fn check_no_former(database: &Path) -> Result<()> {
    let is_filled = || fs::metadata(database).is_ok_and(|found| found.len() > 0);
    let target = match fs::read_link(database) {
        // A link to a missing file, beside which SQLite would keep its files.
        Ok(target) if !database.exists() => folder_of(database).join(target),
        _ => resolved(database),
    };
    for suffix in COMPANIONS_ALL {
        let companion = suffixed(&target, suffix);
        let is_there = || if COMPANIONS_IN_USE.contains(&suffix) { is_filled() } else { database.exists() };
        // Another program may be creating the database: it has bytes before its WAL is there.
        if !is_there() && companion.exists() && !is_there() {
            let (database, companion) = (database.display(), companion.display());
            let message = format!(
                "there is no database {database}, but {companion} of a former one, which may hold rows: put the database back, \
                or move its -wal, -shm and -journal away"
            );
            return Err(Error::new(ErrorKind::Store, message));
        }
    }
    Ok(())
}

/// Whether a mount covers only this file.
pub(super) fn is_mount_point(path: &Path) -> bool {
    let path = resolved(path);
    Facts::of(&path).is_ok_and(|facts| facts.is_mount_point.unwrap_or_else(|| is_in_mount_table(&path)))
}

/// Whether the kernel lists a file among its mounts: for kernels before 5.8, whose `statx` does not say so.
fn is_in_mount_table(path: &Path) -> bool {
    fs::read("/proc/self/mountinfo").is_ok_and(|table| has_mount(&table, path))
}

/// Whether `mountinfo` has a mount at this path: the fifth field of a line, with `\ooo` for blanks and the like.
fn has_mount(table: &[u8], path: &Path) -> bool {
    let field = |line: &[u8]| line.split(|byte| *byte == b' ').nth(4).map(unescaped);
    table.split(|byte| *byte == b'\n').filter_map(field).any(|mount| mount == path.as_os_str().as_encoded_bytes())
}

fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, behind)) = rest.split_first() {
        let octal =
            (first == b'\\').then(|| behind.get(..3)).flatten().and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[3..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    bytes
}

/// Where symbolic links lead: SQLite keeps its files beside that name.
pub(super) fn resolved(database: &Path) -> PathBuf {
    fs::canonicalize(database).unwrap_or_else(|_| database.to_owned())
}

/// The files of an open database: itself, its WAL and the WAL's index. SQLite creates the latter two as it opens the database,
/// and removes them once no program has it open. What is written to other files than these is lost to the owner.
#[derive(Debug)]
pub struct OpenFiles {
    database: (PathBuf, Option<FileId>),
    wal: (PathBuf, Option<FileId>),
    index: (PathBuf, Option<FileId>),
}

impl OpenFiles {
    /// Those that exist now. The database has been read, so SQLite has made the other two.
    pub(super) fn of(path: &Path) -> Self {
        Self::opened(path, file_id(path))
    }

    /// The same for a database whose own file had this number before it was opened.
    pub(super) fn opened(path: &Path, database: Option<FileId>) -> Self {
        let resolved = resolved(path);
        let beside = |suffix| {
            let path = suffixed(&resolved, suffix);
            let id = file_id(&path);
            (path, id)
        };
        Self { database: (path.to_owned(), database), wal: beside("-wal"), index: beside("-shm") }
    }

    /// Returns the WAL's length in bytes. Fails if a file was deleted or replaced, or has got a second name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`], with the file's name.
    pub fn check(&self) -> Result<u64> {
        let mut wal_bytes = 0;
        for (path, expected) in [&self.database, &self.wal, &self.index] {
            let found = Facts::of(path).ok();
            if *expected != found.map(|facts| facts.id) {
                let message = format!("{} was moved or deleted under the program; restart it", path.display());
                return Err(Error::new(ErrorKind::Store, message));
            }
            if let Some(facts) = found {
                facts.check_names(path)?;
                wal_bytes = if path == &self.wal.0 { facts.bytes } else { wal_bytes };
            }
        }
        Ok(wal_bytes)
    }

    /// Whether only the WAL is gone: what it held can still be moved into the database.
    pub(super) fn has_lost_only_the_wal(&self) -> bool {
        file_id(&self.database.0) == self.database.1 && !self.wal.0.exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_that_do_not_change_are_uris() {
        assert_eq!(immutable_name(Path::new("/a b/100%?#ü.db")), "file:/a%20b/100%25%3F%23%C3%BC.db?immutable=1");
    }

    #[test]
    fn mounts_of_files_are_found_in_the_kernels_table() {
        let table = b"22 1 8:1 / / rw,relatime - ext4 /dev/root rw\n\
            40 22 8:1 /srv/a.db /data/health.db rw - ext4 /dev/root rw\n\
            41 22 8:1 /srv/b.db /data/my\\040health\\134.db rw - ext4 /dev/root rw\n";
        let check = |path: &str, expected| assert_eq!(has_mount(table, Path::new(path)), expected, "{path}");
        check("/", true);
        check("/data/health.db", true);
        check("/data/my health\\.db", true);
        check("/data/my", false);
        check("/data", false);
        check("/srv/a.db", false);
    }
}
