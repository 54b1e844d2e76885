//! `workout-routes/*.gpx`: the locations of a route, which belongs to the workout that refers to the file.

use std::io::Read;

use super::document::read_children;
use super::element::Element;
use super::frames::Frames;
use super::kept::write_unknown;
use super::seen::{Route, Seen};
use crate::formats::flaw::Flaw;
use crate::formats::json::JsonObject;
use crate::formats::output::Output;
use crate::model::error::Result;
use crate::model::record::RoutePoint;
use crate::model::time::parse_iso;

/// Reads a route's file, named by its path within the export. Adds the bytes of the file to `bytes`.
pub(super) fn read(file: &str, source: impl Read, seen: &Seen, bytes: &mut u64, output: &mut Output<'_>) -> Result<()> {
    let frames = Frames::new(source, "gpx", &[b"trk", b"trkseg", b"rte"]);
    let route = seen.routes.find(file, output);
    read_children(frames, file, bytes, output, |element, output| match element.name() {
        "trkpt" | "rtept" => read_point(element, route, output),
        name => {
            output.within(&["gpx ", name].concat(), 1);
            Ok(())
        }
    })
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
    let (mut time, mut has_more) = (None, element.attributes().count() > 2);
    for child in element.children() {
        let text = child.text();
        match child.name() {
            "ele" => point.altitude_m = Some(number("ele", &text)?),
            "time" => time = Some(parse_iso(&text).ok_or(Flaw::NotADate("time"))?.ms),
            "extensions" => has_more |= read_extensions(child, &mut point)?,
            _ => has_more = true,
        }
    }
    point.time_ms = time.ok_or(Flaw::Missing("time"))?;
    if has_more {
        let mut other = String::new();
        let mut object = JsonObject::begin(&mut other);
        write_unknown(element, &["lat", "lon"], |name| name != "ele" && name != "time", &mut object);
        object.end();
        point.other = Some(output.batch.texts.intern(&other));
    }
    output.batch.rows.route_points.push(point);
    Ok(())
}

/// Reads the numbers that Apple writes as extensions. Returns whether there are others.
fn read_extensions(extensions: Element<'_>, point: &mut RoutePoint) -> Result<bool, Flaw> {
    let mut has_more = false;
    for child in extensions.children() {
        let value = Some(number(child.name(), &child.text())?);
        match child.name() {
            "speed" => point.speed_m_s = value,
            "course" => point.course_deg = value,
            "hAcc" => point.horizontal_accuracy_m = value,
            "vAcc" => point.vertical_accuracy_m = value,
            _ => has_more = true,
        }
    }
    Ok(has_more)
}

fn number(name: &str, text: &str) -> Result<f64, Flaw> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| Flaw::NotANumber(name.to_owned().into()))
}

fn degrees(element: Element<'_>, name: &'static str, max: f64) -> Result<f64, Flaw> {
    let degrees = number(name, element.get(name).ok_or(Flaw::Missing(name))?)?;
    if degrees.abs() <= max { Ok(degrees) } else { Err(Flaw::OutOfRange(name)) }
}
