//! HTML under way. Only what stands in the program's text becomes markup: a text that is computed is escaped, as there is no other
//! way to write it.

use crate::chart::{Figures, Hue, Nights, Picture, escaped, sparkline};
use crate::serve::api::Drawing;

/// HTML under way.
#[derive(Debug, Default)]
pub(super) struct Html {
    out: String,
}

/// An attribute: its name, and its value, which is escaped.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl Html {
    /// Writes an element with what is in it.
    pub(super) fn tag(&mut self, name: &'static str, attributes: &[Attribute<'_>], content: impl FnOnce(&mut Self)) {
        self.void(name, attributes);
        content(self);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// Writes an element that has no content.
    pub(super) fn void(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.text(value);
            self.out.push('"');
        }
        self.out.push('>');
    }

    /// Writes an element with a text in it.
    pub(super) fn line(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.tag(name, attributes, |html| html.text(text));
    }

    /// Writes a text.
    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(&escaped(text));
    }

    /// Writes a link.
    pub(super) fn link(&mut self, to: &str, text: &str) {
        self.line("a", &[("href", to)], text);
    }

    /// Draws a chart.
    pub(super) fn chart(&mut self, drawing: &Drawing, picture: Picture) {
        self.out.push_str(&drawing.draw(picture));
    }

    /// Draws figures beside a number.
    pub(super) fn spark(&mut self, values: &[Option<f64>], size: (u32, u32), hue: Hue, is_sum: bool) {
        self.out.push_str(&sparkline(values, size, hue, is_sum));
    }

    /// Draws figures that are no answer of the API.
    pub(super) fn figures(&mut self, figures: &Figures, picture: Picture) {
        self.out.push_str(&figures.draw(picture));
    }

    /// Draws the stages of a night.
    pub(super) fn hypnogram(&mut self, nights: &Nights, picture: Picture) {
        self.out.push_str(&nights.hypnogram(picture));
    }

    /// Writes what was written elsewhere.
    pub(super) fn append(&mut self, other: Self) {
        self.out.push_str(&other.out);
    }

    /// Begins a page of HTML.
    pub(super) fn document() -> Self {
        Self { out: "<!doctype html>".to_owned() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_computed_is_escaped() {
        let mut html = Html::document();
        html.tag("p", &[("title", "\"><script>")], |html| html.text("<script>&'\0"));
        html.link("plain?type=<b>&person=\"", "<i>");
        assert_eq!(
            html.finish(),
            "<!doctype html><p title=\"&quot;&gt;&lt;script&gt;\">&lt;script&gt;&amp;&#39;\u{fffd}</p>\
             <a href=\"plain?type=&lt;b&gt;&amp;person=&quot;\">&lt;i&gt;</a>"
        );
    }
}
