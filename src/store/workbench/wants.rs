//! A list of wanted rows, and what a batch needs of kinds that are looked up by their keys or their time.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rusqlite::types::Value;

use super::content;
use super::covered::{self, Covered};
use super::remote::{Rows, Span, Wanted};
use super::tables::{
    ACTIVITY_SUMMARIES, AGGREGATES, BEAT_LISTS, CHARACTERISTICS, CORRELATIONS, ELECTROCARDIOGRAMS, MEDICATION_DOSES,
    MEDICATIONS, MERGED_SAMPLES, MISSING_SAMPLES, OTHER_RECORDS, REJECTS, SAMPLES, Table,
};
use crate::model::batch::Batch;
use crate::model::limits::{WORKBENCH_GAP_MS, WORKBENCH_SPANS_EACH};
use crate::model::record::{Aggregate, Rows as BatchRows, Sample, Uuid};
use crate::model::text::TextId;
use crate::store::supplied::Most;
use crate::store::write::{LAST_REASON, hash_of_other_text, hash_of_reject, hashes_of_other};

/// Rows that are wanted together.
#[derive(Debug, Default)]
pub(super) struct Wants(Vec<Wanted>);

impl Wants {
    pub(super) fn list(&self) -> &[Wanted] {
        &self.0
    }

    pub(super) fn add(&mut self, wanted: Wanted) {
        self.0.push(wanted);
    }

    /// All rows of the person.
    pub(super) fn all(&mut self, table: &'static Table) {
        self.0.push(Wanted { table, rows: Rows::All });
    }

    /// The row that came last: the arrival of the next one follows it.
    pub(super) fn last(&mut self, table: &'static Table) {
        self.0.push(Wanted { table, rows: Rows::Last });
    }

    /// Any row with a value of a column within a span.
    pub(super) fn any(&mut self, table: &'static Table, column: &'static str, (from, to): (Value, Value)) {
        let spans = vec![Span { of: None, from, to }];
        self.0.push(Wanted { table, rows: Rows::Spans { of: None, column, spans, most: Some(Most::First(1)) } });
    }

    /// A row with a value in a column.
    pub(super) fn first(&mut self, table: &'static Table, column: &'static str, value: Value) {
        self.any(table, column, (value.clone(), value));
    }

    /// Rows with one of these values in a column.
    pub(super) fn keys(
        &mut self,
        table: &'static Table,
        column: &'static str,
        values: impl IntoIterator<Item = impl Into<Value>>,
    ) {
        let span = |value: Value| Span { of: None, from: value.clone(), to: value };
        let spans = values.into_iter().map(|value| span(value.into())).collect();
        self.spans(table, (None, column), spans);
    }

    /// Rows within spans. Equal spans are one: each would bring the same rows.
    pub(super) fn spans(
        &mut self,
        table: &'static Table,
        (of, column): (Option<&'static str>, &'static str),
        mut spans: Vec<Span>,
    ) {
        spans.sort_unstable_by(order);
        spans.dedup();
        for spans in spans.chunks(WORKBENCH_SPANS_EACH) {
            let rows = Rows::Spans { of, column, spans: spans.to_vec(), most: None };
            self.0.push(Wanted { table, rows });
        }
    }

    /// Samples of these types and times, with what is kept beside them, unless they are here.
    pub(super) fn samples(&mut self, times: BTreeMap<i64, Vec<covered::Span>>, covered: &mut Covered, has_marks: bool) {
        let mut spans = Vec::new();
        for (kind, wanted) in times {
            let lacking = covered.add_samples(kind, near(wanted));
            let span = |(from, to)| Span { of: Some(kind.into()), from: Value::from(from), to: Value::from(to) };
            spans.extend(lacking.into_iter().map(span));
        }
        let columns = (Some("type_id"), "start_ms");
        if has_marks {
            self.spans(&MISSING_SAMPLES, columns, spans.clone());
        }
        self.spans(&MERGED_SAMPLES, columns, spans.clone());
        self.spans(&SAMPLES, columns, spans);
    }

    /// The same without what is kept beside them.
    pub(super) fn samples_only(&mut self, times: BTreeMap<i64, Vec<covered::Span>>, covered: &mut Covered) {
        for (kind, wanted) in times {
            let lacking = covered.add_samples(kind, wanted);
            let span = |(from, to)| Span { of: Some(kind.into()), from: Value::from(from), to: Value::from(to) };
            self.spans(&SAMPLES, (Some("type_id"), "start_ms"), lacking.into_iter().map(span).collect());
        }
    }

