//! `workout-routes/*.gpx`: the locations of a route, which belongs to the workout that refers to the file.
//!
//! A point needs a place and a time. What else it has is in its columns, or kept as it is. Some programs write a track twice: what
//! tracks have in common is stored once.

use std::io::Read;

use super::document::{Children, Fate, Place, read_document, read_one};
use super::element::{Element, Tree};
use super::frames::Frames;
use super::kept::{write_element, write_unknown};
use super::names::file_name;
use super::routes::{Route, Routes};
use super::waiting::Waiting;
use crate::formats::flaw::Flaw;
use crate::formats::json::JsonObject;
use crate::formats::output::Output;
use crate::model::error::Result;
use crate::model::limits::WAITING_BYTES_MAX;
use crate::model::locale::{NumberStyle, Unreadable, parse_date, parse_iso_of_phone};
use crate::model::record::RoutePoint;
use crate::model::route::RouteEvent;

/// Reads a route's file, named by its path within the export. Adds the bytes of the file to `bytes`.
pub(super) fn read(
    file: &str,
    source: impl Read,
    routes: &mut Routes,
    bytes: &mut u64,
    output: &mut Output<'_>,
) -> Result<()> {
    let frames = Frames::new(source, "gpx", &[b"trk", b"trkseg", b"rte"]);
    let frames = frames.showing(&[b"trk", b"rte"]).with_prefixes();
    let (route, known) = routes.find(file, output);
    output.batch.mark_route(route.workout, route.number, RouteEvent::Begins(Some(known)));
    let mut points =
        Points { route, has_track: false, is_apples: false, takes_waypoints: false, waypoints: Waiting::default() };
    let read = read_document(frames, file, bytes, output, &mut points);
    let settled = points.settle(file, output);
    read.map(|_| ()).and(settled)?;
    output.batch.mark_route(route.workout, route.number, RouteEvent::Ends);
    output.hand_over_if_full()
}

/// Reads the points of a file. Waypoints are its route if there are no other points, as some programs write it. Beside a track
/// they are places that somebody has marked.
struct Points {
    route: Route,
    has_track: bool,
    /// Whether Apple's export has made the file.
    is_apples: bool,
    /// Whether waypoints are read as the route.
    takes_waypoints: bool,
    /// Those before the first point of a track.
    waypoints: Waiting,
}

impl Points {
    /// Keeps what a file says of itself or of its track.
    fn keep(&self, name: &str, element: Element<'_>, place: Place<'_>, output: &mut Output<'_>) {
        if self.is_apples && is_time_of_export(element) {
            return output.within("GPX metadata: the time of the export, left out", 1);
        }
        let mut json = String::new();
        let mut object = JsonObject::begin(&mut json);
        object.string("file", file_name(place.file));
        write_element(element, object.member(name));
        object.end();
        output.keep_beside(&["GPX ", name].concat(), json);
    }

    /// Reads the waypoints that wait, once it is known what they are.
    fn settle(&mut self, file: &str, output: &mut Output<'_>) -> Result<()> {
        self.takes_waypoints = !self.has_track;
        self.has_track = true;
        let (waypoints, mut tree) = (std::mem::take(&mut self.waypoints), Tree::default());
        waypoints
            .elements()
            .try_for_each(|(line, offset, text)| read_one(text, Place { file, line, offset }, &mut tree, self, output))
    }
}

impl Children for Points {
    fn begin(&mut self, _: &str, _: &mut Output<'_>) -> Result<()> {
        Ok(())
    }

    fn open(&mut self, element: Element<'_>, place: Place<'_>, output: &mut Output<'_>) {
        let name = local_name(element);
        if matches!(name, "trk" | "rte") {
            output.batch.mark_route(self.route.workout, self.route.number, RouteEvent::Continues);
        }
        self.is_apples |=
            name == "gpx" && element.get("creator").is_some_and(|creator| creator.starts_with("Apple Health"));
        if name == "gpx" && self.is_apples {
            // All of Apple's files have the same.
            output.within("GPX gpx", 1);
        } else if element.attributes().next().is_some() || !element.is_plain() {
            self.keep(name, element, place, output);
        }
    }

    fn read(&mut self, element: Element<'_>, place: Place<'_>, output: &mut Output<'_>) -> Result<Fate, Flaw> {
        match local_name(element) {
            "trkpt" | "rtept" => {
                self.has_track = true;
                read_point(element, self.route, output)?;
            }
            "wpt" if self.takes_waypoints => read_point(element, self.route, output)?,
            "wpt" if !self.has_track => return Ok(Fate::Waits),
            "wpt" => {
                let mut json = String::new();
                write_element(element, &mut json);
                output.keep("GPX wpt", json);
            }
            name => self.keep(name, element, place, output),
        }
        Ok(Fate::Read)
    }

