//! What a workout says about itself: one summary for each type measured during it.

use crate::json::Json;
use crate::metadata::write_quantity;
use crate::number::Decimal;
use crate::order::KeyOrder;
use crate::random::Random;
use crate::workout::Workout;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Statistic {
    pub(crate) identifier: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) summary: Summary,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Summary {
    Sum(Decimal),
    Discrete { average: Decimal, minimum: Decimal, maximum: Decimal },
}

impl Statistic {
    pub(crate) fn of(workout: &Workout) -> impl Iterator<Item = Self> {
        let mut random = workout.random;
        let heart_rate = Self::discrete("HKQuantityTypeIdentifierHeartRate", "count/min", (84, 163), &mut random);
        let active = Self::sum("HKQuantityTypeIdentifierActiveEnergyBurned", "kcal", workout.energy_kcal);
        let basal = Self::sum(
            "HKQuantityTypeIdentifierBasalEnergyBurned",
            "kcal",
            Decimal::new(workout.duration_s.units / 60 * 1_250, 9),
        );
        let distance = workout
            .distance
            .zip(workout.activity.distance)
            .map(|(distance, (identifier, unit))| Self::sum(identifier, unit, distance));
        let steps =
            Self::sum("HKQuantityTypeIdentifierStepCount", "count", Decimal::whole(random.between(2_000, 11_000)));
        let power = Self::discrete("HKQuantityTypeIdentifierRunningPower", "W", (190, 340), &mut random);
        let speed = Self::discrete("HKQuantityTypeIdentifierRunningSpeed", "m/s", (2, 4), &mut random);
        let runs = workout.activity.number == 37;
        let walks = runs || workout.activity.number == 52;
        [heart_rate, active, basal]
            .into_iter()
            .chain(distance)
            .chain(walks.then_some(steps))
            .chain(runs.then_some(power))
            .chain(runs.then_some(speed))
    }

    fn sum(identifier: &'static str, unit: &'static str, sum: Decimal) -> Self {
        Self { identifier, unit, summary: Summary::Sum(sum) }
    }

    fn discrete(identifier: &'static str, unit: &'static str, (low, high): (i64, i64), random: &mut Random) -> Self {
        const ONE: i64 = 10_000_000_000;
        let average = random.between(low * ONE, high * ONE);
        Self {
            identifier,
            unit,
            summary: Summary::Discrete {
                average: Decimal::new(average, 10),
                minimum: Decimal::new(average / 2 + random.between(0, ONE), 10),
                maximum: Decimal::whole(high + random.between(1, 20)),
            },
        }
    }

    /// `"HKQuantityTypeIdentifierHeartRate":{"averageQuantity":{"unit":"count/min","quantity":141.2}, …}`
    pub(crate) fn write_json(&self, duration_s: Decimal, keys: KeyOrder, shuffle: &mut Random, json: &mut Json) {
        json.key(self.identifier);
        json.open(b'{');
        let duration = ("duration", duration_s, "s");
        match self.summary {
            Summary::Sum(sum) => {
                let fields = [("sumQuantity", sum, self.unit), duration];
                write_quantities(&keys.arrange(fields, shuffle), keys, json);
            }
            Summary::Discrete { average, minimum, maximum } => {
                let fields = [
                    ("averageQuantity", average, self.unit),
                    ("minimumQuantity", minimum, self.unit),
                    ("maximumQuantity", maximum, self.unit),
                    ("mostRecentQuantity", average, self.unit),
                    duration,
                ];
                write_quantities(&keys.arrange(fields, shuffle), keys, json);
            }
        }
        json.close(b'}');
    }
}

fn write_quantities(fields: &[(&str, Decimal, &str)], keys: KeyOrder, json: &mut Json) {
    for (key, quantity, unit) in fields {
        json.key(key);
        write_quantity(*quantity, unit, keys, json);
    }
}
