//! `healthsink status`: what the database holds, and what the last uploads were.

use std::io::{self, Write};

use clap::Args;

use super::arguments::{DatabaseArgument, Outcome};
use super::print::{Form, FormArgument, print_by};
use super::table::{Align, Table, shown, shown_within};
use crate::model::error::{Result, into_io};
use crate::model::healthkit::short;
use crate::model::limits::{MESSAGE_COLUMNS_MAX, TYPES_LISTED_MAX};
use crate::store::{Database, Status, TypeRows, UploadRow};

#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    form: FormArgument,
}

impl StatusArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        match self.form.form() {
            Form::Text => self.print_text(),
            Form::Json => self.print_json(),
        }?;
        Ok(Outcome::Done)
    }

    fn print_text(&self) -> Result<()> {
        let mut types = Types::new();
        let status = Database::new(&self.database.db).status(|kind| types.push(&kind))?;
        print_by(|out| {
            for table in &status.tables {
                writeln!(out, "{:<20} {:>12}", table.table, table.rows)?;
            }
            #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
            let megabytes = status.bytes as f64 / 1e6;
            writeln!(out, "{:<20} {megabytes:>9.1} MB\n", "on disk")?;
            types.write(out)?;
            if !status.uploads.is_empty() {
                writeln!(out, "\nlast uploads")?;
            }
            status.uploads.iter().try_for_each(|upload| write_upload(upload, out))
        })
    }

    /// Prints each type as it is read, with its whole name.
    fn print_json(&self) -> Result<()> {
        print_by(|out| {
            let (mut separator, mut written) = (r#"{"types":["#, Ok(()));
            let status = Database::new(&self.database.db).status(|kind| {
                if written.is_ok() {
                    written =
                        out.write_all(separator.as_bytes()).and_then(|()| Ok(serde_json::to_writer(&mut *out, &kind)?));
                    separator = ",";
                }
            });
            let Status { bytes, tables, uploads } = status.map_err(into_io)?;
            written?;
            let start = if separator == "," { "" } else { separator };
            write!(out, r#"{start}],"bytes":{bytes},"tables":"#)?;
            serde_json::to_writer(&mut *out, &tables)?;
            write!(out, r#","uploads":"#)?;
            serde_json::to_writer(&mut *out, &uploads)?;
            writeln!(out, "}}")
        })
    }
}

/// The types as a table, with short names, and not more than fit on a few screens.
struct Types {
    table: Table<5>,
    count: u64,
}

impl Types {
    fn new() -> Self {
        let table = Table::new([
            ("person", Align::Left),
            ("type", Align::Left),
            ("rows", Align::Right),
            ("first sample", Align::Left),
            ("last sample", Align::Left),
        ]);
        Self { table, count: 0 }
    }

    fn push(&mut self, kind: &TypeRows) {
        self.count += 1;
        if self.count <= TYPES_LISTED_MAX {
            let rows = kind.rows.to_string();
            self.table.push([&kind.person, short(&kind.kind), &rows, &kind.first, &kind.last]);
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.count == 0 {
            return writeln!(out, "No samples yet.");
        }
        self.table.write(out)?;
        match self.count.saturating_sub(TYPES_LISTED_MAX) {
            0 => Ok(()),
            more => writeln!(out, "… and {more} more; `healthsink status --json` lists all"),
        }
    }
}

fn write_upload(upload: &UploadRow, out: &mut dyn Write) -> io::Result<()> {
    let UploadRow { id, state, started, records, route_points, new, updated, unchanged, rejected, .. } = upload;
    let sender = shown(upload.sender.as_deref().unwrap_or("unknown"));
    let merges = if upload.merged > 0 { format!(" {} merged,", upload.merged) } else { String::new() };
    writeln!(
        out,
        "{id:>6}  {started}  {state:<11}  {records} records, {route_points} route points: {new} new, {updated} updated, \
         {unchanged} unchanged,{merges} {rejected} rejected  ({} from {sender})",
        shown(upload.sync_source.as_deref().unwrap_or(&upload.origin))
    )?;
    match &upload.error {
        Some(error) => writeln!(out, "        {}", shown_within(error, MESSAGE_COLUMNS_MAX)),
        None => Ok(()),
    }
}
