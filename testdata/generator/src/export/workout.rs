//! `Workout` with what stands in it, and `ActivitySummary`.

use crate::clock::{self, DAY_MS, MINUTE_MS};
use crate::export::document::Writer;
use crate::export::gpx;
use crate::export::record::{spell, write_metadata};
use crate::export::xml::Xml;
use crate::identity::Stream;
use crate::metadata::Drawn;
use crate::number::Decimal;
use crate::random::Random;
use crate::source::{PHONE, WATCH};
use crate::statistics::{Statistic, Summary};
use crate::workout::{Event, Workout};

impl Writer {
    pub(crate) fn write_workout(&mut self, index: u64) {
        let workout = Workout::at(&self.world, index);
        let metadata = workout.metadata(self.world.seed);
        let xml = &mut self.xml;
        xml.open(1, "Workout");
        xml.attribute("workoutActivityType", workout.activity.name);
        write_minutes(workout.duration_s, xml);
        self.origins.write(WATCH, xml);
        xml.date("creationDate", workout.end_ms + MINUTE_MS);
        xml.date("startDate", workout.start_ms);
        xml.date("endDate", workout.end_ms);
        xml.children();
        self.counts.metadata_entries += write_metadata(&metadata, 2, xml);
        for event in workout.events() {
            write_event(event, xml);
            self.counts.workout_events += 1;
        }
        self.write_activity(&workout, &metadata);
        self.write_statistics(&workout, 2);
        if workout.activity.outdoors {
            self.write_route(&workout);
        }
        self.xml.end(1, "Workout");
        self.counts.workouts += 1;
    }

    /// The one activity, which repeats the statistics.
    fn write_activity(&mut self, workout: &Workout, metadata: &Drawn) {
        let xml = &mut self.xml;
        xml.open(2, "WorkoutActivity");
        xml.uuid("uuid", workout.activity_uuid(self.world.seed));
        xml.date("startDate", workout.start_ms);
        xml.date("endDate", workout.end_ms);
        write_minutes(workout.duration_s, xml);
        xml.children();
        self.write_statistics(workout, 3);
        self.counts.metadata_entries += write_metadata(metadata, 3, &mut self.xml);
        self.xml.end(2, "WorkoutActivity");
        self.counts.workout_activities += 1;
    }

    fn write_statistics(&mut self, workout: &Workout, depth: usize) {
        let xml = &mut self.xml;
        for statistic in Statistic::of(workout) {
            xml.open(depth, "WorkoutStatistics");
            xml.attribute("type", statistic.identifier);
            xml.date("startDate", workout.start_ms);
            xml.date("endDate", workout.end_ms);
            match statistic.summary {
                Summary::Sum(sum) => xml.decimal("sum", sum),
                Summary::Discrete { average, minimum, maximum } => {
                    xml.decimal("average", average);
                    xml.decimal("minimum", minimum);
                    xml.decimal("maximum", maximum);
                }
            }
            xml.attribute("unit", spell(statistic.unit));
            xml.close();
            self.counts.workout_statistics += 1;
        }
    }

    fn write_route(&mut self, workout: &Workout) {
        let path = ["/workout-routes/", &gpx::name(workout, self.offset_minutes)].concat();
        let xml = &mut self.xml;
        xml.open(2, "WorkoutRoute");
        self.origins.write_source(PHONE, xml);
        xml.date("creationDate", workout.end_ms + 2 * MINUTE_MS);
        xml.date("startDate", workout.start_ms);
        xml.date("endDate", workout.end_ms);
        xml.children();
        xml.open(3, "MetadataEntry");
        xml.attribute("key", "HKMetadataKeySyncVersion");
        xml.attribute("value", "2");
        xml.close();
        xml.open(3, "FileReference");
        xml.attribute("path", &path);
        xml.close();
        xml.end(2, "WorkoutRoute");
        self.counts.metadata_entries += 1;
        self.counts.workout_routes += 1;
    }

    /// The rings of day `index`.
    pub(crate) fn write_summary(&mut self, index: u64) {
        let mut random = Random::at(self.world.seed, Stream::Day, index);
        let day_ms = self.world.start_ms.div_euclid(DAY_MS) * DAY_MS;
        let day_ms = day_ms.wrapping_add_unsigned(index * DAY_MS.unsigned_abs());
        let mut day = Vec::with_capacity(10);
        clock::push_day(&mut day, day_ms);
        let xml = &mut self.xml;
        xml.open(1, "ActivitySummary");
        xml.attribute("dateComponents", &String::from_utf8_lossy(&day));
        let burned = Decimal::new(random.between(120_000, 980_000), 3);
        xml.decimal("activeEnergyBurned", burned);
        xml.integer("activeEnergyBurnedGoal", 560);
        xml.attribute("activeEnergyBurnedUnit", "kcal");
        xml.integer("appleMoveTime", 0);
        xml.integer("appleMoveTimeGoal", 0);
        xml.integer("appleExerciseTime", random.below(120));
        xml.integer("appleExerciseTimeGoal", 30);
        xml.integer("appleStandHours", random.below(19));
        xml.integer("appleStandHoursGoal", 12);
        xml.close();
        self.counts.activity_summaries += 1;
    }
}

fn write_event(event: Event, xml: &mut Xml) {
    xml.open(2, "WorkoutEvent");
    let name = match event.kind {
        1 => "HKWorkoutEventTypePause",
        2 => "HKWorkoutEventTypeResume",
        3 => "HKWorkoutEventTypeLap",
        _ => "HKWorkoutEventTypeSegment",
    };
    xml.attribute("type", name);
    xml.date("date", event.start_ms);
    if event.end_ms > event.start_ms {
        write_minutes(Decimal::new(event.end_ms - event.start_ms, 3), xml);
    }
    xml.close();
}

/// Seconds as `duration="34.180675073464" durationUnit="min"`.
fn write_minutes(seconds: Decimal, xml: &mut Xml) {
    const MORE_PLACES: u32 = 6;
    let units = seconds.units * 10_i64.pow(MORE_PLACES) / 60;
    xml.exact("duration", Decimal::new(units, seconds.places + MORE_PLACES));
    xml.attribute("durationUnit", "min");
}
