//! What commands share that change or delete data for good: they ask, and make a backup before.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::change;
use super::progress::Bar;
use crate::model::error::{Error, Result};
use crate::store::{Database, LastUpload, Stage};

#[derive(Debug, Args)]
pub(super) struct ConsentArguments {
    /// Do it without asking, for scripts
    #[arg(long, short)]
    yes: bool,
    /// Make no backup before
    #[arg(long, env = "HEALTHSINK_NO_BACKUP", value_parser = FalseyValueParser::new())]
    no_backup: bool,
    /// Only print what would be done
    #[arg(long, env = "HEALTHSINK_DRY_RUN", value_parser = FalseyValueParser::new())]
    pub(super) dry_run: bool,
}

impl ConsentArguments {
    /// Whether a backup is made.
    pub(super) fn makes_backup(&self) -> bool {
        !self.no_backup
    }

    /// Asks on the terminal, unless that is not wanted.
    pub(super) fn ask(&self, question: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(Error::usage(format!(
                "{question} Nothing was changed: add --yes, since no terminal is there to ask"
            )));
        }
        let mut err = io::stderr();
        let asked = write!(err, "{question} Type yes to go on: ").and_then(|()| err.flush());
        let mut answer = String::new();
        let read = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
        match read {
            Ok(_) if matches!(answer.trim(), "yes" | "y") => Ok(()),
            _ => Err(Error::usage("nothing was changed")),
        }
    }

    /// Makes a verified backup beside the database, unless that is not wanted, then the change. Returns what the change returns, and
    /// the backup's path.
    pub(super) fn change<T>(
        &self,
        database: &Database,
        command: &str,
        is_quiet: bool,
        change: impl FnMut(Option<LastUpload>, &dyn Fn(Stage)) -> Result<Option<T>>,
    ) -> Result<(T, Option<PathBuf>)> {
        change::make(database, self.makes_backup().then_some(command), is_quiet, change)
    }
}

/// Computes days and nights again. The result is printed before: a signal then ends only this.
pub(super) fn renew_figures(database: &Database, is_quiet: bool) {
    let _line =
        Bar::of_work("computing days and nights again; Ctrl-C leaves that to the server or the next import", is_quiet);
    database.renew_figures();
}
