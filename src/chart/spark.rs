//! A line or bars of a few figures without any axis, to stand beside a number.

use super::scale::{Scale, float};
use super::svg::{Path, Svg};
use super::theme::Hue;
use crate::model::limits::CHART_POINTS_MAX;

/// Space for the width of the line.
const EDGE_PX: f64 = 2.0;

/// Draws figures of equal distances; one that is missing is a gap. The text around it has the same figures in words.
#[must_use]
pub fn sparkline(values: &[Option<f64>], (width, height): (u32, u32), hue: Hue, is_sum: bool) -> String {
    let mut svg = Svg::default();
    svg.raw(format_args!(
        "<svg class=\"spark\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" aria-hidden=\"true\">"
    ));
    let values = &values[..values.len().min(CHART_POINTS_MAX)];
    let known = || values.iter().copied().flatten().filter(|value| value.is_finite());
    let scale = Scale::around(known(), 4.0, is_sum, 0.0);
    let down = (EDGE_PX, f64::from(height) - EDGE_PX);
    let slot = f64::from(width) / float(values.len().max(1));
    let (letter, mut path) = (hue.letter(), Path::default());
    let place = |at: usize, value: f64| (slot * (float(at) + 0.5), scale.place(value, down));
    let mut is_run = false;
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            is_run = false;
            continue;
        };
        let (x, y) = place(at, value);
        if is_sum {
            let zero = scale.place(0.0, down);
            path.rect((x - slot * 0.4, y.min(zero)), (slot * 0.8, (zero - y).abs().max(0.5)));
        } else if is_run {
            path.line_to((x, y));
        } else {
            // A point without neighbours is a dot, by the round ends of the line.
            path.move_to((x, y));
            path.line_to((x, y));
        }
        is_run = true;
    }
    svg.path(&if is_sum { format!("c-fill-{letter}") } else { format!("c-line-{letter}") }, &path);
    super::picture::end(svg)
}
