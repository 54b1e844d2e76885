//! The locations of a workout: all of them, and the line that a map shows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rusqlite::params;

use super::identity::{identities, resolve};
use super::reader::{Question, Snapshot, Unanswered};
use super::value::{Progress, Sink, Value};
use crate::model::limits::{QUESTION_POINTS_DEFAULT, ROUTE_POINTS_READ_MAX};
use crate::model::record::Uuid;

/// A location.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) route: i64,
    pub(super) time_ms: i64,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) altitude: Option<f64>,
    /// Its place among those of its route and time.
    pub(super) place: i64,
}

const SELECT: &str =
    "SELECT route, time_ms, latitude, longitude, altitude_m, nullif(speed_m_s, -1.0), nullif(course_deg, -1.0),
      horizontal_accuracy_m, vertical_accuracy_m
    FROM route_points WHERE person_id = ?1 AND workout = ?2 AND time_ms >= ?3 ORDER BY time_ms, route, place";

/// The order in which locations are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PointOrder {
    /// By time, route and place.
    Whole,
    /// By time only, as they are stored: to sort them costs as much as to read them.
    Times,
}

const OF_LINE: &str = "SELECT route, time_ms, latitude, longitude, altitude_m, place FROM route_points
    WHERE person_id = ?1 AND workout = ?2 ORDER BY time_ms";

const OF_LINE_IN_ORDER: &str = "SELECT route, time_ms, latitude, longitude, altitude_m, place FROM route_points
    WHERE person_id = ?1 AND workout = ?2 ORDER BY time_ms, route, place";

/// Calls `each` for the locations of a workout's identity.
pub(super) fn points(
    snapshot: &Snapshot<'_>,
    (person, workout): (i64, Uuid),
    order: PointOrder,
    mut each: impl FnMut(&Point),
) -> Result<(), Unanswered> {
    let mut select = snapshot.connection.prepare_cached(match order {
        PointOrder::Whole => OF_LINE_IN_ORDER,
        PointOrder::Times => OF_LINE,
    })?;
    let mut rows = select.query(params![person, workout])?;
    while let Some(row) = rows.next()? {
        each(&Point {
            route: row.get(0)?,
            time_ms: row.get(1)?,
            latitude: row.get(2)?,
            longitude: row.get(3)?,
            altitude: row.get(4)?,
            place: row.get(5)?,
        });
    }
    Ok(())
}

/// The locations of a workout.
#[derive(Debug)]
pub struct Route {
    /// Whose.
    pub person: String,
    /// The workout.
    pub uuid: Uuid,
    /// Locations at most; all of them if none.
    pub points_max: Option<u32>,
    has_begun: bool,
    /// The identity under way, the time of the last location, and how many of that time were handed out.
    identity: usize,
    time_ms: i64,
    of_time: usize,
}

const COLUMNS: [&str; 9] = [
    "route",
    "time",
    "latitude",
    "longitude",
    "altitude_m",
    "speed_m_s",
    "course_deg",
    "horizontal_accuracy_m",
    "vertical_accuracy_m",
];

impl Route {
    /// The question.
    #[must_use]
    pub fn new(person: String, uuid: Uuid, points_max: Option<u32>) -> Self {
        Self { person, uuid, points_max, has_begun: false, identity: 0, time_ms: i64::MIN, of_time: 0 }
    }

    /// The next locations of one identity.
    fn all(
        &mut self,
        snapshot: &Snapshot<'_>,
        (person, workout): (i64, Uuid),
        sink: &mut dyn Sink,
    ) -> Result<Progress, Unanswered> {
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let mut rows = select.query(params![person, workout, self.time_ms])?;
        let (mut skipped, to_skip) = (0, self.of_time);
        while let Some(row) = rows.next()? {
            if skipped < to_skip {
                skipped += 1;
                continue;
            }
            let time_ms = row.get(1)?;
            self.of_time = if time_ms == self.time_ms { self.of_time + 1 } else { 1 };
            self.time_ms = time_ms;
            let number = |column| row.get(column).map(Value::real);
            let has_more_room = sink.row(&[
                Value::Integer(row.get(0)?),
                Value::Time(time_ms),
                number(2)?,
                number(3)?,
                number(4)?,
                number(5)?,
                number(6)?,
                number(7)?,
                number(8)?,
            ]);
            if !has_more_room {
                return Ok(Progress::More);
            }
        }
        (self.time_ms, self.of_time) = (i64::MIN, 0);
        Ok(Progress::End)
    }

