//! SQLite's errors in a workbench as ours.

use crate::model::error::Error;
use crate::store::failure::store_error;

/// Why a step failed.
pub(super) fn store_failure(error: rusqlite::Error) -> Error {
    store_error(&error)
}