    fn wait(&mut self, text: &[u8], place: Place<'_>, output: &mut Output<'_>) -> Result<()> {
        if self.waypoints.push(text, place.line, place.offset, WAITING_BYTES_MAX) {
            return Ok(());
        }
        // So many are a route.
        self.settle(place.file, output)?;
        read_one(text, place, &mut Tree::default(), self, output)
    }
}

/// Whether an element has only the time of the export, which differs from export to export.
fn is_time_of_export(element: Element<'_>) -> bool {
    let mut children = element.children();
    let is_time = children.next().is_some_and(|child| child.name() == "time" && !child.has_children());
    element.name() == "metadata" && is_time && children.next().is_none() && !element.has_text()
}

/// The name without a prefix: `trkpt` for `gpx:trkpt`.
fn local_name<'a>(element: Element<'a>) -> &'a str {
    let name = element.name();
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn read_point(element: Element<'_>, route: Route, output: &mut Output<'_>) -> Result<(), Flaw> {
    let mut point = RoutePoint {
        workout: route.workout,
        route: route.number,
        time_ms: 0,
        latitude: degrees(element, "lat", 90.0)?,
        longitude: degrees(element, "lon", 180.0)?,
        altitude_m: None,
        speed_m_s: None,
        course_deg: None,
        horizontal_accuracy_m: None,
        vertical_accuracy_m: None,
        other: None,
    };
    let (mut times, mut keeps_time, mut keeps_elevation) = (0, false, false);
    let mut has_more = element.attributes().count() > 2 || element.has_text();
    for child in element.children() {
        match local_name(child) {
            "time" => {
                times += 1;
                keeps_time |= times > 1 || child.has_children() || child.attributes().next().is_some();
                if times == 1 {
                    let text = child.text();
                    point.time_ms = time(&text).ok_or_else(|| Flaw::not_a_date("time", &text))?;
                }
            }
            "extensions" => has_more |= read_extensions(child, &mut point),
            name => {
                let is_read = read_number(name, child, &mut point);
                has_more |= !is_read;
                keeps_elevation |= !is_read && name == "ele";
            }
        }
    }
    if times == 0 {
        return Err(Flaw::Missing("time"));
    }
    if has_more || keeps_time {
        let is_kept = |child: Element<'_>| match local_name(child) {
            "time" => keeps_time,
            "ele" => keeps_elevation,
            _ => true,
        };
        let mut other = String::new();
        let mut object = JsonObject::begin(&mut other);
        write_unknown(element, &["lat", "lon"], is_kept, &mut object);
        object.end();
        point.other = Some(output.batch.texts.intern(&other));
    }
    output.batch.rows.route_points.push(point);
    Ok(())
}

/// Reads the numbers that Apple writes as extensions. Returns whether there is something else.
fn read_extensions(extensions: Element<'_>, point: &mut RoutePoint) -> bool {
    let mut has_more = extensions.attributes().next().is_some() || extensions.has_text();
    for child in extensions.children() {
        has_more |= !read_number(local_name(child), child, point);
    }
    has_more
}

/// Reads a number that has a column. Returns false if it stays with what has no column: because it is unknown, there for the
/// second time, or not a number. One without a text is absent.
fn read_number(name: &str, element: Element<'_>, point: &mut RoutePoint) -> bool {
    let column = match name {
        "ele" => &mut point.altitude_m,
        "speed" => &mut point.speed_m_s,
        "course" => &mut point.course_deg,
        "hAcc" => &mut point.horizontal_accuracy_m,
        "vAcc" => &mut point.vertical_accuracy_m,
        _ => return false,
    };
    if element.has_children() || element.attributes().next().is_some() || column.is_some() {
        return false;
    }
    let text = element.text();
    *column = number(&text).ok();
    column.is_some() || text.is_empty()
}

/// A finite number, also with a decimal comma.
fn number(text: &str) -> Result<f64, Unreadable> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    number.map_or_else(|| NumberStyle::default().read(text), Ok)
}

/// A time; without an offset it is in UTC, as GPX requires.
fn time(text: &str) -> Option<i64> {
    let exact = parse_iso_of_phone(text).map(|date| date.ms);
    exact.or_else(|| parse_date(text)).or_else(|| parse_date(&[text, "Z"].concat()))
}

fn degrees(element: Element<'_>, name: &'static str, max: f64) -> Result<f64, Flaw> {
    let mut values = element.attributes().filter(|(key, _)| *key == name).map(|(_, value)| value);
    let text = values.next().ok_or(Flaw::Missing(name))?;
    if values.next().is_some() {
        return Err(Flaw::Repeated(name));
    }
    let degrees = match number(text) {
        // A place is never thousands of degrees away.
        Ok(degrees) | Err(Unreadable::TwoReadings(degrees, _)) => degrees,
        Err(why) => return Err(Flaw::unreadable(name, why)),
    };
    if degrees.abs() <= max { Ok(degrees) } else { Err(Flaw::OutOfRange(name)) }
}

