//! What a follower reports of itself in its file beside the database, which `healthsink status` and the server read.

use serde::{Deserialize, Serialize};

use super::limits::FOLLOWER_NAME_BYTES_MAX;

/// Whether a text may be a follower's name: it is part of a file's.
#[must_use]
pub fn is_follower_name(text: &str) -> bool {
    let is_usable = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=FOLLOWER_NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_usable)
}

/// A follower, as it last wrote it down.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FollowerState {
    /// Its name: `influx`, `webhook`, or that of `--name`.
    pub name: String,
    /// The target, without secrets.
    pub target: String,
    /// The last number of `changes` up to which the target has everything, figures also.
    pub change: i64,
    /// When the target last had everything, in milliseconds since 1970-01-01 UTC.
    pub last_success_ms: Option<i64>,
    /// Points or messages that the target has taken since the cursor began.
    pub sent: u64,
    /// Points that the target has refused for good.
    pub rejected: u64,
    /// Points that no target takes: their time has no nanoseconds in 64 bits.
    pub left_out: u64,
    /// Deletions that the target does not know: what they were to remove may still be there.
    pub undeleted: u64,
    /// The fault that stops or delays it.
    pub fault: Option<FollowerFault>,
}

impl FollowerState {
    /// How many changes the target does not have, of those up to `last`: all if it has those of another copy of the database, whose
    /// numbers go beyond the newest one of this.
    #[must_use]
    pub fn behind(&self, last: i64, newest: i64) -> i64 {
        if self.change > newest { last } else { last.saturating_sub(self.change).max(0) }
    }
}

/// A follower, and whether its process runs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Follower {
    /// What it last wrote down.
    pub state: FollowerState,
    /// Whether its process runs; `None` if that cannot be seen.
    pub is_running: Option<bool>,
}

/// What a follower does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FollowerStage {
    /// Its target has everything.
    Current,
    /// It sends what its target does not have yet.
    Behind,
    /// Its target does not take anything for now; it tries again.
    Waiting,
    /// It has ended, and somebody has to change something before it is started again.
    Stopped,
    /// Its process does not run.
    NotRunning,
}

impl FollowerStage {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Behind => "behind",
            Self::Waiting => "waiting",
            Self::Stopped => "stopped",
            Self::NotRunning => "not_running",
        }
    }
}

impl Follower {
    /// What it does, if its target lacks so many changes.
    #[must_use]
    pub fn stage(&self, behind: i64) -> FollowerStage {
        let fault = self.state.fault.as_ref();
        match (self.is_running, fault) {
            (Some(false), Some(fault)) if fault.is_stopped => FollowerStage::Stopped,
            (Some(false), _) => FollowerStage::NotRunning,
            (None, Some(fault)) if fault.is_stopped => FollowerStage::Stopped,
            // One that was started again after it had stopped has not reached its target yet.
            (_, Some(fault)) if !fault.is_stopped => FollowerStage::Waiting,
            _ if behind > 0 => FollowerStage::Behind,
            _ => FollowerStage::Current,
        }
    }
}

/// A fault that stops or delays a follower.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FollowerFault {
    /// Since when, in milliseconds since 1970-01-01 UTC.
    pub since_ms: i64,
    /// Whether it has ended, and somebody has to change something before it is started again.
    pub is_stopped: bool,
    /// The fault and its remedy.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_of_another_copy_has_nothing_of_this_one() {
        let check = |change, newest, expected| {
            let state = FollowerState { change, ..FollowerState::default() };
            assert_eq!(state.behind(6.min(newest), newest), expected, "{change} {newest}");
        };
        check(0, 7, 6);
        check(5, 7, 1);
        check(7, 7, 0);
        check(9, 7, 6);
        check(0, 0, 0);
    }

    #[test]
    fn a_follower_that_does_not_run_neither_sends_nor_waits() {
        let check = |is_running, fault: Option<bool>, behind, expected| {
            let fault = fault.map(|is_stopped| FollowerFault { is_stopped, ..FollowerFault::default() });
            let follower = Follower { state: FollowerState { fault, ..FollowerState::default() }, is_running };
            assert_eq!(follower.stage(behind).name(), expected, "{follower:?} {behind}");
        };
        check(Some(true), None, 0, "current");
        check(Some(true), None, 3, "behind");
        check(Some(true), Some(false), 3, "waiting");
        check(Some(true), Some(true), 3, "behind");
        check(Some(false), None, 0, "not_running");
        check(Some(false), Some(false), 3, "not_running");
        check(Some(false), Some(true), 3, "stopped");
        check(None, None, 3, "behind");
        check(None, Some(false), 3, "waiting");
        check(None, Some(true), 0, "stopped");
    }
}
