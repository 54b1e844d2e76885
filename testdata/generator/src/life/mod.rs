//! A made-up life whose right figures are known: a phone, a watch and apps that overlap, gaps, journeys, changes of clocks, workouts
//! with condensed series, nights and naps.
//!
//! The figures are added up from what the person does, minute by minute, and from which device is worn. The samples are
//! written beside it, and nothing is computed from them.

mod day;
mod night;
mod payload;
mod place;
mod truth;

use std::io::{self, Write};

use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::identity::Stream;
use crate::random::Random;
use payload::Devices;
use place::Place;
pub use truth::{LifeNight, LifeTruth};

/// A life of some days.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Life {
    /// Another seed makes another life.
    pub seed: u64,
    /// How many days.
    pub days: u32,
    /// The first day, as midnight UTC in milliseconds.
    pub start_ms: i64,
}

/// Days between two journeys, the first day of one, and that of the return.
const JOURNEYS: (i64, i64, i64) = (40, 18, 27);

/// The hour of UTC at which a journey ends. Nowhere is it night then.
const ARRIVAL_HOUR: i64 = 14;

/// One local day of a life.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Midnight of its date, as if clocks showed UTC.
    local_ms: i64,
    /// Where it begins, and where it ends.
    from: Place,
    to: Place,
    random: Random,
}

impl Plan {
    fn is_journey(&self) -> bool {
        self.from != self.to
    }

    /// The instant of a local time before a journey.
    fn at(&self, minutes: i64) -> i64 {
        self.from.instant_ms(self.local_ms + minutes * MINUTE_MS)
    }

    fn arrival_ms(&self) -> i64 {
        self.local_ms + ARRIVAL_HOUR * HOUR_MS
    }

    /// The date at an instant of this day or the following night.
    fn date(&self, at_ms: i64) -> String {
        let place = if at_ms < self.arrival_ms() { self.from } else { self.to };
        place.date(at_ms)
    }
}

impl Life {
    /// Writes the payload of all devices, and returns the right figures.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<LifeTruth> {
        let (mut devices, mut truth) = (Devices::default(), LifeTruth::default());
        let mut is_up_ms = i64::MIN;
        for number in 0..i64::from(self.days) {
            let plan = self.plan(number);
            if number == 0 {
                // The zone of all time before is known from the first workout.
                is_up_ms = plan.at(8 * 60);
                day::walk(&plan, is_up_ms, &mut devices, &mut truth);
            }
            let to_bed_ms = night::bedtime_ms(&plan);
            day::live(&plan, [is_up_ms, to_bed_ms], &mut devices, &mut truth);
            is_up_ms = night::sleep(&plan, to_bed_ms, &mut devices, &mut truth);
        }
        devices.write_to(out)?;
        out.flush()?;
        Ok(truth.finish())
    }

    fn plan(&self, number: i64) -> Plan {
        let random = Random::at(self.seed, Stream::Life, number.unsigned_abs());
        let place = |number: i64| {
            let (period, from, to) = JOURNEYS;
            match (number.div_euclid(period) % 2, number.rem_euclid(period)) {
                (0, day) if (from..to).contains(&day) => Place::Tokyo,
                (_, day) if (from..to).contains(&day) => Place::NewYork,
                _ => Place::Berlin,
            }
        };
        Plan { local_ms: self.start_ms + number * DAY_MS, from: place(number - 1), to: place(number), random }
    }
}
