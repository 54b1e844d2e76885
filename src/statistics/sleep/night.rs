//! The figures of a night.

use crate::model::limits::SLEEP_SEGMENTS_MAX;
use crate::model::time::HOUR_MS;

use super::super::groups::RankSet;
use super::super::rules::{NAP_ASLEEP_MS, NAP_HOURS};
use super::super::timeline::Timeline;
use super::super::zone::{LocalDay, ZoneId};
use super::layers::Stage;
use super::period::{Collected, Segment};

/// What a period of sleep is to its night.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PeriodKind {
    /// The longest sleep. Bedtime and wake time are its.
    Main,
    /// A short sleep by day.
    Nap,
    /// Another part of the night.
    Part,
}

/// A period of a night.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// First instant, in milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// The instant behind it.
    pub to_ms: i64,
    /// What it is to its night.
    pub kind: PeriodKind,
    /// Time asleep, in milliseconds.
    pub asleep_ms: i64,
    /// Time in bed, in milliseconds.
    pub in_bed_ms: i64,
    /// The zone that it is in.
    pub zone: ZoneId,
    wake_ms: i64,
}

/// The figures of a night. Times are in milliseconds; sums include naps.
#[derive(Clone, Debug)]
pub struct Night {
    /// The date of its morning. It begins at 18:00 of the day before.
    pub day: LocalDay,
    /// The zone of its main period.
    pub zone: ZoneId,
    /// All sleep, as the Health app has it; `None` if no sample reports sleep.
    pub asleep_ms: Option<i64>,
    /// Sleep of the main period.
    pub asleep_main_ms: Option<i64>,
    /// Awake among the samples of sleep.
    pub awake_ms: i64,
    /// Core sleep.
    pub core_ms: i64,
    /// Deep sleep.
    pub deep_ms: i64,
    /// REM sleep.
    pub rem_ms: i64,
    /// Sleep without a stage.
    pub unspecified_ms: i64,
    /// In bed.
    pub in_bed_ms: i64,
    /// Whether no sample reports time in bed: it then lasts from the first to the last sample of each period.
    pub is_in_bed_estimated: bool,
    /// Start of the main period, since 1970 UTC.
    pub bedtime_ms: Option<i64>,
    /// End of its sleep.
    pub wake_ms: Option<i64>,
    /// How often an owner was awake between two parts of sleep.
    pub awakenings: u32,
    /// Its periods in the order of time.
    pub periods: Vec<Period>,
    /// Its parts asleep and awake in the order of time, then those in bed.
    pub segments: Vec<Segment>,
    /// Whether there were more parts than are listed. The sums include them.
    pub is_cut: bool,
    /// Whether more samples overlapped than are followed at once.
    pub is_approximate: bool,
    layers_ms: i64,
    in_bed: Vec<Segment>,
    ranks: RankSet,
}

impl Night {
    pub(super) fn new(day: LocalDay, zone: ZoneId) -> Self {
        Self {
            day,
            zone,
            asleep_ms: None,
            asleep_main_ms: None,
            awake_ms: 0,
            core_ms: 0,
            deep_ms: 0,
            rem_ms: 0,
            unspecified_ms: 0,
            in_bed_ms: 0,
            is_in_bed_estimated: false,
            bedtime_ms: None,
            wake_ms: None,
            awakenings: 0,
            periods: Vec::new(),
            segments: Vec::new(),
            is_cut: false,
            is_approximate: false,
            layers_ms: 0,
            in_bed: Vec::new(),
            ranks: RankSet::default(),
        }
    }

    /// Returns which part of the time in bed was sleep, from 0 to 1.
    #[must_use]
    pub fn efficiency(&self) -> Option<f64> {
        let asleep_ms = self.asleep_ms.filter(|_| self.in_bed_ms > 0)?;
        Some((asleep_ms as f64 / self.in_bed_ms as f64).min(1.0))
    }

    /// Returns the number of naps.
    #[must_use]
    pub fn naps(&self) -> usize {
        self.periods.iter().filter(|period| period.kind == PeriodKind::Nap).count()
    }

    /// Returns the ranks of the groups that counted, the best one first.
    pub fn ranks(&self) -> impl Iterator<Item = u16> {
        let mut ranks = self.ranks;
        std::iter::from_fn(move || {
            let best = ranks.best()?;
            ranks.remove(best);
            Some(best)
        })
    }

    /// Adds a period, in the order of time.
    pub(super) fn add(&mut self, mut collected: Collected, zone: ZoneId, timeline: &Timeline) {
        let [in_bed_ms, unspecified_ms, awake_ms, core_ms, deep_ms, rem_ms] = collected.time_ms;
        let asleep_ms = collected.asleep_ms();
        if asleep_ms > 0 {
            self.asleep_ms = Some(self.asleep_ms.unwrap_or(0) + asleep_ms);
        }
        self.awake_ms += awake_ms;
        self.core_ms += core_ms;
        self.deep_ms += deep_ms;
        self.rem_ms += rem_ms;
        self.unspecified_ms += unspecified_ms;
        self.in_bed_ms += in_bed_ms;
        self.layers_ms += collected.layer_ms.map_or(0, |(from_ms, to_ms)| to_ms - from_ms);
        self.awakenings += collected.awakenings;
        let mut ranks = collected.ranks;
        while let Some(rank) = ranks.best() {
            ranks.remove(rank);
            self.ranks.insert(rank);
        }
        self.is_cut |= collected.is_cut;
        for (all, more) in [(&mut self.segments, &mut collected.segments), (&mut self.in_bed, &mut collected.in_bed)] {
            let kept = more.len().min(SLEEP_SEGMENTS_MAX.saturating_sub(all.len()));
            self.is_cut |= kept < more.len();
            all.extend(more.drain(..kept));
        }
        let hour = timeline.zones().local_ms(zone, collected.from_ms).div_euclid(HOUR_MS).rem_euclid(24);
        let sleep_ms = if asleep_ms > 0 { asleep_ms } else { in_bed_ms };
        let is_nap = sleep_ms < NAP_ASLEEP_MS && NAP_HOURS.contains(&hour);
        self.periods.push(Period {
            from_ms: collected.from_ms,
            to_ms: collected.to_ms,
            kind: if is_nap { PeriodKind::Nap } else { PeriodKind::Part },
            asleep_ms,
            in_bed_ms,
            zone,
            wake_ms: collected.asleep_to_ms.unwrap_or(collected.to_ms),
        });
    }

    /// All periods are known.
    pub(super) fn complete(&mut self) {
        self.segments.append(&mut self.in_bed);
        if self.in_bed_ms == 0 && self.layers_ms > 0 {
            self.in_bed_ms = self.layers_ms;
            self.is_in_bed_estimated = true;
        }
        let candidates = self.periods.iter_mut().filter(|period| period.kind != PeriodKind::Nap);
        // Of equal ones the first.
        let key = |period: &Period| (period.asleep_ms, period.in_bed_ms, std::cmp::Reverse(period.from_ms));
        if let Some(main) = candidates.max_by_key(|period| key(period)) {
            main.kind = PeriodKind::Main;
            self.zone = main.zone;
            self.bedtime_ms = Some(main.from_ms);
            self.wake_ms = Some(main.wake_ms);
            self.asleep_main_ms = (main.asleep_ms > 0).then_some(main.asleep_ms);
        }
    }
}

/// Whether a period opens a night: awake is not enough.
pub(super) fn opens_night(collected: &Collected) -> bool {
    collected.asleep_ms() > 0 || collected.time_ms[Stage::InBed as usize] > 0
}
