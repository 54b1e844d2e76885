//! Source groups after rows were removed or replaced: a group goes with its last sample, begins with the first one that is left, and
//! is what the sources that are left reveal of it. What is looked at first is near what was removed, since that has mostly others
//! like it beside it.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use super::dirty::{ALL, Span};
use super::groups::{FURTHER_KEY, Groups, Known, source_of, source_texts};
use super::halt::Step;
use super::metadata::SharedTexts;
use super::witness::Witness;
use crate::model::time::DAY_MS;
use crate::statistics::Class;
use crate::store::lookup::types_of_person;
use crate::store::supplied::{Need, Supplied};

/// The samples of a source in a time.
const OF_SOURCE: &str = "SELECT start_ms, metadata_id, metadata FROM samples
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms BETWEEN ?3 AND ?4 AND source_id IS ?5 ORDER BY start_ms";

/// The first or the last sample of some sources.
const END_OF_SOURCES: &str =
    "SELECT start_ms FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms BETWEEN ?3 AND ?4
    AND coalesce(source_id, 0) IN (SELECT value FROM json_each(?5)) ORDER BY start_ms {order} LIMIT 1";

/// How far the first or the last sample is searched, one after the other.
const REACHES_MS: [i64; 4] = [0, DAY_MS, 366 * DAY_MS, i64::MAX];

impl Groups {
    /// Forgets what is known of groups but their ids. All samples are met again.
    pub(super) fn forget(&mut self) {
        self.put(Vec::new());
    }

    /// Compares groups with the rows of the time in which some were removed or replaced.
    pub(super) fn regroup(
        &mut self,
        connection: Supplied<'_>,
        person: i64,
        removed: &BTreeMap<i64, Vec<Span>>,
    ) -> Step<()> {
        if removed.is_empty() {
            return Ok(());
        }
        let kinds = types_of_person(&connection, person)?;
        let mut rows = Rows { connection, person, kinds, texts: SharedTexts::default() };
        let mut known = self.take();
        known.iter_mut().try_for_each(|group| rows.check(group, removed))?;
        known.retain(|group| !group.witnesses.is_nothing());
        self.put(known);
        Ok(())
    }
}

/// The rows of a person.
struct Rows<'a> {
    connection: Supplied<'a>,
    person: i64,
    kinds: Vec<i64>,
    texts: SharedTexts,
}

fn is_in(spans: &[Span], at_ms: i64) -> bool {
    let at_ms = at_ms.clamp(ALL.0, ALL.1);
    spans.iter().any(|span| (span.0..=span.1).contains(&at_ms))
}

