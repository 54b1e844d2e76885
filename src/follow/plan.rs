//! What is to be sent: ranges of rows and of figures, made of the changes behind a cursor. Pure.
//!
//! Ranges are whole: each has all rows of a person and type between two instants, as they are now. So it makes no difference how many
//! changes one covers, and a change that is sent twice is there once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::healthkit::name_of;
use crate::model::limits::{
    CHANGE_GAP_MS, FOLLOW_DAYS_MARGIN_MS, FOLLOW_DOSES_MARGIN_MS, FOLLOW_JOBS_MAX, FOLLOW_SPANS_MAX,
    STATISTICS_SAMPLE_MS_MAX,
};
use crate::statistics::Method;
use crate::statistics::facts::Condensed;
use crate::store::questions::{Change, ChangeKind, FigureRules, RowKind};

/// What a range has.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum What {
    /// Nothing: all points of the person are removed, also those of other programs.
    Nobody,
    /// Nothing: what a target has of the person in a measurement, by its name, is removed.
    Nothing(String),
    /// Samples of a type, by its identifier.
    Samples(String),
    /// Workouts.
    Workouts,
    /// Doses.
    Doses,
    /// Rings of Apple's export.
    Rings,
    /// Figures of local days of a type, by its identifier.
    Days(String),
    /// Figures of nights.
    Nights,
    /// Workouts of local days.
    WorkoutDays,
    /// Doses of local days.
    DoseDays,
}

impl What {
    /// Where a target keeps its rows.
    pub(super) fn measurement(&self) -> Option<String> {
        Some(match self {
            Self::Nobody => return None,
            Self::Nothing(name) => name.clone(),
            Self::Samples(identifier) => name_of(identifier),
            Self::Days(identifier) => name_of(identifier) + "_daily",
            Self::Workouts => "workouts".to_owned(),
            Self::Doses => "doses".to_owned(),
            Self::Rings => "rings_daily".to_owned(),
            Self::Nights => "nights".to_owned(),
            Self::WorkoutDays => "workouts_daily".to_owned(),
            Self::DoseDays => "doses_daily".to_owned(),
        })
    }
}

/// A range to send.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Job {
    pub(super) person: String,
    pub(super) what: What,
    /// The first and the last instant; all of the time if missing.
    pub(super) span_ms: Option<(i64, i64)>,
    /// Whether rows of it may be gone.
    pub(super) is_removed: bool,
}

impl Job {
    /// Whether a target of rows removes what it has of the range first. Workouts and doses lack some fields: if a new one moves others
    /// of its start on, their points would keep fields of the former ones.
    pub(super) fn is_cleared(&self) -> bool {
        let is_sparse = matches!(self.what, What::Workouts | What::Doses);
        self.is_removed || is_sparse && self.span_ms.is_some()
    }
}

/// Ranges to send, and how far that is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Plan {
    /// The change before the first one that it covers, and the last one.
    pub(super) behind: i64,
    pub(super) until: i64,
    pub(super) purpose: Purpose,
    pub(super) jobs: Vec<Job>,
    /// Ranges that are done.
    pub(super) done: usize,
    /// Of the next one, rows that start before are done.
    pub(super) place_ms: Option<i64>,
}

/// What is true once a plan is done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Purpose {
    /// The target has nothing of a person who is gone, by the name.
    Gone(String),
    /// It has all rows of a person.
    Whole(i64),
    /// It has all rows of these changes.
    Changes,
    /// It has the figures of a person by this computation.
    Figures {
        /// The person's number.
        id: i64,
        /// The computation's number.
        run: i64,
        /// What the figures depend on.
        rules: FigureRules,
    },
}

impl Plan {
    pub(super) fn new((behind, until): (i64, i64), purpose: Purpose, ranges: Ranges) -> Self {
        Self { behind, until, purpose, jobs: ranges.into_jobs(), done: 0, place_ms: None }
    }
}

/// Spans of one kind of rows.
#[derive(Debug, Default)]
struct Spans {
    /// Whether all of the time is one, and whether rows are removed in it.
    all: Option<bool>,
    list: Vec<((i64, i64), bool)>,
}

