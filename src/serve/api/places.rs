//! Routes as other programs read them: GeoJSON for maps, GPX 1.1 for everything else.

use std::io::Write;

use super::writer::Writer;
use crate::model::identity::hyphenated;
use crate::model::limits::ANSWER_PAGE_BYTES;
use crate::model::time::push_iso;
use crate::store::questions::{Field, Sink, Value};

/// Number of the columns of a location: route, time, latitude, longitude, altitude.
const TIME: usize = 1;
const LATITUDE: usize = 2;
const LONGITUDE: usize = 3;
const ALTITUDE: usize = 4;

/// A GeoJSON feature with one line for each route, and the time of each location in the same order.
#[derive(Debug, Default)]
pub(super) struct GeoJson {
    page: Vec<u8>,
    /// The times so far, as JSON. A line has a bounded number of points.
    times: Vec<u8>,
    workout: Vec<u8>,
    route: Option<i64>,
    /// Positions of the line so far, and the first one with its time.
    positions: u64,
    first: [Vec<u8>; 2],
    rows: u64,
}

/// A GPX file with one track, and a segment for each route.
#[derive(Debug, Default)]
pub(super) struct Gpx {
    page: Vec<u8>,
    route: Option<i64>,
    rows: u64,
}

fn push_number(page: &mut Vec<u8>, value: Value<'_>) {
    let number = match value {
        Value::Real(number) if number.is_finite() => number,
        _ => 0.0,
    };
    // Writing to memory cannot fail.
    let _ = write!(page, "{number}");
}

fn push_identity(page: &mut Vec<u8>, value: Value<'_>) {
    if let Value::Identity(uuid) = value {
        page.extend_from_slice(&hyphenated(&uuid));
    }
}

fn route_of(row: &[Value<'_>]) -> i64 {
    match row.first() {
        Some(Value::Integer(route)) => *route,
        _ => 0,
    }
}

fn time_of(row: &[Value<'_>]) -> i64 {
    match row.get(TIME) {
        Some(Value::Time(at_ms)) => *at_ms,
        _ => 0,
    }
}

fn value<'a>(row: &[Value<'a>], column: usize) -> Value<'a> {
    row.get(column).copied().unwrap_or(Value::Null)
}

impl GeoJson {
    /// Ends a line. It has two positions at least (RFC 7946), so an only one comes twice.
    fn end_line(&mut self) {
        if self.positions == 1 {
            for (bytes, first) in [&mut self.page, &mut self.times].into_iter().zip(&self.first) {
                bytes.push(b',');
                bytes.extend_from_slice(first);
            }
        }
        self.positions = 0;
    }
}

impl Sink for GeoJson {
    fn begin(&mut self, head: &[Field<'_>]) {
        self.page
            .extend_from_slice(b"{\"type\":\"Feature\",\"geometry\":{\"type\":\"MultiLineString\",\"coordinates\":[");
        for (_, value) in head {
            push_identity(&mut self.workout, *value);
        }
    }

    fn list(&mut self, _: &'static str, _: &[&'static str]) {}

    fn row(&mut self, row: &[Value<'_>]) -> bool {
        let route = route_of(row);
        let start: [&[u8]; 2] = match self.route {
            None => [b"[", b"["],
            Some(last) if last == route => [b",", b","],
            Some(_) => [b"],[", b"],["],
        };
        if self.route != Some(route) {
            self.end_line();
        }
        self.route = Some(route);
        self.page.extend_from_slice(start[0]);
        self.times.extend_from_slice(start[1]);
        let at = [self.page.len(), self.times.len()];
        self.page.push(b'[');
        push_number(&mut self.page, value(row, LONGITUDE));
        self.page.push(b',');
        push_number(&mut self.page, value(row, LATITUDE));
        if value(row, ALTITUDE) != Value::Null {
            self.page.push(b',');
            push_number(&mut self.page, value(row, ALTITUDE));
        }
        self.page.push(b']');
        self.times.push(b'"');
        push_iso(time_of(row), &mut self.times);
        self.times.push(b'"');
        if self.positions == 0 {
            self.first = [self.page[at[0]..].to_vec(), self.times[at[1]..].to_vec()];
        }
        self.positions += 1;
        self.rows += 1;
        self.page.len() < ANSWER_PAGE_BYTES
    }

    fn end(&mut self, _: &[Field<'_>]) {
        self.end_line();
        let close: &[u8] = if self.route.is_some() { b"]" } else { b"" };
        self.page.extend_from_slice(close);
        self.page.extend_from_slice(b"]},\"properties\":{\"workout\":\"");
        self.page.extend_from_slice(&self.workout);
        self.page.extend_from_slice(b"\",\"times\":[");
        self.page.append(&mut self.times);
        self.page.extend_from_slice(close);
        self.page.extend_from_slice(b"]}}\n");
    }
}

impl Writer for GeoJson {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn finish(&mut self) {}

    fn take_page(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.page)
    }
}

impl Sink for Gpx {
    fn begin(&mut self, head: &[Field<'_>]) {
        self.page.extend_from_slice(
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"healthsink\" \
              xmlns=\"http://www.topografix.com/GPX/1/1\">\n<trk><name>",
        );
        for (_, value) in head {
            push_identity(&mut self.page, *value);
        }
        self.page.extend_from_slice(b"</name>\n");
    }

    fn list(&mut self, _: &'static str, _: &[&'static str]) {}

