//! What a transaction changes: spans of time by person, kind of row and type, noted in `changes` as it commits.
//!
//! A row that is sent again and is the same notes nothing. Spans that are near each other become one. A sample costs two
//! comparisons, and no memory once a transaction of the same shape has run.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, params};

use crate::model::limits::{
    CHANGE_BYTES, CHANGE_GAP_MS, CHANGE_KINDS_MAX, CHANGE_SPANS_MAX, CHANGES_KEPT, CHANGES_ROWS_MAX, CHANGES_ROWS_MIN,
    REPLACED_REACH_MS,
};
use crate::store::lookup::find_type;
use crate::store::tables::{ChangeKind, RowKind};

/// A person, the kind of the change, and the type of the rows if they have one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(in crate::store) struct ChangeKey {
    pub(in crate::store) person: i64,
    pub(in crate::store) kind: ChangeKind,
    pub(in crate::store) type_id: Option<i64>,
}

impl ChangeKey {
    /// Where changes of rows without a type are noted, by person.
    pub(in crate::store) fn of_rows(person: i64, rows: RowKind) -> Self {
        Self { person, kind: ChangeKind::Rows(rows), type_id: None }
    }

    /// Where changes of samples are noted, by person and type.
    pub(in crate::store) fn of_samples((person, kind): (i64, i64)) -> Self {
        Self { person, kind: ChangeKind::Rows(RowKind::Samples), type_id: Some(kind) }
    }
}

/// Time in which rows were changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Span {
    from_ms: i64,
    to_ms: i64,
    /// Whether rows were removed or replaced.
    is_removed: bool,
}

/// The spans of one key, in no order.
#[derive(Debug)]
struct Entry {
    key: ChangeKey,
    spans: Vec<Span>,
    /// The span that was extended last.
    last: usize,
    /// Whether rows were changed whose time is not known.
    is_everything: bool,
}

/// What the open transaction has changed.
#[derive(Debug, Default)]
pub(in crate::store) struct Changes {
    entries: Vec<Entry>,
    /// Entries of this transaction; those behind are memory for later ones.
    used: usize,
    places: HashMap<ChangeKey, usize, RandomState>,
    /// The entry of the last row.
    last: usize,
    /// Person and type of the last row, if it was a sample: most rows have those of the row before.
    last_sample: Option<(i64, i64)>,
    /// Rows of the table that this program has added since it compacted it; `None` before the first count.
    rows: Option<i64>,
    /// Rows that were left when it compacted the table.
    left: i64,
}

const INSERT: &str =
    "INSERT INTO changes (person_id, kind, type_id, from_ms, to_ms, removed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// The last entry of each kind and type among old ones covers them all. One without times covers everything.
const COVER: &str = "UPDATE changes SET from_ms = iif(o.known = o.entries, o.first_ms, NULL),
      to_ms = iif(o.known = o.entries, o.last_ms, NULL), removed = o.was_removed
    FROM (SELECT max(number) AS last, min(from_ms) AS first_ms, max(to_ms) AS last_ms, max(removed) AS was_removed,
        count(from_ms) AS known, count(*) AS entries
      FROM changes WHERE number <= ?1 GROUP BY person_id, kind, type_id) o
    WHERE number = o.last";

const DELETE_COVERED: &str = "DELETE FROM changes WHERE number <= ?1 AND number NOT IN
      (SELECT max(number) FROM changes WHERE number <= ?1 GROUP BY person_id, kind, type_id)";

impl Changes {
    /// Notes a new sample.
    #[inline]
    pub(in crate::store) fn note_new_sample(&mut self, sample: (i64, i64), start_ms: i64, end_ms: Option<i64>) {
        let span = Span { from_ms: start_ms, to_ms: end_ms.unwrap_or(start_ms).max(start_ms), is_removed: false };
        if self.last_sample == Some(sample)
            && let Some(entry) = self.entries.get_mut(self.last)
        {
            return entry.add(span);
        }
        self.note(ChangeKey::of_samples(sample), span);
        self.last_sample = Some(sample);
    }

