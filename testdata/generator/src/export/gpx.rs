//! The file of one route, `workout-routes/route_2024-09-15_10.07am.gpx`.

use std::io::{self, Write};

use crate::clock;
use crate::number::Decimal;
use crate::route::{self, Point, Track};
use crate::text::Text;
use crate::workout::Workout;
use crate::world::World;

const HEAD: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<gpx version=\"1.1\" creator=\"Apple Health Export\" xmlns=\"http://www.topografix.com/GPX/1/1\">
  <metadata>
    <time>";

/// A route's file, to be written where the caller wants it.
#[derive(Clone, Debug)]
pub struct RouteFile {
    /// Within `workout-routes/`.
    pub name: String,
    world: World,
    index: u64,
}

impl RouteFile {
    /// The files that the first `workouts` workouts of an export refer to.
    pub(crate) fn of_workouts(world: World, workouts: u64, offset_minutes: i64) -> impl Iterator<Item = Self> {
        (0..workouts)
            .map(move |index| Workout::at(&world, index))
            .filter(|workout| workout.activity.outdoors)
            .map(move |workout| Self { name: name(&workout, offset_minutes), world, index: workout.index })
    }

    /// `Route 2024-09-15 10:07am`, from the name.
    fn title(&self) -> String {
        let title = self.name.trim_end_matches(".gpx").replace("route", "Route");
        title.replace('_', " ").replace('.', ":")
    }

    /// Writes the file; returns its bytes and the number of its points.
    ///
    /// # Errors
    /// As `out`.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<(u64, u64)> {
        let workout = Workout::at(&self.world, self.index);
        let parts = route::parts(&workout).into_iter().flatten().flatten();
        let points: u64 = parts.sum();
        let mut track = Track::of(&workout, &self.world);
        let mut text = Text::default();
        text.push(HEAD.as_bytes());
        clock::push_iso_seconds(&mut text.bytes, workout.end_ms);
        text.push(b"</time>\n  </metadata>\n  <trk>\n    <name>");
        text.push(self.title().as_bytes());
        text.push(b"</name>\n    <trkseg>\n");
        for _ in 0..points {
            push_point(&track.next_point(), &mut text.bytes);
            text.spill(out)?;
        }
        text.push(b"    </trkseg>\n  </trk>\n</gpx>\n");
        text.flush(out)?;
        out.flush()?;
        Ok((text.total_bytes(), points))
    }
}

/// By the end of the workout in the phone's time; no two workouts end in the same minute.
pub(crate) fn name(workout: &Workout, offset_minutes: i64) -> String {
    let mut local = Vec::with_capacity(25);
    clock::push_local(&mut local, workout.end_ms, offset_minutes);
    let local = String::from_utf8_lossy(&local);
    let (day, minute) = (&local[..10], &local[14..16]);
    let hour: u32 = local[11..13].parse().unwrap_or(0);
    let half = if hour < 12 { "am" } else { "pm" };
    let hour = (hour + 11) % 12 + 1;
    format!("route_{day}_{hour}.{minute}{half}.gpx")
}

fn push_point(point: &Point, out: &mut Vec<u8>) {
    let mut field = |before: &str, value: Decimal| {
        out.extend_from_slice(before.as_bytes());
        value.push_fixed(out);
    };
    field("      <trkpt lon=\"", point.longitude);
    field("\" lat=\"", point.latitude);
    field("\"><ele>", point.altitude);
    out.extend_from_slice(b"</ele><time>");
    clock::push_iso_seconds(out, point.date_ms);
    let mut field = |before: &str, value: Decimal| {
        out.extend_from_slice(before.as_bytes());
        value.push_fixed(out);
    };
    field("</time><extensions><speed>", point.speed);
    field("</speed><course>", point.course);
    field("</course><hAcc>", point.horizontal_accuracy);
    field("</hAcc><vAcc>", point.vertical_accuracy);
    out.extend_from_slice(b"</vAcc></extensions></trkpt>\n");
}
