//! `healthsink status`: what the database holds, and what the last uploads were.

use std::io::{self, Write};

use clap::Args;

use super::arguments::{DatabaseArgument, Outcome, parse_name, parse_period};
use super::followers;
use super::obstacles::{KeptOut, read as read_obstacles};
use super::print::{Form, FormArgument, print_by};
use super::silent;
use super::store::StoreArgument;
use super::table::{Align, Table, ago, counted, shown, shown_within, used_today};
use crate::model::error::{Result, into_io};
use crate::model::healthkit::short;
use crate::model::limits::{DISK_FREE_BYTES_MIN, MESSAGE_COLUMNS_MAX, TYPES_LISTED_MAX};
use crate::store::{PhoneRow, Status, TypeRows, UploadRow};

#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    // Without a variable: HEALTHSINK_PERSON of a server would hide the others.
    /// Show only this person's types, phones and uploads
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    /// Show only phones that have sent nothing for this time, such as 3d, 12h or 2w; the exit code is 1 if there are any
    #[arg(long, env = "HEALTHSINK_SILENT", value_name = "TIME", value_parser = parse_silence)]
    silent: Option<i64>,
    #[command(flatten)]
    form: FormArgument,
}

fn parse_silence(text: &str) -> Result<i64, String> {
    parse_period(text).ok_or_else(|| "write a time such as 3d, 12h or 2w".to_owned())
}

