//! Both axes with their numbers and dates. What they enclose is the plot.

use super::calendar::{Bucket, Span, marks};
use super::picture::{EDGE_PX, Picture};
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use super::text::{LABEL_PX, width};

/// Space below the plot, for dates.
const FOOT_PX: f64 = 26.0;

/// Space between a number and the plot.
const NUMBER_GAP_PX: f64 = 8.0;

/// Where marks are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    /// The left and the right end.
    pub(super) across: (f64, f64),
    /// The top and the bottom.
    pub(super) down: (f64, f64),
}

impl Picture {
    /// The plot beside numbers of an axis.
    pub(super) fn plot<'a>(self, numbers: impl Iterator<Item = &'a str>) -> Plot {
        let (picture_width, height) = self.size();
        let widest = numbers.map(|number| width(number, LABEL_PX)).fold(0.0, f64::max);
        // Half of the picture is for the plot, however long a number is.
        let left = (EDGE_PX + widest + NUMBER_GAP_PX).min(picture_width / 2.0);
        Plot { across: (left, picture_width - EDGE_PX), down: (self.top(), height - FOOT_PX) }
    }

    /// How many steps an axis of numbers has room for.
    pub(super) fn steps(self) -> f64 {
        ((self.size().1 - self.top() - FOOT_PX) / 44.0).clamp(1.0, 6.0).floor()
    }
}

impl Plot {
    /// Draws a line for each number of an axis, with the number beside it.
    pub(super) fn numbers(self, svg: &mut Svg, numbers: &[(f64, String)]) {
        for (y, label) in numbers {
            svg.line("c-grid", (self.across.0, *y), (self.across.1, *y));
            svg.text("c-label", Anchor::End, (self.across.0 - NUMBER_GAP_PX, y + LABEL_PX * 0.36), label);
        }
    }

    /// Draws the dates below the plot.
    pub(super) fn dates(self, svg: &mut Svg, span: &Span<'_>, bucket: Bucket) {
        let bottom = self.down.1;
        for mark in marks(span, bucket, self.across) {
            if !mark.is_centred {
                svg.line("c-base", (mark.x, bottom), (mark.x, bottom + 4.0));
            }
            let class = if mark.is_major { "c-major" } else { "c-label" };
            svg.text(class, Anchor::Middle, (mark.x, bottom + 18.0), &mark.label);
        }
    }

    /// The places and texts of the numbers of a scale.
    pub(super) fn numbers_of(self, scale: &Scale) -> Vec<(f64, String)> {
        let label = |number: f64| (scale.place(number, self.down), super::number::on_axis(number, scale.step));
        scale.numbers().into_iter().map(label).collect()
    }

    /// Draws the line from which bars rise.
    pub(super) fn base(self, svg: &mut Svg, y: f64) {
        svg.line("c-base", (self.across.0, y), (self.across.1, y));
    }
}
