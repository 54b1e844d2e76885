//! Figures of one time and source that are more than are compared one by one. They are in the lists of `merge::crowd`, by their
//! numbers.

use rusqlite::{Connection, Row, params};

use super::batch::BatchWriter;
use super::figures::{Figure, Fresh, Rows, content_of, figure_columns, figure_fields, real, row, text};
use super::merge::{Check, Crowd, Merge, Traits, Turn, Window};
use crate::model::identity::digest;
use crate::model::limits::FIGURES_LISTED_EACH;
use crate::model::measurement;

const ALL: &str = "SELECT number, interval, end_ms, unit, value, maximum, average, minimum, other FROM aggregates
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5";

const ONE: &str = concat!(
    "SELECT ",
    figure_columns!(),
    " FROM aggregates
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 AND number = ?6 AND interval = ?7"
);

/// A figure has none of what distinguishes samples.
const NO_TRAITS: Traits = Traits {
    content: 0,
    unit: None,
    size: None,
    exact: 0,
    name: None,
    source: None,
    creation_ms: None,
    metadata: None,
    other: None,
};

impl BatchWriter<'_> {
    /// Finds the stored figure that a new row of its source is, in another unit or with other digits. `rows` are new.
    pub(super) fn find_in_figures(&mut self, new: &Fresh<'_>, rows: &Rows<'_>) -> rusqlite::Result<Option<Figure>> {
        let [person, metric, start, label, source, ..] = &new.columns;
        let (other, bytes, bytes_max) = figure_fields(new);
        let [_, unit, value, minimum, average, maximum, _] = content_of(&new.columns);
        self.waiting.open_for(self.upload.id)?;
        let (connection, scratch) = (self.connection, self.waiting.scratch()?);
        let Merge { crowd, .. } = &mut self.ids.merge;
        let texts = [metric, label, source].map(|part| text(part).unwrap_or_default().as_bytes());
        let times = [self.upload.person, new.start_ms()].map(i64::to_le_bytes);
        let place = digest(&[b"figures", &times[0], &times[1], texts[0], texts[1], texts[2]]);
        crowd.earn(FIGURES_LISTED_EACH);
        if crowd.begin(scratch, &place, Turn::Rest)? {
            let mut select = connection.prepare_cached(ALL)?;
            let mut found = select.query(params![person, metric, start, label, source])?;
            while let Some(found) = found.next()? {
                if !crowd.spend() {
                    crowd.forget();
                    return Ok(None);
                }
                list(crowd, scratch, found, text(source), rows)?;
            }
        }
        let size = [value, maximum, average, minimum].into_iter().find_map(real);
        let own = (size.unwrap_or_default(), text(unit));
        let windows: Vec<Window> = measurement::printed_ranges(own)
            .into_iter()
            .map(|(name, sizes)| Window { unit: hash_of(crowd, name), sizes })
            .collect();
        let traits = Traits { content: crowd.hash(new.end_ms()), size, ..NO_TRAITS };
        let own_row = row(new);
        crowd.search(scratch, Turn::Rest, &traits, &windows, |(number, key)| {
            let interval = interval_of(&key);
            let mut select = connection.prepare_cached(ONE)?;
            let parameters = params![person, metric, start, label, source, number, interval, other, bytes, bytes_max];
            let mut found = select.query(parameters)?;
            let Some(found) = found.next()? else {
                return Ok(Check::IsOver);
            };
            let figure = Figure::of(found, new)?;
            // Several equal figures stay several.
            let is_other = (own_row.1, own_row.2) != (number, interval) && !figure.is_equal(new);
            Ok(if is_other && figure.is_alike(new) { Check::Fits(figure) } else { Check::Differs })
        })
    }
}

/// Adds a stored figure, unless it is one of `rows`.
fn list(
    crowd: &mut Crowd,
    scratch: &Connection,
    found: &Row<'_>,
    source: Option<&str>,
    rows: &Rows<'_>,
) -> rusqlite::Result<()> {
    let (number, interval, end_ms): (i64, String, Option<i64>) = (found.get(0)?, found.get(1)?, found.get(2)?);
    let is_new = rows.contains(&(source.unwrap_or_default(), number, &*interval));
    let Some(key) = key_of(&interval).filter(|_| !is_new) else {
        return Ok(());
    };
    let numbers: [Option<f64>; 4] = [found.get(4)?, found.get(5)?, found.get(6)?, found.get(7)?];
    let other = found.get_ref(8)?.as_str_or_null()?;
    let unit = hash_of(crowd, found.get_ref(3)?.as_str_or_null()?);
    // Of equal figures one is tried.
    let exact = crowd.hash((unit, numbers.map(|number| number.map(f64::to_bits)), other, &interval));
    let size = numbers.into_iter().find_map(|number| number);
    let traits = Traits { content: crowd.hash(end_ms), unit, size, exact, ..NO_TRAITS };
    crowd.add(scratch, Turn::Rest, &traits, true, (number, key))
}

/// A number for the name of a unit.
fn hash_of(crowd: &Crowd, unit: Option<&str>) -> Option<i64> {
    unit.map(|unit| crowd.hash(unit).cast_signed())
}

/// The text of an interval as a part of a row's place.
fn key_of(interval: &str) -> Option<[u8; 16]> {
    let mut key = [0; 16];
    key.get_mut(..interval.len())?.copy_from_slice(interval.as_bytes());
    Some(key)
}

fn interval_of(key: &[u8; 16]) -> &str {
    let length = key.iter().position(|byte| *byte == 0).unwrap_or(key.len());
    std::str::from_utf8(&key[..length]).unwrap_or_default()
}
