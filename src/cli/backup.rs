//! `healthsink backup` and `healthsink restore`: copies of the database, by name.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::keep::{Backup, Restore};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::LINKS_MAX;
use crate::progress::Progress;
use crate::store::{Copied, Replace, Series, copy, is_ours, replace, stamp};

/// Copies the database to a file, or into a folder, of whose backups the newest are kept.
///
/// # Errors
///
/// Whatever keeps the copy from being made, sound and on the disk; backups that were there before are then untouched.
pub fn backup(config: &Backup) -> Result<()> {
    let folder = config.target.is_dir().then_some(config.target.as_path());
    let series = Series::of(&config.db);
    let (target, may_replace) = match folder {
        Some(folder) => (series.free(folder, &stamp()), Replace::Nothing),
        None => (file(config)?, Replace::Backup),
    };
    let copied = watched(&target, |watch| copy(&config.db, &target, may_replace, watch))?;
    let removed = match (folder, config.keep) {
        (Some(folder), Some(keep)) => series.remove_old(folder, &target, keep).map_err(|error| {
            let message = format!("{} is made, but older backups could not be removed: {error}", target.display());
            Error::new(ErrorKind::Io, message)
        })?,
        _ => Vec::new(),
    };
    let done = Done { file: lossy(&target), copied, removed: removed.iter().map(|file| lossy(file)).collect() };
    told(&done.text(config.json)?).map_err(|error| {
        let message = format!("{} is made and verified, but that cannot be printed: {error}", target.display());
        Error::new(ErrorKind::Io, message)
    })
}

/// Puts a backup in the place of the database, which is kept beside it.
///
/// # Errors
///
/// As [`replace`]; the database is then as it was.
pub fn restore(config: &Restore) -> Result<()> {
    if is_same(&config.backup, &config.db) {
        return Err(Error::new(ErrorKind::Usage, "the backup is the database itself; name another file"));
    }
    if !is_ours(&config.backup).is_ok_and(|is_ours| is_ours) {
        let message = format!(
            "{} is no backup that can be read; name one that `healthsink backup` has made",
            config.backup.display()
        );
        return Err(Error::new(ErrorKind::Usage, message));
    }
    let database = followed(&config.db);
    let mut aside = database.as_os_str().to_owned();
    aside.push(format!(".before-restore-{}", stamp()));
    let (copied, kept) =
        watched(&database, |watch| replace(&database, &config.backup, aside.as_ref(), config.force, watch))?;
    let mut line = format!("restored {} from {}: {}", config.db.display(), config.backup.display(), summary(&copied));
    if let Some(aside) = kept {
        line += &format!("; what was there is {}", aside.display());
    }
    line.push('\n');
    told(&line).map_err(|error| {
        let message = format!("{} is restored, but that cannot be printed: {error}", config.db.display());
        Error::new(ErrorKind::Io, message)
    })
}

/// The file that is meant where there is no such folder.
fn file(config: &Backup) -> Result<PathBuf> {
    let usage = |message: String| Err(Error::new(ErrorKind::Usage, message));
    let (target, shown) = (followed(&config.target), config.target.display());
    if config.keep.is_some() {
        return usage(format!("--keep is for a folder, and {shown} is none; make it, or leave out --keep"));
    }
    if is_same(&target, &config.db) {
        return usage(format!("{shown} is the database itself; name another file, or a folder"));
    }
    // A disk that is not mounted must not become a file in its place.
    let is_folder_meant = shown.to_string().ends_with('/') || target.extension().is_none();
    if is_folder_meant && !target.exists() {
        return usage(format!(
            "there is no folder {shown}; make it or mount it, or name a file with an end such as .db"
        ));
    }
    Ok(target)
}

fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// Where links lead: a link in the place of a file stays one, also where there is nothing at its end yet.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => break,
        }
    }
    path
}

/// Does the work with a bar on a terminal.
fn watched<T>(target: &Path, work: impl FnOnce(&mut dyn FnMut(u64, u64)) -> Result<T>) -> Result<T> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let progress = Progress::new(&name, io::stderr().is_terminal().then_some(0));
    work(&mut |done, whole| progress.reached(done, whole))
}

/// What `backup` has done. Names that are not UTF-8 are told as well as JSON can.
#[derive(Serialize)]
struct Done {
    file: String,
    #[serde(flatten)]
    copied: Copied,
    removed: Vec<String>,
}

impl Done {
    fn text(&self, is_json: bool) -> Result<String> {
        let mut lines = if is_json {
            serde_json::to_string(self).map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?
        } else {
            let removed: String = self.removed.iter().map(|file| format!("\nremoved {file}")).collect();
            format!("{}: {}{removed}", self.file, summary(&self.copied))
        };
        lines.push('\n');
        Ok(lines)
    }
}

fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn summary(copied: &Copied) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = copied.bytes as f64 / 1e6;
    format!("{megabytes:.1} MB, {} samples, {} uploads, verified", copied.samples, copied.uploads)
}

/// Prints all of it at once. Whoever does not want to read on has seen enough.
fn told(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