impl Spans {
    fn add(&mut self, span_ms: Option<(i64, i64)>, is_removed: bool) {
        match span_ms {
            None => self.all = Some(self.all.unwrap_or(false) || is_removed),
            Some(span_ms) => self.list.push((span_ms, is_removed)),
        }
        if self.list.len() > 2 * FOLLOW_SPANS_MAX {
            self.join(CHANGE_GAP_MS);
        }
    }

    /// Joins those that are as near each other; all if they are still too many.
    fn join(&mut self, mut gap_ms: i64) {
        self.list.sort_unstable();
        loop {
            self.list.dedup_by(|(next, removed), (span, was_removed)| {
                let is_near = next.0 <= span.1.saturating_add(gap_ms);
                if is_near {
                    span.1 = span.1.max(next.1);
                    *was_removed |= *removed;
                }
                is_near
            });
            if self.list.len() <= FOLLOW_SPANS_MAX {
                return;
            }
            gap_ms = i64::MAX;
        }
    }
}

/// Ranges by person and kind, as they are found.
#[derive(Debug, Default)]
pub(super) struct Ranges(BTreeMap<(String, What), Spans>);

impl Ranges {
    fn add(&mut self, person: &str, what: What, span_ms: Option<(i64, i64)>, is_removed: bool) {
        self.0.entry((person.to_owned(), what)).or_default().add(span_ms, is_removed);
    }

    /// Adds what a change has changed of a person's rows. `identifiers` are the types that the person has.
    pub(super) fn add_rows(&mut self, person: &str, change: &Change, identifiers: &[String]) {
        let Change { span_ms, is_removed, .. } = *change;
        let ChangeKind::Rows(kind) = change.kind else { return };
        match (kind, &change.identifier) {
            (RowKind::Samples, Some(identifier)) => {
                self.add(person, What::Samples(identifier.clone()), span_ms, is_removed)
            }
            (RowKind::Samples, None) => {
                for identifier in identifiers {
                    self.add(person, What::Samples(identifier.clone()), span_ms, is_removed);
                }
            }
            // A row that was replaced may have begun at another time.
            (RowKind::Workouts, _) => self.add(person, What::Workouts, span_ms.filter(|_| !is_removed), is_removed),
            (RowKind::MedicationDoses, _) => self.add(person, What::Doses, span_ms.filter(|_| !is_removed), is_removed),
            (RowKind::ActivitySummaries, _) => self.add(person, What::Rings, None, is_removed),
            // Targets get no such rows.
            (
                RowKind::RoutePoints
                | RowKind::BeatLists
                | RowKind::Correlations
                | RowKind::Electrocardiograms
                | RowKind::Aggregates
                | RowKind::Medications
                | RowKind::Characteristics
                | RowKind::OtherRecords
                | RowKind::Rejects,
                _,
            ) => {}
        }
    }

    /// Adds all rows of a person.
    pub(super) fn add_all_rows(&mut self, person: &str, identifiers: &[String]) {
        for identifier in identifiers {
            self.add(person, What::Samples(identifier.clone()), None, false);
        }
        for what in [What::Workouts, What::Doses, What::Rings] {
            self.add(person, what, None, false);
        }
    }

    /// Adds the removal of all that the target has of somebody.
    pub(super) fn add_nobody(&mut self, person: &str) {
        self.add(person, What::Nobody, None, true);
    }

