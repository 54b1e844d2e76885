//! `healthsink demo`: a made-up household to look at, in a separate database, served on this machine until Ctrl-C.
//!
//! The household comes in as uploads do. Its folder is temporary unless a file is named.

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::arguments::{Outcome, parse_listen};
use super::interrupt::{exit_code, watch_both};
use super::print::{FormArgument, Printable, print};
use super::token::add_reader;
use crate::demo::{DAYS_DEFAULT, HOME, Household, PERSON};
use crate::formats::payload::Options;
use crate::ingest::ingest;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::record::ME;
use crate::serve::config::{PORT_DEFAULT, Serve};
use crate::serve::{check_listen, serve_with};
use crate::store::writer::Writer;
use crate::store::{Database, Origin, OriginKind, Store, now_ms};

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// A new SQLite file to keep; without it, a temporary one that is deleted at the end
    // Without a variable: HEALTHSINK_DB names a real file.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, env = "HEALTHSINK_LISTEN", value_name = "ADDRESS", value_parser = parse_listen,
        default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT_DEFAULT)))]
    listen: SocketAddr,
    /// For how many days until today the household is known
    #[arg(long, env = "HEALTHSINK_DAYS", value_name = "NUMBER", default_value_t = DAYS_DEFAULT,
        value_parser = clap::value_parser!(u32).range(1..=20_000))]
    days: u32,
    /// Another number makes other people
    #[arg(long, env = "HEALTHSINK_SEED", value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    form: FormArgument,
}

impl DemoArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        check_listen(self.listen)?;
        let place = Arc::new(Place::new(self.db.as_deref())?);
        let is_served = Arc::new(AtomicBool::new(false));
        let (unfinished, killed, serves) = (Arc::clone(&place), Arc::clone(&place), Arc::clone(&is_served));
        let first = move |signal| {
            // The server ends in order by itself.
            if !serves.load(Ordering::Relaxed) {
                unfinished.delete();
                std::process::exit(i32::from(exit_code(signal)));
            }
        };
        watch_both(first, move || killed.delete());
        let served = self.make(&place.db).and_then(|(records, token, code)| {
            let ready = |address| {
                let url = format!("{}#/sign-in?code={code}", url(address));
                print(&Ready { url, token, records, db: place.kept() }, self.form.form())
            };
            let mut config = Serve::new(place.db.clone());
            (config.listen, config.home) = (self.listen, Some(HOME.to_owned()));
            config.is_temporary = place.folder.is_some();
            is_served.store(true, Ordering::Relaxed);
            // Either of both that wait for a second signal may be the first to end the program.
            let killed = Arc::clone(&place);
            serve_with(&config, ready, move || killed.delete())
        });
        place.delete();
        served.map(|()| Outcome::Done)
    }

    /// Makes the household. Returns how many records it has, a token that reads them, and a code to sign in with.
    fn make(&self, db: &Path) -> Result<(u64, String, String)> {
        let (database, began) = (Database::new(db), Instant::now());
        // A new database has somebody without a name.
        drop(Store::open(&database)?);
        database.rename_person(ME, PERSON)?;
        let writer = Writer::start(&database)?;
        let household = Household { seed: self.seed, days: self.days, now_ms: now_ms() };
        let mut records = 0;
        for (person, body) in household.payloads() {
            let person = Some(person.to_owned());
            let origin = Origin { kind: OriginKind::Http, sender: "demo".to_owned(), person, token: None };
            let summary = ingest(body.as_slice(), origin, Options::default(), writer.handle());
            records += summary.map_err(|aborted| aborted.error)?.counts.new;
        }
        writer.derive(Some(HOME.to_owned()))?;
        writer.stop()?;
        let (id, token) = add_reader(&database, PERSON, Some("demo"))?;
        let code = database.add_code(id)?;
        tracing::info!(records, seconds = %format_args!("{:.1}", began.elapsed().as_secs_f64()), "the household of the demo is ready");
        Ok((records, token, code))
    }
}

/// The address of the page for this machine.
fn url(address: SocketAddr) -> String {
    let is_any = address.ip().is_unspecified();
    let address = if is_any { SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())) } else { address };
    format!("http://{address}/")
}

/// Where the database of the demo is.
#[derive(Debug)]
struct Place {
    db: PathBuf,
    /// The folder to delete at the end.
    folder: Option<PathBuf>,
}

impl Place {
    fn new(named: Option<&Path>) -> Result<Self> {
        if let Some(db) = named {
            if db.exists() {
                let message = format!("{} exists; name a new file, or leave out --db", db.display());
                return Err(Error::usage(message));
            }
            return Ok(Self { db: db.to_owned(), folder: None });
        }
        let folder = std::env::temp_dir().join(format!("healthsink-demo-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(|error| {
            let message = format!("cannot make the folder {}: {error}; name a file with --db", folder.display());
            Error::new(ErrorKind::Io, message)
        })?;
        Ok(Self { db: folder.join("demo.db"), folder: Some(folder) })
    }

    /// The file, if it is kept.
    fn kept(&self) -> Option<PathBuf> {
        self.folder.is_none().then(|| self.db.clone())
    }

    /// Deletes what is temporary.
    fn delete(&self) {
        if let Some(folder) = &self.folder {
            // What stays is in the system's folder for such files.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Use of the demo.
#[derive(Debug, Serialize)]
struct Ready {
    url: String,
    token: String,
    records: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    db: Option<PathBuf>,
}

impl Printable for Ready {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { url, token, records, db } = self;
        writeln!(out, "A made-up household of {records} records. Open this page within ten minutes:\n\n  {url}\n")?;
        writeln!(out, "Later, and for the API, there is a token that reads it:\n\n  {token}\n")?;
        match db {
            Some(db) => writeln!(out, "The data stays in {}. Ctrl-C ends the server.", db.display()),
            None => writeln!(out, "Ctrl-C ends the server and deletes the data."),
        }
    }
}
