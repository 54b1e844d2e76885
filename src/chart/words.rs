//! A chart in words: what stands below its title, and what readers of screens get.

use super::calendar::{Bucket, Span, date};
use super::figures::{Figures, Point};
use super::picture::{EDGE_PX, Picture};
use super::svg::{Anchor, Svg};
use super::text::{LABEL_PX, fitted};

/// Says that there is nothing, in the middle.
pub(super) fn nothing(svg: &mut Svg, picture: Picture, text: &str) {
    let (width, height) = picture.size();
    let text = fitted(text, LABEL_PX, width - 2.0 * EDGE_PX);
    svg.text("c-label", Anchor::Middle, (width / 2.0, (picture.top() + height) / 2.0), &text);
}

/// Text of a chart without data.
pub(super) const NOTHING: &str = "No data in this time";

/// The line below the title.
pub(super) fn below(unit: &str, span: &Span<'_>, bucket: Bucket, is_sum: bool) -> String {
    let unit = if unit.is_empty() { String::new() } else { format!(" in {unit}") };
    let what = match (bucket, is_sum) {
        (Bucket::Moment, _) => "averages".to_owned(),
        (_, true) => format!("sum by {}", bucket.name()),
        (_, false) => format!("average by {}", bucket.name()),
    };
    format!("{}, {what}{unit}", dates(span))
}

/// The dates of a span: `1–26 Nov 2026`, `28 Oct – 26 Nov 2026`, or both in full.
pub(super) fn dates(span: &Span<'_>) -> String {
    let first = date(span.clock.local_ms(span.from_ms));
    let last = date(span.clock.local_ms(span.to_ms.saturating_sub(1).max(span.from_ms)));
    if first == last {
        return first;
    }
    let (Some((day, month)), Some((_, last_month))) = (first.split_once(' '), last.split_once(' ')) else {
        return first;
    };
    if month == last_month {
        return format!("{day}–{last}");
    }
    match first.rsplit_once(' ') {
        Some((short, year)) if last.ends_with(&format!(" {year}")) => format!("{short} – {last}"),
        _ => format!("{first} – {last}"),
    }
}

/// Says that a figure at an end is not that of its whole bucket.
pub(super) fn part_of(bucket: Bucket, (is_first, is_last): (bool, bool), is_cut: bool, tip: &str) -> String {
    let name = bucket.name();
    let which = match (is_first, is_last) {
        (true, true) => "",
        (true, false) => "first ",
        _ => "last ",
    };
    if is_cut {
        format!(" Only a part of the {which}{name} was asked for: {tip}.")
    } else {
        format!(" The {which}{name} is not over yet: {tip}.")
    }
}

impl Figures {
    /// Text in place of missing figures.
    #[must_use]
    pub fn nothing(&self) -> &'static str {
        if self.is_unknown { "No figure is known for this type" } else { NOTHING }
    }

    /// The figures in words: dates, how many there are, the sum or the average, the extremes, the last one.
    #[must_use]
    pub fn words(&self) -> String {
        let Some(span) = self.asked() else {
            return format!("{}.", self.nothing());
        };
        let shown: Vec<&Point> = self.points.iter().filter(|point| point.value.is_finite()).collect();
        let whole: Vec<&Point> = shown.iter().copied().filter(|point| !point.is_partial).collect();
        let mut words = format!("{}.", below(&self.unit, &span, self.bucket, self.is_sum));
        if let Some(text) = self.extremes(&whole) {
            words.push_str(&text);
        } else if shown.is_empty() {
            words.push_str(&format!(" {}.", self.nothing()));
        }
        let mut partial: Vec<&Point> = shown.first().into_iter().chain(shown.last()).copied().collect();
        partial.dedup_by_key(|point| point.start_ms);
        partial.retain(|point| point.is_partial);
        let ends_ms = (self.points.first().map(|point| point.start_ms), self.points.last().map(|point| point.start_ms));
        for point in partial {
            let is_end = (Some(point.start_ms) == ends_ms.0, Some(point.start_ms) == ends_ms.1);
            let is_cut = (is_end.0 && self.is_cut.0) || (is_end.1 && self.is_cut.1);
            words.push_str(&part_of(self.bucket, is_end, is_cut, &self.tip(point)));
        }
        words
    }

    fn extremes(&self, whole: &[&Point]) -> Option<String> {
        let name = self.bucket.name();
        let lowest = whole.iter().min_by(|one, other| one.value.total_cmp(&other.value))?;
        let highest = whole.iter().max_by(|one, other| one.value.total_cmp(&other.value))?;
        let sum: f64 = whole.iter().map(|point| point.value).sum();
        let mean = sum / super::scale::float(whole.len());
        let total = if self.is_sum { format!(" Their sum is {}.", self.shown(sum)) } else { String::new() };
        let plural = if whole.len() == 1 { "" } else { "s" };
        Some(format!(
            " {} whole {name}{plural} with data.{total} Their mean is {}. Lowest: {}. Highest: {}.",
            whole.len(),
            self.shown(mean),
            self.tip(lowest),
            self.tip(highest)
        ))
    }
}
