//! The same samples twice: as the app posts them, and as Apple exports them.

use std::io::{self, Write};

use crate::clock::{DAY_MS, START_MS_DEFAULT};
use crate::export::document::{Section as ExportSection, Writer};
use crate::export::{Exported, OFFSET_MINUTES_DEFAULT};
use crate::kind::{self, HEART_RATE, KINDS, KindNumber};
use crate::order::{KeyOrder, Order};
use crate::payload::Written;
use crate::payload::document::Document;
use crate::payload::section::{Layout, Section, SectionLimit};
use crate::shares::Limit;
use crate::world::World;

/// One set of samples in both forms, to test that they merge.
///
/// A sample and its record have the same type, source and value; the record's times are the sample's, cut to the
/// second. The XML also has correlations, whose records are among those at the top level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    /// Of both forms.
    pub seed: u64,
    /// Quantity and category samples, over all types as often as they occur.
    pub samples: u64,
    /// The XML is as lossy as Apple's. Numbers have six significant digits, so most values differ from the payload's by a
    /// rounding. Events of a high heart rate have no value.
    pub rounded: bool,
}

impl Twin {
    /// Writes the samples as a payload of the app.
    ///
    /// # Errors
    /// As `out`.
    pub fn write_payload(&self, out: &mut impl Write) -> io::Result<Written> {
        let limits: Vec<SectionLimit> = self
            .counts()
            .map(|(number, count)| SectionLimit { section: Section::Samples(number), limit: Limit::Elements(count) })
            .collect();
        let layout =
            Layout { end_ms: self.end_ms(), order: Order::Ascending, with_characteristics: false, workouts: None };
        let mut document = Document::new(self.world(), false, out);
        document.write(&limits, &layout)?;
        document.finish()
    }

    /// Writes the samples as the records of an `export.xml`.
    ///
    /// # Errors
    /// As `out`.
    pub fn write_export(&self, out: &mut impl Write) -> io::Result<Exported> {
        let records = self.counts().map(|(number, count)| (ExportSection::Records(number), Limit::Elements(count)));
        // As many as there are pairs: the writer knows.
        let correlations = (ExportSection::Correlations, Limit::Elements(0));
        Writer::new(self.world(), OFFSET_MINUTES_DEFAULT, self.rounded).write(
            records.chain([correlations]),
            self.end_ms(),
            out,
        )
    }

    /// The samples of each type: what a number of days brings, the rest being heart rates.
    fn counts(&self) -> impl Iterator<Item = (KindNumber, u64)> {
        let per_thousand_days = |number: KindNumber| {
            let pace = KINDS[usize::from(number)].pace;
            u128::from(pace.per_thousand_days())
        };
        let total: u128 = kind::numbers().map(per_thousand_days).sum();
        let samples = u128::from(self.samples);
        let share = move |number| {
            let count = samples * per_thousand_days(number) / total;
            u64::try_from(count).unwrap_or(0)
        };
        let rest = self.samples - kind::numbers().map(share).sum::<u64>();
        kind::numbers().map(move |number| {
            let more = if number == HEART_RATE { rest } else { 0 };
            (number, share(number) + more)
        })
    }

    /// After the last sample of each type.
    fn end_ms(&self) -> i64 {
        let Some((_, heart_rates)) = self.counts().next() else {
            return START_MS_DEFAULT;
        };
        let pace = KINDS[usize::from(HEART_RATE)].pace;
        let days = heart_rates * 1000 / pace.per_thousand_days() + 2;
        START_MS_DEFAULT.wrapping_add_unsigned(days * DAY_MS.unsigned_abs())
    }

    fn world(&self) -> World {
        World { seed: self.seed, start_ms: START_MS_DEFAULT, keys: KeyOrder::AsDocumented, corrected: false }
    }
}
