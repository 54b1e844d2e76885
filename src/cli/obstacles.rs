//! What kept clients out, from the file that the server writes beside the database.

use serde::Serialize;

use crate::model::limits::{OBSTACLES_MAX, OBSTACLES_SHOWN};
use crate::model::obstacle::Obstacle;
use crate::model::time::to_iso_seconds;
use crate::store::{Database, now_ms};

/// An obstacle with its age.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptOut {
    pub(super) kind: String,
    /// When, UTC.
    last: String,
    pub(super) seconds_ago: i64,
    pub(super) address: String,
    pub(super) message: String,
    #[serde(skip)]
    pub(super) last_ms: i64,
}

impl KeptOut {
    /// Whether it is recent enough to be shown to people.
    pub(super) fn is_recent(&self) -> bool {
        self.seconds_ago < i64::try_from(OBSTACLES_SHOWN.as_secs()).unwrap_or(i64::MAX)
    }
}

/// Reads the last obstacle of each kind, the latest first; none if the file is missing or is not the server's.
pub(super) fn read(database: &Database) -> Vec<KeptOut> {
    let mut obstacles: Vec<Obstacle> = serde_json::from_slice(&database.read_obstacles()).unwrap_or_default();
    obstacles.truncate(OBSTACLES_MAX);
    obstacles.sort_by_key(|obstacle| std::cmp::Reverse(obstacle.last_ms));
    let now_ms = now_ms();
    let with_age = |Obstacle { kind, last_ms, address, message }: Obstacle| KeptOut {
        kind,
        last: to_iso_seconds(last_ms),
        seconds_ago: now_ms.saturating_sub(last_ms) / 1000,
        address,
        message,
        last_ms,
    };
    obstacles.into_iter().map(with_age).collect()
}
