//! `healthsink backup`: a verified copy of the database, while the server runs.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::arguments::{DatabaseArgument, GroupArgument, Outcome};
use super::copies::{follow_links, is_same_file, lossy, summary};
use super::interrupt;
use super::print::{Printable, ResultArgument};
use super::progress::Bar;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::BACKUPS_KEPT_MAX;
use crate::store::{BackupSummary, Database, Pruned, Replace, Series, stamp};

#[derive(Debug, Args)]
pub(super) struct BackupArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// File to write, or an existing folder, in which a backup of health.db is named health-YYYYMMDDTHHMMSSZ.db
    #[arg(value_name = "DEST")]
    target: PathBuf,
    /// In a folder: keep the newest N backups of this database's name, and delete older ones
    #[arg(
        long,
        env = "HEALTHSINK_KEEP",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(BACKUPS_KEPT_MAX))
    )]
    keep: Option<u32>,
    #[command(flatten)]
    group: GroupArgument,
    #[command(flatten)]
    result: ResultArgument,
}

impl BackupArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        let db = &self.database.db;
        let folder = self.target.is_dir().then_some(self.target.as_path());
        let series = Series::of(&Database::new(db));
        let (target, may_replace) = match folder {
            Some(folder) => {
                let next = series.next_path(folder, &stamp()).map_err(|error| {
                    let message = format!("cannot read the folder {}: {error}; name another one", folder.display());
                    Error::new(ErrorKind::Io, message)
                })?;
                (next, Replace::Nothing)
            }
            None => (self.target_file()?, Replace::Backup),
        };
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let bar = Bar::new(&name, Some(0), self.result.is_quiet());
        interrupt::delete_partial_of(target.clone());
        let copied = Database::new(db).group_readable(self.group.group_readable).back_up(
            &target,
            may_replace,
            &mut |done, whole| bar.set(done, whole),
        )?;
        drop(bar);
        let Pruned { deleted, later } = match (folder, self.keep) {
            (Some(folder), Some(keep)) => series.prune(folder, &target, keep).map_err(|error| {
                let message = format!("{} is made, but older backups could not be deleted: {error}", target.display());
                Error::new(ErrorKind::Io, message)
            })?,
            _ => Pruned::default(),
        };
        if later > 0 {
            let folder = self.target.display();
            tracing::warn!(
                "{later} backups in {folder} are dated in the future, so --keep neither counts nor deletes them; check the clock"
            );
        }
        let done = Done { file: lossy(&target), copied, removed: deleted.iter().map(|file| lossy(file)).collect() };
        self.result.print(&done).map_err(|error| {
            let message = format!("{} is made and verified, but {}", target.display(), error.message());
            Error::new(error.kind(), message)
        })?;
        Ok(Outcome::Done)
    }

    /// The file to write if the target is not a folder.
    fn target_file(&self) -> Result<PathBuf> {
        let (target, shown) = (follow_links(&self.target), self.target.display());
        if self.keep.is_some() {
            return Err(Error::usage(format!(
                "{shown} is not a folder, but --keep needs one; make it, or omit --keep"
            )));
        }
        if is_same_file(&target, &self.database.db) {
            return Err(Error::usage(format!("{shown} is the database itself; name another file, or a folder")));
        }
        // An unmounted disk must not become a file at its mount point.
        let is_folder_meant = shown.to_string().ends_with('/') || target.extension().is_none();
        if is_folder_meant && !target.exists() {
            return Err(Error::usage(format!(
                "there is no folder {shown}; make or mount it, or name a file with an extension such as .db"
            )));
        }
        Ok(target)
    }
}

/// The result of `backup`. JSON holds names that are not UTF-8 with replacement characters.
#[derive(Serialize)]
struct Done {
    file: String,
    #[serde(flatten)]
    copied: BackupSummary,
    removed: Vec<String>,
}

impl Printable for Done {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}: {}", self.file, summary(&self.copied))?;
        self.removed.iter().try_for_each(|file| writeln!(out, "removed {file}"))
    }
}
