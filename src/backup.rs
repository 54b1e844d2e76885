//! `healthsink backup` and `healthsink restore`: copies of the database, by name.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::config::{Backup, Restore};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Progress;
use crate::store::{Copied, copy, is_ours, replace};

/// Copies the database to a file, or into a folder, of whose backups the newest are kept.
///
/// # Errors
///
/// Whatever keeps the copy from being made, sound and on the disk; backups that were there before are then untouched.
pub fn backup(config: &Backup) -> Result<()> {
    let folder = config.target.is_dir().then_some(config.target.as_path());
    let target = match folder {
        Some(folder) => folder.join(format!("{PREFIX}{}{SUFFIX}", stamp())),
        None => config.target.clone(),
    };
    if folder.is_none() && config.keep.is_some() {
        let message = format!("--keep is for a folder, and {} is none; make it, or leave out --keep", target.display());
        return Err(Error::new(ErrorKind::Usage, message));
    }
    protect(&config.db, &target)?;
    let copied = watched(&target, |watch| copy(&config.db, &target, watch))?;
    let removed = match (folder, config.keep) {
        (Some(folder), Some(keep)) => remove_old(folder, &target, keep).map_err(|error| {
            let message = format!("{} is made, but older backups could not be removed: {error}", target.display());
            Error::new(ErrorKind::Io, message)
        })?,
        _ => Vec::new(),
    };
    print(&Done { file: &target, copied, removed }, config.json)
}

/// Puts a backup in the place of the database, which is kept beside it.
///
/// # Errors
///
/// As [`replace`]; the database is then as it was.
pub fn restore(config: &Restore) -> Result<()> {
    if fs::canonicalize(&config.backup).is_ok_and(|backup| fs::canonicalize(&config.db).is_ok_and(|db| db == backup)) {
        return Err(Error::new(ErrorKind::Usage, "the backup is the database itself; name another file"));
    }
    if !is_ours(&config.backup).is_ok_and(|is_ours| is_ours) {
        let message = format!(
            "{} is no backup that can be read; name one that `healthsink backup` has made",
            config.backup.display()
        );
        return Err(Error::new(ErrorKind::Usage, message));
    }
    // A link in the place of the database stays one.
    let database = fs::canonicalize(&config.db).unwrap_or_else(|_| config.db.clone());
    let aside = database.with_extension(format!("before-restore-{}.db", stamp()));
    let (copied, is_kept) =
        watched(&database, |watch| replace(&database, &config.backup, &aside, config.force, watch))?;
    let mut line = format!("restored {} from {}: {}", config.db.display(), config.backup.display(), summary(&copied));
    if is_kept {
        line += &format!("; what was there is {}", aside.display());
    }
    told(writeln!(io::stdout(), "{line}"))
}

/// Names of backups in a folder: this, the time of their making, and an end.
const PREFIX: &str = "healthsink-";
const SUFFIX: &str = ".db";

/// Now, in UTC: sorted by text is sorted by time.
fn stamp() -> String {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    now.to_string().replace(['-', ':'], "")
}

/// Whether a name is one that [`backup`] gives in a folder. No other file is ever removed.
fn is_backup_name(name: &str) -> bool {
    let stamp = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    stamp.is_some_and(|stamp| {
        let form = b"ddddddddTddddddZ";
        stamp.len() == form.len()
            && stamp
                .bytes()
                .zip(form)
                .all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == *form })
    })
}

/// A backup replaces a backup, and nothing else.
fn protect(database: &Path, target: &Path) -> Result<()> {
    let usage = |what: &str| Err(Error::new(ErrorKind::Usage, format!("{} {what}", target.display())));
    if fs::canonicalize(target).is_ok_and(|target| fs::canonicalize(database).is_ok_and(|db| db == target)) {
        return usage("is the database itself; name another file, or a folder");
    }
    match is_ours(target) {
        Ok(true) => Ok(()),
        Ok(false) => usage("is there and is no backup; name another file, or a folder"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => usage(&format!("cannot be read: {error}")),
    }
}

/// Removes all but the newest. The one that was just made stays, whatever the clock says.
fn remove_old(folder: &Path, made: &Path, keep: u32) -> io::Result<Vec<PathBuf>> {
    let mut older = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_one = entry.file_type()?.is_file() && entry.file_name().to_str().is_some_and(is_backup_name);
        if is_one && Some(entry.file_name().as_os_str()) != made.file_name() {
            older.push(entry.path());
        }
    }
    older.sort_unstable_by(|one, other| other.cmp(one));
    let removed = older.split_off(older.len().min(keep as usize - 1));
    for file in &removed {
        fs::remove_file(file)?;
    }
    Ok(removed)
}

/// Does the work with a bar on a terminal.
fn watched<T>(target: &Path, work: impl FnOnce(&mut dyn FnMut(u64, u64)) -> Result<T>) -> Result<T> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let progress = Progress::new(&name, io::stderr().is_terminal().then_some(0));
    work(&mut |done, whole| progress.reached(done, whole))
}

/// What `backup` has done.
#[derive(Serialize)]
struct Done<'a> {
    file: &'a Path,
    #[serde(flatten)]
    copied: Copied,
    removed: Vec<PathBuf>,
}

fn print(done: &Done<'_>, json: bool) -> Result<()> {
    let mut out = io::stdout().lock();
    told(if json {
        serde_json::to_writer(&mut out, done).map_err(io::Error::from).and_then(|()| writeln!(out))
    } else {
        writeln!(out, "{}: {}", done.file.display(), summary(&done.copied))
            .and_then(|()| done.removed.iter().try_for_each(|file| writeln!(out, "removed {}", file.display())))
    })
}

fn summary(copied: &Copied) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = copied.bytes as f64 / 1e6;
    format!("{megabytes:.1} MB, {} samples, {} uploads, verified", copied.samples, copied.uploads)
}

/// Whoever does not want to read on has seen enough.
fn told(printed: io::Result<()>) -> Result<()> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Error::new(ErrorKind::Io, format!("cannot print: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_backups_are_told_from_others() {
        let check = |name: &str, expected| assert_eq!(is_backup_name(name), expected, "{name}");
        check("healthsink-20260102T030405Z.db", true);
        check(&format!("{PREFIX}{}{SUFFIX}", stamp()), true);
        check("healthsink-20260102T030405Z.db.partial", false);
        check("healthsink-20260102T030405Z.db-wal", false);
        check("healthsink-20260102T03040Z.db", false);
        check("healthsink-2026010２T03040Z.db", false);
        check("healthsink-20260102-030405Z.db", false);
        check("old-healthsink-20260102T030405Z.db", false);
        check("healthsink-before-the-move.db", false);
        check("health.db", false);
    }
}
