//! `healthsink completions`: a script that completes commands and flags in a shell.

use std::io::{self, Write};

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::arguments::Outcome;
use super::print::print_by;
use crate::model::error::Result;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompletionsArguments {
    /// The shell that runs the script
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

const EXAMPLES: &str = "Examples:
  healthsink completions bash \\
      > ~/.local/share/bash-completion/completions/healthsink
  healthsink completions zsh > ~/.zfunc/_healthsink
  healthsink completions fish > ~/.config/fish/completions/healthsink.fish";

impl CompletionsArguments {
    pub(super) fn run(&self, mut command: Command) -> Result<Outcome> {
        let (mut script, name) = (Vec::new(), command.get_name().to_owned());
        // It is written whole: the library panics if its writer fails.
        generate(self.shell, &mut command, name, &mut script);
        print_by(|out: &mut dyn Write| -> io::Result<()> { out.write_all(&script) })?;
        Ok(Outcome::Done)
    }
}
