//! What followers report of themselves, from the files that they write beside the database.

use std::io::{self, Write};

use serde::Serialize;

use super::table::{ago, counted, shown, shown_within};
use crate::model::follower::{FollowerFault, FollowerState};
use crate::model::limits::{MESSAGE_COLUMNS_MAX, NAME_COLUMNS_MAX};
use crate::model::time::to_iso_seconds;
use crate::store::{Database, now_ms};

/// A follower, and how far it is behind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FollowerRow {
    name: String,
    target: String,
    /// Changes that the target does not have yet.
    behind: i64,
    /// When the target last had everything, UTC.
    last_success: Option<String>,
    last_success_seconds_ago: Option<i64>,
    /// Points or messages that it has taken, and those that it refuses.
    sent: u64,
    rejected: u64,
    /// Deletions that it does not know.
    undeleted: u64,
    fault: Option<Fault>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fault {
    since: String,
    is_stopped: bool,
    message: String,
}

/// Reads the followers of a database whose last change is `newest`.
pub(super) fn read(database: &Database, newest: i64) -> Vec<FollowerRow> {
    let now_ms = now_ms();
    let states = database.read_followers().into_iter().filter_map(|bytes| serde_json::from_slice(&bytes).ok());
    let row = |state: FollowerState| FollowerRow {
        behind: state.behind(newest),
        name: state.name,
        target: state.target,
        last_success: state.last_success_ms.map(to_iso_seconds),
        last_success_seconds_ago: state.last_success_ms.map(|at_ms| now_ms.saturating_sub(at_ms) / 1000),
        sent: state.sent,
        rejected: state.rejected,
        undeleted: state.undeleted,
        fault: state.fault.map(|FollowerFault { since_ms, is_stopped, message }| Fault {
            since: to_iso_seconds(since_ms),
            is_stopped,
            message,
        }),
    };
    states.map(row).collect()
}

/// Writes them for people.
pub(super) fn write(followers: &[FollowerRow], out: &mut dyn Write) -> io::Result<()> {
    if !followers.is_empty() {
        writeln!(out, "\nfollowers")?;
    }
    followers.iter().try_for_each(|follower| {
        let (name, target) = (shown(&follower.name), shown_within(&follower.target, NAME_COLUMNS_MAX));
        let behind = match follower.behind {
            0 => "has everything".to_owned(),
            behind => format!("{} behind", counted(behind.unsigned_abs(), "change")),
        };
        let last = follower.last_success_seconds_ago.map_or_else(|| "never".to_owned(), ago);
        write!(out, "  {name}: {target} {behind}, last success {last}")?;
        for (count, name, became) in
            [(follower.rejected, "point", "refused"), (follower.undeleted, "deletion", "unknown there")]
        {
            if count > 0 {
                write!(out, ", {} {became}", counted(count, name))?;
            }
        }
        writeln!(out)?;
        match &follower.fault {
            Some(fault) => {
                let state = if fault.is_stopped { "stopped" } else { "waits" };
                let message = shown_within(&fault.message, MESSAGE_COLUMNS_MAX);
                writeln!(out, "    {state} since {}: {message}", fault.since)
            }
            None => Ok(()),
        }
    })
}
