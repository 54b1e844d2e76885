//! Hatches a rectangle with slanted lines, each cut where it leaves: without clips and patterns, whose names would be those of all
//! pictures in a page.

use super::svg::Path;
use crate::model::limits::CHART_HATCH_LINES_MAX;

/// Distance of the lines, across.
const STEP_PX: f64 = 5.0;

pub(super) fn hatch(((left, top), (width, height)): ((f64, f64), (f64, f64)), path: &mut Path) {
    let (right, bottom) = (left + width, top + height);
    // A line is where x + y is the same.
    let mut sum = ((left + top) / STEP_PX).ceil() * STEP_PX;
    for _ in 0..CHART_HATCH_LINES_MAX {
        if sum >= right + bottom {
            break;
        }
        let (x1, x2) = ((sum - bottom).max(left), (sum - top).min(right));
        if x1 < x2 {
            path.move_to((x1, sum - x1));
            path.line_to((x2, sum - x2));
        }
        sum += STEP_PX;
    }
}
