//! Splits of a workout: kilometres or miles along its route, cut where the route is exactly so long.
//!
//! Locations lie beside the way that was gone, so a route is longer than the distance that the workout states. It is scaled to
//! that distance, and its splits then add up to the distance and the time of the workout. A route that differs by more than a quarter
//! is of a part of the workout, or of something else: its splits are those of the route.

use super::identity::identities;
use super::pauses::Pauses;
use super::places::{Point, PointOrder, points};
use super::reader::{Snapshot, Unanswered};
use super::value::{Sink, Value};
use crate::model::limits::SPLITS_MAX;
use crate::model::record::Uuid;

/// By which part of the stated distance a route's length may differ from it.
const DIFFERENCE_MAX: f64 = 0.25;

/// A shorter rest belongs to the split before it.
const REST_LEAST_M: f64 = 0.5;

/// The figures that a workout states of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated {
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    pub(super) distance_m: Option<f64>,
}

impl Stated {
    /// The factor of a route's length that gives the stated distance; `None` if the route is not that of the workout.
    fn scale(&self, route_m: f64) -> Option<f64> {
        let stated_m = self.distance_m?;
        (route_m > 0.0 && (route_m - stated_m).abs() <= stated_m * DIFFERENCE_MAX).then(|| stated_m / route_m)
    }
}

/// Metres between two locations, on a sphere.
fn metres(one: &Point, other: &Point) -> f64 {
    const RADIUS_M: f64 = 6_371_008.8;
    let [from, to] = [one, other].map(|point| point.latitude.to_radians());
    let (height, width) = (to - from, (other.longitude - one.longitude).to_radians());
    let half = (height / 2.0).sin().powi(2) + from.cos() * to.cos() * (width / 2.0).sin().powi(2);
    2.0 * RADIUS_M * half.sqrt().min(1.0).asin()
}

/// A kilometre or a mile, or the rest of the way.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Split {
    start_ms: i64,
    end_ms: i64,
    distance_m: f64,
}

/// Adds up the way between locations.
#[derive(Debug)]
struct Splits {
    length_m: f64,
    scale: f64,
    /// When the workout was, if the route is that of the workout.
    span_ms: Option<(i64, i64)>,
    last: Option<(Point, i64)>,
    ended: Vec<Split>,
    open: Option<Split>,
}

impl Splits {
    fn new(length_m: f64, stated: &Stated, route_m: f64) -> Self {
        let (scale, span_ms) = match stated.scale(route_m) {
            Some(scale) => (scale, Some((stated.start_ms, stated.end_ms.max(stated.start_ms)))),
            None => (1.0, None),
        };
        Self { length_m, scale, span_ms, last: None, ended: Vec::new(), open: None }
    }

    /// Adds a location.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the milliseconds of a workout")]
    fn add(&mut self, point: &Point) {
        let (from_ms, to_ms) = self.span_ms.unwrap_or((i64::MIN, i64::MAX));
        let last_ms = self.last.map_or(i64::MIN, |(_, last_ms)| last_ms);
        let time_ms = point.time_ms.clamp(from_ms, to_ms).max(last_ms);
        let step_m = self.last.replace((*point, time_ms)).map_or(0.0, |(last, _)| step(&last, point)) * self.scale;
        let start_ms = self.span_ms.map_or(time_ms, |(from_ms, _)| from_ms);
        let mut open = self.open.unwrap_or(Split { start_ms, end_ms: start_ms, distance_m: 0.0 });
        let mut left_m = step_m;
        while open.distance_m + left_m >= self.length_m && self.ended.len() + 1 < SPLITS_MAX {
            left_m -= self.length_m - open.distance_m;
            let border_ms = time_ms - ((time_ms - last_ms) as f64 * (left_m / step_m)).round() as i64;
            self.ended.push(Split { end_ms: border_ms, distance_m: self.length_m, ..open });
            open = Split { start_ms: border_ms, end_ms: border_ms, distance_m: 0.0 };
        }
        open.distance_m += left_m;
        open.end_ms = time_ms;
        self.open = Some(open);
    }

