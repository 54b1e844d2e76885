//! Write-back ahead of a commit: while an upload is read, the system writes its part of the WAL to the disk. The commit, for which
//! the answer waits, then has little left to write.
//!
//! This changes no promise: SQLite itself syncs the WAL in each commit. A failure is reported to SQLite's own descriptor also (Linux
//! since 4.13), so it fails the commit.

use std::fs::File;
use std::path::PathBuf;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::model::limits::WRITE_BACK_ROWS;
use crate::store::database::Database;

/// Asks for the write-back of a database's WAL. The thread that does it starts with the first long upload, and ends with this.
#[derive(Debug)]
pub(super) struct WriteBack {
    wal: PathBuf,
    rows: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    NotStarted,
    Running(Sender<()>),
    /// It has failed, or the system syncs otherwise.
    Off,
}

impl WriteBack {
    pub(super) fn of(database: &Database) -> Self {
        // Elsewhere a sync empties the disk's own cache, also for a file that others sync a moment later.
        let state = if cfg!(target_os = "linux") { State::NotStarted } else { State::Off };
        Self { wal: database.wal_path(), rows: 0, state }
    }

    /// Notes rows that were written, and has them written back once there are enough.
    pub(super) fn note_rows(&mut self, rows: usize) {
        self.rows += rows;
        if self.rows < WRITE_BACK_ROWS {
            return;
        }
        self.rows = 0;
        if matches!(self.state, State::NotStarted) {
            self.state = self.start();
        }
        if let State::Running(wake) = &self.state {
            // One request that waits is enough.
            if wake.try_send(()).is_err_and(|error| error.is_disconnected()) {
                self.state = State::Off;
            }
        }
    }

    /// Notes a commit: nothing is left to be written.
    pub(super) fn note_commit(&mut self) {
        self.rows = 0;
    }

    fn start(&self) -> State {
        let (wake, wakes) = bounded(1);
        let Ok(wal) = File::open(&self.wal) else { return State::Off };
        let thread = thread::Builder::new().name("write-back".to_owned()).spawn(move || write_back(&wal, &wakes));
        if thread.is_ok() { State::Running(wake) } else { State::Off }
    }
}

/// Writes back at each request, until the other end is gone or the disk fails.
fn write_back(wal: &File, wakes: &Receiver<()>) {
    while wakes.recv().is_ok() {
        if let Err(error) = wal.sync_data() {
            tracing::warn!(%error, "could not write the WAL to the disk ahead of a commit");
            return;
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn beside(folder: &tempfile::TempDir) -> WriteBack {
        WriteBack::of(&Database::new(folder.path().join("health.db")))
    }

    #[test]
    fn starts_with_the_first_long_upload() {
        let folder = tempfile::tempdir().unwrap();
        let mut write_back = beside(&folder);
        File::create(&write_back.wal).unwrap();
        write_back.note_rows(WRITE_BACK_ROWS - 1);
        assert!(matches!(write_back.state, State::NotStarted));
        // Small uploads, each with a commit, have nothing to be written ahead.
        write_back.note_commit();
        write_back.note_rows(WRITE_BACK_ROWS - 1);
        assert!(matches!(write_back.state, State::NotStarted));
        write_back.note_rows(1);
        assert!(matches!(write_back.state, State::Running(_)));
    }

    #[test]
    fn without_a_wal_it_is_off() {
        let mut write_back = beside(&tempfile::tempdir().unwrap());
        write_back.note_rows(WRITE_BACK_ROWS);
        assert!(matches!(write_back.state, State::Off));
        write_back.note_rows(WRITE_BACK_ROWS);
    }

    #[test]
    fn a_failed_sync_ends_it() {
        // A pipe cannot be synced.
        let (reader, _writer) = std::io::pipe().unwrap();
        let (wake, wakes) = bounded(1);
        let wal = File::from(std::os::fd::OwnedFd::from(reader));
        let thread = thread::spawn(move || write_back(&wal, &wakes));
        wake.send(()).unwrap();
        thread.join().unwrap();
        assert!(wake.try_send(()).is_err_and(|error| error.is_disconnected()));
    }
}