    /// Adds the removal of what the target has of somebody in a measurement.
    pub(super) fn add_nothing(&mut self, person: &str, measurement: &str) {
        self.add(person, What::Nothing(measurement.to_owned()), None, true);
    }

    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what a change may have changed of a person's figures.
    pub(super) fn add_figures(&mut self, person: &str, change: &Change, identifiers: &[String]) {
        let Change { span_ms, is_removed, .. } = *change;
        let kind = match (change.kind, &change.identifier) {
            (ChangeKind::Rows(kind), _) => kind,
            (ChangeKind::Rules, Some(identifier)) => return self.add_days(person, identifier, None, true),
            (ChangeKind::Rules, None) | (ChangeKind::Everything, _) => {
                return self.add_all_figures(person, identifiers, true);
            }
        };
        match (kind, &change.identifier) {
            (RowKind::Samples, Some(identifier)) => self.add_days(person, identifier, span_ms, is_removed),
            (RowKind::Samples, None) => self.add_all_figures(person, identifiers, true),
            (RowKind::Workouts, _) => {
                let span_ms = span_ms.filter(|_| !is_removed);
                self.add(person, What::WorkoutDays, widened(span_ms, FOLLOW_DAYS_MARGIN_MS), is_removed);
                // A workout decides which of its samples count.
                for identifier in identifiers.iter().filter(|identifier| Condensed::of(identifier).is_some()) {
                    self.add_days(person, identifier, span_ms, is_removed);
                }
            }
            (RowKind::MedicationDoses, _) => {
                let span_ms = widened(span_ms.filter(|_| !is_removed), FOLLOW_DOSES_MARGIN_MS);
                self.add(person, What::DoseDays, span_ms, is_removed);
            }
            // No figure that targets get is made of these.
            (
                RowKind::RoutePoints
                | RowKind::BeatLists
                | RowKind::Correlations
                | RowKind::ActivitySummaries
                | RowKind::Electrocardiograms
                | RowKind::Aggregates
                | RowKind::Medications
                | RowKind::Characteristics
                | RowKind::OtherRecords
                | RowKind::Rejects,
                _,
            ) => {}
        }
    }

    fn add_days(&mut self, person: &str, identifier: &str, span_ms: Option<(i64, i64)>, is_removed: bool) {
        let span_ms = widened(span_ms, FOLLOW_DAYS_MARGIN_MS);
        // The row that was removed may have lasted longer than noted.
        let span_ms = span_ms.map(|(from_ms, to_ms)| {
            (from_ms, if is_removed { to_ms.saturating_add(STATISTICS_SAMPLE_MS_MAX) } else { to_ms })
        });
        let is_sleep = Method::of(identifier) == Method::Sleep;
        let what = if is_sleep { What::Nights } else { What::Days(identifier.to_owned()) };
        self.add(person, what, span_ms, is_removed);
    }

    /// Adds all figures of a person.
    pub(super) fn add_all_figures(&mut self, person: &str, identifiers: &[String], is_removed: bool) {
        for identifier in identifiers {
            self.add_days(person, identifier, None, is_removed);
        }
        for what in [What::WorkoutDays, What::DoseDays] {
            self.add(person, what, None, is_removed);
        }
    }

    /// Returns them in their order: first what is removed as a whole.
    pub(super) fn into_jobs(mut self) -> Vec<Job> {
        self.0.values_mut().for_each(|spans| spans.join(CHANGE_GAP_MS));
        if self.0.values().map(|spans| spans.list.len()).sum::<usize>() > FOLLOW_JOBS_MAX {
            self.0.values_mut().for_each(|spans| spans.join(i64::MAX));
        }
        let mut jobs = Vec::new();
        for ((person, what), spans) in self.0 {
            let mut push = |span_ms, is_removed| {
                jobs.push(Job { person: person.clone(), what: what.clone(), span_ms, is_removed });
            };
            match spans.all {
                Some(is_removed) => push(None, is_removed || spans.list.iter().any(|span| span.1)),
                None => spans.list.iter().for_each(|(span_ms, is_removed)| push(Some(*span_ms), *is_removed)),
            }
        }
        jobs
    }
}

