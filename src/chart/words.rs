//! A chart in words: what stands below its title, and what readers of screens get.

use super::calendar::{Bucket, Span, date};
use super::figures::{Figures, Point};
use super::number::exact;
use super::picture::{EDGE_PX, Picture};
use super::svg::{Anchor, Svg};
use super::text::{LABEL_PX, fitted};

/// Says that there is nothing, in the middle.
pub(super) fn nothing(svg: &mut Svg, picture: Picture) {
    let (width, height) = picture.size();
    let text = fitted(NOTHING, LABEL_PX, width - 2.0 * EDGE_PX);
    svg.text("c-label", Anchor::Middle, (width / 2.0, (picture.top() + height) / 2.0), &text);
}

/// What a chart without figures says.
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

impl Figures {
    /// The figures in words: dates, how many there are, the sum or the average, the extremes, the last one.
    #[must_use]
    pub fn words(&self) -> String {
        let Some(span) = self.span() else {
            return format!("{NOTHING}.");
        };
        let mut whole = Vec::new();
        let mut last_partial = None;
        for point in self.points.iter().filter(|point| point.value.is_finite()) {
            if point.is_partial { last_partial = Some(point) } else { whole.push(point) }
        }
        let mut words = format!("{}.", below(&self.unit, &span, self.bucket, self.is_sum));
        let name = self.bucket.name();
        if let Some(text) = self.extremes(&whole) {
            words.push_str(&text);
        } else if last_partial.is_none() {
            words.push_str(&format!(" {NOTHING}."));
        }
        if let Some(point) = last_partial {
            words.push_str(&format!(" The last {name} is not over yet: {}.", self.tip(point)));
        }
        words
    }

    fn extremes(&self, whole: &[&Point]) -> Option<String> {
        let name = self.bucket.name();
        let lowest = whole.iter().min_by(|one, other| one.value.total_cmp(&other.value))?;
        let highest = whole.iter().max_by(|one, other| one.value.total_cmp(&other.value))?;
        let sum: f64 = whole.iter().map(|point| point.value).sum();
        let mean = sum / super::scale::float(whole.len());
        let total = if self.is_sum { format!(" Their sum is {}.", exact(sum)) } else { String::new() };
        let plural = if whole.len() == 1 { "" } else { "s" };
        Some(format!(
            " {} whole {name}{plural} with data.{total} Their mean is {}. Lowest: {}. Highest: {}.",
            whole.len(),
            exact(mean),
            self.tip(lowest),
            self.tip(highest)
        ))
    }
}