    /// The line that a map shows.
    fn simplified(
        &self,
        snapshot: &Snapshot<'_>,
        (person, identities): (i64, &[Uuid]),
        points_max: u32,
        sink: &mut dyn Sink,
    ) -> Result<(), Unanswered> {
        let mut kept: Vec<Point> = Vec::new();
        // Of a longer route every second one, every fourth one and so on.
        let (mut stride, mut seen) = (1_usize, 0_usize);
        for identity in identities {
            let mut begin = kept.len();
            points(snapshot, (person, *identity), PointOrder::Times, |point| {
                if seen % stride == 0 {
                    if kept.len() >= ROUTE_POINTS_READ_MAX {
                        let mut place = 0;
                        kept.retain(|_| {
                            place += 1;
                            place % 2 == 1
                        });
                        begin = begin.div_ceil(2);
                        stride *= 2;
                    }
                    if seen % stride == 0 {
                        kept.push(*point);
                    }
                }
                seen += 1;
            })?;
            kept[begin..].sort_unstable_by_key(|point| (point.time_ms, point.route, point.place));
        }
        let shown = simplify(&kept, usize::try_from(points_max).unwrap_or(usize::MAX));
        for point in shown {
            sink.row(&[
                Value::Integer(point.route),
                Value::Time(point.time_ms),
                Value::Real(point.latitude),
                Value::Real(point.longitude),
                Value::real(point.altitude),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
            ]);
        }
        Ok(())
    }
}

impl Question for Route {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let person = super::range::person(snapshot, &self.person)?;
        let uuid = resolve(snapshot, person, self.uuid)?;
        let identities = identities(snapshot, person, uuid)?;
        if !self.has_begun {
            self.has_begun = true;
            sink.begin(&[("workout", Value::Identity(uuid))]);
            sink.list("points", &COLUMNS);
        }
        if let Some(points_max) = self.points_max {
            self.simplified(snapshot, (person, &identities), points_max, sink)?;
            sink.end(&[]);
            return Ok(Progress::End);
        }
        while let Some(identity) = identities.get(self.identity) {
            if self.all(snapshot, (person, *identity), sink)? == Progress::More {
                return Ok(Progress::More);
            }
            self.identity += 1;
        }
        sink.end(&[]);
        Ok(Progress::End)
    }
}

/// The default number of points of a line.
pub const LINE_POINTS: u32 = 2 * QUESTION_POINTS_DEFAULT;

/// A location that may go: the area of the triangle that it makes with its neighbours, which place it has, and how often its neighbours
/// have changed. Older entries of it are void. The area is in bits, which have the order of numbers that are not negative. The smallest
/// one is the greatest, since a heap hands out the greatest.
type Corner = Reverse<(u64, u32, u32)>;

fn corner(area: f64, place: usize, version: u32) -> Corner {
    Reverse((area.to_bits(), u32::try_from(place).unwrap_or(u32::MAX), version))
}