impl StatusArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        if let Some(period_ms) = self.silent {
            let place = self.store.place(&self.database)?;
            return silent::print(&place, period_ms, self.person.as_deref(), self.form.form());
        }
        match self.form.form() {
            Form::Text => self.print_text(),
            Form::Json => self.print_json(),
        }?;
        Ok(Outcome::Done)
    }

    fn shows(&self, person: &str) -> bool {
        self.person.as_deref().is_none_or(|asked| asked == person)
    }

    fn print_text(&self) -> Result<()> {
        let mut types = Types::new();
        let place = self.store.place(&self.database)?;
        let person = self.person.as_deref();
        let status = place.status(person, |kind| {
            if self.shows(&kind.person) {
                types.push(&kind);
            }
        })?;
        let obstacles = place.file().map(read_obstacles).unwrap_or_default();
        let followers = followers::read(&self.store.kept(&self.database)?, status.change);
        print_by(|out| {
            // Rows of tables are counted for all persons.
            for table in status.tables.iter().filter(|_| person.is_none()) {
                writeln!(out, "{:<20} {:>12}", table.table, table.rows)?;
            }
            #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
            let megabytes = status.bytes as f64 / 1e6;
            writeln!(out, "{:<20} {megabytes:>9.1} MB", "on disk")?;
            write_free(&status, out)?;
            writeln!(out)?;
            write_phones(&status.phones, out)?;
            types.write(out)?;
            write_obstacles(&obstacles, out)?;
            followers::write(&followers, out)?;
            if !status.uploads.is_empty() {
                writeln!(out, "\nlast uploads")?;
            }
            status
                .uploads
                .iter()
                .try_for_each(|upload| write_upload(upload, person_to_name(upload, &status.phones), out))
        })
    }

    /// Prints each type as it is read, with its whole name.
    fn print_json(&self) -> Result<()> {
        let (place, kept) = (self.store.place(&self.database)?, self.store.kept(&self.database)?);
        print_by(|out| {
            let (mut separator, mut written) = (r#"{"types":["#, Ok(()));
            let status = place.status(self.person.as_deref(), |kind| {
                if written.is_ok() && self.shows(&kind.person) {
                    written =
                        out.write_all(separator.as_bytes()).and_then(|()| Ok(serde_json::to_writer(&mut *out, &kind)?));
                    separator = ",";
                }
            });
            let Status { bytes, free_bytes, change, phones, tables, uploads } = status.map_err(into_io)?;
            written?;
            let start = if separator == "," { "" } else { separator };
            write!(out, r#"{start}],"bytes":{bytes},"freeBytes":"#)?;
            serde_json::to_writer(&mut *out, &free_bytes)?;
            write!(out, r#","phones":"#)?;
            serde_json::to_writer(&mut *out, &phones)?;
            write!(out, r#","obstacles":"#)?;
            serde_json::to_writer(&mut *out, &place.file().map(read_obstacles).unwrap_or_default())?;
            write!(out, r#","followers":"#)?;
            serde_json::to_writer(&mut *out, &followers::read(&kept, change))?;
            write!(out, r#","tables":"#)?;
            serde_json::to_writer(&mut *out, &tables)?;
            write!(out, r#","uploads":"#)?;
            serde_json::to_writer(&mut *out, &uploads)?;
            writeln!(out, "}}")
        })
    }
}

/// Writes what is free on the disk. An update of the schema and a backup beside the database need as much as it has.
fn write_free(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    let Some(free) = status.free_bytes else { return Ok(()) };
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = free as f64 / 1e6;
    writeln!(out, "{:<20} {megabytes:>9.1} MB", "free on its disk")?;
    if free < status.bytes.max(DISK_FREE_BYTES_MIN) {
        writeln!(out, "low disk space: free some, or uploads will get 507; a backup beside the database does not fit")?;
    }
    Ok(())
}

/// Writes whose phones send, and when each sent last.
fn write_phones(phones: &[PhoneRow], out: &mut dyn Write) -> io::Result<()> {
    if phones.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([
        ("person", Align::Left),
        ("phone", Align::Left),
        ("uploads", Align::Right),
        ("last upload", Align::Left),
        (if phones.iter().any(has_quota) { "today" } else { "" }, Align::Left),
    ]);
    for phone in phones {
        let name = match (&phone.label, phone.token) {
            (Some(label), _) => label.clone(),
            (None, Some(token)) => format!("token {token}"),
            (None, None) if phone.origin == "import" => "import".to_owned(),
            (None, None) => "no token".to_owned(),
        };
        let name = match &phone.expires {
            _ if phone.is_revoked => format!("{name} (revoked)"),
            Some(time) if phone.is_expired => format!("{name} (expired {})", day(time)),
            Some(time) => format!("{name} (until {})", day(time)),
            None => name,
        };
        let last = phone.last_upload_seconds_ago.map_or_else(|| "none yet".to_owned(), ago);
        let (bytes, rejects) = ((phone.bytes_per_day, phone.bytes_today), (phone.rejects_per_day, phone.rejects_today));
        let today = if has_quota(phone) { used_today(bytes, rejects) } else { String::new() };
        table.push([&phone.person, &name, &phone.uploads.to_string(), &last, &today]);
    }
    table.write(out)?;
    writeln!(out)
}

fn has_quota(phone: &PhoneRow) -> bool {
    phone.bytes_per_day.is_some() || phone.rejects_per_day.is_some()
}

/// The day of a time.
fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

/// Writes what kept clients out lately.
fn write_obstacles(obstacles: &[KeptOut], out: &mut dyn Write) -> io::Result<()> {
    let recent: Vec<&KeptOut> = obstacles.iter().filter(|obstacle| obstacle.is_recent()).collect();
    if !recent.is_empty() {
        writeln!(out, "\nkept out, the last of each kind")?;
    }
    recent.iter().try_for_each(|obstacle| {
        let address = shown(&obstacle.address);
        let message = shown_within(&obstacle.message, MESSAGE_COLUMNS_MAX);
        writeln!(out, "  {} from {address}: {message}", ago(obstacle.seconds_ago))
    })
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

/// The person of an upload, if the database has several.
fn person_to_name<'a>(upload: &'a UploadRow, phones: &[PhoneRow]) -> Option<&'a str> {
    phones.iter().any(|phone| phone.person != upload.person).then_some(upload.person.as_str())
}

fn write_upload(upload: &UploadRow, person: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let UploadRow { id, state, started, records, route_points, new, updated, unchanged, rejected, .. } = upload;
    let sender = shown(upload.sender.as_deref().unwrap_or("unknown"));
    if matches!(upload.origin.as_str(), "merge" | "forget") {
        let what = if upload.origin == "merge" { "merged the data of" } else { "forgot" };
        return writeln!(out, "{id:>6}  {started}  {what} {sender}: {} rows", upload.removed);
    }
    let merges = if upload.merged > 0 { format!(" {} merged,", upload.merged) } else { String::new() };
    let records = counted(records.unsigned_abs(), "record");
    let whose = person.map(|person| format!("of {}: ", shown(person))).unwrap_or_default();
    let points = counted(route_points.unsigned_abs(), "route point");
    writeln!(
        out,
        "{id:>6}  {started}  {state:<11}  {whose}{records}, {points}: {new} new, {updated} updated, \
         {unchanged} unchanged,{merges} {rejected} rejected  ({} from {sender})",
        shown(upload.sync_source.as_deref().unwrap_or(&upload.origin))
    )?;
    match &upload.error {
        Some(error) => writeln!(out, "        {}", shown_within(error, MESSAGE_COLUMNS_MAX)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_than_the_database_is_low() {
        let check = |bytes, free_bytes, is_low| {
            let status =
                Status { bytes, free_bytes, change: 0, phones: Vec::new(), tables: Vec::new(), uploads: Vec::new() };
            let mut out = Vec::new();
            write_free(&status, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap().contains("low disk space"), is_low, "{status:?}");
        };
        check(1, None, false);
        check(1, Some(DISK_FREE_BYTES_MIN), false);
        check(1, Some(DISK_FREE_BYTES_MIN - 1), true);
        check(10 * DISK_FREE_BYTES_MIN, Some(9 * DISK_FREE_BYTES_MIN), true);
    }
}