    /// Returns all splits. The last one is shorter, and ends with the workout.
    fn finish(mut self) -> Vec<Split> {
        let Some(mut rest) = self.open else {
            return self.ended;
        };
        rest.end_ms = self.span_ms.map_or(rest.end_ms, |(_, to_ms)| to_ms);
        match self.ended.last_mut() {
            Some(last) if rest.distance_m < REST_LEAST_M => {
                last.end_ms = rest.end_ms;
                last.distance_m += rest.distance_m;
            }
            _ if rest.distance_m > 0.0 => self.ended.push(rest),
            _ => {}
        }
        self.ended
    }
}

/// The way from one location to the next. That between two routes does not count.
fn step(last: &Point, point: &Point) -> f64 {
    if last.route == point.route { metres(last, point) } else { 0.0 }
}

/// Hands the splits of a workout out. Returns of what they are; `None` without any.
pub(super) fn push(
    snapshot: &Snapshot<'_>,
    (person, workout): (i64, Uuid),
    stated: &Stated,
    length_m: f64,
    sink: &mut dyn Sink,
) -> Result<Option<&'static str>, Unanswered> {
    sink.list("splits", &["number", "start", "end", "distance_m", "seconds"]);
    let identities = identities(snapshot, person, workout)?;
    let (mut route_m, mut last) = (0.0, None);
    for identity in &identities {
        points(snapshot, (person, *identity), PointOrder::Whole, |point| {
            route_m += last.replace(*point).map_or(0.0, |last| step(&last, point));
        })?;
    }
    let mut splits = Splits::new(length_m, stated, route_m);
    let of = if splits.span_ms.is_some() { "workout" } else { "route" };
    if route_m > 0.0 {
        for identity in &identities {
            points(snapshot, (person, *identity), PointOrder::Whole, |point| splits.add(point))?;
        }
    }
    let pauses = Pauses::read(snapshot, (person, workout), stated.end_ms)?;
    let splits = splits.finish();
    for (number, split) in (1..).zip(&splits) {
        sink.row(&[
            Value::Integer(number),
            Value::Time(split.start_ms),
            Value::Time(split.end_ms),
            Value::Real(split.distance_m),
            Value::Real(seconds(split.end_ms - split.start_ms - pauses.within_ms(split.start_ms, split.end_ms))),
        ]);
    }
    Ok((!splits.is_empty()).then_some(of))
}