#[cfg(test)]
mod tests {
    use super::super::element::Tree;
    use super::*;
    use crate::model::batch::{Batch, Sink};

    struct NoSink;

    impl Sink for NoSink {
        fn submit(&mut self, _: &mut Box<Batch>) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn points() {
        let check = |inner: &str, expected: &str| {
            let (mut tree, mut batch, mut sink) = (Tree::default(), Box::<Batch>::default(), NoSink);
            let mut output = Output::new(&mut batch, &mut sink, None);
            let point = format!("<x:trkpt lat=\"47.5\" lon='8,25'>{inner}</x:trkpt>");
            let route = Route { workout: [0; 16], number: 0 };
            let read = tree.parse(&point).and_then(|element| read_point(element, route, &mut output));
            let said = match read {
                Err(flaw) => flaw.to_string(),
                Ok(()) => {
                    let point = &batch.rows.route_points[0];
                    assert_eq!((point.latitude, point.longitude), (47.5, 8.25));
                    let numbers = [point.altitude_m, point.speed_m_s, point.course_deg, point.horizontal_accuracy_m];
                    let numbers = numbers.map(|number| number.map_or("-".to_owned(), |number| number.to_string()));
                    let other = point.other.map_or("", |other| batch.texts.get(other));
                    format!("{} {} {other}", point.time_ms, numbers.join(" "))
                }
            };
            assert_eq!(said.trim(), expected, "{inner}");
        };
        let time = "<time>1970-01-01T00:00:01Z</time>";
        check(time, "1000 - - - -");
        check(&format!("<x:ele/>{time}"), "1000 - - - -");
        check(&format!("<ele> </ele>{time}<extensions/>"), "1000 - - - -");
        check(&format!("<x:ele>1</x:ele>{time}<x:extensions><y:speed>-1</y:speed></x:extensions>"), "1000 1 -1 - -");
        check(&format!("<ele>1,5</ele>{time}<extensions><course>\u{2212}1</course></extensions>"), "1000 1.5 - -1 -");
        check(
            &format!("{time}<extensions><speed>nan</speed><hAcc>3</hAcc><a b=\"1\"/></extensions>"),
            r#"1000 - - - 3 {"children":[{"extensions":{"speed":[{"$":"nan"}],"hAcc":[{"$":"3"}],"a":[{"b":"1"}]}}]}"#,
        );
        check(&format!("{time}<speed>2</speed><course>10</course>"), "1000 - 2 10 -");
        check(&format!("<ele>NaN</ele>{time}"), r#"1000 - - - - {"children":[{"ele":{"$":"NaN"}}]}"#);
        check(
            &format!("{time}<ele>1</ele><ele>2</ele>{time}"),
            r#"1000 1 - - - {"children":[{"time":{"$":"1970-01-01T00:00:01Z"}},{"ele":{"$":"1"}},{"ele":{"$":"2"}},{"time":{"$":"1970-01-01T00:00:01Z"}}]}"#,
        );
        check("<time>1970-01-01T00:00:01</time>", "1000 - - - -");
        check("<time>1970-01-01 00:00:01 +0000</time>", "1000 - - - -");
        check("<time>1970-01-01 12:00:01\u{202f}AM +0000</time>", "1000 - - - -");
        check("<time>2513-01-01T00:00:01Z</time>", "1000 - - - -");
        check(
            "<time>0006-09-15T15:07:43Z</time>",
            "`time` has the year 6, which is 2024 or 1994 or 1931: choose the Gregorian calendar on the phone, and export again",
        );
        check("<time>1</time>", "`time` is not a date with time and offset");
        check("<ele>1</ele>", "no `time`");
    }

    #[test]
    fn places() {
        let check = |point: &str, expected: Result<f64, &str>| {
            let mut tree = Tree::default();
            let read = degrees(tree.parse(point).unwrap(), "lat", 90.0).map_err(|flaw| flaw.to_string());
            assert_eq!(read, expected.map_err(str::to_owned), "{point}");
        };
        check("<a lat='-47.125'/>", Ok(-47.125));
        check("<a lat='47,125'/>", Ok(47.125));
        check("<a lat='90.5'/>", Err("`lat` is out of range"));
        check("<a lat='nan'/>", Err("`lat` is not a number"));
        check("<a lat='1' lat='2'/>", Err("not well-formed: `lat` is given twice"));
        check("<a/>", Err("no `lat`"));
    }
}
