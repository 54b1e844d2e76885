//! Prometheus' text format, as far as it is needed: families, labels, histograms.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::{Display, Write};

/// What the format is called in a header.
pub(in crate::serve) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A scrape that is being written.
#[derive(Debug, Default)]
pub(in crate::serve) struct Exposition(String);

/// One metric of a scrape.
pub(in crate::serve) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Exposition {
    /// Begins a metric of one of the format's types; its samples follow.
    pub(in crate::serve) fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family { text: &mut self.0, name }
    }

    pub(in crate::serve) fn counter(&mut self, name: &'static str, help: &str, value: u64) {
        self.family(name, "counter", help).sample(&[], value);
    }

    pub(in crate::serve) fn gauge(&mut self, name: &'static str, help: &str, value: impl Display) {
        self.family(name, "gauge", help).sample(&[], value);
    }

    pub(in crate::serve) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

impl Family<'_> {
    pub(in crate::serve) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, value);
    }

    /// The samples of a histogram: `buckets` are upper bounds and how many observations are in each alone; `count` is of all.
    pub(in crate::serve) fn histogram(&mut self, buckets: impl IntoIterator<Item = (f64, u64)>, count: u64, sum: f64) {
        let mut below = 0;
        for (bound, number) in buckets {
            below += number;
            self.line("_bucket", &[("le", &bound.to_string())], below);
        }
        self.line("_bucket", &[("le", "+Inf")], count);
        self.line("_sum", &[], sum);
        self.line("_count", &[], count);
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let text = &mut *self.text;
        text.push_str(self.name);
        text.push_str(suffix);
        for (index, (label, content)) in labels.iter().enumerate() {
            text.push_str(if index == 0 { "{" } else { "," });
            text.push_str(label);
            text.push_str("=\"");
            for letter in content.chars() {
                match letter {
                    '\\' => text.push_str("\\\\"),
                    '"' => text.push_str("\\\""),
                    '\n' => text.push_str("\\n"),
                    other => text.push(other),
                }
            }
            text.push('"');
        }
        text.push_str(if labels.is_empty() { " " } else { "} " });
        let _ = writeln!(text, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_prometheus() {
        let mut exposition = Exposition::default();
        exposition.gauge("a_bytes", "Bytes.", 7);
        exposition.family("b", "gauge", "By type.").sample(&[("person", "a\"\\\n"), ("type", "é")], 1.5);
        exposition.family("c_seconds", "histogram", "Times.").histogram([(0.5, 2), (10.0, 1)], 4, 72.25);
        let expected = "# HELP a_bytes Bytes.\n# TYPE a_bytes gauge\na_bytes 7\n\
            # HELP b By type.\n# TYPE b gauge\nb{person=\"a\\\"\\\\\\n\",type=\"é\"} 1.5\n\
            # HELP c_seconds Times.\n# TYPE c_seconds histogram\nc_seconds_bucket{le=\"0.5\"} 2\nc_seconds_bucket{le=\"10\"} 3\n\
            c_seconds_bucket{le=\"+Inf\"} 4\nc_seconds_sum 72.25\nc_seconds_count 4\n";
        assert_eq!(String::from_utf8(exposition.into_bytes()).unwrap(), expected);
    }
}