    /// What a batch's rows need, except samples, workouts and locations.
    pub(super) fn keyed(&mut self, batch: &Batch, covered: &mut Covered) {
        // Without `..`, so that a new kind of row has its place here. The first ones have other functions.
        let BatchRows {
            samples: _,
            derived_samples: _,
            workouts: _,
            route_points: _,
            doses,
            medications,
            characteristics,
            beat_lists,
            correlations,
            activity_summaries,
            electrocardiograms,
            aggregates,
            others: _,
            rejects: _,
        } = &batch.rows;
        let texts = &batch.texts;
        let text = |text| texts.get(text).to_owned();
        self.keys(&MEDICATION_DOSES, "uuid", doses.iter().map(|row| row.uuid.to_vec()));
        if !medications.is_empty() {
            self.last(&MEDICATIONS);
        }
        self.keys(&MEDICATIONS, "display_text", medications.iter().map(|row| text(row.display_text)));
        self.keys(&CHARACTERISTICS, "key", characteristics.iter().map(|row| text(row.key)));
        self.keys(&ACTIVITY_SUMMARIES, "day", activity_summaries.iter().map(|row| text(row.day)));
        self.keys(&ELECTROCARDIOGRAMS, "start_ms", electrocardiograms.iter().map(|row| row.start_ms));
        if !beat_lists.is_empty() {
            self.last(&BEAT_LISTS);
        }
        self.keys(&BEAT_LISTS, "start_ms", beat_lists.iter().map(|row| row.start_ms));
        self.correlations(correlations.iter().map(|row| (texts.get(row.kind), row.start_ms)), covered);
        let figure = |row: &Aggregate| Span {
            of: Some(text(row.metric).into()),
            from: row.start_ms.into(),
            to: row.start_ms.saturating_add(row.period_ms.max(0)).into(),
        };
        self.spans(&AGGREGATES, (Some("metric"), "start_ms"), aggregates.iter().map(figure).collect());
        self.others(batch);
        self.rejects(batch);
    }

    /// Correlations of a type that begin at a time, unless they are here.
    pub(super) fn correlations<'t>(&mut self, starts: impl Iterator<Item = (&'t str, i64)>, covered: &mut Covered) {
        let lacking = starts.filter(|(kind, start_ms)| covered.add_correlations(kind, *start_ms));
        let span = |(kind, start_ms): (&str, i64)| Span {
            of: Some(kind.to_owned().into()),
            from: start_ms.into(),
            to: start_ms.into(),
        };
        self.spans(&CORRELATIONS, (Some("type"), "start_ms"), lacking.map(span).collect());
    }

    fn others(&mut self, batch: &Batch) {
        let (rows, texts) = (&batch.rows.others, &batch.texts);
        let mut spans = Vec::new();
        for row in rows {
            let of_text = hash_of_other_text(texts.get(row.json));
            let of_content = row.content.into_iter().flat_map(hashes_of_other);
            let span = |hash: Uuid| Span {
                of: Some(texts.get(row.section).to_owned().into()),
                from: hash.to_vec().into(),
                to: hash.to_vec().into(),
            };
            spans.extend(std::iter::once(of_text).chain(of_content).map(span));
        }
        if !rows.is_empty() {
            self.last(&OTHER_RECORDS);
        }
        self.spans(&OTHER_RECORDS, (Some("section"), "hash"), spans);
    }

    /// Equal rejects of earlier uploads.
    fn rejects(&mut self, batch: &Batch) {
        let (rows, texts) = (&batch.rows.rejects, &batch.texts);
        let hashes = rows.iter().flat_map(|row| {
            let [section, reason, raw] = [row.section, row.reason, row.raw].map(|text| texts.get(text));
            // The last one that is kept has other texts.
            let texts = [[section, reason, raw], [section, LAST_REASON, ""]];
            texts.map(|texts| hash_of_reject(texts, row.raw_bytes).to_vec())
        });
        self.keys(&REJECTS, "hash", hashes);
    }
}

/// The seconds of a batch's samples, by type.
pub(super) fn seconds_of(batch: &Batch) -> BTreeMap<i64, Vec<covered::Span>> {
    let mut times: BTreeMap<i64, Vec<covered::Span>> = BTreeMap::new();
    let mut last: Option<(TextId, i64)> = None;
    let derived = batch.rows.derived_samples.iter().map(|derived| &derived.sample);
    for &Sample { kind, start_ms, .. } in batch.rows.samples.iter().chain(derived) {
        let id = match last {
            Some((known, id)) if known == kind => id,
            _ => content::id_of_text(batch.texts.get(kind)),
        };
        last = Some((kind, id));
        add_second(&mut times, id, start_ms);
    }
    times
}

/// Adds the second in which a sample begins.
pub(super) fn add_second(times: &mut BTreeMap<i64, Vec<covered::Span>>, kind: i64, start_ms: i64) {
    let second_ms = start_ms.div_euclid(1000).saturating_mul(1000);
    let spans = times.entry(kind).or_default();
    let second = (second_ms, second_ms.saturating_add(999));
    if spans.last() != Some(&second) {
        spans.push(second);
    }
}

/// An order of spans in which equal ones are neighbours.
fn order(one: &Span, other: &Span) -> Ordering {
    let of = one.of.iter().zip(&other.of).map(|(one, other)| order_of_values(one, other)).next();
    of.unwrap_or(Ordering::Equal)
        .then_with(|| order_of_values(&one.from, &other.from))
        .then_with(|| order_of_values(&one.to, &other.to))
}

/// The order of values of one type. A column has only one.
fn order_of_values(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Integer(one), Value::Integer(other)) => one.cmp(other),
        (Value::Real(one), Value::Real(other)) => one.total_cmp(other),
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        (Value::Blob(one), Value::Blob(other)) => one.cmp(other),
        _ => Ordering::Equal,
    }
}

/// Joins spans with little time between them: few rows more cost less than a further search.
fn near(mut spans: Vec<covered::Span>) -> Vec<covered::Span> {
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let is_near = next.0 <= last.1.saturating_add(WORKBENCH_GAP_MS);
        if is_near {
            last.1 = last.1.max(next.1);
        }
        is_near
    });
    spans
}