    fn row(&mut self, row: &[Value<'_>]) -> bool {
        let route = route_of(row);
        match self.route {
            None => self.page.extend_from_slice(b"<trkseg>\n"),
            Some(last) if last == route => {}
            Some(_) => self.page.extend_from_slice(b"</trkseg>\n<trkseg>\n"),
        }
        self.route = Some(route);
        self.page.extend_from_slice(b"<trkpt lat=\"");
        push_number(&mut self.page, value(row, LATITUDE));
        self.page.extend_from_slice(b"\" lon=\"");
        push_number(&mut self.page, value(row, LONGITUDE));
        self.page.extend_from_slice(b"\">");
        if value(row, ALTITUDE) != Value::Null {
            self.page.extend_from_slice(b"<ele>");
            push_number(&mut self.page, value(row, ALTITUDE));
            self.page.extend_from_slice(b"</ele>");
        }
        self.page.extend_from_slice(b"<time>");
        push_iso(time_of(row), &mut self.page);
        self.page.extend_from_slice(b"</time></trkpt>\n");
        self.rows += 1;
        self.page.len() < ANSWER_PAGE_BYTES
    }

    fn end(&mut self, _: &[Field<'_>]) {
        if self.route.is_some() {
            self.page.extend_from_slice(b"</trkseg>\n");
        }
        self.page.extend_from_slice(b"</trk>\n</gpx>\n");
    }
}

impl Writer for Gpx {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn finish(&mut self) {}

    fn take_page(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(writer: &mut dyn Writer, points: &[(i64, i64)]) -> String {
        writer.begin(&[("workout", Value::Identity([0xAB; 16]))]);
        for (route, second) in points {
            let altitude = if *second == 0 { Value::Null } else { Value::Real(450.5) };
            writer.row(&[
                Value::Integer(*route),
                Value::Time(second * 1000),
                Value::Real(47.25),
                Value::Real(-8.5),
                altitude,
            ]);
        }
        writer.end(&[]);
        String::from_utf8(writer.take_page()).unwrap()
    }

    #[test]
    fn lines_for_maps() {
        let json = written(&mut GeoJson::default(), &[(0, 0), (0, 1), (1, 2)]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let lines =
            serde_json::json!([[[-8.5, 47.25], [-8.5, 47.25, 450.5]], [[-8.5, 47.25, 450.5], [-8.5, 47.25, 450.5]]]);
        assert_eq!(json["geometry"]["coordinates"], lines);
        let times = serde_json::json!([
            ["1970-01-01T00:00:00.000Z", "1970-01-01T00:00:01.000Z"],
            ["1970-01-01T00:00:02.000Z", "1970-01-01T00:00:02.000Z"]
        ]);
        assert_eq!(json["properties"]["times"], times);
        let empty: serde_json::Value = serde_json::from_str(&written(&mut GeoJson::default(), &[])).unwrap();
        assert_eq!(empty["geometry"]["coordinates"], serde_json::json!([]));
    }

    #[test]
    fn tracks_for_other_programs() {
        let gpx = written(&mut Gpx::default(), &[(0, 0), (1, 1)]);
        assert_eq!(gpx.matches("<trkseg>").count(), 2, "{gpx}");
        assert_eq!(gpx.matches("</trkseg>").count(), 2, "{gpx}");
        assert!(
            gpx.contains(
                "<trkpt lat=\"47.25\" lon=\"-8.5\"><ele>450.5</ele><time>1970-01-01T00:00:01.000Z</time></trkpt>"
            ),
            "{gpx}"
        );
        assert!(written(&mut Gpx::default(), &[]).ends_with("</name>\n</trk>\n</gpx>\n"));
    }
}
