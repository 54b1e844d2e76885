//! One layer of sleep: which sample counts at an instant.
//!
//! The best-ranked group counts. Within it a stage counts before awake, and awake before asleep without a stage; of two of these
//! the one that started last. An earlier one that also ends earlier never counts again, so the rest is a stack.

use crate::model::limits::STATISTICS_ACTIVE_MAX;

use super::super::groups::RankSet;
use super::super::zone::ZoneId;

/// What a sample of sleep reports.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// In bed, asleep or not.
    InBed,
    /// Asleep, no stage known.
    Unspecified,
    /// Awake.
    Awake,
    /// N1 and N2 of the AASM.
    Core,
    /// N3.
    Deep,
    /// REM.
    Rem,
}

impl Stage {
    /// Returns the stage by its number in HealthKit.
    #[must_use]
    pub fn of(value: i64) -> Option<Self> {
        const STAGES: [Stage; 6] =
            [Stage::InBed, Stage::Unspecified, Stage::Awake, Stage::Core, Stage::Deep, Stage::Rem];
        STAGES.get(usize::try_from(value).ok()?).copied()
    }

    /// Whether it is sleep.
    #[must_use]
    pub fn is_asleep(self) -> bool {
        matches!(self, Self::Unspecified | Self::Core | Self::Deep | Self::Rem)
    }

    /// Returns the stage as a word.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::InBed => "in bed",
            Self::Unspecified => "asleep",
            Self::Awake => "awake",
            Self::Core => "core",
            Self::Deep => "deep",
            Self::Rem => "REM",
        }
    }

    /// 0 counts before the others.
    fn class(self) -> usize {
        match self {
            Self::Core | Self::Deep | Self::Rem => 0,
            Self::Awake => 1,
            Self::Unspecified | Self::InBed => 2,
        }
    }
}

/// A sample under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    pub(super) stage: Stage,
    pub(super) zone: Option<ZoneId>,
}

/// The samples of one layer that are under way.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// For each rank and class a stack: the top started last and ends first.
    stacks: Vec<[Vec<Entry>; 3]>,
    active: RankSet,
    /// Entries in all stacks.
    pub(super) entries: usize,
    /// A sample that is not followed would have lasted until then.
    pub(super) approximate_until_ms: i64,
}

impl Layer {
    pub(super) fn new(ranks: usize) -> Self {
        let stacks = vec![[const { Vec::new() }; 3]; ranks];
        Self { stacks, active: RankSet::default(), entries: 0, approximate_until_ms: i64::MIN }
    }

    /// A sample starts.
    pub(super) fn push(&mut self, rank: u16, entry: Entry) {
        if self.entries >= STATISTICS_ACTIVE_MAX {
            self.approximate_until_ms = self.approximate_until_ms.max(entry.end_ms);
            return;
        }
        let stack = &mut self.stacks[usize::from(rank)][entry.stage.class()];
        let before = stack.len();
        let key = |entry: &Entry| (entry.start_ms, entry.stage);
        // Of equal starts, the higher stage is on top.
        let mut at = before;
        while at > 0 && key(&stack[at - 1]) > key(&entry) {
            at -= 1;
        }
        if stack.get(at).is_some_and(|above| above.end_ms >= entry.end_ms) {
            return;
        }
        while at > 0 && stack[at - 1].end_ms <= entry.end_ms {
            at -= 1;
            stack.remove(at);
        }
        stack.insert(at, entry);
        self.entries = self.entries + stack.len() - before;
        self.active.insert(rank);
    }

    /// Returns the sample that counts from an instant on, and its rank. Samples that ended before are dropped.
    pub(super) fn winner(&mut self, now_ms: i64) -> Option<(u16, Entry)> {
        while let Some(rank) = self.active.best() {
            for stack in &mut self.stacks[usize::from(rank)] {
                while let Some(top) = stack.last().copied() {
                    if top.end_ms > now_ms {
                        return Some((rank, top));
                    }
                    stack.pop();
                    self.entries -= 1;
                }
            }
            self.active.remove(rank);
        }
        None
    }
}
