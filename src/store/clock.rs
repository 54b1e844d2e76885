//! The clock of the ledger.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The form of times that SQLite formats for people: ISO 8601, in seconds, UTC.
pub(super) const ISO_SECONDS: &str = "'%Y-%m-%dT%H:%M:%SZ'";
