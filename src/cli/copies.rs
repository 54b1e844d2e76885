//! What `backup` and `restore` share: paths of databases and their copies, and the line about a copy.

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::limits::LINKS_MAX;
use crate::store::{BackupSummary, plural};

/// A copy in one line.
pub(super) fn summary(copied: &BackupSummary) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = copied.bytes as f64 / 1e6;
    format!("{megabytes:.1} MB, {}, {}, verified", plural(copied.samples, "sample"), plural(copied.uploads, "upload"))
}

/// A path for people and JSON.
pub(super) fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Whether two paths lead to one file; a missing file is the same as nothing.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// The path at the end of symbolic links, also if nothing is there yet: a write then leaves the link in place.
pub(super) fn follow_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => break,
        }
    }
    path
}
