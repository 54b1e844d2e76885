//! `healthsink forget --person NAME --proof FILE`: erases a person, and writes a proof of that.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::consent::ConsentArguments;
use super::print::{Printable, ResultArgument};
use super::proof::{Proof, ProofFile, look_into, write_backups};
use super::store::Place;
use super::table::{Align, Table, counted, grouped};
use crate::model::error::{Error, Result};
use crate::model::time::to_iso_seconds;
use crate::store::{ErasedRows, TraceRows, Vacuum, now_ms};

/// A request to erase a person.
pub(super) struct Erasure<'a> {
    pub(super) place: Place,
    pub(super) person: &'a str,
    pub(super) proof: &'a Path,
    /// Folders with backups, beside those near the database.
    pub(super) backups: &'a [PathBuf],
    pub(super) smaller: Vacuum,
    pub(super) consent: &'a ConsentArguments,
    pub(super) result: ResultArgument,
}

/// The result, or the plan.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done<'a> {
    dry_run: bool,
    /// Rows that would be erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    file: &'a Path,
    #[serde(flatten)]
    proof: Option<&'a Proof>,
}

impl Printable for Done<'_> {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(proof) = self.proof else {
            return writeln!(out, "would be erased: {}", counted(self.rows.unwrap_or_default(), "row"));
        };
        let mut table = Table::new([("table", Align::Left), ("deleted", Align::Right), ("emptied", Align::Right)]);
        for ErasedRows { table: name, deleted, emptied, .. } in &proof.result.tables {
            if deleted + emptied > 0 {
                table.push([name, &grouped(*deleted), &grouped(*emptied)]);
            }
        }
        table.write(out)?;
        writeln!(
            out,
            "nothing of {} is left in the {} tables that could have it",
            proof.person,
            proof.result.tables.len()
        )?;
        if proof.result.left_in_wal {
            writeln!(
                out,
                "another program is reading the database, so its WAL still has the rows: end that program, then start the server"
            )?;
        }
        write_backups(&proof.backups, out)?;
        let digest = proof.digest.as_deref().unwrap_or_default();
        writeln!(
            out,
            "the proof is in {}, with the digest {digest}; `healthsink people proof` checks it",
            self.file.display()
        )
    }
}

impl Erasure<'_> {
    pub(super) fn run(&self) -> Result<()> {
        let Self { place, person, consent, .. } = self;
        let rows = place.traces(person, None)?.iter().map(|TraceRows { rows, .. }| rows).sum();
        if rows == 0 {
            return Err(Error::usage(format!(
                "there is nothing of {}; `healthsink people list` lists all",
                person.escape_debug()
            )));
        }
        if consent.dry_run {
            return self.result.print(&Done { dry_run: true, rows: Some(rows), file: self.proof, proof: None });
        }
        if let (Place::File(database), Vacuum::Yes) = (place, self.smaller) {
            database.check_space(2 + u64::from(consent.makes_backup()))?;
        }
        let question = format!("This erases {} of {person}, also in the ledger and of tokens.", counted(rows, "row"));
        consent.ask(&question)?;
        let file = ProofFile::begin(self.proof)?;
        let proof = match self.erase() {
            Ok(proof) => proof,
            Err(error) => {
                file.remove();
                return Err(error);
            }
        };
        file.write(&proof)?;
        self.result.print(&Done { dry_run: false, rows: None, file: self.proof, proof: Some(&proof) })
    }

    fn erase(&self) -> Result<Proof> {
        let Self { place, person, .. } = self;
        let (erased, copies) = match place {
            Place::Postgres(address) => (address.erase(person)?, Vec::new()),
            Place::File(database) => {
                let change = |backed_up, enter: &dyn Fn(_)| database.erase(person, self.smaller, backed_up, enter);
                let (erased, _) = self.consent.change(database, "forget", self.result.is_quiet(), change)?;
                (erased, database.copies_in_all(self.backups)?)
            }
        };
        Ok(Proof::new(place, person, to_iso_seconds(now_ms()), erased, look_into(&copies, person)))
    }
}
