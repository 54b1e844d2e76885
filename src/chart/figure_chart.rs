//! A chart of figures: bars of sums, or a band between extremes with the average in it.

use super::band::band;
use super::bars::bars;
use super::figures::{Drawing, Figures};
use super::number::on_axis;
use super::picture::{Picture, end};
use super::scale::Scale;
use super::words;

impl Figures {
    /// Draws the chart.
    #[must_use]
    pub fn draw(&self, picture: Picture) -> String {
        let span = self.span();
        let below = match &self.asked() {
            Some(span) => words::below(&self.unit, span, self.bucket, self.is_sum),
            None => String::new(),
        };
        let mut svg = picture.begin(&self.title, &below, &self.words());
        let Some(span) = span.filter(|_| self.points.iter().any(|point| point.value.is_finite())) else {
            words::nothing(&mut svg, picture, self.nothing());
            return end(svg);
        };
        let is_whole = self.unit == "count";
        let scale = Scale::around(self.values(), picture.steps(), self.is_sum, if is_whole { 1.0 } else { 0.0 });
        let labels: Vec<String> = scale.numbers().into_iter().map(|number| on_axis(number, scale.step)).collect();
        let plot = picture.plot(labels.iter().map(String::as_str));
        plot.numbers(&mut svg, &plot.numbers_of(&scale));
        let drawing = Drawing { figures: self, span, scale, plot };
        if self.is_sum {
            bars(&drawing, &mut svg)
        } else {
            band(&drawing, &mut svg)
        }
        plot.base(&mut svg, if self.is_sum { scale.place(0.0, plot.down) } else { plot.down.1 });
        plot.dates(&mut svg, &drawing.span, self.bucket);
        end(svg)
    }
}
