//! Figures that come again from a renamed source, in another unit or with other digits: the new row replaces the one that it was.
//!
//! A source was renamed if the document has no figure of the old name at this time, and the database had none of the new one.
//! So two sources with equal figures stay two. In a long document, it must have no figure of the old name at all. What has grown
//! meanwhile is another figure.

use rusqlite::params;
use rusqlite::types::Null;

use super::batch::BatchWriter;
use super::figures::{
    Columns, Figure, Fresh, Rows, content_of, figure_columns, figure_fields, is_same_interval, number_of, row, text,
};
use super::sql_value::SqlValue;
use crate::model::counts::Outcome;
use crate::model::interval::Interval;
use crate::model::limits::MATCH_ROWS_MAX;

/// Figures of one time with the same end and the same fields without a column. Of many of one time only some are read: those of
/// the same source, and those of others on both sides.
const OF_TIME: &str = concat!(
    "SELECT source, number, interval, unit, value, minimum, average, maximum, end_ms, earlier, other, has_other FROM (
      SELECT * FROM (SELECT ",
    figure_columns!(),
    " FROM aggregates
        WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 LIMIT ?6)
      UNION ALL SELECT * FROM (SELECT ",
    figure_columns!(),
    " FROM aggregates
        WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source < ?5 LIMIT ?6)
      UNION ALL SELECT * FROM (SELECT ",
    figure_columns!(),
    " FROM aggregates
        WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source > ?5 LIMIT ?6))"
);

const DELETE: &str = "DELETE FROM aggregates WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4
    AND source = ?5 AND number = ?6 AND interval = ?7";

/// What is known of the stored figure only. A new row that is a later state by now already has earlier states.
const INHERIT: &str = "UPDATE OR IGNORE aggregates SET number = ?8, interval = ?9, earlier = ?10
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4
      AND source = ?5 AND number = ?6 AND interval = ?7 AND coalesce(octet_length(earlier), 0) < 8";

/// Whether there are figures within a period, except at its start. Of many only some are read.
const WITHIN: &str = "SELECT 1 FROM (SELECT label, source FROM aggregates
      WHERE person_id = ?1 AND metric = ?2 AND start_ms > ?3 AND start_ms < ?3 + ?6 LIMIT ?7)
    WHERE label = ?4 AND source = ?5";

/// What the figures of one time have in common, and the source of some.
fn place<'c>(columns: &Columns<'c>, source: &SqlValue<'c>) -> [Option<&'c str>; 3] {
    [&columns[1], &columns[3], source].map(text)
}

fn start_ms(columns: &Columns<'_>) -> Option<i64> {
    if let SqlValue::Integer(start_ms) = columns[2] { Some(start_ms) } else { None }
}

