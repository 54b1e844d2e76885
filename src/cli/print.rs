//! Prints a command's result on standard output: as text or JSON, whole or until its reader has gone.

use std::io::{self, BufWriter, Write};

use clap::Args;
use clap::builder::FalseyValueParser;
use serde::Serialize;

use crate::model::error::{Error, ErrorKind, Result, from_io};

/// For commands that only report something.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct FormArgument {
    /// Print the result as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// For commands that do something, and report it.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct ResultArgument {
    #[command(flatten)]
    form: FormArgument,
    /// Print nothing but errors: the exit code says the result
    #[arg(long, short, env = "HEALTHSINK_QUIET", value_parser = FalseyValueParser::new(), conflicts_with = "json")]
    quiet: bool,
}

impl ResultArgument {
    pub(super) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Prints a result, if it is wanted.
    ///
    /// # Errors
    ///
    /// As for [`print()`].
    pub(super) fn print(self, result: &impl Printable) -> Result<()> {
        if self.quiet { Ok(()) } else { print(result, self.form.form()) }
    }
}

impl FormArgument {
    pub(super) fn form(self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

/// Whom a result is printed for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// People.
    Text,
    /// Programs: one JSON document.
    Json,
}

/// A result that can be printed in both forms.
pub(super) trait Printable: Serialize {
    /// Writes it for people.
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()>;
}

/// Prints a result.
///
/// # Errors
///
/// [`ErrorKind::Io`] if it cannot be written. A reader that has gone, such as `head`, is no error.
pub(super) fn print(result: &impl Printable, form: Form) -> Result<()> {
    print_by(|out| match form {
        Form::Text => result.write_text(out),
        Form::Json => write_json(result, out),
    })
}

/// The same of what `write` writes, which may also fail with an error of healthsink.
pub(super) fn print_by(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    match print_to_reader(write) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) if error.get_ref().is_some_and(|inner| inner.is::<Error>()) => Err(from_io(error)),
        printed => printed.map_err(|error| Error::new(ErrorKind::Io, format!("the result cannot be printed: {error}"))),
    }
}

/// The same, and fails if the reader has gone: for what must be seen.
pub(super) fn print_to_reader(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()
}

/// Writes one line of JSON.
pub(super) fn write_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}
