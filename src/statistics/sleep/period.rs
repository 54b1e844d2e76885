//! A period of sleep: parts of both layers without a gap of an hour between them.

use crate::model::limits::SLEEP_SEGMENTS_MAX;

use super::super::groups::RankSet;
use super::super::zone::ZoneId;
use super::layers::{Entry, Stage};

/// A part of a night with one stage, by one source group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment {
    /// First instant, in milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// The instant behind it.
    pub to_ms: i64,
    /// Its stage.
    pub stage: Stage,
    /// The rank of its group, see [`crate::statistics::Ranks::group`].
    pub rank: u16,
}

/// Time in which the same samples count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    pub(super) asleep: Option<(u16, Entry)>,
    pub(super) in_bed: Option<(u16, Entry)>,
}

/// What a period has had so far.
#[derive(Clone, Debug)]
pub(super) struct Collected {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    /// By stage.
    pub(super) time_ms: [i64; 6],
    /// From the first to the last sample of the layer of sleep.
    pub(super) layer_ms: Option<(i64, i64)>,
    pub(super) asleep_from_ms: Option<i64>,
    pub(super) asleep_to_ms: Option<i64>,
    pub(super) awakenings: u32,
    /// Awake since the last sleep.
    is_interrupted: bool,
    pub(super) zone: Option<ZoneId>,
    pub(super) ranks: RankSet,
    pub(super) segments: Vec<Segment>,
    pub(super) in_bed: Vec<Segment>,
    pub(super) is_cut: bool,
}

impl Collected {
    pub(super) fn new(from_ms: i64) -> Self {
        Self {
            from_ms,
            to_ms: from_ms,
            time_ms: [0; 6],
            layer_ms: None,
            asleep_from_ms: None,
            asleep_to_ms: None,
            awakenings: 0,
            is_interrupted: false,
            zone: None,
            ranks: RankSet::default(),
            segments: Vec::new(),
            in_bed: Vec::new(),
            is_cut: false,
        }
    }

    pub(super) fn asleep_ms(&self) -> i64 {
        let [_, unspecified, _, core, deep, rem] = self.time_ms;
        unspecified + core + deep + rem
    }

    pub(super) fn add(&mut self, slice: Slice) {
        self.to_ms = slice.to_ms;
        let layers = [slice.asleep, slice.in_bed];
        for (rank, entry) in layers.into_iter().flatten() {
            self.time_ms[entry.stage as usize] += slice.to_ms - slice.from_ms;
            self.zone = self.zone.or(entry.zone);
            self.ranks.insert(rank);
            let segments = if entry.stage == Stage::InBed { &mut self.in_bed } else { &mut self.segments };
            self.is_cut |= !extend(segments, &slice, entry.stage, rank);
        }
        let Some((_, entry)) = slice.asleep else {
            return;
        };
        self.layer_ms = Some((self.layer_ms.map_or(slice.from_ms, |(from_ms, _)| from_ms), slice.to_ms));
        if entry.stage.is_asleep() {
            self.awakenings += u32::from(self.is_interrupted);
            self.is_interrupted = false;
            self.asleep_from_ms.get_or_insert(slice.from_ms);
            self.asleep_to_ms = Some(slice.to_ms);
        } else {
            self.is_interrupted = self.asleep_from_ms.is_some();
        }
    }
}

/// Adds a part, or makes the last one longer. Returns false if there are too many.
fn extend(segments: &mut Vec<Segment>, slice: &Slice, stage: Stage, rank: u16) -> bool {
    let is_full = segments.len() >= SLEEP_SEGMENTS_MAX;
    match segments.last_mut() {
        Some(last) if last.to_ms == slice.from_ms && (last.stage, last.rank) == (stage, rank) => {
            last.to_ms = slice.to_ms;
        }
        _ if is_full => return false,
        _ => segments.push(Segment { from_ms: slice.from_ms, to_ms: slice.to_ms, stage, rank }),
    }
    true
}
