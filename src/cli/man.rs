//! `healthsink man`: the manual page, made from the same text as `--help`.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use super::arguments::Outcome;
use super::print::print_by;
use crate::model::error::{Error, ErrorKind, Result};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ManArguments {
    /// Folder to write healthsink.1 to, and a page for each command
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  healthsink man | man -l -                   read it
  healthsink man /usr/local/share/man/man1    install it";

impl ManArguments {
    pub(super) fn run(&self, command: Command) -> Result<Outcome> {
        let Some(folder) = &self.folder else {
            print_by(|out| Man::new(command).render(out))?;
            return Ok(Outcome::Done);
        };
        // It gives each command's page the name that `man` asks for: healthsink-token-new.
        clap_mangen::generate_to(command, folder).map_err(|error| {
            let message = format!("cannot write to {}: {error}; name a folder that exists", folder.display());
            Error::new(ErrorKind::Io, message)
        })?;
        Ok(Outcome::Done)
    }
}
