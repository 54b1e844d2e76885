//! What a follower reports of itself in its file beside the database, which `healthsink status` and the server read.

use serde::{Deserialize, Serialize};

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
    /// Deletions that the target does not know: what they were to remove may still be there.
    pub undeleted: u64,
    /// What keeps it from going on.
    pub fault: Option<FollowerFault>,
}

impl FollowerState {
    /// How many changes the target does not have, of those up to `newest`: all if it has those of another copy of the database.
    #[must_use]
    pub fn behind(&self, newest: i64) -> i64 {
        if self.change > newest { newest } else { newest.saturating_sub(self.change) }
    }
}

/// What keeps a follower from going on.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FollowerFault {
    /// Since when, in milliseconds since 1970-01-01 UTC.
    pub since_ms: i64,
    /// Whether it has ended, and somebody has to change something before it is started again.
    pub is_stopped: bool,
    /// What is wrong, and what to do.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_of_another_copy_has_nothing_of_this_one() {
        let check = |change, newest, expected| {
            let state = FollowerState { change, ..FollowerState::default() };
            assert_eq!(state.behind(newest), expected, "{change} {newest}");
        };
        check(0, 7, 7);
        check(5, 7, 2);
        check(7, 7, 0);
        check(9, 7, 7);
    }
}
