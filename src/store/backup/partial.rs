//! A backup that is not finished, and how it takes the target's name.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::model::error::{Error, ErrorKind, Result};
use crate::store::files::{file_id, folder_of, id_of, suffixed};
use crate::store::private;

/// A locked file in the target's folder, which is deleted when dropped unfinished.
///
/// A power cut leaves it behind. The next backup into that folder deletes it, whatever its target.
pub(super) struct Partial {
    path: PathBuf,
    target: PathBuf,
    /// Open until the end: closing it earlier would drop SQLite's locks on the same file.
    file: File,
    is_published: bool,
}

/// The name of a partial backup is the target's between these.
pub(super) const PARTIAL_PREFIX: &str = ".";
pub(super) const PARTIAL_SUFFIX: &str = ".healthsink-partial";

impl Partial {
    pub(super) fn create(target: &Path) -> Result<Self> {
        let path = path_for(target);
        delete_left_over(target, &path);
        let file = private::create_new(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => running_error(target),
            _ => {
                let target = target.display();
                let message = format!("cannot write {target}: {error}; name a folder that may be written to");
                Error::new(ErrorKind::Io, message)
            }
        })?;
        // Another backup that began just now may take this file for a left-over one.
        if file.try_lock().is_err() || !is_at(&file, &path) {
            return Err(running_error(target));
        }
        Ok(Self { path, target: target.to_owned(), file, is_published: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// The open file, whose owner and mode can be set without following a link.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Syncs the backup to the disk and gives it the target's name.
    pub(super) fn publish(mut self) -> Result<()> {
        self.sync()?;
        fs::rename(&self.path, &self.target).map_err(|error| self.publish_error(&error))?;
        self.is_published = true;
        sync_folder(&self.target)
    }

    /// Syncs the backup to the disk and gives it the target's name; the target gets the name `kept`. This is one step where
    /// the file system can exchange two names. Elsewhere the target's name leads to no file for a moment.
    pub(super) fn publish_in_exchange(mut self, kept: &Path) -> Result<()> {
        self.sync()?;
        // Killed after this step, the backup has the name `kept`, and the target is unchanged.
        fs::rename(&self.path, kept).map_err(|error| self.publish_error(&error))?;
        if exchange(kept, &self.target).is_err() {
            fs::rename(kept, &self.path)
                .and_then(|()| fs::rename(&self.target, kept))
                .and_then(|()| fs::rename(&self.path, &self.target))
                .map_err(|error| self.publish_error(&error))?;
        }
        self.is_published = true;
        sync_folder(&self.target)
    }

    fn sync(&self) -> Result<()> {
        self.file.sync_all().map_err(|error| self.publish_error(&error))?;
        if is_at(&self.file, &self.path) { Ok(()) } else { Err(running_error(&self.target)) }
    }

    fn publish_error(&self, error: &io::Error) -> Error {
        Error::new(ErrorKind::Io, format!("cannot finish {}: {error}", self.target.display()))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_published && is_at(&self.file, &self.path) {
            // If this fails, the next backup deletes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The name under which a backup to a file begins.
fn path_for(target: &Path) -> PathBuf {
    let mut name = OsString::from(PARTIAL_PREFIX);
    name.push(target.file_name().unwrap_or_default());
    name.push(PARTIAL_SUFFIX);
    target.with_file_name(name)
}

/// Deletes this program's unfinished backup to a file, if there is one: the program ends.
pub(crate) fn delete_partial(target: &Path) {
    let _ = fs::remove_file(path_for(target));
}

/// Exchanges the names of two files.
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

/// Deletes what interrupted backups have left in the target's folder. If that fails, the name stays taken.
fn delete_left_over(target: &Path, own: &Path) {
    let is_partial = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        name.starts_with(PARTIAL_PREFIX.as_bytes()) && name.ends_with(PARTIAL_SUFFIX.as_bytes())
    };
    for entry in fs::read_dir(folder_of(target)).into_iter().flatten().flatten() {
        // An empty file may belong to a backup that is about to lock it.
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

/// Syncs a file's folder: a new name must survive a power cut.
fn sync_folder(file: &Path) -> Result<()> {
    let folder = folder_of(file);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot sync the folder {}: {error}", folder.display())))
}

pub(super) fn running_error(target: &Path) -> Error {
    Error::new(ErrorKind::Busy, format!("another backup to {} is running; wait for its end", target.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_took_the_partial_name_is_not_published() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("copy.db");
        let partial = Partial::create(&target).unwrap();
        fs::rename(&partial.path, folder.path().join("moved")).unwrap();
        fs::write(&partial.path, "another").unwrap();
        let path = partial.path.clone();
        assert_eq!(partial.publish().unwrap_err().kind(), ErrorKind::Busy);
        assert_eq!(fs::read(path).unwrap(), b"another");
        assert!(!target.exists());
    }

    #[test]
    fn a_backup_and_its_target_exchange_names() {
        let folder = tempfile::tempdir().unwrap();
        let [target, kept] = ["health.db", "kept.db"].map(|name| folder.path().join(name));
        fs::write(&target, "old").unwrap();
        let partial = Partial::create(&target).unwrap();
        io::Write::write_all(&mut partial.file(), b"new").unwrap();
        partial.publish_in_exchange(&kept).unwrap();
        assert_eq!([&target, &kept].map(|path| fs::read(path).unwrap()), [b"new", b"old"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
