//! What kept a client out: the last of each kind, which the server remembers beside the database for `healthsink status`.

use serde::{Deserialize, Serialize};

/// The last time that something of a kind kept a client out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Obstacle {
    /// The kind, in one word: `unknownPath`, `revokedToken`.
    pub kind: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub last_ms: i64,
    /// The client's address.
    pub address: String,
    /// The line of the log: what was wrong, and what to do.
    pub message: String,
}