/// Leaves out the locations that change the line least, by Visvalingam and Whyatt. Ends of routes stay if there is room.
fn simplify(points: &[Point], points_max: usize) -> Vec<Point> {
    if points.len() <= points_max {
        return points.to_vec();
    }
    let mut before: Vec<usize> = (0..points.len()).map(|place| place.saturating_sub(1)).collect();
    let mut behind: Vec<usize> = (1..=points.len()).collect();
    let mut versions = vec![0_u32; points.len()];
    let mut is_kept = vec![true; points.len()];
    let area = |before: &[usize], behind: &[usize], place: usize| {
        let Some(next) = points.get(behind[place]) else {
            return f64::INFINITY;
        };
        let (last, own) = (&points[before[place]], &points[place]);
        if place == 0 || last.route != own.route || next.route != own.route {
            return f64::INFINITY;
        }
        let width = own.latitude.to_radians().cos();
        let flat = |point: &Point| ((point.longitude - own.longitude) * width, point.latitude - own.latitude);
        let ((ax, ay), (bx, by)) = (flat(last), flat(next));
        (ax * by - bx * ay).abs() / 2.0
    };
    let all: Vec<Corner> = (0..points.len()).map(|place| corner(area(&before, &behind, place), place, 0)).collect();
    let mut corners = BinaryHeap::from(all);
    let mut left = points.len();
    while left > points_max.max(1)
        && let Some(Reverse((bits, gone, version))) = corners.pop()
    {
        let (gone, weight) = (gone as usize, f64::from_bits(bits));
        if !is_kept[gone] || versions[gone] != version {
            continue;
        }
        is_kept[gone] = false;
        left -= 1;
        let (last, next) = (before[gone], behind[gone]);
        for place in [last, next] {
            if place >= points.len() || place == gone || !is_kept[place] {
                continue;
            }
            if place == last {
                behind[place] = next;
            } else {
                before[place] = last;
            }
            versions[place] += 1;
            // A corner never weighs less than one that went before it.
            corners.push(corner(area(&before, &behind, place).max(weight), place, versions[place]));
        }
    }
    points.iter().zip(&is_kept).filter(|(_, is_kept)| **is_kept).map(|(point, _)| *point).collect()
}

#[cfg(test)]
mod tests {
    use super::super::reader::QuestionReader;
    use super::super::value::Field;
    use super::*;
    use crate::model::limits::QUESTION_TIME_MAX;
    use crate::store::{Database, Store};

    fn point(number: u32, latitude: f64, longitude: f64) -> Point {
        Point { route: 0, time_ms: i64::from(number) * 1000, latitude, longitude, altitude: None, place: 0 }
    }

    #[test]
    fn a_line_keeps_its_corners() {
        let mut points: Vec<Point> =
            (0..50).map(|number| point(number, 47.0, 8.0 + f64::from(number) * 0.001)).collect();
        points.extend((0..50).map(|number| point(50 + number, 47.0 + f64::from(number) * 0.001, 8.05)));
        let kept: Vec<i64> = simplify(&points, 3).iter().map(|point| point.time_ms).collect();
        assert_eq!(kept, [0, 50_000, 99_000]);
        assert_eq!(simplify(&points, 100).len(), 100);
        assert_eq!(simplify(&points, 17).len(), 17);
        assert_eq!(simplify(&[], 5).len(), 0);
    }

    /// Hands out routes, times and latitudes.
    #[derive(Default)]
    struct Kept(Vec<(i64, i64, f64)>);

    impl Sink for Kept {
        fn begin(&mut self, _: &[Field<'_>]) {}
        fn list(&mut self, _: &'static str, _: &[&'static str]) {}
        fn row(&mut self, row: &[Value<'_>]) -> bool {
            if let (Value::Integer(route), Value::Time(time_ms), Value::Real(latitude)) = (row[0], row[1], row[2]) {
                self.0.push((route, time_ms, latitude));
            }
            true
        }
        fn end(&mut self, _: &[Field<'_>]) {}
    }

    /// The key of a location has its latitude before its place.
    #[test]
    fn a_line_has_the_order_of_all_locations() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let database = Database::new(file.path());
        let store = Store::open(&database).unwrap();
        let sql = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
            INSERT INTO route_points (person_id, workout, time_ms, latitude, longitude, ordinal, place, route)
            SELECT 1, zeroblob(16), i / 10 * 1000, 47.0 + i % 10 * 0.1, 8.0, 0, 9 - i % 10, i % 2 FROM n";
        store.connection.execute(sql, []).unwrap();
        let workout = "INSERT INTO workouts (person_id, uuid, start_ms) VALUES (1, zeroblob(16), 0)";
        store.connection.execute(workout, []).unwrap();
        let reader = QuestionReader::new(database);
        let [all, line] = [None, Some(100)].map(|points_max| {
            let (mut route, mut kept) = (Route::new("me".to_owned(), [0; 16], points_max), Kept::default());
            let page = reader.page(&mut route, (0, QUESTION_TIME_MAX), &mut kept);
            assert!(matches!(page, Ok(Progress::End)), "{page:?}");
            kept.0
        });
        assert_eq!((all.len(), all[0]), (100, (0, 0, 47.8)));
        assert_eq!(line, all);
    }
}
