//! The wait for the first upload with the new token, and what keeps the phone out meanwhile.

use std::io::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;

use serde::Serialize;

use crate::cli::obstacles::{self, KeptOut};
use crate::cli::print::{Form, Printable, print};
use crate::cli::table::{shown, shown_within};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{ARRIVAL_INTERVAL, MESSAGE_COLUMNS_MAX};
use crate::serve::facts::ServerFacts;
use crate::store::{ArrivedUpload, Database};

/// The awaited event.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) database: Database,
    pub(super) token: i64,
    /// Obstacles that were known before.
    pub(super) seen: Snapshot,
    pub(super) form: Form,
}

/// When something of each kind kept a client out last. Clocks may go back, so no time is later than another.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot(Vec<(String, i64)>);

impl Snapshot {
    pub(super) fn of(database: &Database) -> Self {
        Self(obstacles::read(database).into_iter().map(|obstacle| (obstacle.kind, obstacle.last_ms)).collect())
    }

    fn has(&self, obstacle: &KeptOut) -> bool {
        self.0.iter().any(|(kind, last_ms)| (kind, last_ms) == (&obstacle.kind, &obstacle.last_ms))
    }
}

/// A wait on another thread.
pub(super) struct Watch {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Ends the wait.
    pub(super) fn end(self) {
        drop(self.stop);
        // It ends within one look; a panic of it was logged.
        let _ = self.thread.join();
    }
}

/// The first upload, as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct First {
    first_upload: ArrivedUpload,
}

impl Printable for First {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let ArrivedUpload { id, person, sender, records, new, rejected, .. } = &self.first_upload;
        let (person, sender) = (shown(person), shown(sender.as_deref().unwrap_or("unknown")));
        writeln!(
            out,
            "The first upload is here: {records} records of {person} from {sender}, {new} new, {rejected} rejected (upload {id}).\n\
             `healthsink status` shows what there is."
        )
    }
}

impl Arrival {
    /// Waits beside another server. Prints what it says of the phone.
    pub(super) fn wait(&self) -> Result<()> {
        let (_stop, stopped) = sync_channel::<()>(0);
        self.until(|| stopped.recv_timeout(ARRIVAL_INTERVAL) == Err(RecvTimeoutError::Timeout), true)
    }

    /// Waits on another thread, while this one serves and logs what keeps the phone out.
    pub(super) fn watch(self) -> Result<Watch> {
        let (stop, stopped) = sync_channel::<()>(0);
        let wait = move || {
            let goes_on = || stopped.recv_timeout(ARRIVAL_INTERVAL) == Err(RecvTimeoutError::Timeout);
            if let Err(error) = self.until(goes_on, false) {
                tracing::warn!(%error, "setup cannot see whether the first upload arrives");
            }
        };
        let thread = std::thread::Builder::new()
            .name("setup".to_owned())
            .spawn(wait)
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot wait for the first upload: {error}")))?;
        Ok(Watch { stop, thread })
    }

    /// Looks again and again, until the upload is there or `goes_on` returns false.
    fn until(&self, goes_on: impl Fn() -> bool, beside_server: bool) -> Result<()> {
        let (mut seen, mut failed, mut is_there) = (self.seen.clone(), 0, true);
        while goes_on() {
            if beside_server {
                seen = self.show_obstacles(&seen);
                is_there = self.show_server(is_there);
            }
            let Some(upload) = self.database.last_upload(self.token)? else {
                continue;
            };
            if upload.state == "done" {
                return print(&First { first_upload: upload }, self.form);
            }
            if upload.state == "aborted" && upload.id != failed {
                failed = upload.id;
                let error = shown_within(upload.error.as_deref().unwrap_or_default(), MESSAGE_COLUMNS_MAX);
                tracing::warn!("upload {failed} failed: {error}");
            }
        }
        Ok(())
    }

    /// Logs what kept clients out since the last look. Returns what is known now.
    fn show_obstacles(&self, seen: &Snapshot) -> Snapshot {
        let now = obstacles::read(&self.database);
        for obstacle in now.iter().rev().filter(|obstacle| !seen.has(obstacle)) {
            let message = shown_within(&obstacle.message, MESSAGE_COLUMNS_MAX);
            tracing::warn!(peer = shown(&obstacle.address), "the server refused a client: {message}");
        }
        Snapshot(now.into_iter().map(|obstacle| (obstacle.kind, obstacle.last_ms)).collect())
    }

    /// Says that the server has ended, if it was there at the last look. Returns whether it is there.
    fn show_server(&self, was_there: bool) -> bool {
        let is_there = ServerFacts::of(&self.database).is_some();
        if was_there && !is_there {
            tracing::warn!("the server has ended; start it again: setup still waits for the first upload");
        }
        is_there
    }
}
