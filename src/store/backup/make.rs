//! Makes a backup: a target that exists only once it is whole, verified and on the disk.

use std::path::Path;

use rusqlite::Connection;

use super::partial::Partial;
use super::target::{self, Replace};
use super::transfer::{self, BackupSummary};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::BUSY_WAIT;
use crate::store::database::Database;
use crate::store::files::{check_path, suffixed};
use crate::store::notice::Notice;
use crate::store::private;

impl Database {
    /// Backs the database up to a file, while others may write to it. Calls `watch` with the bytes done and all bytes.
    ///
    /// # Errors
    ///
    /// The target is unchanged in each case:
    /// - [`ErrorKind::Usage`] if the target exists and may not be replaced,
    /// - [`ErrorKind::Store`] if the database cannot be read, is damaged or has a second name,
    /// - [`ErrorKind::Full`] or [`ErrorKind::Io`] if the backup cannot be written,
    /// - [`ErrorKind::Busy`] if another backup to the same target is running.
    pub fn back_up(&self, target: &Path, replace: Replace, watch: &mut dyn FnMut(u64, u64)) -> Result<BackupSummary> {
        self.back_up_from(|| self.open_to_read(), target, replace, watch)
    }

    /// Makes the backup with which an older program can go on.
    pub(in crate::store) fn back_up_before_migration(&self, version: u32) -> Result<()> {
        let (path, target) = (self.path(), suffixed(self.path(), format!(".before-v{version}.db")));
        let source = || self.open_beside_writer(BUSY_WAIT);
        self.back_up_from(source, &target, Replace::Backup, &mut |_, _| {}).map_err(|error| {
            let message = format!("{} must be migrated, and cannot be backed up before: {error}", path.display());
            Error::new(ErrorKind::Store, message)
        })?;
        let (path, target) = (path.display(), target.display());
        Notice::Done(format!("migrating {path} to schema {version}; the old database is kept as {target}")).log();
        Ok(())
    }

    fn back_up_from(
        &self,
        source: impl FnOnce() -> Result<Connection>,
        target: &Path,
        replace: Replace,
        watch: &mut dyn FnMut(u64, u64),
    ) -> Result<BackupSummary> {
        check_path(self.path())?;
        // Its header must not be read while this process has the database open.
        if self.has_file(target) {
            let message = format!("{} is of the database itself; name another file, or a folder", target.display());
            return Err(Error::usage(message));
        }
        target::check(target, replace)?;
        let partial = Partial::create(target)?;
        let summary = transfer::fill(&partial, source()?, self, watch)?;
        // A long backup leaves time for another program to put a file there.
        target::check(target, replace)?;
        if self.is_group_readable() {
            private::let_group_read(partial.path()).into_iter().for_each(Notice::log);
        }
        partial.publish()?;
        Ok(summary)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::Store;

    #[test]
    fn a_target_that_leads_to_the_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let [database, target] = ["health.db", "link.db"].map(|name| folder.path().join(name));
        drop(Store::open(&Database::new(&database)).unwrap());
        std::os::unix::fs::symlink(&database, &target).unwrap();
        let error = Database::new(&database).back_up(&target, Replace::Backup, &mut |_, _| {}).unwrap_err();
        assert!(error.to_string().contains("is of the database itself"), "{error}");
    }

    #[test]
    fn a_target_that_appears_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [database, target] = ["health.db", "copy.db"].map(|name| folder.path().join(name));
        drop(Store::open(&Database::new(&database)).unwrap());
        let check = |replace, came: &[u8]| {
            let mut watch = |_, _| fs::write(&target, came).unwrap();
            let error = Database::new(&database).back_up(&target, replace, &mut watch).unwrap_err();
            assert_eq!(fs::read(&target).unwrap(), came, "{error}");
            assert!(!folder.path().join(".copy.db.healthsink-partial").exists(), "{error}");
            fs::remove_file(&target).unwrap();
        };
        check(Replace::Backup, b"notes");
        check(Replace::Backup, &fs::read(&database).unwrap());
        check(Replace::Nothing, b"");
    }
}
