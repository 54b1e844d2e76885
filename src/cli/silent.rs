//! `healthsink status --silent`: phones that have not sent for long, for a timer that reports them.

use std::io::{self, Write};

use super::arguments::Outcome;
use super::print::{Form, print_by};
use super::store::Place;
use super::table::{Align, Table, ago};
use crate::model::error::{Result, into_io};
use crate::store::{SilentRow, now_ms};

/// Prints them. The outcome is [`Outcome::Incomplete`] if there are any.
pub(super) fn print(place: &Place, period_ms: i64, person: Option<&str>, form: Form) -> Result<Outcome> {
    let since_ms = now_ms().saturating_sub(period_ms);
    let mut count = 0;
    print_by(|out| {
        count = match form {
            Form::Text => write_text(place, since_ms, person, out)?,
            Form::Json => write_json(place, since_ms, person, out)?,
        };
        Ok(())
    })?;
    Ok(Outcome::done_if(count == 0))
}

fn write_text(place: &Place, since_ms: i64, person: Option<&str>, out: &mut dyn Write) -> io::Result<u64> {
    let mut table = Table::new([("person", Align::Left), ("phone", Align::Left), ("last upload", Align::Left)]);
    let mut count = 0;
    let read = place.silent(since_ms, person, |row| {
        count += 1;
        let SilentRow { person, token, label, silent_seconds, .. } = &row;
        let phone = label.clone().unwrap_or_else(|| format!("token {token}"));
        let last = match row.last_upload {
            Some(_) => ago(*silent_seconds),
            None => format!("none, made {}", ago(*silent_seconds)),
        };
        table.push([person, &phone, &last]);
    });
    read.map_err(into_io)?;
    if count == 0 {
        writeln!(out, "No phone is silent.")?
    } else {
        table.write(out)?
    }
    Ok(count)
}

/// Writes each as it is read, so that memory does not depend on their number.
fn write_json(place: &Place, since_ms: i64, person: Option<&str>, out: &mut dyn Write) -> io::Result<u64> {
    let (mut count, mut written) = (0, out.write_all(b"["));
    let read = place.silent(since_ms, person, |row| {
        if written.is_ok() {
            let separator: &[u8] = if count == 0 { b"" } else { b"," };
            written = out.write_all(separator).and_then(|()| Ok(serde_json::to_writer(&mut *out, &row)?));
        }
        count += 1;
    });
    read.map_err(into_io)?;
    written?;
    writeln!(out, "]")?;
    Ok(count)
}
