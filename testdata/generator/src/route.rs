//! The routes of outdoor workouts: a walk over a small grid, a point each one to three seconds.
//!
//! A route ends where its workout does, or where the payload has enough points. Most workouts have one route; some
//! have two, some have one without locations. The last workout's route goes on for as long as points are wanted.

use crate::clock::SECOND_MS;
use crate::identity::Stream;
use crate::json::Json;
use crate::number::Decimal;
use crate::random::Random;
use crate::workout::Workout;
use crate::world::World;

const POINT_EVERY_MS: i64 = 2 * SECOND_MS;
/// Positions are in 10^-10 degrees.
const DEGREE: i64 = 10_000_000_000;
const DEGREE_PLACES: u32 = 10;

/// The number of points of each of a workout's routes; empty for a workout without a route.
pub(crate) fn parts(workout: &Workout) -> Option<[Option<u64>; 2]> {
    if !workout.activity.outdoors {
        return None;
    }
    let points = ((workout.end_ms - workout.start_ms) / POINT_EVERY_MS).unsigned_abs();
    Some(match workout.index % 16 {
        5 => [Some(points / 3), Some(points - points / 3)],
        11 => [Some(0), None],
        _ => [Some(points), None],
    })
}

/// Where a workout's route is, point by point.
#[derive(Debug)]
pub(crate) struct Track {
    random: Random,
    start_ms: i64,
    latitude: i64,
    longitude: i64,
    altitude: i64,
    heading: usize,
    points: u64,
    with_accuracy: bool,
    shuffle: Random,
}

#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) latitude: Decimal,
    pub(crate) longitude: Decimal,
    pub(crate) altitude: Decimal,
    /// -1 where the phone did not know.
    pub(crate) speed: Decimal,
    pub(crate) course: Decimal,
    pub(crate) date_ms: i64,
    pub(crate) horizontal_accuracy: Decimal,
    pub(crate) vertical_accuracy: Decimal,
    speed_accuracy: Option<Decimal>,
    speed_is_null: bool,
}

/// Degrees of course, and the step north and east in units of 10^-10 degrees.
const HEADINGS: [(i64, i64, i64); 8] = [
    (0, 200_000, 0),
    (45, 140_000, 190_000),
    (90, 0, 270_000),
    (135, -140_000, 190_000),
    (180, -200_000, 0),
    (225, -140_000, -190_000),
    (270, 0, -270_000),
    (315, 140_000, -190_000),
];

impl Track {
    pub(crate) fn of(workout: &Workout, world: &World) -> Self {
        let mut random = Random::at(world.seed, Stream::Route, workout.index);
        Self {
            start_ms: workout.start_ms,
            latitude: 41 * DEGREE + random.between(0, DEGREE),
            longitude: -87 * DEGREE - random.between(0, DEGREE),
            altitude: random.between(1_700_000, 2_400_000),
            heading: 0,
            points: 0,
            with_accuracy: random.chance(1, 8),
            shuffle: world.shuffle(Stream::Route, workout.index),
            random,
        }
    }

    pub(crate) fn next_point(&mut self) -> Point {
        let random = &mut self.random;
        if random.chance(1, 12) {
            self.heading = (self.heading + *random.pick(&[1, 7])) % HEADINGS.len();
        }
        let (degrees, north, east) = HEADINGS[self.heading];
        self.latitude += north + random.between(-40_000, 40_000);
        self.longitude += east + random.between(-40_000, 40_000);
        self.altitude += random.between(-1_500, 1_500);
        let invalid = random.chance(1, 40);
        let course = degrees * 10_000 + random.between(0, 449_999);
        let date_ms =
            self.start_ms.wrapping_add_unsigned(self.points * POINT_EVERY_MS.unsigned_abs()) + random.between(0, 999);
        self.points += 1;
        let unless_invalid = |decimal| {
            if invalid { Decimal::whole(-1) } else { decimal }
        };
        Point {
            latitude: Decimal::new(self.latitude, DEGREE_PLACES),
            longitude: Decimal::new(self.longitude, DEGREE_PLACES),
            altitude: Decimal::new(self.altitude, 4),
            speed: unless_invalid(Decimal::new(random.between(800, 4_500), 3)),
            course: unless_invalid(Decimal::new(course, 4)),
            date_ms,
            horizontal_accuracy: Decimal::new(random.skewed(15_000, 120_000), 4),
            vertical_accuracy: Decimal::new(random.skewed(12_000, 90_000), 4),
            speed_accuracy: self.with_accuracy.then(|| Decimal::new(random.between(10_000, 900_000), 6)),
            speed_is_null: random.chance(1, 1000),
        }
    }

    pub(crate) fn write_next(&mut self, world: &World, json: &mut Json) {
        let point = self.next_point();
        let fields = [
            ("latitude", point.latitude),
            ("longitude", point.longitude),
            ("altitude", point.altitude),
            ("speed", point.speed),
            ("course", point.course),
            ("date", Decimal::whole(0)),
            ("horizontalAccuracy", point.horizontal_accuracy),
            ("verticalAccuracy", point.vertical_accuracy),
        ];
        json.element();
        json.open(b'{');
        for (key, value) in world.keys.arrange(fields, &mut self.shuffle) {
            json.key(key);
            match key {
                "date" => json.date(point.date_ms),
                "speed" if point.speed_is_null => json.null(),
                _ => json.decimal(value),
            }
        }
        if let Some(accuracy) = point.speed_accuracy {
            json.key("speedAccuracy");
            json.decimal(accuracy);
        }
        json.close(b'}');
    }
}
