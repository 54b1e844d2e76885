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
    /// What keeps it from going on.
    pub fault: Option<FollowerFault>,
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
