//! `Record`, `MetadataEntry`, the beats behind a heart rate variability, and `Correlation`.

use crate::clock;
use crate::export::document::Writer;
use crate::export::xml::Xml;
use crate::identity::Stream;
use crate::kind::{DIASTOLIC, HEART_RATE_VARIABILITY, HIGH_HEART_RATE_EVENT, SYSTOLIC};
use crate::metadata::{self, Drawn};
use crate::number::Decimal;
use crate::random::Random;
use crate::sample::Sample;
use crate::value::Value;

impl Writer {
    /// A record at the top level, or at depth 2 within a correlation.
    pub(crate) fn write_record(&mut self, sample: &Sample, depth: usize) {
        let xml = &mut self.xml;
        xml.open(depth, "Record");
        xml.attribute("type", sample.kind.identifier);
        self.origins.write(sample.source, xml);
        if let Value::Quantity(_, unit) = sample.value {
            xml.attribute("unit", spell(unit));
        }
        xml.date("creationDate", sample.creation_ms);
        xml.date("startDate", sample.start_ms);
        xml.date("endDate", sample.end_ms);
        match sample.value {
            Value::Quantity(value, _) => xml.decimal("value", value),
            // Apple's export has no value for events to which none applies.
            Value::Category(..) if xml.rounded && sample.number == HIGH_HEART_RATE_EVENT => {}
            Value::Category(_, name) => xml.attribute("value", name),
        }
        let metadata = sample.metadata(self.world.seed);
        let has_beats = sample.number == HEART_RATE_VARIABILITY;
        if has_beats || metadata.entries().next().is_some() {
            xml.children();
            self.counts.metadata_entries += write_metadata(&metadata, depth + 1, xml);
            if has_beats {
                self.counts.beat_lists += 1;
                self.counts.beats += self.write_beats(sample);
            }
            self.xml.end(depth, "Record");
        } else {
            xml.close();
        }
    }

    /// One beat after the other through the sample's minute, in the phone's time.
    fn write_beats(&mut self, sample: &Sample) -> u64 {
        let xml = &mut self.xml;
        let mut random = Random::at(self.world.seed, Stream::Beats, sample.index);
        let mut at_ms = sample.start_ms + self.offset_minutes * clock::MINUTE_MS;
        let mut beats = 0;
        xml.open(2, "HeartRateVariabilityMetadataList");
        xml.children();
        for _ in 0..random.between(18, 62) {
            let bpm = random.between(48, 84);
            at_ms += 60 * clock::SECOND_MS / bpm;
            xml.open(3, "InstantaneousBeatsPerMinute");
            xml.integer("bpm", bpm.unsigned_abs());
            xml.attribute("time", &time_of_day(at_ms));
            xml.close();
            beats += 1;
        }
        xml.end(2, "HeartRateVariabilityMetadataList");
        beats
    }

    /// A blood pressure, whose two records are also at the top level.
    pub(crate) fn write_correlation(&mut self, index: u64) {
        let parts = [SYSTOLIC, DIASTOLIC].map(|number| Sample::at(&self.world, number, index));
        let xml = &mut self.xml;
        xml.open(1, "Correlation");
        xml.attribute("type", "HKCorrelationTypeIdentifierBloodPressure");
        self.origins.write(parts[0].source, xml);
        xml.date("creationDate", parts[0].creation_ms);
        xml.date("startDate", parts[0].start_ms);
        xml.date("endDate", parts[0].end_ms);
        xml.children();
        let metadata = parts[0].metadata(self.world.seed);
        self.counts.metadata_entries += write_metadata(&metadata, 2, xml);
        for part in &parts {
            self.write_record(part, 2);
            self.counts.correlated_records += 1;
        }
        self.xml.end(1, "Correlation");
        self.counts.correlations += 1;
    }
}

/// Returns the number of entries.
pub(crate) fn write_metadata(metadata: &Drawn, depth: usize, xml: &mut Xml) -> u64 {
    let mut entries = 0;
    for (key, value) in metadata.entries() {
        xml.open(depth, "MetadataEntry");
        xml.attribute("key", key);
        match value {
            metadata::Value::Whole(number) => xml.decimal("value", Decimal::whole(number)),
            metadata::Value::Flag(flag) => xml.integer("value", u64::from(flag)),
            metadata::Value::Text(text) => xml.attribute("value", text),
            metadata::Value::Quantity(quantity, "%") => {
                let hundredfold = Decimal::new(quantity.units * 100, quantity.places);
                xml.quantity("value", hundredfold, "%");
            }
            metadata::Value::Quantity(quantity, unit) => {
                xml.quantity("value", quantity, spell(unit));
            }
            metadata::Value::Identity(uuid) => xml.uuid("value", uuid),
            metadata::Value::Date(ms) => xml.date_utc("value", ms),
        }
        xml.close();
        entries += 1;
    }
    entries
}

/// Apple's export spells compound units differently from the app.
pub(crate) fn spell(unit: &'static str) -> &'static str {
    match unit {
        "ml/(kg*min)" => "mL/min·kg",
        "kcal/(kg*hr)" => "kcal/hr·kg",
        other => other,
    }
}

/// `7:36:08.06 AM`
fn time_of_day(local_ms: i64) -> String {
    let hundredths = local_ms.rem_euclid(clock::DAY_MS) / 10;
    let (hour, minute) = (hundredths / 360_000, hundredths / 6_000 % 60);
    let second = hundredths / 100 % 60;
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = (hour + 11) % 12 + 1;
    format!("{hour}:{minute:02}:{second:02}.{:02} {half}", hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        for (ms, expected) in [
            (0, "12:00:00.00 AM"),
            (27_368_069, "7:36:08.06 AM"),
            (43_200_000, "12:00:00.00 PM"),
            (86_399_999, "11:59:59.99 PM"),
        ] {
            assert_eq!(time_of_day(ms), expected);
        }
    }
}
