//! Names that no file has.

use std::fs;
use std::path::{Path, PathBuf};

use crate::store::files::{COMPANIONS, suffixed};

/// The extension of backups, and of databases that were replaced.
pub(super) const EXTENSION: &str = ".db";

/// Returns the first of `STEM.db`, `STEM-2.db`, `STEM-3.db` … that is unused, also by the companions of a database.
pub(crate) fn unused_path(stem: &Path) -> PathBuf {
    let is_unused = |path: &PathBuf| {
        let names = [""].into_iter().chain(COMPANIONS);
        names.map(|suffix| suffixed(path, suffix)).all(|path| fs::symlink_metadata(path).is_err())
    };
    let first = suffixed(stem, EXTENSION);
    let mut others = (2..=u32::MAX).map(|number| suffixed(stem, format!("-{number}{EXTENSION}")));
    if is_unused(&first) { first } else { others.find(is_unused).unwrap_or(first) }
}
