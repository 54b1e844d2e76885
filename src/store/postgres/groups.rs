//! Memory for rows of workbenches on their way: the threads of uploads use it one after the other. The allocator would keep that of
//! each thread.

use std::sync::Mutex;

use super::copy::Encoder;
use crate::model::limits::{STAGE_ROW_BYTES, TRANSFER_GROUP_BYTES, WORKBENCHES_MAX};
use crate::model::lock::lock;

/// Bytes of one.
const BYTES: usize = TRANSFER_GROUP_BYTES + STAGE_ROW_BYTES;

/// Of each workbench and of the figures one gathers rows while PostgreSQL takes another.
const KEPT: usize = 2 * (WORKBENCHES_MAX + 1);

/// Encoders that nobody uses.
#[derive(Debug, Default)]
pub(super) struct Groups {
    idle: Mutex<Vec<Encoder>>,
}

impl Groups {
    /// One without rows.
    pub(super) fn take(&self) -> Encoder {
        let mut taken = lock(&self.idle).pop().unwrap_or_default();
        taken.reserve_first(BYTES);
        taken
    }

    /// Takes one back, and forgets its rows.
    pub(super) fn give_back(&self, mut rows: Encoder) {
        let mut idle = lock(&self.idle);
        if rows.has_memory() && idle.len() < KEPT {
            rows.clear(BYTES);
            idle.push(rows);
        }
    }
}
