//! The text of a scrape, in the format OpenMetrics, by the crate `prometheus-client`.
//!
//! The crate writes labels as they are, so they are escaped here: their text comes from uploads.
//!
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>

use std::fmt::{Error, Write};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

/// The format's content type.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Returns the text of a scrape.
pub(super) fn text(scrape: impl Collector) -> Vec<u8> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(scrape));
    let mut text = String::new();
    // Writing to a string does not fail, and no value is greater than the format allows.
    let _ = encode(&mut text, &registry);
    text.into_bytes()
}

/// Writes metrics. The names of counters are without `_total`, which the format adds.
pub(super) struct Exposition<'a>(pub(super) DescriptorEncoder<'a>);

/// The labels of a sample.
pub(super) struct Labels<'a, const N: usize>(pub(super) [(&'static str, &'a str); N]);

impl Exposition<'_> {
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) -> Result<(), Error> {
        let mut metric = self.metric(name, help, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue) -> Result<(), Error> {
        self.metric(name, help, MetricType::Gauge)?.encode_gauge(&value)
    }

    /// Writes a counter with a sample for each set of labels.
    pub(super) fn counters<'l>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'l, 1>, u64)>,
    ) -> Result<(), Error> {
        let mut metric = self.metric(name, help, MetricType::Counter)?;
        samples.into_iter().try_for_each(|(labels, value)| {
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&value, None)
        })
    }

    /// Writes a gauge with a sample for each set of labels.
    pub(super) fn gauges<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'l, N>, f64)>,
    ) -> Result<(), Error> {
        let mut metric = self.metric(name, help, MetricType::Gauge)?;
        samples.into_iter().try_for_each(|(labels, value)| metric.encode_family(&labels)?.encode_gauge(&value))
    }

    /// Writes a histogram. A bucket is an upper bound with the observations above the bound before; `count` includes all.
    pub(super) fn histogram<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        (bounds, numbers): ([f64; N], [u64; N]),
        (count, sum): (u64, f64),
    ) -> Result<(), Error> {
        let above = count.saturating_sub(numbers.iter().sum());
        // The crate writes the greatest number as infinity.
        let buckets: Vec<(f64, u64)> = bounds.into_iter().zip(numbers).chain([(f64::MAX, above)]).collect();
        let mut metric = self.metric(name, help, MetricType::Histogram)?;
        metric.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric<'n>(&'n mut self, name: &'n str, help: &str, kind: MetricType) -> Result<MetricEncoder<'n>, Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }
}

impl<const N: usize> EncodeLabelSet for Labels<'_, N> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        for (name, content) in self.0 {
            let mut label = encoder.encode_label();
            let mut key = label.encode_label_key()?;
            key.write_str(name)?;
            let mut value = key.encode_label_value()?;
            for letter in content.chars() {
                match letter {
                    '\\' => value.write_str("\\\\")?,
                    '"' => value.write_str("\\\"")?,
                    '\n' => value.write_str("\\n")?,
                    other => value.write_char(other)?,
                }
            }
            value.finish()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Sample;

    impl Collector for Sample {
        fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
            let mut out = Exposition(encoder);
            out.gauge("a_bytes", "Bytes.", 7_u64)?;
            out.gauges("b", "By type.", [(Labels([("person", "a\"\\\n"), ("type", "é")]), 1.5)])?;
            out.histogram("c_seconds", "Times.", ([0.5, 10.0], [2, 1]), (4, 72.25))?;
            out.counter("d", "All.", 3)?;
            out.counters("e", "By result.", [(Labels([("result", "stored")]), 5)])
        }
    }

    #[test]
    fn the_format_is_openmetrics() {
        let expected = "# HELP a_bytes Bytes.\n# TYPE a_bytes gauge\na_bytes 7\n\
            # HELP b By type.\n# TYPE b gauge\nb{person=\"a\\\"\\\\\\n\",type=\"é\"} 1.5\n\
            # HELP c_seconds Times.\n# TYPE c_seconds histogram\nc_seconds_sum 72.25\nc_seconds_count 4\n\
            c_seconds_bucket{le=\"0.5\"} 2\nc_seconds_bucket{le=\"10.0\"} 3\nc_seconds_bucket{le=\"+Inf\"} 4\n\
            # HELP d All.\n# TYPE d counter\nd_total 3\n\
            # HELP e By result.\n# TYPE e counter\ne_total{result=\"stored\"} 5\n# EOF\n";
        assert_eq!(String::from_utf8(text(Sample)).unwrap(), expected);
    }
}