#[expect(clippy::cast_precision_loss, reason = "the milliseconds of a workout")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(time_ms: i64, latitude: f64, route: i64) -> Point {
        Point { route, time_ms, latitude, longitude: 8.0, altitude: None, place: 0 }
    }

    fn splits(length_m: f64, stated: &Stated, points: &[Point]) -> Vec<Split> {
        let route_m = points.windows(2).map(|pair| step(&pair[0], &pair[1])).sum();
        let mut splits = Splits::new(length_m, stated, route_m);
        points.iter().for_each(|point| splits.add(point));
        splits.finish()
    }

    /// North with a location each 20 s: 400 m each at first, and 300 m each from the fifth step on.
    fn known_way() -> Vec<Point> {
        let way_m = (0..=11_u32).map(|step| f64::from(step.min(5) * 400 + step.saturating_sub(5) * 300));
        way_m.zip(0..).map(|(way_m, step)| point(10_000 + step * 20_000, way_m / 111_195.079_735, 0)).collect()
    }

    #[test]
    fn borders_lie_between_locations() {
        let check = |distance_m: Option<f64>, expected: &[(i64, i64, f64)]| {
            let stated = Stated { start_ms: 0, end_ms: 240_000, distance_m };
            let found = splits(1000.0, &stated, &known_way());
            let rounded: Vec<_> = found
                .iter()
                .map(|split| (split.start_ms, split.end_ms, (split.distance_m * 10.0).round() / 10.0))
                .collect();
            assert_eq!(rounded, expected, "{distance_m:?}");
        };
        let alone = [(10_000, 60_000, 1000.0), (60_000, 110_000, 1000.0), (110_000, 176_667, 1000.0)];
        // 3,800 m, as the workout says. The way begins 10 s later than the workout, and ends 10 s before it.
        let rest = [(176_667, 240_000, 800.0)];
        check(Some(3800.0), &[&[(0, 60_000, 1000.0)], &alone[1..], &rest].concat());
        // Locations lie beside the way: of 3,420 m, 900 m of the route are 810 m.
        let shorter =
            [(0, 65_556, 1000.0), (65_556, 124_815, 1000.0), (124_815, 198_889, 1000.0), (198_889, 240_000, 420.0)];
        check(Some(3420.0), &shorter);
        // Another way, or none that is stated.
        let own = [&alone[..], &[(176_667, 230_000, 800.0)]].concat();
        for other in [None, Some(0.0), Some(3000.0), Some(5100.0), Some(f64::NAN)] {
            check(other, &own);
        }
    }

    #[test]
    fn a_border_at_the_end_leaves_no_rest() {
        let stated = Stated { start_ms: 0, end_ms: 240_000, distance_m: Some(4000.0) };
        let found = splits(1000.0, &stated, &known_way());
        assert_eq!((found.len(), found[3].end_ms), (4, 240_000), "{found:?}");
        assert_eq!(splits(1000.0, &stated, &[]), []);
        assert_eq!(splits(1000.0, &stated, &[point(0, 1.0, 0), point(9, 1.0, 0)]), []);
    }

    #[test]
    fn a_hostile_route_crosses_the_globe_each_second() {
        let way: Vec<Point> =
            (0..5000).map(|second| point(second * 1000, f64::from(u8::from(second % 2 == 1)), 0)).collect();
        let stated = Stated { start_ms: 0, end_ms: 1, distance_m: None };
        let found = splits(1000.0, &stated, &way);
        assert_eq!((found.len(), found[SPLITS_MAX - 1].end_ms), (SPLITS_MAX, 4_999_000));
    }

    proptest! {
        #[test]
        fn rows_add_up_to_the_distance_and_the_time(
            steps in prop::collection::vec((0_i64..90_000, -0.004..0.004_f64, 0_i64..2), 2..120),
            factor in 0.81..1.32_f64,
            length_m in prop::sample::select(vec![100.0, 1000.0, 1609.344]),
            late_ms in -30_000_i64..30_000,
            early_ms in -30_000_i64..30_000,
        ) {
            let (mut at_ms, mut latitude) = (1_000_000, 47.0);
            let way: Vec<Point> = steps
                .iter()
                .map(|(wait_ms, north, route)| {
                    (at_ms, latitude) = (at_ms + wait_ms, latitude + north);
                    point(at_ms, latitude, *route)
                })
                .collect();
            let route_m: f64 = way.windows(2).map(|pair| step(&pair[0], &pair[1])).sum();
            prop_assume!(route_m > 1.0);
            let (start_ms, end_ms) = (1_000_000 - late_ms, (at_ms + early_ms).max(1_000_000 - late_ms));
            let stated = Stated { start_ms, end_ms, distance_m: Some(route_m * factor) };
            let found = splits(length_m, &stated, &way);
            let all_m: f64 = found.iter().map(|split| split.distance_m).sum();
            prop_assert!((all_m - route_m * factor).abs() < 1e-6 * route_m, "{} {}", all_m, route_m * factor);
            prop_assert_eq!((found[0].start_ms, found[found.len() - 1].end_ms), (start_ms, end_ms));
            for pair in found.windows(2) {
                prop_assert_eq!(pair[0].end_ms, pair[1].start_ms);
            }
            for split in &found {
                prop_assert!(split.start_ms <= split.end_ms);
                prop_assert!(split.distance_m <= length_m + REST_LEAST_M);
            }
            for split in &found[..found.len() - 1] {
                prop_assert_eq!(split.distance_m, length_m);
            }
        }
    }
}
