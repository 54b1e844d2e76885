//! The picture itself: its size, its colours, its title, and its figures in words.

use super::svg::{Anchor, Svg};
use super::text::{LABEL_PX, TITLE_PX, fitted};
use super::theme::{Theme, style};
use crate::model::limits::{CHART_HEIGHT_PX_MAX, CHART_HEIGHT_PX_MIN, CHART_WIDTH_PX_MAX, CHART_WIDTH_PX_MIN};

/// Size and colours of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Its colours.
    pub theme: Theme,
}

/// Space around everything.
pub(super) const EDGE_PX: f64 = 12.0;

/// The part above the axes.
const HEADING_PX: f64 = 56.0;

impl Picture {
    /// The size, which is that of no picture that is too small for its labels or too large for a screen.
    pub(super) fn size(self) -> (f64, f64) {
        let width = self.width.clamp(CHART_WIDTH_PX_MIN, CHART_WIDTH_PX_MAX);
        let height = self.height.clamp(CHART_HEIGHT_PX_MIN, CHART_HEIGHT_PX_MAX);
        (f64::from(width), f64::from(height))
    }

    /// The first line below the heading. A page has its own headings.
    pub(super) fn top(self) -> f64 {
        if self.theme == Theme::Page { EDGE_PX } else { HEADING_PX }
    }

    /// Begins the picture: style, background, title, and the figures in words.
    pub(super) fn begin(self, title: &str, below: &str, words: &str) -> Svg {
        let mut svg = Svg::default();
        let (width, height) = self.size();
        // Inside of HTML it has no name of a language.
        let language = if self.theme == Theme::Page { "" } else { " xmlns=\"http://www.w3.org/2000/svg\"" };
        svg.raw(format_args!(
            "<svg{language} viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">"
        ));
        svg.element("title", title);
        svg.element("desc", words);
        if self.theme == Theme::Page {
            return svg;
        }
        svg.raw(format_args!("<style>{}</style>", style(self.theme)));
        svg.rect("c-back", (0.0, 0.0), (width, height), None);
        let room = width - 2.0 * EDGE_PX;
        svg.text("c-title", Anchor::Start, (EDGE_PX, 24.0), &fitted(title, TITLE_PX, room));
        svg.text("c-label", Anchor::Start, (EDGE_PX, 42.0), &fitted(below, LABEL_PX, room));
        svg
    }
}

/// Ends a picture.
pub(super) fn end(mut svg: Svg) -> String {
    svg.raw(format_args!("</svg>"));
    svg.finish()
}
