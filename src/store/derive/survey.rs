//! The first look at changed samples: which source groups they belong to, when each begins, and how long the longest of a type is.
//! Ranks and days depend on that. SQLite skips the samples that add nothing to it, which nearly all do: it begins again
//! whenever more is known.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use super::dirty::{ALL, Dirty, Span};
use super::groups::Groups;
use super::halt::Step;
use super::metadata::SharedTexts;
use super::samples::{self, Surveyed, SurveyedSample};
use super::sender::Sender;
use crate::model::limits::{DERIVED_PAUSE_ROWS, STATISTICS_SAMPLE_MS_MAX, SURVEY_ROWS_MIN};
use crate::store::supplied::Supplied;

/// The longest samples of a person's types.
#[derive(Debug, Default)]
pub(super) struct Lengths {
    known: BTreeMap<i64, i64>,
    changed: BTreeMap<i64, i64>,
}

impl Lengths {
    pub(super) fn load(connection: &Connection, person: i64) -> rusqlite::Result<Self> {
        let mut select =
            connection.prepare_cached("SELECT type_id, longest_ms FROM sample_lengths WHERE person_id = ?1")?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let known = select.query_map([person], read)?.collect::<rusqlite::Result<_>>()?;
        Ok(Self { known, changed: BTreeMap::new() })
    }

    /// Returns the duration of a type's longest sample.
    pub(super) fn longest_ms(&self, kind: i64) -> i64 {
        self.changed.get(&kind).or_else(|| self.known.get(&kind)).copied().unwrap_or(0)
    }

    /// Notes the longest one of some samples.
    pub(super) fn note(&mut self, kind: i64, longest_ms: i64) {
        if longest_ms > self.longest_ms(kind) {
            self.changed.insert(kind, longest_ms);
        }
    }

    /// Returns those that the database does not have.
    pub(super) fn changed(&self) -> Vec<(i64, i64)> {
        self.changed.iter().map(|(kind, longest_ms)| (*kind, *longest_ms)).collect()
    }
}

/// Reads the samples that were changed. Of types that `is_first` names only the first samples: figures of all of their time are
/// made from nothing, and that reads them once more. See [`super::first`].
pub(super) fn survey(
    connection: Supplied<'_>,
    person: i64,
    dirty: &Dirty,
    is_first: impl Fn(i64) -> bool,
    (groups, lengths): (&mut Groups, &mut Lengths),
    sender: &Sender<'_>,
) -> Step<()> {
    let mut survey = Survey { connection, person, groups, texts: SharedTexts::default(), rows: 0 };
    for (kind, spans) in &dirty.surveyed {
        // All of the time is read once more, for its figures: that also finds the longest sample.
        let mut known = Known::new((spans[..] != [ALL]).then(|| lengths.longest_ms(*kind)));
        if is_first(*kind) {
            survey.read_first(*kind, &mut known)?;
            survey.read_missing(*kind, ALL, &mut known)?;
        } else {
            for span in spans {
                survey.read(*kind, *span, &mut known, sender)?;
                survey.read_missing(*kind, *span, &mut known)?;
            }
        }
        lengths.note(*kind, known.longest_ms);
    }
    Ok(())
}

/// Reads the samples of a type that start from `from_ms` on, as far as they may reveal source groups.
pub(super) fn survey_rest(
    connection: Supplied<'_>,
    (person, kind): (i64, i64),
    from_ms: i64,
    groups: &mut Groups,
    sender: &Sender<'_>,
) -> Step<()> {
    let mut survey = Survey { connection, person, groups, texts: SharedTexts::default(), rows: 0 };
    survey.read(kind, (from_ms, ALL.1), &mut Known::new(None), sender)
}

/// A survey of a person.
struct Survey<'a> {
    connection: Supplied<'a>,
    person: i64,
    groups: &'a mut Groups,
    texts: SharedTexts,
    rows: u64,
}

/// What is known of a type.
struct Known {
    /// What SQLite skips.
    passed_by: Surveyed,
    longest_ms: i64,
}

impl Known {
    fn new(longest_ms: Option<i64>) -> Self {
        let sources = std::array::from_fn(|_| Value::Text(String::new()));
        Self { passed_by: Surveyed { longest_ms, sources }, longest_ms: 0 }
    }

    /// Returns whether it is the longest one.
    fn note_length(&mut self, length_ms: i64) -> bool {
        let is_longer = length_ms > self.longest_ms && length_ms <= STATISTICS_SAMPLE_MS_MAX;
        if is_longer {
            self.longest_ms = length_ms;
            self.passed_by.longest_ms = self.passed_by.longest_ms.map(|known| known.max(length_ms));
        }
        is_longer
    }
}

impl Survey<'_> {
    fn read(&mut self, kind: i64, (from_ms, to_ms): Span, known: &mut Known, sender: &Sender<'_>) -> Step<()> {
        let (key, behind_ms) = ((self.person, kind), to_ms.saturating_add(1));
        self.groups.set_kind(kind);
        let mut next_ms = Some(from_ms);
        while let Some(from_ms) = next_ms.take() {
            let passed_by = known.passed_by.clone();
            let (mut rows, mut has_learned) = (0, false);
            samples::survey(self.connection, key, (from_ms, behind_ms), &passed_by, |sample| {
                self.rows += 1;
                if self.rows.is_multiple_of(DERIVED_PAUSE_ROWS) {
                    sender.check()?;
                }
                rows += 1;
                has_learned |= self.meet(sample, known)?;
                // It begins again at a later start only: each round ends at least one start, however many sources it has.
                if !has_learned || rows < SURVEY_ROWS_MIN || sample.start_ms <= from_ms {
                    return Ok(ControlFlow::Continue(()));
                }
                next_ms = Some(sample.start_ms);
                Ok(ControlFlow::Break(()))
            })?;
        }
        Ok(())
    }

    /// Reads the first samples of a type.
    fn read_first(&mut self, kind: i64, known: &mut Known) -> Step<()> {
        let connection = self.connection;
        self.groups.set_kind(kind);
        samples::first(&connection, (self.person, kind), |sample| self.meet(sample, known).map(|_| ()))
    }

    fn read_missing(&mut self, kind: i64, (from_ms, to_ms): Span, known: &mut Known) -> Step<()> {
        let (key, behind_ms) = ((self.person, kind), to_ms.saturating_add(1));
        self.groups.set_kind(kind);
        samples::survey_missing(&self.connection, key, (from_ms, behind_ms), |missing| {
            let group = self.groups.of_source(&self.connection, missing.source, missing.first_ms)?;
            [missing.first_ms, missing.last_ms].into_iter().for_each(|start_ms| self.groups.note(group, start_ms));
            if let Some(longest_ms) = missing.longest_ms {
                known.note_length(longest_ms);
            }
            Ok(())
        })
    }

    /// Learns what a sample has that is not known. Returns whether samples like it are skipped from now on.
    fn meet(&mut self, sample: &SurveyedSample<'_>, known: &mut Known) -> Step<bool> {
        let (group, is_settled) = self.groups.meet(&self.connection, &mut self.texts, sample)?;
        self.groups.note(group, sample.start_ms);
        let length_ms = sample.end_ms.unwrap_or(sample.start_ms).saturating_sub(sample.start_ms);
        let is_longer = known.note_length(length_ms) && known.passed_by.longest_ms.is_some();
        let source = Value::from(sample.source);
        let is_new = is_settled && !known.passed_by.sources.contains(&source);
        if is_new {
            known.passed_by.sources.rotate_right(1);
            known.passed_by.sources[0] = source;
        }
        Ok(is_new || is_longer)
    }
}
