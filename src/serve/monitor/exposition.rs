//! Prometheus' text format, as far as the server needs it: families, labels, histograms.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::{Display, Write};

/// The format's content type.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text of a scrape.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

/// One metric of a scrape.
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Exposition {
    /// Begins a metric of a type of the format. Its samples follow.
    pub(super) fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family { text: &mut self.0, name }
    }

    pub(super) fn counter(&mut self, name: &'static str, help: &str, value: u64) {
        self.family(name, "counter", help).sample(&[], value);
    }

    pub(super) fn gauge(&mut self, name: &'static str, help: &str, value: impl Display) {
        self.family(name, "gauge", help).sample(&[], value);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

impl Family<'_> {
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, value);
    }

    /// Writes a histogram. A bucket is an upper bound with the observations above the bound before; `count` includes all.
    pub(super) fn histogram(&mut self, buckets: impl IntoIterator<Item = (f64, u64)>, count: u64, sum: f64) {
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
