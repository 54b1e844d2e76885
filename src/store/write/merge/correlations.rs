//! Which correlations of one time an import has claimed, so that they are not read for each of its records.

use crate::model::identity::digest;
use crate::model::limits::{MATCH_CREDIT, SECOND_ROWS_MAX};
use crate::model::record::Uuid;

/// Where the search for correlations of one time begins: many may be claimed.
#[derive(Debug)]
pub(in crate::store) struct ClaimedCorrelations {
    time: [u8; 16],
    /// All rows up to this one are claimed.
    pub(in crate::store) last: Uuid,
    /// Claimed rows that may be read.
    pub(in crate::store) credit: usize,
}

impl Default for ClaimedCorrelations {
    fn default() -> Self {
        Self { time: [0; 16], last: [0; 16], credit: SECOND_ROWS_MAX }
    }
}

impl ClaimedCorrelations {
    /// Begins a search. Returns the row behind which it begins.
    pub(in crate::store) fn begin(&mut self, person: i64, kind: &str, start_ms: i64, end_ms: Option<i64>) -> Uuid {
        let times = [person, start_ms, end_ms.unwrap_or(i64::MIN)].map(i64::to_le_bytes);
        let time = digest(&[kind.as_bytes(), times.as_flattened()]);
        if self.time != time {
            (self.time, self.last) = (time, [0; 16]);
        }
        self.credit += MATCH_CREDIT;
        self.last
    }

    /// Forgets what another import or another program has changed.
    pub(super) fn forget(&mut self) {
        self.last = [0; 16];
    }
}
