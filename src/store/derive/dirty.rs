//! What later changes touch: for each type the time that is to be computed again.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use crate::statistics::INSTANTS_MS;
use crate::store::lookup::types_of_person;
use crate::store::tables::{ChangeKind, RowKind};

/// Time that is computed again, in milliseconds since 1970 UTC.
pub(super) type Span = (i64, i64);

/// All of the time.
pub(super) const ALL: Span = (INSTANTS_MS.start, INSTANTS_MS.end - 1);

/// What is to be computed again for a person.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    /// By type.
    pub(super) types: BTreeMap<i64, Vec<Span>>,
    /// Time whose samples have changed. Elsewhere only figures are made in another way, and the samples are known.
    pub(super) surveyed: BTreeMap<i64, Vec<Span>>,
    /// The time of workouts that were changed.
    pub(super) workouts: Vec<Span>,
    /// The time of doses that were changed, and for which they are scheduled.
    pub(super) doses: Vec<Span>,
    /// Time in which rows of a type were removed or replaced: these may have reached further than noted.
    pub(super) removed: BTreeMap<i64, Vec<Span>>,
}

const CHANGES: &str =
    "SELECT kind, type_id, from_ms, to_ms, removed FROM changes WHERE person_id = ?1 AND number > ?2 AND number <= ?3
    ORDER BY number";

impl Dirty {
    /// Reads what was changed behind a number, up to another one.
    pub(super) fn read(connection: &Connection, person: i64, (behind, seen): (i64, i64)) -> rusqlite::Result<Self> {
        let mut dirty = Self::default();
        let mut select = connection.prepare_cached(CHANGES)?;
        let mut rows = select.query(params![person, behind, seen])?;
        while let Some(row) = rows.next()? {
            dirty.add(connection, person, row)?;
        }
        dirty.types.values_mut().chain(dirty.surveyed.values_mut()).for_each(join);
        [&mut dirty.workouts, &mut dirty.doses].into_iter().for_each(join);
        Ok(dirty)
    }

    /// Everything of a person.
    pub(super) fn everything(connection: &Connection, person: i64) -> rusqlite::Result<Self> {
        let mut dirty = Self { workouts: vec![ALL], doses: vec![ALL], ..Self::default() };
        dirty.add_all_types(connection, person, ALL)?;
        dirty.surveyed = dirty.types.clone();
        Ok(dirty)
    }

    fn add(&mut self, connection: &Connection, person: i64, row: &Row<'_>) -> rusqlite::Result<()> {
        let kind = ChangeKind::of(row.get_ref(0)?.as_str()?);
        let type_id: Option<i64> = row.get(1)?;
        let span = match (row.get(2)?, row.get(3)?) {
            (Some(from_ms), Some(to_ms)) => within_calendar((from_ms, to_ms)),
            _ => ALL,
        };
        let is_removed: bool = row.get(4)?;
        match (kind, type_id) {
            (ChangeKind::Rows(RowKind::Samples) | ChangeKind::Rules, Some(id)) => {
                self.types.entry(id).or_default().push(span);
                if kind != ChangeKind::Rules {
                    self.surveyed.entry(id).or_default().push(span);
                }
                if is_removed {
                    self.removed.entry(id).or_default().push(span);
                }
            }
            (ChangeKind::Rows(RowKind::Samples), None) => {
                self.add_all_types(connection, person, ALL)?;
                self.surveyed = self.types.clone();
                if is_removed {
                    self.removed = self.types.clone();
                }
            }
            (ChangeKind::Rules, None) | (ChangeKind::Everything, _) => {
                let (surveyed, removed) = (std::mem::take(&mut self.surveyed), std::mem::take(&mut self.removed));
                *self = Self { surveyed, removed, ..Self::everything(connection, person)? };
                if kind == ChangeKind::Everything {
                    self.removed =
                        types_of_person(connection, person)?.into_iter().map(|kind| (kind, vec![ALL])).collect();
                }
            }
            // The former time of one that was replaced is noted as well.
            (ChangeKind::Rows(RowKind::Workouts), _) => self.workouts.push(span),
            (ChangeKind::Rows(RowKind::MedicationDoses), _) => self.doses.push(span),
            // No figure is made of these.
            (
                ChangeKind::Rows(
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
                ),
                _,
            ) => {}
        }
        Ok(())
    }

    /// Adds time for all types of a person.
    pub(super) fn add_all_types(&mut self, connection: &Connection, person: i64, span: Span) -> rusqlite::Result<()> {
        for kind in types_of_person(connection, person)? {
            let spans = self.types.entry(kind).or_default();
            spans.push(span);
            join(spans);
        }
        Ok(())
    }

    /// Whether nothing was changed that figures are made of.
    pub(super) fn is_empty(&self) -> bool {
        self.types.is_empty() && self.workouts.is_empty() && self.doses.is_empty()
    }
}

/// The part of a span that has local dates.
fn within_calendar((from_ms, to_ms): Span) -> Span {
    (from_ms.clamp(ALL.0, ALL.1), to_ms.clamp(ALL.0, ALL.1))
}

/// Puts spans in order and joins those that overlap.
pub(super) fn join(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let overlaps = next.0 <= last.1;
        if overlaps {
            last.1 = last.1.max(next.1);
        }
        overlaps
    });
}