    /// Notes that a row was removed or replaced. The end that it had is not known here, so the span reaches as far as most do.
    pub(in crate::store) fn note_replaced(&mut self, key: ChangeKey, start_ms: i64, end_ms: Option<i64>) {
        let to_ms = end_ms.unwrap_or(start_ms).max(start_ms.saturating_add(REPLACED_REACH_MS));
        self.note(key, Span { from_ms: start_ms, to_ms, is_removed: true });
    }

    /// Notes rows of which only the first start and the last end are known, if these.
    pub(in crate::store) fn note_span(&mut self, key: ChangeKey, span_ms: Option<(i64, i64)>, is_removed: bool) {
        match span_ms {
            Some((from_ms, to_ms)) => self.note(key, Span { from_ms, to_ms, is_removed }),
            None => self.entry(key).note_everything(is_removed),
        }
    }

    fn note(&mut self, key: ChangeKey, span: Span) {
        self.entry(key).add(span);
    }

    fn entry(&mut self, key: ChangeKey) -> &mut Entry {
        self.last_sample = None;
        let is_last = self.entries[..self.used].get(self.last).is_some_and(|entry| entry.key == key);
        if !is_last {
            self.last = self.place(key);
        }
        &mut self.entries[self.last]
    }

    fn place(&mut self, key: ChangeKey) -> usize {
        // Beyond so many types, all of a kind are one.
        let is_full = self.used >= CHANGE_KINDS_MAX && !self.places.contains_key(&key);
        let key = if is_full { ChangeKey { type_id: None, ..key } } else { key };
        let next = self.used;
        let place = *self.places.entry(key).or_insert(next);
        if place < next {
            return place;
        }
        match self.entries.get_mut(next) {
            Some(entry) => entry.begin(key),
            None => self.entries.push(Entry { key, spans: Vec::new(), last: 0, is_everything: false }),
        }
        self.used += 1;
        place
    }

    /// Writes what was noted, before the commit. Of many rows in the table the older ones are compacted.
    pub(in crate::store) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.used == 0 {
            return Ok(());
        }
        let mut rows = match self.rows {
            Some(rows) => rows,
            None => connection.query_row("SELECT count(*) FROM changes", [], |row| row.get(0))?,
        };
        rows += self.enter(connection)?;
        if rows > CHANGES_ROWS_MIN {
            let most = rows_max(connection)?;
            // Of many persons and types more is left than that.
            if rows > most.max(2 * self.left) {
                rows = compact(connection, CHANGES_KEPT.min(most / 8))?;
                self.left = rows;
            }
        }
        self.rows = Some(rows);
        Ok(())
    }

    /// Writes what was noted, whatever the table has: a workbench's is emptied soon. Returns how many rows that is.
    pub(in crate::store) fn enter(&mut self, connection: &Connection) -> rusqlite::Result<i64> {
        let mut rows = 0;
        let mut insert = connection.prepare_cached(INSERT)?;
        for entry in &mut self.entries[..self.used] {
            let ChangeKey { person, kind, type_id } = entry.key;
            entry.settle();
            for span in &entry.spans {
                let is_known = !entry.is_everything;
                let [from_ms, to_ms] = [span.from_ms, span.to_ms].map(|at_ms| is_known.then_some(at_ms));
                insert.execute(params![person, kind.text(), type_id, from_ms, to_ms, span.is_removed])?;
                rows += 1;
            }
        }
        self.clear();
        Ok(rows)
    }

    /// Returns the noted spans and clears them, sorted by key. Unknown times are `None`.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn take(&mut self, mut each: impl FnMut(ChangeKey, Option<(i64, i64)>, bool)) {
        for entry in &mut self.entries[..self.used] {
            entry.settle();
            for span in &entry.spans {
                each(entry.key, (!entry.is_everything).then_some((span.from_ms, span.to_ms)), span.is_removed);
            }
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.used = 0;
        self.last = 0;
        self.last_sample = None;
        self.places.clear();
    }
}

