//! Makes the file as small as its rows: SQLite writes it again.

use crate::model::error::{Error, ErrorKind, Result};
use crate::store::Store;
use crate::store::database::Database;
use crate::store::files::{folder_of, resolved};

impl Database {
    /// Fails unless the disk has space for `copies` copies of the database beside it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Full`], with the bytes that are missing.
    pub fn check_space(&self, copies: u64) -> Result<()> {
        let sizes = self.sizes();
        let needed = copies * (sizes.database + sizes.wal);
        match self.free_bytes() {
            Some(free) if free < needed => {
                let message = format!(
                    "that needs {} MB beside {}, and its disk has {} MB free; free some space",
                    needed.div_ceil(1_000_000),
                    self.path().display(),
                    free / 1_000_000
                );
                Err(Error::new(ErrorKind::Full, message))
            }
            _ => Ok(()),
        }
    }
}

/// Makes the file smaller. Its copy is beside the database, not where the system keeps temporary files.
pub(super) fn vacuum(store: &Store) -> Result<()> {
    let path = resolved(store.database.path());
    let folder = folder_of(&path).to_string_lossy().into_owned();
    let connection = &store.connection;
    let done = connection
        .pragma_update(None, "temp_store_directory", &folder)
        .and_then(|()| connection.pragma_update(None, "temp_store", "FILE"))
        .and_then(|()| connection.execute_batch("VACUUM"));
    done.map_err(|error| store.failed(&error))
}
