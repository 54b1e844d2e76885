//! What followers report of themselves, from the files that they write beside the database.

use std::io::{self, Write};

use serde::Serialize;

use super::table::{ago, counted, shown, shown_within};
use crate::model::follower::{Follower, FollowerFault, FollowerStage};
use crate::model::limits::{MESSAGE_COLUMNS_MAX, NAME_COLUMNS_MAX};
use crate::model::time::to_iso_seconds;
use crate::store::{Kept, now_ms};

/// A follower, and how far it is behind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FollowerRow {
    name: String,
    target: String,
    #[serde(skip)]
    stage: FollowerStage,
    /// The same in a word.
    state: &'static str,
    /// Changes that the target does not have yet.
    behind: i64,
    /// When the target last had everything, UTC.
    last_success: Option<String>,
    last_success_seconds_ago: Option<i64>,
    /// Points or messages that it has taken, and those that it refuses.
    sent: u64,
    rejected: u64,
    /// Points outside of the years that targets have.
    left_out: u64,
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
pub(super) fn read(kept: &Kept, newest: i64) -> Vec<FollowerRow> {
    let now_ms = now_ms();
    let row = |follower: Follower| {
        let behind = follower.state.behind(newest, newest);
        let (stage, state) = (follower.stage(behind), follower.state);
        FollowerRow {
            stage,
            state: stage.name(),
            behind,
            name: state.name,
            target: state.target,
            last_success: state.last_success_ms.map(to_iso_seconds),
            last_success_seconds_ago: state.last_success_ms.map(|at_ms| now_ms.saturating_sub(at_ms) / 1000),
            sent: state.sent,
            rejected: state.rejected,
            left_out: state.left_out,
            undeleted: state.undeleted,
            fault: state.fault.map(|FollowerFault { since_ms, is_stopped, message }| Fault {
                since: to_iso_seconds(since_ms),
                is_stopped,
                message,
            }),
        }
    };
    kept.followers().unwrap_or_default().into_iter().map(row).collect()
}

/// Writes them for people.
pub(super) fn write(followers: &[FollowerRow], out: &mut dyn Write) -> io::Result<()> {
    if !followers.is_empty() {
        writeln!(out, "\nfollowers")?;
    }
    followers.iter().try_for_each(|follower| {
        let (name, target) = (shown(&follower.name), shown_within(&follower.target, NAME_COLUMNS_MAX));
        write!(out, "  {name}: {target} {}", level(follower))?;
        for (count, name, became) in [
            (follower.rejected, "point", "refused"),
            (follower.left_out, "point", "outside of the years 1677 to 2262 left out"),
            (follower.undeleted, "deletion", "unknown there"),
        ] {
            if count > 0 {
                write!(out, ", {} {became}", counted(count, name))?;
            }
        }
        writeln!(out)?;
        let state = match follower.stage {
            FollowerStage::NotRunning if follower.fault.is_some() => "does not run, and waited before",
            FollowerStage::NotRunning => "does not run",
            FollowerStage::Stopped => "stopped",
            FollowerStage::Waiting => "waits",
            FollowerStage::Current | FollowerStage::Behind => return Ok(()),
        };
        match &follower.fault {
            Some(fault) => {
                let message = shown_within(&fault.message, MESSAGE_COLUMNS_MAX);
                writeln!(out, "    {state}, since {}: {message}", fault.since)
            }
            None => writeln!(out, "    {state}"),
        }
    })
}

/// What the target has, and when it last had everything.
fn level(follower: &FollowerRow) -> String {
    let changes = || counted(follower.behind.unsigned_abs(), "change");
    match (follower.behind, follower.last_success_seconds_ago) {
        (0, Some(seconds)) => format!("has everything, as of {}", ago(seconds)),
        (_, Some(seconds)) => format!("lacks {}, had everything {}", changes(), ago(seconds)),
        // So that it may have some.
        (_, None) => format!("has not had everything yet, and lacks {}", changes()),
    }
}