/// Notes that the figures of a type, or of all, are made in another way.
pub(in crate::store) fn note_rules(connection: &Connection, person: i64, kind: Option<&str>) -> rusqlite::Result<()> {
    let id = match kind.filter(|kind| !kind.is_empty()) {
        None => None,
        Some(kind) => match find_type(connection, kind)? {
            None => return Ok(()),
            id => id,
        },
    };
    let none: Option<i64> = None;
    connection.execute(INSERT, params![person, ChangeKind::Rules.text(), id, none, none, true]).map(|_| ())
}

/// Notes that any row of a person may be gone, in place of all that was noted before.
pub(in crate::store) fn note_everything(connection: &Connection, person: i64) -> rusqlite::Result<()> {
    let none: Option<i64> = None;
    connection.execute(INSERT, params![person, ChangeKind::Everything.text(), none, none, none, true])?;
    let earlier = "DELETE FROM changes WHERE person_id = ?1 AND number < (SELECT max(number) FROM changes)";
    connection.execute(earlier, [person]).map(|_| ())
}

/// How many rows the table may have: a hundredth of the file.
fn rows_max(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let bytes: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok((bytes / 100 / CHANGE_BYTES).clamp(CHANGES_ROWS_MIN, CHANGES_ROWS_MAX))
}

/// Leaves the last entries, and one for each kind and type of those before. Returns how many are left.
fn compact(connection: &Connection, kept: i64) -> rusqlite::Result<i64> {
    let newest: i64 = connection.query_row("SELECT max(number) FROM changes", [], |row| row.get(0))?;
    let until = newest - kept;
    connection.execute(COVER, [until])?;
    connection.execute(DELETE_COVERED, [until])?;
    connection.query_row("SELECT count(*) FROM changes", [], |row| row.get(0))
}

impl Entry {
    fn begin(&mut self, key: ChangeKey) {
        self.key = key;
        self.spans.clear();
        (self.last, self.is_everything) = (0, false);
    }

    #[inline]
    fn add(&mut self, span: Span) {
        if self.spans.get_mut(self.last).is_some_and(|last| last.join(span)) {
            return;
        }
        self.add_far(span);
    }

    /// Adds a span that is far from the last one.
    #[cold]
    fn add_far(&mut self, span: Span) {
        match self.spans.iter_mut().position(|known| known.join(span)) {
            Some(place) => self.last = place,
            None => {
                self.last = self.spans.len();
                self.spans.push(span);
                if self.spans.len() > CHANGE_SPANS_MAX {
                    self.cover();
                }
            }
        }
    }

    fn note_everything(&mut self, is_removed: bool) {
        self.is_everything = true;
        self.add(Span { from_ms: i64::MIN, to_ms: i64::MAX, is_removed });
    }

    /// Makes one span of all.
    fn cover(&mut self) {
        let all = self.spans.drain(..).reduce(Span::cover);
        self.spans.extend(all);
        self.last = 0;
    }

    /// Puts the spans in order, and joins those that have grown towards each other.
    fn settle(&mut self) {
        self.spans.sort_unstable_by_key(|span| span.from_ms);
        self.spans.dedup_by(|next, span| span.join(*next));
    }
}

impl Span {
    fn cover(self, other: Self) -> Self {
        Self {
            from_ms: self.from_ms.min(other.from_ms),
            to_ms: self.to_ms.max(other.to_ms),
            is_removed: self.is_removed || other.is_removed,
        }
    }

