//! The proof that a person was erased: what was deleted, that nothing is left, where copies may still be, and a digest of all that.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::arguments::{DatabaseArgument, Outcome};
use super::copies::lossy;
use super::print::{FormArgument, Printable, print};
use super::store::{Place, StoreArgument};
use super::table::counted;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::identity::whole_digest;
use crate::model::limits::PROOF_BYTES_MAX;
use crate::store::{Database, Erased, TraceRows, private};

/// The name and version of the form.
const FORM: &str = "healthsink erasure 1";

/// A proof, as it is in its file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Proof {
    proof: String,
    pub(super) person: String,
    store: String,
    erased: String,
    healthsink: String,
    #[serde(flatten)]
    pub(super) result: Erased,
    /// Databases and backups that were found, with the rows of the person that each has.
    pub(super) backups: Vec<Backup>,
    /// Targets that followers send to, which delete the person's points later.
    followers: Vec<String>,
    /// Places that the program cannot see.
    beyond: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
}

/// A database beside the one that was changed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Backup {
    pub(super) path: String,
    /// Missing if it cannot be read.
    pub(super) rows: Option<u64>,
}

/// A new file for a proof. It is there before anything is erased, and gone if nothing is.
#[derive(Debug)]
pub(super) struct ProofFile {
    path: PathBuf,
    file: File,
}

impl ProofFile {
    pub(super) fn begin(path: &Path) -> Result<Self> {
        let file = private::create_new(path).map_err(|error| cannot_write(path, &error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub(super) fn write(mut self, proof: &Proof) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(proof).map_err(|error| cannot_write(&self.path, &error.into()))?;
        text.push(b'\n');
        self.file.write_all(&text).and_then(|()| self.file.sync_all()).map_err(|error| {
            // The person is erased: what is known of that must not be lost.
            let _ = io::stdout().write_all(&text);
            cannot_write(&self.path, &error)
        })
    }

    pub(super) fn remove(self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot write the proof to {}: {error}; name a file that does not exist yet", path.display());
    Error::new(ErrorKind::Io, message)
}

impl Proof {
    pub(super) fn new(place: &Place, person: &str, erased: String, result: Erased, backups: Vec<Backup>) -> Self {
        let followers = place.file().map(Database::followers).unwrap_or_default();
        let beyond = match place {
            Place::File(_) => {
                "backups and copies in other folders, what followers have sent, logs, and free parts of pages without --vacuum"
            }
            Place::Postgres(_) => {
                "dumps, archived WAL, replicas, logs, and free parts of pages until PostgreSQL uses them again"
            }
        };
        let mut proof = Self {
            proof: FORM.to_owned(),
            person: person.to_owned(),
            store: place.shown().display().to_string(),
            erased,
            healthsink: env!("CARGO_PKG_VERSION").to_owned(),
            result,
            backups,
            followers: followers.into_iter().map(|follower| follower.state.target).collect(),
            beyond: beyond.to_owned(),
            digest: None,
        };
        proof.digest = Some(proof.made_digest());
        proof
    }

    /// The digest of all that is beside it.
    fn made_digest(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(members) = value.as_object_mut() {
            members.remove("digest");
        }
        // Members are in the order of their names.
        format!("blake3:{}", whole_digest(value.to_string().as_bytes()))
    }

    fn read(path: &Path) -> Result<Self> {
        let wrong = |what: &dyn std::fmt::Display| {
            Error::usage(format!("{} is not a proof of an erasure: {what}", path.display()))
        };
        let mut bytes = Vec::new();
        #[expect(clippy::disallowed_methods, reason = "bounded by take")]
        File::open(path)
            .and_then(|file| file.take(PROOF_BYTES_MAX).read_to_end(&mut bytes))
            .map_err(|error| wrong(&error))?;
        let proof: Self = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
        if proof.proof == FORM { Ok(proof) } else { Err(wrong(&"its form is of another version")) }
    }
}

/// Looks for a person's rows in databases and backups.
pub(super) fn look_into(paths: &[PathBuf], person: &str) -> Vec<Backup> {
    let rows = |path: &PathBuf| Database::new(path).traces(person, None).map(|traces| sum(&traces));
    paths.iter().map(|path| Backup { path: lossy(path), rows: rows(path).ok() }).collect()
}

fn sum(traces: &[TraceRows]) -> u64 {
    traces.iter().map(|trace| trace.rows).sum()
}

/// Writes where copies are.
pub(super) fn write_backups(backups: &[Backup], out: &mut dyn Write) -> io::Result<()> {
    for Backup { path, rows } in backups {
        match rows {
            Some(0) => writeln!(out, "has nothing of the person: {path}")?,
            Some(rows) => writeln!(out, "still has {} of the person: {path}", counted(*rows, "row"))?,
            None => writeln!(out, "cannot be read, and may have it: {path}")?,
        }
    }
    Ok(())
}

#[derive(Debug, Args)]
pub(super) struct ProofArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// A proof that `healthsink forget --proof` has written
    file: PathBuf,
    #[command(flatten)]
    form: FormArgument,
}

/// The state of a proof now.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    person: String,
    erased: String,
    /// Whether the file is as it was written.
    is_unchanged: bool,
    /// Rows of the person that the database has.
    found: Vec<TraceRows>,
    /// The databases and backups that the proof names and that are still there.
    backups: Vec<Backup>,
    ok: bool,
}

impl Printable for Checked {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { person, erased, is_unchanged, found, backups, .. } = self;
        let file = if *is_unchanged { "is as it was written" } else { "was changed: its digest is another" };
        writeln!(out, "the proof that {person} was erased at {erased} {file}")?;
        match found.as_slice() {
            [] => writeln!(out, "the database has nothing of the person")?,
            found => found.iter().try_for_each(|TraceRows { table, rows }| {
                writeln!(out, "the database has {} of the person in {table}", counted(*rows, "row"))
            })?,
        }
        write_backups(backups, out)
    }
}

impl ProofArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        let proof = Proof::read(&self.file)?;
        let place = self.store.place(&self.database)?;
        let number = Some(proof.result.number).filter(|_| proof.store == place.shown().display().to_string());
        let found = place.traces(&proof.person, number)?;
        let there: Vec<PathBuf> =
            proof.backups.iter().map(|backup| PathBuf::from(&backup.path)).filter(|path| path.exists()).collect();
        let backups = look_into(&there, &proof.person);
        let is_unchanged = proof.digest.as_deref() == Some(&proof.made_digest());
        let ok = is_unchanged && found.is_empty() && backups.iter().all(|backup| backup.rows == Some(0));
        let Proof { person, erased, .. } = proof;
        print(&Checked { person, erased, is_unchanged, found, backups, ok }, self.form.form())?;
        Ok(Outcome::done_if(ok))
    }
}
