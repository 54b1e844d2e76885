//! A payload of the app: what is asked for, and what was written.

use std::fmt;
use std::io::{self, PipeReader, Write};
use std::thread::{self, JoinHandle};

use self::document::Document;
use self::plan::Plan;
use crate::clock::START_MS_DEFAULT;
use crate::counts;
use crate::order::{KeyOrder, Order};
use crate::world::World;

pub(crate) mod document;
mod envelope;
mod plan;
pub(crate) mod section;

/// A JSON body as the app posts it, of any size, made from a seed.
///
/// The elements depend only on `seed`, `target_bytes`, `shape`, `pretty` and `start_ms`: `order`, `key_order` and
/// `corrected` write the same elements in another way.
///
/// ```
/// use healthsink_testdata::{Payload, Shape};
///
/// let payload = Payload { seed: 7, target_bytes: 20_000, shape: Shape::HeartRate, ..Payload::default() };
/// let (body, written) = payload.to_vec();
/// assert_eq!(body.len() as u64, written.bytes);
/// assert_eq!(written.samples, written.quantity_samples);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Seeds below 2^61 have no UUID in common.
    pub seed: u64,
    /// The body ends with the first element past this size. Time goes on with the size: 9,000 years are reached by
    /// 3 GB of medications, 12 GB of workouts or 35 GB of sleep, and dates end with the year 9999.
    pub target_bytes: u64,
    /// The sections.
    pub shape: Shape,
    /// Indented by two spaces, as `JSON.stringify(x, null, 2)` does.
    pub pretty: bool,
    /// The order of the elements of a section.
    pub order: Order,
    /// The order of keys and sections.
    pub key_order: KeyOrder,
    /// Milliseconds since 1970 at which the data begins.
    pub start_ms: i64,
    /// One sample in ten has another value than it has without this, under the same UUID.
    pub corrected: bool,
}

impl Default for Payload {
    /// One megabyte of everything, as the app writes it.
    fn default() -> Self {
        Self {
            seed: 1,
            target_bytes: 1_000_000,
            shape: Shape::Mixed,
            pretty: false,
            order: Order::Ascending,
            key_order: KeyOrder::AsDocumented,
            start_ms: START_MS_DEFAULT,
            corrected: false,
        }
    }
}

/// The sections of a payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Everything, in the proportions of a person with a watch who works out twice a day.
    #[default]
    Mixed,
    /// Only heart rate.
    HeartRate,
    /// Only step counts, of phone and watch.
    Steps,
    /// Only nights.
    Sleep,
    /// Workouts without routes.
    Workouts,
    /// Workouts and their routes, which are nearly all of the bytes.
    Routes,
    /// Doses and the definitions of their medications.
    Medications,
}

/// What a payload holds, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Size of the body.
    pub bytes: u64,
    /// Quantity and category samples.
    pub samples: u64,
    /// Elements under `HKQuantityTypeIdentifier…` keys.
    pub quantity_samples: u64,
    /// Elements under `HKCategoryTypeIdentifier…` keys.
    pub category_samples: u64,
    /// Samples whose value differs from the one without [`Payload::corrected`].
    pub corrected_samples: u64,
    /// Elements of `workouts`.
    pub workouts: u64,
    /// Routes of all workouts, those without locations among them.
    pub routes: u64,
    /// Locations of all routes.
    pub route_points: u64,
    /// Elements of `medicationDoseEvents`.
    pub medication_doses: u64,
    /// Elements of `medications`.
    pub medications: u64,
    /// Keys of `characteristics`.
    pub characteristics: u64,
}

impl Payload {
    /// Writes the body in chunks of about 64 KiB.
    ///
    /// # Errors
    /// As `out`.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<Written> {
        let plan = Plan::of(self)?;
        let mut document = Document::new(self.world(), self.pretty, out);
        document.write(&plan.limits(), &plan.layout(self))?;
        document.finish()
    }

    /// What [`Payload::write_to`] will write: the length of a body, say, before it is sent.
    #[must_use]
    pub fn measure(&self) -> Written {
        // A sink does not fail.
        self.write_to(&mut io::sink()).unwrap_or_default()
    }

    /// The whole body in memory.
    #[must_use]
    pub fn to_vec(&self) -> (Vec<u8>, Written) {
        let mut body = Vec::new();
        // A vector does not fail.
        let written = self.write_to(&mut body).unwrap_or_default();
        (body, written)
    }

    /// The body as a reader, written by a thread as it is read; the thread's result is [`Payload::write_to`]'s.
    ///
    /// # Errors
    /// Where the system has no pipe left.
    pub fn into_reader(self) -> io::Result<(PipeReader, JoinHandle<io::Result<Written>>)> {
        let (reader, mut writer) = io::pipe()?;
        Ok((reader, thread::spawn(move || self.write_to(&mut writer))))
    }

    pub(crate) fn world(&self) -> World {
        World { seed: self.seed, start_ms: self.start_ms, keys: self.key_order, corrected: self.corrected }
    }
}

impl Shape {
    /// By the name that the command line uses.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "mixed" => Self::Mixed,
            "heart-rate" => Self::HeartRate,
            "steps" => Self::Steps,
            "sleep" => Self::Sleep,
            "workouts" => Self::Workouts,
            "routes" => Self::Routes,
            "medications" => Self::Medications,
            _ => return None,
        })
    }
}

impl fmt::Display for Written {
    /// One line of JSON.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = [
            ("bytes", self.bytes),
            ("samples", self.samples),
            ("quantity_samples", self.quantity_samples),
            ("category_samples", self.category_samples),
            ("corrected_samples", self.corrected_samples),
            ("workouts", self.workouts),
            ("routes", self.routes),
            ("route_points", self.route_points),
            ("medication_doses", self.medication_doses),
            ("medications", self.medications),
            ("characteristics", self.characteristics),
        ];
        counts::write_line(&line, formatter)
    }
}
