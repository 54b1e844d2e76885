//! Sums as bars. A bucket that is not over yet is hatched.

use super::figures::Drawing;
use super::hatch::hatch;
use super::svg::{Path, Svg};
use crate::model::limits::CHART_TIPS_MAX;

/// Space between two bars, and the part of a bucket that it may take.
const GAP_PX: f64 = 2.0;
const GAP_PART: f64 = 0.25;

/// A bar is no wider, however few there are.
const BAR_PX_MAX: f64 = 56.0;

pub(super) fn bars(drawing: &Drawing<'_>, svg: &mut Svg) {
    let Drawing { figures, span, scale, plot } = drawing;
    let hue = figures.hue.letter();
    let zero = scale.place(0.0, plot.down);
    let mut all = Path::default();
    let has_tips = figures.points.len() <= CHART_TIPS_MAX;
    for point in figures.points.iter().filter(|point| point.value.is_finite()) {
        if point.end_ms <= span.from_ms || point.start_ms >= span.to_ms {
            continue;
        }
        let [left, right] = [point.start_ms, point.end_ms].map(|at_ms| span.place(at_ms, plot.across));
        let (left, width) = slot((left, right), GAP_PX, GAP_PART);
        let end = scale.place(point.value, plot.down);
        let (top, height) = (zero.min(end), (zero - end).abs());
        // Something that is not zero can be seen.
        let (top, height) = if height < 1.0 && point.value != 0.0 { (zero - 1.0, 1.0) } else { (top, height) };
        let place = ((left, top), (width, height));
        if point.is_partial {
            let mut lines = Path::default();
            hatch(place, &mut lines);
            lines.rect(place.0, place.1);
            svg.path(&format!("c-part-{hue}"), &lines);
        } else if has_tips {
            svg.rect(&format!("c-fill-{hue}"), place.0, place.1, Some(&figures.tip(point)));
        } else {
            all.rect(place.0, place.1);
        }
    }
    svg.path(&format!("c-fill-{hue}"), &all);
}

/// Where a bar begins in its bucket, and its width.
pub(super) fn slot((left, right): (f64, f64), gap_px: f64, gap_part: f64) -> (f64, f64) {
    let gap = gap_px.min((right - left) * gap_part);
    let width = (right - left - gap).clamp(0.5, BAR_PX_MAX);
    (left + (right - left - width) / 2.0, width)
}
