//! A change for good that was agreed to: a backup, then one transaction. A signal before the commit leaves nothing behind.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::copies::follow_links;
use super::interrupt::{exit_code, watch};
use super::progress::Bar;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::BACKUPS_BEFORE_CHANGE_MAX;
use crate::model::lock::lock;
use crate::store::{Database, LastUpload, Replace, Stage, delete_partial, stamp, unused_path};

/// How far a change is, for the thread that waits for signals.
struct Change {
    state: Arc<Mutex<State>>,
}

struct State {
    stage: Stage,
    /// The backup that is being made.
    begun: Option<PathBuf>,
    /// The backup that is whole.
    backup: Option<PathBuf>,
}

/// Makes a backup if `backup` names the command, then the change. Both are made again if uploads came between them. Returns what the
/// change returns, and the backup.
///
/// `change` gets the last upload that the backup has, and returns `None` if another one came.
pub(super) fn make<T>(
    database: &Database,
    backup: Option<&str>,
    is_quiet: bool,
    mut change: impl FnMut(Option<LastUpload>, &dyn Fn(Stage)) -> Result<Option<T>>,
) -> Result<(T, Option<PathBuf>)> {
    let state = Change::begin();
    for _ in 0..BACKUPS_BEFORE_CHANGE_MAX {
        let last = match backup {
            Some(command) => {
                let last = database.wait_for_uploads()?;
                state.back_up(database, command, is_quiet)?;
                Some(last)
            }
            None => None,
        };
        match change(last, &|stage| lock(&state.state).stage = stage) {
            Ok(Some(done)) => return Ok((done, lock(&state.state).backup.take())),
            Ok(None) => state.undo(),
            Err(error) => {
                state.undo();
                return Err(error);
            }
        }
    }
    Err(Error::new(ErrorKind::Busy, "uploads came during each backup, so nothing was changed; try again later"))
}

impl Change {
    /// From now on, the first signal before the commit ends the program without a change.
    fn begin() -> Self {
        let state = Arc::new(Mutex::new(State { stage: Stage::Begun, begun: None, backup: None }));
        let noted = Arc::clone(&state);
        watch(move |signal| {
            // Held to the end of the program, so that no commit begins.
            let mut state = lock(&noted);
            let what = match state.stage {
                Stage::Begun => {
                    state.undo();
                    "nothing was changed"
                }
                Stage::Committing => {
                    drop(state);
                    return write("the change is being committed; another signal ends that at once");
                }
                Stage::Committed => "the change is made; `healthsink status` shows it",
            };
            write(what);
            std::process::exit(i32::from(exit_code(signal)));
        });
        Self { state }
    }

    fn back_up(&self, database: &Database, command: &str, is_quiet: bool) -> Result<()> {
        let target = target(database.path(), command);
        let bar = Bar::new("backup", Some(0), is_quiet);
        lock(&self.state).begun = Some(target.clone());
        let made = database.back_up(&target, Replace::Nothing, &mut |done, whole| bar.set(done, whole));
        let mut state = lock(&self.state);
        state.begun = None;
        made.map_err(|error| match error.kind() {
            ErrorKind::Full => {
                let folder = target.parent().unwrap_or(Path::new("")).display();
                let message =
                    format!("no space for the backup in {folder}; free some, or add --no-backup; nothing was changed");
                Error::new(ErrorKind::Full, message)
            }
            _ => error,
        })?;
        state.backup = Some(target);
        Ok(())
    }

    /// Deletes the backup, unless the change is made.
    fn undo(&self) {
        let mut state = lock(&self.state);
        if state.stage != Stage::Committed {
            state.undo();
        }
    }
}

impl State {
    /// Deletes the backup of a change that is not made.
    fn undo(&mut self) {
        if let Some(begun) = self.begun.take() {
            delete_partial(&begun);
        }
        if let Some(backup) = self.backup.take() {
            // If this fails, a copy is left, which harms nothing.
            let _ = std::fs::remove_file(backup);
        }
    }
}

/// The backup's name, beside the database. A second one of a second has a number.
fn target(database: &Path, command: &str) -> PathBuf {
    let mut stem = follow_links(database).into_os_string();
    stem.push(format!(".before-{command}-{}", stamp()));
    unused_path(Path::new(&stem))
}

fn write(what: &str) {
    let _ = writeln!(io::stderr(), "healthsink: interrupted: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_backup_is_left_only_of_a_change_that_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        drop(Store::open(&database).unwrap());
        let backups = || {
            let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
            names.filter(|name| name.to_string_lossy().contains("before-test")).count()
        };
        let failed = || Err(Error::new(ErrorKind::Full, "full"));
        let check = |stage, expected: usize| {
            let outcome: Result<((), _)> = make(&database, Some("test"), true, |_, enter| {
                enter(stage);
                assert_eq!(backups(), 1);
                failed()
            });
            assert_eq!((outcome.is_err(), backups()), (true, expected), "{stage:?}");
        };
        check(Stage::Begun, 0);
        check(Stage::Committing, 0);
        // Each time, uploads came.
        let mut calls = 0;
        let outcome: Result<((), _)> = make(&database, Some("test"), true, |last, _| {
            assert_eq!((last.is_some(), backups()), (true, 1));
            calls += 1;
            Ok(None)
        });
        assert_eq!((outcome.unwrap_err().kind(), calls, backups()), (ErrorKind::Busy, BACKUPS_BEFORE_CHANGE_MAX, 0));
        let mut calls = 0;
        let ((), backup) = make(&database, Some("test"), true, |_, _| {
            calls += 1;
            Ok((calls == 2).then_some(()))
        })
        .unwrap();
        assert_eq!(backups(), 1);
        std::fs::remove_file(backup.unwrap()).unwrap();
        check(Stage::Committed, 1);
        let ((), backup) = make(&database, None, true, |last, _| Ok(last.is_none().then_some(()))).unwrap();
        assert_eq!(backup, None);
    }
}
