//! `healthsink restore`: replaces the database by a backup, and keeps the old one beside it.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::arguments::{DatabaseArgument, Outcome};
use super::copies::{follow_links, is_same_file, lossy, summary};
use super::print::{Printable, ResultArgument};
use super::progress::Bar;
use crate::model::error::{Error, Result};
use crate::store::{BackupSummary, Database, Force, Restored, stamp};

#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// A file that `healthsink backup` has written
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// Replace a database too damaged to show whether a server has it open; make sure that no server has
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    result: ResultArgument,
}

/// The result of `restore`. JSON holds names that are not UTF-8 with replacement characters.
#[derive(Serialize)]
struct Done {
    database: String,
    backup: String,
    #[serde(flatten)]
    copied: BackupSummary,
    /// The old database, if there was one.
    kept: Option<String>,
}

impl Printable for Done {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "restored {} from {}: {}", self.database, self.backup, summary(&self.copied))?;
        match &self.kept {
            Some(kept) => writeln!(out, "; the old database is {kept}"),
            None => writeln!(out),
        }
    }
}

impl RestoreArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        let (db, backup) = (&self.database.db, &self.backup);
        if is_same_file(backup, db) {
            return Err(Error::usage("the backup is the database itself; name another file"));
        }
        if !backup.exists() {
            let shown = backup.display();
            return Err(Error::usage(format!("there is no file {shown}; name one that `healthsink backup` has made")));
        }
        if !Database::new(backup).is_ours().is_ok_and(|is_ours| is_ours) {
            return Err(Error::usage(format!(
                "{} is no backup that can be read; name a file that `healthsink backup` has made",
                backup.display()
            )));
        }
        let database = follow_links(db);
        let mut aside = database.as_os_str().to_owned();
        aside.push(format!(".before-restore-{}", stamp()));
        let bar =
            Bar::new(&database.file_name().unwrap_or_default().to_string_lossy(), Some(0), self.result.is_quiet());
        let force = if self.force { Force::Yes } else { Force::No };
        let Restored { summary: copied, kept } =
            Database::new(&database)
                .restore(&Database::new(backup), aside.as_ref(), force, &mut |done, whole| bar.set(done, whole))?;
        drop(bar);
        let done = Done { database: lossy(db), backup: lossy(backup), copied, kept: kept.as_deref().map(lossy) };
        self.result.print(&done).map_err(|error| {
            let message = format!("{} is restored, but {}", db.display(), error.message());
            Error::new(error.kind(), message)
        })?;
        Ok(Outcome::Done)
    }
}
