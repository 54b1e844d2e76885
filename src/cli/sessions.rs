//! `healthsink sessions`: lists the browsers that are signed in, and signs them out. A running server sees a change at once.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::arguments::{DatabaseArgument, Outcome};
use super::print::{FormArgument, Printable, ResultArgument, print};
use super::store::StoreArgument;
use super::table::{Align, Table};
use crate::model::error::{Error, Result};
use crate::store::{EndedSessions, SessionRow};

#[derive(Debug, Subcommand)]
pub(super) enum SessionsArguments {
    /// List sessions: whose token each was begun with, when it was last used, when it ends
    List(ListArguments),
    /// End sessions: the next request of these browsers fails
    End(EndArguments),
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    #[command(flatten)]
    form: FormArgument,
}

#[derive(Debug, Args)]
pub(super) struct EndArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// Numbers of sessions, as `healthsink sessions list` prints them
    #[arg(required_unless_present = "all", value_name = "ID")]
    ids: Vec<i64>,
    /// End all sessions, and make codes for signing in invalid
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    result: ResultArgument,
}

impl SessionsArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        match self {
            Self::List(ListArguments { database, store, form }) => {
                print(&Sessions(store.place(database)?.sessions()?), form.form())
            }
            Self::End(arguments) => arguments.run(),
        }?;
        Ok(Outcome::Done)
    }
}

impl EndArguments {
    /// Ends all that exist, whatever else fails.
    fn run(&self) -> Result<()> {
        // A database that is missing is not made for this.
        let place = self.store.place(&self.database)?;
        place.sessions()?;
        let ended = place.end_sessions((!self.all).then_some(&self.ids))?;
        let unknown: Vec<String> =
            self.ids.iter().filter(|id| !ended.ended.contains(id)).map(ToString::to_string).collect();
        let printed = self.result.print(&ended);
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            return Err(Error::usage(format!("there is no session {unknown}; `healthsink sessions list` lists all")));
        }
        printed
    }
}

impl Printable for EndedSessions {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.ended.is_empty() {
            return writeln!(out, "no session has ended");
        }
        self.ended.iter().try_for_each(|id| writeln!(out, "session {id} has ended: that browser is signed out"))
    }
}

/// All valid sessions of a database.
#[derive(Serialize)]
struct Sessions(Vec<SessionRow>);

impl Printable for Sessions {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.0.is_empty() {
            return writeln!(out, "No browser is signed in; `healthsink token new --scope read --qr` shows how.");
        }
        let mut table = Table::new([
            ("id", Align::Right),
            ("token", Align::Right),
            ("person", Align::Left),
            ("label", Align::Left),
            ("created", Align::Left),
            ("last used", Align::Left),
            ("ends if not used", Align::Left),
        ]);
        for row in &self.0 {
            let (id, token) = (row.id.to_string(), row.token.to_string());
            let label = row.label.as_deref().unwrap_or_default();
            table.push([&id, &token, &row.person, label, &row.created, &row.last_used, &row.expires]);
        }
        table.write(out)
    }
}
