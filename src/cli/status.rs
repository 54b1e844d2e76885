//! `healthsink status`: what the database holds, as tables for people or as JSON.

use std::io::{self, Write};

use super::Status as Config;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::healthkit::short;
use crate::store::{Status, UploadRow, status as read};

/// Prints what the database holds.
///
/// # Errors
///
/// [`ErrorKind::Store`] if it cannot be read, [`ErrorKind::Io`] if it cannot be printed.
pub fn status(config: &Config) -> Result<()> {
    let status = read(&config.db)?;
    let mut out = io::stdout().lock();
    let printed = if config.json {
        serde_json::to_writer(&mut out, &status).map_err(io::Error::from).and_then(|()| writeln!(out))
    } else {
        print(&status, &mut out)
    };
    match printed {
        // A pager that was closed has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Error::new(ErrorKind::Io, format!("cannot print: {error}"))),
    }
}

fn print(status: &Status, out: &mut impl Write) -> io::Result<()> {
    for table in &status.tables {
        writeln!(out, "{:<20} {:>12}", table.table, table.rows)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = status.bytes as f64 / 1e6;
    writeln!(out, "{:<20} {megabytes:>9.1} MB", "on disk")?;
    if status.types.is_empty() {
        writeln!(out, "\nNo samples yet.")?;
    } else {
        let width = status.types.iter().map(|kind| short(&kind.kind).len()).max().unwrap_or_default();
        writeln!(out, "\n{:<width$} {:>12}  {:<20}  last sample", "type", "rows", "first sample")?;
        for kind in &status.types {
            writeln!(out, "{:<width$} {:>12}  {:<20}  {}", short(&kind.kind), kind.rows, kind.first, kind.last)?;
        }
    }
    if !status.uploads.is_empty() {
        writeln!(out, "\nlast uploads")?;
    }
    for upload in &status.uploads {
        print_upload(upload, out)?;
    }
    Ok(())
}

fn print_upload(upload: &UploadRow, out: &mut impl Write) -> io::Result<()> {
    let UploadRow { id, state, started, records, route_points, new, updated, unchanged, rejected, .. } = upload;
    let sender = upload.sender.as_deref().unwrap_or("unknown");
    let merges = if upload.merged > 0 { format!(" {} merged,", upload.merged) } else { String::new() };
    writeln!(
        out,
        "{id:>6}  {started}  {state:<11}  {records} records, {route_points} route points: {new} new, {updated} updated, \
         {unchanged} unchanged,{merges} {rejected} rejected  ({} from {sender})",
        upload.sync_source.as_deref().unwrap_or(&upload.origin)
    )?;
    match &upload.error {
        Some(error) => writeln!(out, "        {error}"),
        None => Ok(()),
    }
}
