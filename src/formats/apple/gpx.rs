//! `workout-routes/*.gpx`: the locations of a route, which belongs to the workout that refers to the file.

use std::io::Read;

use super::element::Element;
use super::frames::Frames;
use super::record::write_unknown;
use super::{Reader, workout_of_file};
use crate::formats::output::Output;
use crate::model::error::Result;
use crate::model::record::RoutePoint;
use crate::model::time;

impl Reader<'_> {
    /// Reads a route's file; `path` is the one within the export.
    pub(crate) fn gpx(&mut self, path: &str, source: impl Read, output: &mut Output<'_>) -> Result<()> {
        let mut frames = Frames::new(source, "gpx", &[b"trk", b"trkseg", b"rte"]);
        let (workout, route) = match self.route(path) {
            Some(route) => (route.workout, route.number),
            None => {
                output.tally.within("route file that no workout refers to", 1);
                (workout_of_file(path), 0)
            }
        };
        let outcome = self.children(&mut frames, output, |_, element, output| match element.name() {
            "trkpt" | "rtept" => {
                let point = point(element, workout, route, output)?;
                output.batch.rows.route_points.push(point);
                output.tally.row("workoutRoutes", Some(point.time_ms));
                Ok(())
            }
            name => {
                output.tally.within(&["gpx ", name].concat(), 1);
                Ok(())
            }
        });
        self.bytes += frames.passed();
        self.stray(&frames, output);
        outcome.map_err(|error| error.at(None, Some(path), None))
    }
}

fn point(element: Element<'_>, workout: [u8; 16], route: u32, output: &mut Output<'_>) -> Result<RoutePoint, String> {
    let number = |name: &str, text: &str| {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("`{name}` is not a number"))
    };
    let degrees = |name: &str, max: f64| {
        let degrees = number(name, element.get(name).ok_or_else(|| format!("no `{name}`"))?)?;
        if degrees.abs() <= max { Ok(degrees) } else { Err(format!("`{name}` is out of range")) }
    };
    let mut point = RoutePoint {
        workout,
        route,
        time_ms: 0,
        latitude: degrees("lat", 90.0)?,
        longitude: degrees("lon", 180.0)?,
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
            "time" => time = Some(time::parse_iso(&text).ok_or("`time` is not a date with time and offset")?.ms),
            "extensions" => {
                for child in child.children() {
                    let value = Some(number(child.name(), &child.text())?);
                    match child.name() {
                        "speed" => point.speed_m_s = value,
                        "course" => point.course_deg = value,
                        "hAcc" => point.horizontal_accuracy_m = value,
                        "vAcc" => point.vertical_accuracy_m = value,
                        _ => has_more = true,
                    }
                }
            }
            _ => has_more = true,
        }
    }
    point.time_ms = time.ok_or("no `time`")?;
    if has_more {
        let mut other = String::new();
        write_unknown(element, &["lat", "lon"], |name| name != "ele" && name != "time", false, &mut other);
        point.other = Some(output.batch.texts.intern(&other));
    }
    Ok(point)
}