fn widened(span_ms: Option<(i64, i64)>, margin_ms: i64) -> Option<(i64, i64)> {
    span_ms.map(|(from_ms, to_ms)| (from_ms.saturating_sub(margin_ms), to_ms.saturating_add(margin_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::HOUR_MS;

    const STEPS: &str = "HKQuantityTypeIdentifierStepCount";
    const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";

    fn change(kind: &str, identifier: Option<&str>, span_h: Option<(i64, i64)>, is_removed: bool) -> Change {
        let span_ms = span_h.map(|(from, to)| (from * HOUR_MS, to * HOUR_MS));
        Change {
            number: 1,
            person: 1,
            kind: ChangeKind::of(kind),
            identifier: identifier.map(str::to_owned),
            span_ms,
            is_removed,
        }
    }

    fn shown(ranges: Ranges) -> Vec<String> {
        let hours = |ms: i64| ms / HOUR_MS;
        let show = |job: &Job| {
            let span = job.span_ms.map_or("all".to_owned(), |(from, to)| format!("{}-{}", hours(from), hours(to)));
            let what = job.what.measurement().unwrap_or_else(|| "nobody".to_owned());
            format!("{} {what} {span}{}", job.person, if job.is_removed { " removed" } else { "" })
        };
        ranges.into_jobs().iter().map(show).collect()
    }

    #[test]
    fn near_changes_are_one_range() {
        let mut ranges = Ranges::default();
        for (from, to, is_removed) in [(100, 101, false), (0, 1, false), (105, 106, false), (200, 201, true)] {
            ranges.add_rows("anna", &change("samples", Some(STEPS), Some((from, to)), is_removed), &[]);
        }
        ranges.add_rows("ben", &change("workouts", None, Some((5, 6)), false), &[]);
        ranges.add_rows("cleo", &change("workouts", None, Some((5, 6)), true), &[]);
        ranges.add_rows("cleo", &change("beat_lists", None, None, false), &[]);
        let expected = [
            "anna steps 0-1",
            "anna steps 100-106",
            "anna steps 200-201 removed",
            "ben workouts 5-6",
            "cleo workouts all removed",
        ];
        assert_eq!(shown(ranges), expected);
    }

    #[test]
    fn many_ranges_become_one() {
        let mut ranges = Ranges::default();
        for number in (0..1000).rev() {
            ranges.add_rows(
                "anna",
                &change("samples", Some(STEPS), Some((10 * number, 10 * number)), number == 7),
                &[],
            );
        }
        assert_eq!(shown(ranges), ["anna steps 0-9990 removed"]);
    }

    #[test]
    fn a_person_is_sent_as_a_whole() {
        let types = [STEPS.to_owned(), SLEEP.to_owned()];
        let mut ranges = Ranges::default();
        assert!(ranges.is_empty());
        ranges.add_all_rows("anna", &types);
        ranges.add_nobody("anna");
        let expected = [
            "anna nobody all removed",
            "anna sleep all",
            "anna steps all",
            "anna workouts all",
            "anna doses all",
            "anna rings_daily all",
        ];
        assert_eq!(shown(ranges), expected);
    }

    #[test]
    fn too_many_ranges_become_one_for_each_type() {
        let mut ranges = Ranges::default();
        for number in 0..i64::try_from(FOLLOW_JOBS_MAX).unwrap() {
            for far in [0, 1000] {
                let name = format!("HKQuantityTypeIdentifier{number}");
                ranges.add_rows("anna", &change("samples", Some(&name), Some((far, far)), false), &[]);
            }
        }
        let jobs = ranges.into_jobs();
        assert_eq!((jobs.len(), jobs[0].span_ms), (FOLLOW_JOBS_MAX, Some((0, 1000 * HOUR_MS))));
    }

    #[test]
    fn figures_reach_further_than_their_rows() {
        let types = [STEPS.to_owned(), SLEEP.to_owned()];
        let mut ranges = Ranges::default();
        ranges.add_figures("anna", &change("samples", Some(STEPS), Some((100, 101)), false), &types);
        ranges.add_figures("anna", &change("samples", Some(SLEEP), Some((100, 108)), true), &types);
        let margin = FOLLOW_DAYS_MARGIN_MS / HOUR_MS;
        let long = STATISTICS_SAMPLE_MS_MAX / HOUR_MS;
        let expected = [
            format!("anna steps_daily {}-{}", 100 - margin, 101 + margin),
            format!("anna nights {}-{} removed", 100 - margin, 108 + margin + long),
        ];
        assert_eq!(shown(ranges), expected);
        let mut ranges = Ranges::default();
        ranges.add_figures("anna", &change("rules", None, None, true), &types);
        let expected =
            ["steps_daily", "nights", "workouts_daily", "doses_daily"].map(|name| format!("anna {name} all removed"));
        assert_eq!(shown(ranges), expected);
    }
}
