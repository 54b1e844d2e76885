//! Writes SVG: the only place that makes markup. Texts are escaped here, and coordinates have one decimal at most.

use std::fmt::{Display, Formatter, Write};

/// The text of a picture under way.
#[derive(Debug, Default)]
pub(super) struct Svg {
    out: String,
}

/// Where a text stands beside its coordinate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A coordinate as it is printed: one decimal at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(pub(super) f64);

impl Display for Place {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round();
        // What is no number, or beyond any picture, stands at its corner.
        let tenths = if tenths.abs() < 1e6 { tenths } else { 0.0 };
        if tenths % 10.0 == 0.0 {
            write!(formatter, "{:.0}", tenths / 10.0 + 0.0)
        } else {
            write!(formatter, "{:.1}", tenths / 10.0)
        }
    }
}

impl Svg {
    /// Writes markup that has no text of others.
    pub(super) fn raw(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(markup);
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), title: Option<&str>) {
        let [x, y, width, height] = [x, y, width.max(0.0), height.max(0.0)].map(Place);
        self.raw(format_args!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""));
        match title {
            None => self.out.push_str("/>"),
            Some(title) => {
                self.out.push('>');
                self.element("title", title);
                self.out.push_str("</rect>");
            }
        }
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(Place);
        self.raw(format_args!("<path class=\"{class}\" d=\"M{x1} {y1}L{x2} {y2}\"/>"));
    }

    pub(super) fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let [x, y, radius] = [x, y, radius].map(Place);
        self.raw(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"));
    }

    /// A path, unless it is empty.
    pub(super) fn path(&mut self, class: &str, path: &Path) {
        if !path.out.is_empty() {
            self.raw(format_args!("<path class=\"{class}\" d=\"{}\"/>", path.out));
        }
    }

    pub(super) fn text(&mut self, class: &str, anchor: Anchor, (x, y): (f64, f64), text: &str) {
        if text.is_empty() {
            return;
        }
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let [x, y] = [x, y].map(Place);
        self.raw(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>"));
        self.escape(text);
        self.out.push_str("</text>");
    }

    /// An element that has only text.
    pub(super) fn element(&mut self, name: &str, text: &str) {
        self.raw(format_args!("<{name}>"));
        self.escape(text);
        self.raw(format_args!("</{name}>"));
    }

    fn escape(&mut self, text: &str) {
        escape(text, &mut self.out);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// The `d` of a path under way.
#[derive(Debug, Default)]
pub(super) struct Path {
    out: String,
}

impl Path {
    fn push(&mut self, part: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(part);
    }

    pub(super) fn move_to(&mut self, (x, y): (f64, f64)) {
        self.push(format_args!("M{} {}", Place(x), Place(y)));
    }

    pub(super) fn line_to(&mut self, (x, y): (f64, f64)) {
        self.push(format_args!("L{} {}", Place(x), Place(y)));
    }

    pub(super) fn close(&mut self) {
        self.out.push('Z');
    }

    pub(super) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64)) {
        let [x, y, width, height] = [x, y, width, height].map(Place);
        self.push(format_args!("M{x} {y}h{width}v{height}H{x}Z"));
    }
}

/// A text as it stands in XML or HTML. Characters that XML does not have become U+FFFD.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, &mut out);
    out
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
}
