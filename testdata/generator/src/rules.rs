//! Which metadata each type carries, and how often.
//!
//! Both spellings of keys occur, `HKTimeZone` and `HKMetadataKeyHeartRateMotionContext`, as they do in HealthKit.

use crate::clock::DAY_MS;
use crate::identity::Uuid;
use crate::metadata::Value;
use crate::number::Decimal;
use crate::random::Random;

/// One key that the samples of a type can carry.
#[derive(Debug)]
pub(crate) struct Rule {
    key: &'static str,
    content: Content,
    /// Present in this many of 16 samples.
    of_16: u64,
}

#[derive(Debug)]
enum Content {
    Whole(i64, i64),
    Flag(bool),
    Text(&'static str),
    TimeZone,
    Quantity { unit: &'static str, low: i64, high: i64, places: u32 },
    Identity,
    DayBefore,
}

/// The time zone of the phone, whose offset Apple's export is written in.
pub(crate) const TIME_ZONE: &str = "America/Chicago";
const TIME_ZONE_AWAY: &str = "Europe/Berlin";

const fn rule(key: &'static str, content: Content, of_16: u64) -> Rule {
    Rule { key, content, of_16 }
}

const ZONE: Rule = rule("HKTimeZone", Content::TimeZone, 16);
const ENTERED: Rule = rule("HKWasUserEntered", Content::Flag(true), 14);
const EXTERNAL: Rule = rule("HKExternalUUID", Content::Identity, 8);
const SYNC: Rule = rule("HKMetadataKeySyncIdentifier", Content::Identity, 16);
const SYNC_VERSION: Rule = rule("HKMetadataKeySyncVersion", Content::Whole(1, 3), 16);
const fn quantity(unit: &'static str, low: i64, high: i64, places: u32) -> Content {
    Content::Quantity { unit, low, high, places }
}

pub(crate) static NOTHING: [Rule; 0] = [];
pub(crate) static MOTION: [Rule; 1] = [rule("HKMetadataKeyHeartRateMotionContext", Content::Whole(0, 2), 15)];
pub(crate) static TIME_ZONE_ONLY: [Rule; 1] = [ZONE];
pub(crate) static PRESSURE: [Rule; 1] =
    [rule("HKMetadataKeyBarometricPressure", quantity("kPa", 970_000, 1_030_000, 4), 16)];
pub(crate) static PLACEMENT: [Rule; 1] = [rule("HKMetadataKeyDevicePlacementSide", Content::Whole(0, 3), 16)];
pub(crate) static EFFORT: [Rule; 1] = [rule("HKPhysicalEffortEstimationType", Content::Whole(1, 2), 16)];
pub(crate) static HEADPHONES: [Rule; 1] = [rule("HKHeadphoneGain", quantity("dBASPL", -300, 60, 1), 6)];
pub(crate) static FITNESS: [Rule; 3] = [rule("HKVO2MaxTestType", Content::Whole(2, 2), 16), SYNC_VERSION, SYNC];
pub(crate) static STEADINESS: [Rule; 2] = [
    rule("HKDateOfEarliestDataUsedForEstimate", Content::DayBefore, 16),
    rule("HKMetadataKeyAppleDeviceCalibrated", Content::Flag(true), 16),
];
pub(crate) static TYPED_IN: [Rule; 3] = [ENTERED, ZONE, EXTERNAL];
pub(crate) static GLUCOSE: [Rule; 3] = [rule("HKBloodGlucoseMealTime", Content::Whole(1, 2), 8), SYNC_VERSION, SYNC];
pub(crate) static FOOD: [Rule; 3] = [
    rule("HKFoodType", Content::Text("Wasser \\ \"still\""), 16),
    rule("Meal", Content::Text("Tee & Brühe"), 4),
    EXTERNAL,
];
pub(crate) static THRESHOLD: [Rule; 1] = [rule("HKHeartRateEventThreshold", quantity("count/min", 120, 120, 0), 16)];
const METS: Rule = rule("HKAverageMETs", quantity("kcal/(kg*hr)", 200_000, 1_200_000, 5), 16);
const BRAND: Rule = rule("HKWorkoutBrandName", Content::Text("Intervals 4 × 4"), 2);
pub(crate) static WORKOUT_INDOORS: [Rule; 4] = [rule("HKIndoorWorkout", Content::Flag(true), 16), METS, ZONE, BRAND];
pub(crate) static WORKOUT_OUTDOORS: [Rule; 7] = [
    rule("HKIndoorWorkout", Content::Flag(false), 16),
    METS,
    rule("HKWeatherTemperature", quantity("degF", 15, 98, 0), 12),
    // Not a fraction: Apple stores 57 where 0.57 is meant, and its export shows 5700 %.
    rule("HKWeatherHumidity", quantity("%", 15, 99, 0), 12),
    ZONE,
    rule("HKElevationAscended", quantity("cm", 0, 45_000_000, 3), 10),
    BRAND,
];

impl Rule {
    /// The key's value for one element, if the element carries it.
    pub(crate) fn draw(&self, random: &mut Random, identity: Uuid, start_ms: i64) -> Option<(&'static str, Value)> {
        let present = random.chance(self.of_16, 16);
        let value = match self.content {
            Content::Whole(low, high) => Value::Whole(random.between(low, high)),
            Content::Flag(flag) => Value::Flag(flag),
            Content::Text(text) => Value::Text(text),
            Content::TimeZone if random.chance(1, 16) => Value::Text(TIME_ZONE_AWAY),
            Content::TimeZone => Value::Text(TIME_ZONE),
            Content::Quantity { unit, low, high, places } => {
                Value::Quantity(Decimal::new(random.between(low, high), places), unit)
            }
            Content::Identity => Value::Identity(identity),
            Content::DayBefore => Value::Date((start_ms / DAY_MS - 29) * DAY_MS),
        };
        present.then_some((self.key, value))
    }
}
