//! Charts as SVG: figures in, text out. No library, no script, no input or output, no clock.
//!
//! A picture has a title, the figures in words for readers of screens, axes with round numbers and dates, and marks. Texts are
//! escaped where they are written, and the number of marks is bounded. Labels are measured before they are placed: a label that
//! would touch another one or leave the picture is shortened or left out.

mod band;
mod bars;
mod calendar;
mod figure_chart;
mod figures;
mod frame;
mod hatch;
mod hypnogram;
mod nights;
mod number;
mod picture;
mod scale;
mod spark;
mod svg;
mod text;
mod theme;
mod words;

pub use calendar::{Bucket, Clock};
pub use figures::{Figures, Point};
pub use nights::{NightBar, Nights, Part, Stage};
pub use number::{exact, grouped, with_commas};
pub use picture::Picture;
pub use spark::sparkline;
pub use svg::escaped;
pub use theme::{Hue, PAGE_STYLE, Theme};

#[cfg(test)]
mod tests;