impl BatchWriter<'_> {
    /// Notes that the document has a figure of a source at a time.
    pub(super) fn note_source(&mut self, columns: &Columns<'_>) {
        let place = place(columns, &columns[4]);
        self.ids.claimed.of(self.upload.id).add_of(&place, &(place, start_ms(columns)));
    }

    /// Counts the figures of one time that have new rows. Those that are stored ones of a renamed source take their place.
    pub(super) fn note_fresh(&mut self, fresh: &[Fresh<'_>]) -> rusqlite::Result<()> {
        let rows: Rows<'_> = fresh.iter().map(row).collect();
        for new in fresh {
            let outcome = match self.replaced_by(new, &rows)? {
                None => Outcome::New,
                // The same figure with other digits.
                Some(figure) if figure.has_unit_and_place_of(new) => {
                    self.delete_figure(&new.columns, &new.columns[4], new.number, new.interval.text())?;
                    Outcome::Unchanged
                }
                Some(figure) => {
                    self.replace_figure(&figure, new)?;
                    Outcome::Updated
                }
            };
            self.counts.note(outcome);
        }
        Ok(())
    }

    fn delete_figure(
        &self,
        columns: &Columns<'_>,
        source: &SqlValue<'_>,
        number: i64,
        interval: &str,
    ) -> rusqlite::Result<()> {
        let [person, metric, start, label, ..] = columns;
        let mut delete = self.connection.prepare_cached(DELETE)?;
        delete.execute(params![person, metric, start, label, source, number, interval]).map(|_| ())
    }

    /// Finds the stored figure that a new row is: one of the same source in another unit, or one of a source with an old name.
    fn replaced_by(&mut self, new: &Fresh<'_>, rows: &Rows<'_>) -> rusqlite::Result<Option<Figure>> {
        let columns = &new.columns;
        let [person, metric, start, label, source, ..] = columns;
        let (other, bytes, bytes_max) = figure_fields(new);
        let (mut known, mut renamed, mut of_source) = (0, None, 0);
        // Of figures in another unit or with other digits, the nearest.
        let mut converted: Option<(f64, Figure)> = None;
        let mut select = self.connection.prepare_cached(OF_TIME)?;
        let parameters = params![person, metric, start, label, source, MATCH_ROWS_MAX, Null, other, bytes, bytes_max];
        let mut found = select.query(parameters)?;
        while let Some(found) = found.next()? {
            let figure = Figure::of(found, new)?;
            if figure.is_of(source) {
                of_source += 1;
                let row = (text(source).unwrap_or_default(), figure.number, &*figure.interval);
                if rows.contains(&row) {
                    continue;
                }
                known += usize::from(is_same_interval(&figure.interval, new.interval));
                // Several equal figures stay several.
                if figure.is_alike(new) && !figure.is_equal(new) {
                    let distance = figure.distance(new);
                    if converted.as_ref().is_none_or(|(nearest, _)| distance < *nearest) {
                        converted = Some((distance, figure));
                    }
                }
            } else if renamed.is_none() && figure.is_alike(new) {
                let of_document = self.ids.claimed.of(self.upload.id);
                let place = place(columns, &SqlValue::Text(&figure.source));
                if !of_document.may_have(&place, &(place, start_ms(columns))) {
                    renamed = Some(figure);
                }
            }
        }
        drop(found);
        drop(select);
        if of_source >= MATCH_ROWS_MAX {
            if let Some(figure) = self.find_in_figures(new, rows)? {
                return Ok(Some(figure));
            }
        } else if let Some((_, figure)) = converted {
            return Ok(Some(figure));
        }
        // Further figures of a new name may come in the next batch.
        let name = (place(columns, source), start_ms(columns), "new");
        let of_document = self.ids.claimed.of(self.upload.id);
        if known == 0 {
            of_document.add(&name);
        }
        let is_new = known == 0 || of_document.has(&name);
        Ok(match renamed {
            Some(figure) if is_new || known == 1 && self.is_of_another_period(new, &figure)? => Some(figure),
            _ => None,
        })
    }

    /// Whether a known figure of the new name may be of another period that begins at the same time: the hour of a day, which
    /// followed in another document. Then there are others within the period, also if none of them has followed yet.
    fn is_of_another_period(&self, new: &Fresh<'_>, figure: &Figure) -> rusqlite::Result<bool> {
        let Fresh { columns, interval, period_ms, .. } = new;
        Ok(*interval == Interval::None
            && *period_ms > 0
            && (self.has_within(columns, &columns[4], *period_ms)?
                || self.has_within(columns, &SqlValue::Text(&figure.source), *period_ms)?))
    }

    /// Whether there are figures of a source within a period that begins at a figure's time.
    fn has_within(&self, columns: &Columns<'_>, source: &SqlValue<'_>, period_ms: i64) -> rusqlite::Result<bool> {
        let [person, metric, start, label, ..] = columns;
        let mut select = self.connection.prepare_cached(WITHIN)?;
        select.exists(params![person, metric, start, label, source, period_ms, MATCH_ROWS_MAX])
    }

    fn replace_figure(&self, figure: &Figure, new: &Fresh<'_>) -> rusqlite::Result<()> {
        let Figure { source, number, interval, earlier, .. } = figure;
        let [person, metric, start, label, new_source, ..] = &new.columns;
        self.delete_figure(&new.columns, &SqlValue::Text(source), *number, interval)?;
        let new_interval = new.interval.text();
        let says_interval = new.interval == Interval::None && interval != new_interval;
        if says_interval || earlier.is_some() {
            let (number, interval) = if says_interval {
                (number_of(content_of(&new.columns), new.nth_of_content), &**interval)
            } else {
                (new.number, new_interval)
            };
            let old =
                params![person, metric, start, label, new_source, new.number, new_interval, number, interval, earlier];
            self.connection.prepare_cached(INHERIT)?.execute(old)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::model::batch::Batch;
    use crate::model::interval::Interval;
    use crate::model::record::Aggregate;
    use crate::store::write::ledger::UploadKey;
    use crate::store::{Database, Store};

    /// A database, and the number of uploads to it.
    struct Figures {
        store: Store,
        uploads: i64,
        _folder: tempfile::TempDir,
    }

    impl Figures {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&Database::new(folder.path().join("health.db"))).unwrap();
            Self { store, uploads: 0, _folder: folder }
        }

        /// Writes figures of one time as one document. Returns how many are new, updated and unchanged.
        fn send(&mut self, unit: &str, figures: &[(&str, f64)]) -> [u64; 3] {
            let mut batch = Batch::default();
            for (place, (source, value)) in figures.iter().enumerate() {
                let before = &figures[..=place];
                let count = |is_counted: &dyn Fn(&(&str, f64)) -> bool| {
                    u32::try_from(before.iter().filter(|figure| is_counted(figure)).count()).unwrap()
                };
                let [metric, label, own, unit] = ["m", "", *source, unit].map(|text| batch.texts.intern(text));
                batch.rows.aggregates.push(Aggregate {
                    metric,
                    start_ms: 7,
                    end_ms: None,
                    interval: Interval::None,
                    shown: Interval::None,
                    workout: None,
                    grows: false,
                    period_ms: 0,
                    label,
                    source: own,
                    nth_of_time: count(&|(other, _)| other == source),
                    nth_of_content: count(&|figure| figure == &(*source, *value)),
                    is_scattered: false,
                    unit: Some(unit),
                    value: Some(*value),
                    minimum: None,
                    average: None,
                    maximum: None,
                    other: None,
                });
            }
            self.uploads += 1;
            let upload = UploadKey { id: self.uploads, person: 1 };
            let counts = self.store.write(upload, 0, &mut 0, &batch).unwrap();
            [counts.new, counts.updated, counts.unchanged]
        }

        fn stored(&self) -> String {
            let sql = "SELECT group_concat(source || ' ' || value || ' ' || unit, ', ' ORDER BY source, value) FROM aggregates";
            self.store.connection.query_row(sql, [], |row| row.get(0)).unwrap()
        }
    }

    #[test]
    fn a_renamed_source_doubles_no_figures() {
        let mut figures = Figures::new();
        let mut send = |sent: &[(&str, f64)], expected: [u64; 3], stored: &str| {
            assert_eq!(figures.send("u", sent), expected, "{sent:?}");
            assert_eq!(figures.stored(), stored, "{sent:?}");
        };
        // Two sources with equal figures are two, in any order.
        send(&[("P", 10.0), ("W", 10.0)], [2, 0, 0], "P 10.0 u, W 10.0 u");
        send(&[("W", 10.0), ("P", 10.0)], [0, 0, 2], "P 10.0 u, W 10.0 u");
        send(&[("W", 10.0)], [0, 0, 1], "P 10.0 u, W 10.0 u");
        send(&[("Q", 10.0), ("W", 10.0)], [0, 1, 1], "Q 10.0 u, W 10.0 u");
        send(&[("A", 10.0), ("B", 10.0)], [0, 2, 0], "A 10.0 u, B 10.0 u");
        send(&[("A", 10.0), ("B", 10.0)], [0, 0, 2], "A 10.0 u, B 10.0 u");
        send(&[("A", 10.0), ("B", 10.0), ("C", 10.0)], [1, 0, 2], "A 10.0 u, B 10.0 u, C 10.0 u");
        // Another figure of a new source was not renamed, and a known source was not.
        send(&[("D", 9.0)], [1, 0, 0], "A 10.0 u, B 10.0 u, C 10.0 u, D 9.0 u");
        send(&[("B", 10.0), ("B", 9.0)], [1, 0, 1], "A 10.0 u, B 9.0 u, B 10.0 u, C 10.0 u, D 9.0 u");
        let sources = "A 10.0 u, B 9.0 u, B 10.0 u, C 10.0 u, E 9.0 u";
        send(&[("E", 9.0), ("B", 9.0), ("B", 10.0)], [0, 1, 2], sources);
    }

    #[test]
    fn another_unit_doubles_no_figures() {
        let mut figures = Figures::new();
        let mut send = |unit: &str, sent: &[(&str, f64)], expected: [u64; 3], stored: &str| {
            assert_eq!(figures.send(unit, sent), expected, "{sent:?}");
            assert_eq!(figures.stored(), stored, "{sent:?}");
        };
        send("kcal", &[("W", 100.0), ("W", 50.0)], [2, 0, 0], "W 50.0 kcal, W 100.0 kcal");
        send("kJ", &[("W", 418.4), ("W", 209.2)], [0, 2, 0], "W 209.2 kJ, W 418.4 kJ");
        send("kJ", &[("W", 209.2), ("W", 418.4)], [0, 0, 2], "W 209.2 kJ, W 418.4 kJ");
        send("kcal", &[("X", 50.0), ("X", 100.0)], [0, 2, 0], "X 50.0 kcal, X 100.0 kcal");
        send("kcal", &[("X", 50.0), ("X", 51.0), ("X", 100.0)], [1, 0, 2], "X 50.0 kcal, X 51.0 kcal, X 100.0 kcal");
    }
}