    /// Covers another span also, if it is near. Returns whether it is.
    fn join(&mut self, other: Self) -> bool {
        let is_near = other.from_ms <= self.to_ms.saturating_add(CHANGE_GAP_MS)
            && other.to_ms >= self.from_ms.saturating_sub(CHANGE_GAP_MS);
        if is_near {
            *self = self.cover(other);
        }
        is_near
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::HOUR_MS;
    use crate::store::{Database, Store};

    fn key(type_id: i64) -> ChangeKey {
        ChangeKey::of_samples((1, type_id))
    }

    fn rows(connection: &Connection) -> Vec<String> {
        let sql = "SELECT concat_ws('|', kind, coalesce(type_id, ''), from_ms / 3600000, to_ms / 3600000, removed) FROM changes";
        let mut select = connection.prepare(sql).unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn store() -> (tempfile::NamedTempFile, Store) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let store = Store::open(&Database::new(file.path())).unwrap();
        (file, store)
    }

    #[test]
    fn near_spans_are_one_and_far_ones_are_not() {
        let (_file, store) = store();
        let mut changes = Changes::default();
        for (kind, from, to) in [(1, 0, 1), (1, 100, 101), (2, 5, 6), (1, 2, 3), (1, 50, 51), (1, 103, 103), (1, 6, 45)]
        {
            changes.note_new_sample((1, kind), from * HOUR_MS, Some(to * HOUR_MS));
        }
        changes.note_replaced(key(2), 4 * HOUR_MS, None);
        let doses = ChangeKind::Rows(RowKind::MedicationDoses);
        changes.note_span(ChangeKey { kind: doses, type_id: None, ..key(1) }, None, false);
        changes.write(&store.connection).unwrap();
        let expected = ["samples|1|0|51|0", "samples|1|100|103|0", "samples|2|4|28|1", "medication_doses||0"];
        assert_eq!(rows(&store.connection), expected);
        // The next transaction begins with nothing.
        changes.write(&store.connection).unwrap();
        assert_eq!(rows(&store.connection).len(), 4);
    }

    #[test]
    fn many_spans_and_many_types_are_covered() {
        let (_file, store) = store();
        let mut changes = Changes::default();
        for number in (0..1000).rev() {
            changes.note_new_sample((1, 1), number * 10 * HOUR_MS, None);
        }
        changes.write(&store.connection).unwrap();
        let written = rows(&store.connection);
        assert!(written.len() <= CHANGE_SPANS_MAX, "{written:?}");
        let first: i64 = store.connection.query_row("SELECT min(from_ms) FROM changes", [], |row| row.get(0)).unwrap();
        let last: i64 = store.connection.query_row("SELECT max(to_ms) FROM changes", [], |row| row.get(0)).unwrap();
        assert_eq!((first, last), (0, 9990 * HOUR_MS));
        for kind in 0..2 * i64::try_from(CHANGE_KINDS_MAX).unwrap() {
            changes.note_new_sample((1, kind), 0, None);
        }
        changes.write(&store.connection).unwrap();
        let count = |sql: &str| store.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let most = i64::try_from(CHANGE_KINDS_MAX).unwrap() + 1;
        assert_eq!(count("SELECT count(DISTINCT coalesce(type_id, -1)) FROM changes"), most);
        assert_eq!(count("SELECT count(*) FROM changes WHERE type_id IS NULL"), 1);
    }

    #[test]
    fn old_entries_are_compacted_and_lose_nothing() {
        let (_file, store) = store();
        let mut changes = Changes::default();
        let mut written = 0;
        for day in 0_i64.. {
            changes.note_new_sample((1, day % 3), day * 24 * HOUR_MS, None);
            changes.write(&store.connection).unwrap();
            written += 1;
            if changes.rows.unwrap() < written {
                break;
            }
        }
        let count = |sql: &str| store.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let most = rows_max(&store.connection).unwrap();
        assert_eq!(count("SELECT count(*) FROM changes"), CHANGES_KEPT.min(most / 8) + 3);
        assert_eq!(written, most + 1);
        assert_eq!(count("SELECT max(number) FROM changes"), written);
        // A program that has seen none of them still reads the first day again.
        assert_eq!(count("SELECT min(from_ms) FROM changes WHERE type_id = 0 AND number > 0"), 0);
        assert_eq!(count("SELECT count(*) FROM changes WHERE from_ms > to_ms"), 0);
    }
}
