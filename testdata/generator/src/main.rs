//! Writes Apple Health data to files or to stdout, and its counts to stderr.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use healthsink_testdata::{AutoExport, AutoExported, Export, Exported, Life, Payload, Twin, Written};

use crate::arguments::{Command, HELP};

mod arguments;

fn main() -> ExitCode {
    let command = match arguments::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("healthsink-testdata: {message}; try --help");
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has closed the pipe, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("healthsink-testdata: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> io::Result<()> {
    match command {
        Command::Help => io::stdout().write_all(HELP.as_bytes()),
        Command::Payload(payload, output) => {
            let written = write_payload(&payload, output.as_deref())?;
            eprintln!("{written}");
            Ok(())
        }
        Command::Export(export, output) => {
            let exported = write_export(&export, output.as_deref())?;
            eprintln!("{exported}");
            Ok(())
        }
        Command::AutoExport(export, output) => {
            let exported = write_auto_export(&export, output.as_deref())?;
            eprintln!("{exported}");
            Ok(())
        }
        Command::Twin(twin, folder) => write_twin(&twin, &folder),
        Command::Life(life, output, truth) => write_life(&life, output.as_deref(), truth.as_deref()),
    }
}

fn write_payload(payload: &Payload, output: Option<&Path>) -> io::Result<Written> {
    match output {
        Some(path) => payload.write_to(&mut create(path)?),
        None => payload.write_to(&mut io::stdout().lock()),
    }
}

fn write_export(export: &Export, output: Option<&Path>) -> io::Result<Exported> {
    match output {
        Some(path) if path.extension().is_some_and(|end| end == "xml") => export.write_to(&mut create(path)?),
        Some(folder) => export.write_dir(folder).map_err(|error| at(folder, &error)),
        None => export.write_to(&mut io::stdout().lock()),
    }
}

fn write_auto_export(export: &AutoExport, output: Option<&Path>) -> io::Result<AutoExported> {
    match output {
        Some(path) => export.write_to(&mut create(path)?),
        None => export.write_to(&mut io::stdout().lock()),
    }
}

fn write_twin(twin: &Twin, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    let written = twin.write_payload(&mut create(&folder.join("payload.json"))?)?;
    eprintln!("{written}");
    let exported = twin.write_export(&mut create(&folder.join("export.xml"))?)?;
    eprintln!("{exported}");
    Ok(())
}

fn write_life(life: &Life, output: Option<&Path>, truth: Option<&Path>) -> io::Result<()> {
    let right = match output {
        Some(path) => life.write_to(&mut BufWriter::new(create(path)?)),
        None => life.write_to(&mut io::stdout().lock()),
    }?;
    let Some(path) = truth else { return Ok(()) };
    let mut out = BufWriter::new(create(path)?);
    right.write_to(&mut out)?;
    out.flush()
}

fn create(path: &Path) -> io::Result<File> {
    File::create(path).map_err(|error| at(path, &error))
}

/// The system's message does not name the file.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
