//! The text of `export.xml`, section by section.

use std::io::{self, Write};

use crate::clock::{DAY_MS, HOUR_MS};
use crate::export::Exported;
use crate::export::origin::Origins;
use crate::export::prolog;
use crate::export::xml::Xml;
use crate::kind::{self, DIASTOLIC, KINDS, KindNumber, SYSTOLIC};
use crate::sample::Sample;
use crate::shares::{self, Limit, Share};
use crate::workout;
use crate::world::World;

/// Elements of the export, and what has been counted of them.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) world: World,
    pub(crate) xml: Xml,
    pub(crate) origins: Origins,
    pub(crate) offset_minutes: i64,
    pub(crate) counts: Exported,
}

/// In the order of Apple's export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Records(KindNumber),
    Correlations,
    Workouts,
    Summaries,
}

impl Section {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        kind::numbers().map(Self::Records).chain([Self::Correlations, Self::Workouts, Self::Summaries])
    }

    fn per_thousand_days(self) -> u64 {
        match self {
            Self::Records(number) => KINDS[usize::from(number)].pace.per_thousand_days(),
            Self::Correlations => Self::Records(DIASTOLIC).per_thousand_days(),
            Self::Workouts => workout::PACE.per_thousand_days(),
            Self::Summaries => 1000,
        }
    }

    fn least(self) -> u64 {
        match self {
            Self::Workouts => 3,
            Self::Records(_) | Self::Correlations | Self::Summaries => 1,
        }
    }
}

impl Writer {
    pub(crate) fn new(world: World, offset_minutes: i64, rounded: bool) -> Self {
        Self {
            world,
            xml: Xml::new(offset_minutes, rounded),
            origins: Origins::new(world.seed),
            offset_minutes,
            counts: Exported::default(),
        }
    }

    /// The whole file. A correlation needs both of its records, so there are as many as there are such pairs.
    pub(crate) fn write(
        mut self,
        limits: impl Iterator<Item = (Section, Limit)>,
        export_ms: i64,
        out: &mut impl Write,
    ) -> io::Result<Exported> {
        let (mut systolic, mut diastolic) = (0, 0);
        prolog::write(export_ms, &mut self.xml);
        for (section, limit) in limits {
            let limit = match section {
                Section::Correlations => Limit::Elements(systolic.min(diastolic)),
                _ => limit,
            };
            let mut count = 0;
            while !limit.reached(self.xml.text.total_bytes(), count) {
                self.write_element(section, count);
                self.xml.text.spill(out)?;
                count += 1;
            }
            match section {
                Section::Records(SYSTOLIC) => systolic = count,
                Section::Records(DIASTOLIC) => diastolic = count,
                _ => {}
            }
        }
        self.xml.text.push(b"</HealthData>\n");
        self.xml.text.flush(out)?;
        out.flush()?;
        self.counts.bytes = self.xml.text.total_bytes();
        Ok(self.counts)
    }

    fn write_element(&mut self, section: Section, index: u64) {
        match section {
            Section::Records(number) => {
                let sample = Sample::at(&self.world, number, index);
                self.write_record(&sample, 1);
                self.counts.records += 1;
            }
            Section::Correlations => self.write_correlation(index),
            Section::Workouts => self.write_workout(index),
            Section::Summaries => self.write_summary(index),
        }
    }
}

/// How much of each section there is in a file of that size, and when it is exported.
pub(crate) fn plan(world: World, target_bytes: u64) -> (Vec<(Section, Limit)>, i64) {
    let mut scratch = Writer::new(world, 0, true);
    let mut shares = Vec::new();
    for section in Section::all() {
        let before = scratch.xml.text.total_bytes();
        scratch.write_element(section, 0);
        shares.push(Share {
            element_bytes: scratch.xml.text.total_bytes() - before,
            per_thousand_days: section.per_thousand_days(),
            least: section.least(),
        });
    }
    if !shares::has_room(target_bytes, &shares) {
        for share in &mut shares {
            share.least = 0;
        }
    }
    let limits = Section::all().zip(shares::limits(target_bytes, &shares));
    // A tenth more, as elements differ in size; and the rare types may take some days longer in a small file.
    let days = shares::days(target_bytes, &shares) * 11 / 10 + 30;
    let export_ms =
        (world.start_ms.div_euclid(DAY_MS) * DAY_MS + 15 * HOUR_MS).wrapping_add_unsigned(days * DAY_MS.unsigned_abs());
    (limits.collect(), export_ms)
}
