//! Averages as a line in the band between the least and the greatest sample. A bucket without data is a gap, also of the line.

use super::calendar::middle;
use super::figures::{Drawing, Point};
use super::svg::{Path, Svg};
use crate::model::limits::CHART_TIPS_MAX;

pub(super) fn band(drawing: &Drawing<'_>, svg: &mut Svg) {
    let Drawing { figures, span, .. } = drawing;
    let is_shown =
        |point: &&Point| point.value.is_finite() && point.end_ms > span.from_ms && point.start_ms < span.to_ms;
    let points: Vec<&Point> = figures.points.iter().filter(is_shown).collect();
    let runs: Vec<&[&Point]> = points.chunk_by(|one, next| one.end_ms >= next.start_ms).collect();
    let (mut area, mut line, mut open) = (Path::default(), Path::default(), Path::default());
    for run in &runs {
        drawing.area(run, &mut area);
        drawing.line(run, &mut line, &mut open);
    }
    let hue = figures.hue.letter();
    svg.path(&format!("c-band-{hue}"), &area);
    svg.path(&format!("c-line-{hue}"), &line);
    svg.path(&format!("c-line-{hue} c-dash"), &open);
    let mut dots: Vec<&Point> = runs.iter().filter(|run| run.len() == 1).map(|run| run[0]).collect();
    dots.extend(points.last().filter(|point| point.is_partial && !dots.contains(point)));
    let radius = if dots.len() > CHART_TIPS_MAX / 2 { 1.5 } else { 2.5 };
    for point in dots {
        let class = if point.is_partial { 'c' } else { hue };
        let name = if class == 'c' { format!("c-part-{hue}") } else { format!("c-fill-{hue}") };
        svg.dot(&name, drawing.place(point, point.value), radius);
    }
    if points.len() <= CHART_TIPS_MAX {
        tips(drawing, &points, svg);
    }
}

/// What shows a figure beside the pointer: the whole height above and below it.
fn tips(drawing: &Drawing<'_>, points: &[&Point], svg: &mut Svg) {
    let (top, bottom) = drawing.plot.down;
    for point in points {
        let [left, right] = [point.start_ms, point.end_ms].map(|at_ms| drawing.span.place(at_ms, drawing.plot.across));
        svg.rect("c-tip", (left, top), (right - left, bottom - top), Some(&drawing.figures.tip(point)));
    }
}

impl Drawing<'_> {
    fn place(&self, point: &Point, value: f64) -> (f64, f64) {
        let [left, right] = [point.start_ms, point.end_ms].map(|at_ms| self.span.place(at_ms, self.plot.across));
        (middle((left, right)), self.scale.place(value, self.plot.down))
    }

    /// The band of figures without a gap: along the greatest, and back along the least.
    fn area(&self, run: &[&Point], area: &mut Path) {
        if run.iter().all(|point| point.extremes.is_none()) {
            return;
        }
        let extremes = |point: &Point| point.extremes.unwrap_or((point.value, point.value));
        if let [point] = run {
            let (low, high) = extremes(point);
            let ((x, bottom), (_, top)) = (self.place(point, low), self.place(point, high));
            area.rect((x - 1.5, top), (3.0, (bottom - top).max(0.5)));
            return;
        }
        let upper = run.iter().map(|point| self.place(point, extremes(point).1));
        let lower = run.iter().rev().map(|point| self.place(point, extremes(point).0));
        for (at, place) in upper.chain(lower).enumerate() {
            if at == 0 { area.move_to(place) } else { area.line_to(place) }
        }
        area.close();
    }

    /// The line of figures without a gap. What leads to a bucket that is not over is a line for itself.
    fn line(&self, run: &[&Point], line: &mut Path, open: &mut Path) {
        let mut last: Option<(f64, f64)> = None;
        for point in run {
            let place = self.place(point, point.value);
            match last {
                None => line.move_to(place),
                Some(from) if point.is_partial => {
                    open.move_to(from);
                    open.line_to(place);
                }
                Some(_) => line.line_to(place),
            }
            last = Some(place);
        }
    }
}