impl Rows<'_> {
    fn check(&mut self, group: &mut Known, removed: &BTreeMap<i64, Vec<Span>>) -> Step<()> {
        let Some(witnesses) = group.witnesses.list() else {
            return Ok(());
        };
        let (mut has_lost, mut is_changed) = (false, false);
        let was_manual = witnesses.iter().any(|witness| witness.is_manual);
        for witness in std::mem::take(witnesses) {
            let is_doubted = removed.get(&witness.kind).is_some_and(|spans| is_in(spans, witness.start_ms));
            let found = if is_doubted { self.find(&witness)? } else { Some(witness) };
            is_changed |= found != Some(witness);
            has_lost |= found.is_none_or(|found| found.is_manual != witness.is_manual);
            witnesses.extend(found);
        }
        if was_manual && !witnesses.iter().any(|witness| witness.is_manual) {
            for witness in witnesses.iter_mut() {
                *witness = self.find(&Witness { is_manual: true, ..*witness })?.unwrap_or(*witness);
                if witness.is_manual {
                    break;
                }
            }
        }
        let left = witnesses.clone();
        group.is_changed |= is_changed;
        if has_lost {
            self.reveal(group, &left)?;
        }
        self.ends(group, &left, removed)
    }

    /// Returns a sample of a source, one that was entered by hand if that is wanted and there is one.
    fn find(&mut self, witness: &Witness) -> Step<Option<Witness>> {
        let at_ms = witness.start_ms;
        let near = [(at_ms, at_ms), (at_ms, at_ms.saturating_add(DAY_MS)), (at_ms, i64::MAX), (i64::MIN, at_ms)];
        let near = near.map(|span| (witness.kind, span));
        let far: Vec<(i64, Span)> = self.kinds.iter().map(|kind| (*kind, (i64::MIN, i64::MAX))).collect();
        let mut any = None;
        for (kind, span) in near.into_iter().chain(far) {
            let found = self.find_in(witness, kind, span)?;
            if found.is_some_and(|found| found.is_manual == witness.is_manual) {
                return Ok(found);
            }
            any = any.or(found);
        }
        Ok(any)
    }

    fn find_in(&mut self, witness: &Witness, kind: i64, span: Span) -> Step<Option<Witness>> {
        let (connection, key) = (self.connection, (self.person, kind));
        connection.need(|| Need::samples(key, span))?;
        let mut select = connection.prepare_cached(OF_SOURCE)?;
        let mut rows = select.query(params![key.0, key.1, span.0, span.1, witness.source])?;
        let mut any = None;
        while let Some(row) = rows.next()? {
            let found = Witness { source: witness.source, kind, start_ms: row.get(0)?, is_manual: false };
            if !witness.is_manual {
                return Ok(Some(found));
            }
            let own = row.get_ref(2)?.as_str_or_null().ok().flatten();
            if self.texts.read(&connection, row.get(1)?, own)?.was_entered() {
                return Ok(Some(Witness { is_manual: true, ..found }));
            }
            any.get_or_insert(found);
        }
        Ok(any)
    }

    /// Makes a group what the sources that are left reveal of it.
    fn reveal(&mut self, group: &mut Known, left: &[Witness]) -> Step<()> {
        // Sources come to it as they are met, so none of them says what it is.
        if group.row.key == FURTHER_KEY {
            return Ok(());
        }
        let mut revealed: Option<(Class, String)> = None;
        for witness in left {
            let texts = source_texts(&self.connection, witness.source)?;
            let source = source_of(&texts);
            let class = if witness.is_manual { Class::Manual } else { source.class() };
            let name = source.shown_name();
            revealed = Some(match revealed {
                None => (class, name),
                Some((known, first)) => {
                    let is_first = !name.is_empty() && (first.is_empty() || name < first);
                    (known.min(class), if is_first { name } else { first })
                }
            });
        }
        if let Some((class, name)) = revealed {
            group.set_class(class);
            group.row.name = name;
        }
        Ok(())
    }

    /// Finds the first and the last sample of a group, if they may be gone.
    fn ends(&self, group: &mut Known, left: &[Witness], removed: &BTreeMap<i64, Vec<Span>>) -> Step<()> {
        let starts = || left.iter().map(|witness| witness.start_ms);
        let (Some(least_ms), Some(most_ms)) = (starts().min(), starts().max()) else {
            return Ok(());
        };
        let sources: Value = left.iter().map(|witness| witness.source.unwrap_or(0)).collect();
        let sources = sources.to_string();
        let is_doubted = |at_ms: i64| removed.values().any(|spans| is_in(spans, at_ms));
        if is_doubted(group.row.first_ms) {
            let from_ms = group.row.first_ms;
            let mut best_ms = least_ms;
            for reach_ms in REACHES_MS {
                let to_ms = from_ms.saturating_add(reach_ms);
                for kind in &self.kinds {
                    let span = (from_ms, to_ms.min(best_ms.saturating_sub(1)));
                    best_ms = self.end_of(*kind, span, &sources, "ASC")?.unwrap_or(best_ms);
                }
                if best_ms <= to_ms {
                    break;
                }
            }
            group.is_changed |= group.row.first_ms != best_ms;
            group.row.first_ms = best_ms;
        }
        if is_doubted(group.row.last_ms) {
            let to_ms = group.row.last_ms;
            let mut best_ms = most_ms;
            for reach_ms in REACHES_MS {
                let from_ms = to_ms.saturating_sub(reach_ms);
                for kind in &self.kinds {
                    let span = (from_ms.max(best_ms.saturating_add(1)), to_ms);
                    best_ms = self.end_of(*kind, span, &sources, "DESC")?.unwrap_or(best_ms);
                }
                if best_ms >= from_ms {
                    break;
                }
            }
            group.is_changed |= group.row.last_ms != best_ms;
            group.row.last_ms = best_ms;
        }
        Ok(())
    }

    fn end_of(&self, kind: i64, span: Span, sources: &str, order: &str) -> Step<Option<i64>> {
        if span.0 > span.1 {
            return Ok(None);
        }
        self.connection.need(|| Need::samples((self.person, kind), span))?;
        let mut select = self.connection.prepare_cached(&END_OF_SOURCES.replace("{order}", order))?;
        let given = params![self.person, kind, span.0, span.1, sources];
        Ok(select.query_row(given, |row| row.get(0)).optional()?)
    }
}
