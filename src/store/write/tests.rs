//! The statements of every table, and what the worst shapes of an upload cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ledger::UploadKey;
use super::{route_points, rows, samples, workouts};
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::identity::{derive, is_derived, next};
use crate::model::interval::Interval;
use crate::model::limits::{BATCH_ROWS_MAX, MATCH_ROWS_MAX};
use crate::model::record::{
    Aggregate, BeatList, Characteristic, Content, Correlation, DerivedSample, Dose, Medication, OtherRecord, Reject,
    RoutePoint, Sample, Uuid, Workout,
};
use crate::model::route::RouteEvent;
use crate::model::text::TextId;
use crate::store::{Database, Store};

fn check(table: &super::table::Table, insert: &str, same: &str, update: &str) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let statements = table.statements();
    assert_eq!(statements.insert, words(insert));
    assert_eq!(statements.same, words(same));
    assert_eq!(statements.update, words(update));
}

#[test]
fn statements_of_tables_of_the_app() {
    check(
        &samples::SAMPLES,
        "INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, unit_id, source_id, metadata_id, metadata, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
        "SELECT 1 FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4
        AND end_ms IS ?5 AND value IS ?6 AND unit_id IS ?7 AND source_id IS ?8 AND other IS ?11
        AND ((metadata_id IS ?9 AND metadata IS ?10)
          OR coalesce((SELECT json FROM shared_metadata WHERE id = samples.metadata_id), metadata)
            IS coalesce((SELECT json FROM shared_metadata WHERE id = ?9), ?10))",
        "UPDATE samples SET end_ms = ?5, value = ?6, unit_id = ?7, source_id = ?8, metadata_id = ?9, metadata = ?10, other = ?11
        WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4",
    );
    check(
        &workouts::WORKOUTS,
        "INSERT INTO workouts (person_id, uuid, activity_type, start_ms, end_ms, duration_s, energy_kcal, distance,
          distance_unit, statistics, events, activities, metadata, source_id, creation_ms, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT DO NOTHING",
        "SELECT 1 FROM workouts WHERE person_id = ?1 AND uuid = ?2 AND activity_type IS ?3 AND start_ms IS ?4
        AND end_ms IS ?5 AND duration_s IS ?6 AND energy_kcal IS ?7 AND distance IS ?8 AND distance_unit IS ?9
        AND statistics IS ?10 AND events IS ?11 AND activities IS ?12 AND metadata IS ?13 AND source_id IS ?14 AND other IS ?16",
        "UPDATE workouts SET activity_type = ?3, start_ms = ?4, end_ms = ?5, duration_s = ?6, energy_kcal = ?7, distance = ?8,
          distance_unit = ?9, statistics = ?10, events = ?11, activities = ?12, metadata = ?13, source_id = ?14, other = ?16
        WHERE person_id = ?1 AND uuid = ?2",
    );
    check(
        &route_points::ROUTE_POINTS,
        "INSERT INTO route_points (person_id, workout, time_ms, latitude, longitude, ordinal, place, route, altitude_m, speed_m_s,
          course_deg, horizontal_accuracy_m, vertical_accuracy_m, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING",
        "SELECT 1 FROM route_points WHERE person_id = ?1 AND workout = ?2 AND time_ms = ?3 AND latitude = ?4 AND longitude = ?5
        AND ordinal = ?6 AND altitude_m IS ?9 AND speed_m_s IS ?10 AND course_deg IS ?11 AND horizontal_accuracy_m IS ?12
        AND vertical_accuracy_m IS ?13 AND other IS ?14",
        "UPDATE route_points SET altitude_m = ?9, speed_m_s = ?10, course_deg = ?11, horizontal_accuracy_m = ?12,
          vertical_accuracy_m = ?13, other = ?14
        WHERE person_id = ?1 AND workout = ?2 AND time_ms = ?3 AND latitude = ?4 AND longitude = ?5 AND ordinal = ?6",
    );
    check(
        &rows::DOSES,
        "INSERT INTO medication_doses (person_id, uuid, medication, nickname, schedule_type, log_status, quantity, unit, start_ms,
          end_ms, scheduled_ms, metadata, source_id, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING",
        "SELECT 1 FROM medication_doses WHERE person_id = ?1 AND uuid = ?2 AND medication IS ?3 AND nickname IS ?4
        AND schedule_type IS ?5 AND log_status IS ?6 AND quantity IS ?7 AND unit IS ?8 AND start_ms IS ?9 AND end_ms IS ?10
        AND scheduled_ms IS ?11 AND metadata IS ?12 AND source_id IS ?13 AND other IS ?14",
        "UPDATE medication_doses SET medication = ?3, nickname = ?4, schedule_type = ?5, log_status = ?6, quantity = ?7, unit = ?8,
          start_ms = ?9, end_ms = ?10, scheduled_ms = ?11, metadata = ?12, source_id = ?13, other = ?14
        WHERE person_id = ?1 AND uuid = ?2",
    );
    check(
        &rows::MEDICATIONS,
        "INSERT INTO medications (person_id, display_text, general_form, nickname, is_archived, has_schedule, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        "SELECT 1 FROM medications WHERE person_id = ?1 AND display_text = ?2 AND general_form = ?3
        AND coalesce(nickname, x'') = coalesce(?4, x'') AND coalesce(is_archived, -1) = coalesce(?5, -1) AND has_schedule IS ?6 AND other IS ?7",
        "UPDATE medications SET has_schedule = ?6, other = ?7
        WHERE person_id = ?1 AND display_text = ?2 AND general_form = ?3
        AND coalesce(nickname, x'') = coalesce(?4, x'') AND coalesce(is_archived, -1) = coalesce(?5, -1)",
    );
}

#[test]
fn statements_of_tables_of_imports() {
    check(
        &route_points::IMPORTED_POINTS,
        "INSERT INTO route_points (person_id, workout, time_ms, latitude, longitude, ordinal, place, route, altitude_m, speed_m_s,
          course_deg, horizontal_accuracy_m, vertical_accuracy_m, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING",
        "SELECT 1 FROM route_points WHERE person_id = ?1 AND workout = ?2 AND time_ms = ?3 AND latitude = ?4 AND longitude = ?5
        AND ordinal = ?6 AND place IS ?7 AND altitude_m IS ?9 AND speed_m_s IS ?10 AND course_deg IS ?11
        AND horizontal_accuracy_m IS ?12 AND vertical_accuracy_m IS ?13 AND other IS ?14",
        "UPDATE route_points SET place = ?7, altitude_m = ?9, speed_m_s = ?10, course_deg = ?11, horizontal_accuracy_m = ?12,
          vertical_accuracy_m = ?13, other = ?14
        WHERE person_id = ?1 AND workout = ?2 AND time_ms = ?3 AND latitude = ?4 AND longitude = ?5 AND ordinal = ?6",
    );
    check(
        &rows::ACTIVITY_SUMMARIES,
        "INSERT INTO activity_summaries (person_id, day, active_energy, active_energy_goal, move_min, move_goal_min, exercise_min,
          exercise_goal_min, stand_hours, stand_goal_hours, energy_unit, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
        "SELECT 1 FROM activity_summaries WHERE person_id = ?1 AND day = ?2 AND active_energy IS ?3 AND active_energy_goal IS ?4
        AND move_min IS ?5 AND move_goal_min IS ?6 AND exercise_min IS ?7 AND exercise_goal_min IS ?8 AND stand_hours IS ?9
        AND stand_goal_hours IS ?10 AND energy_unit IS ?11 AND other IS ?12",
        "UPDATE activity_summaries SET active_energy = ?3, active_energy_goal = ?4, move_min = ?5, move_goal_min = ?6,
          exercise_min = ?7, exercise_goal_min = ?8, stand_hours = ?9, stand_goal_hours = ?10, energy_unit = ?11, other = ?12
        WHERE person_id = ?1 AND day = ?2",
    );
    check(
        &rows::ELECTROCARDIOGRAMS,
        "INSERT INTO electrocardiograms (person_id, start_ms, uuid, classification, rate_hz, unit, voltages, header)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        "SELECT 1 FROM electrocardiograms WHERE person_id = ?1 AND start_ms = ?2 AND uuid = ?3 AND classification IS ?4
        AND rate_hz IS ?5 AND unit IS ?6 AND voltages IS ?7 AND header IS ?8",
        "UPDATE electrocardiograms SET classification = ?4, rate_hz = ?5, unit = ?6, voltages = ?7, header = ?8
        WHERE person_id = ?1 AND start_ms = ?2 AND uuid = ?3",
    );
}

/// A store, and the number of steps that its statements have taken.
struct Measured {
    store: Store,
    steps: Arc<AtomicU64>,
    uploads: i64,
    batch_rows: usize,
    _folder: tempfile::TempDir,
}

/// Steps of a statement between two counts of it.
const STEPS_COUNTED: i32 = 16;

impl Measured {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&Database::new(folder.path().join("health.db"))).unwrap();
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        store.connection.progress_handler(STEPS_COUNTED, Some(count)).unwrap();
        Self { store, steps, uploads: 0, batch_rows: BATCH_ROWS_MAX, _folder: folder }
    }

    /// Counts the steps in the database of what waits.
    fn count_scratch(&mut self) {
        self.store.waiting.begin().unwrap();
        let counted = Arc::clone(&self.steps);
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        self.store.waiting.scratch_mut().progress_handler(STEPS_COUNTED, Some(count)).unwrap();
    }

    fn count(&self, table: &str) -> usize {
        let sql = format!("SELECT count(*) FROM {table}");
        let count: i64 = self.store.connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        usize::try_from(count).unwrap()
    }

    /// Writes rows in batches, as one upload. Returns the counts of their outcomes, and SQLite's steps.
    fn upload(&mut self, person: i64, rows: usize, push: impl Fn(&mut Batch, usize)) -> (Counts, u64) {
        self.uploads += 1;
        self.go_on(person, rows, push)
    }

    /// The same as a part of the last upload.
    fn go_on(&mut self, person: i64, rows: usize, push: impl Fn(&mut Batch, usize)) -> (Counts, u64) {
        let upload = UploadKey { id: self.uploads, person };
        let before = self.steps.load(Ordering::Relaxed);
        self.count_scratch();
        self.store.begin().unwrap();
        let mut counts = self.write_rows(upload, rows, push);
        counts += self.settle(upload);
        self.store.commit().unwrap();
        (counts, self.steps.load(Ordering::Relaxed) - before)
    }

    fn write_rows(&mut self, upload: UploadKey, rows: usize, push: impl Fn(&mut Batch, usize)) -> Counts {
        let (mut counts, mut ordinal, mut batch) = (Counts::default(), 0, Batch::default());
        for row in 0..rows {
            push(&mut batch, row);
            if batch.rows.len() >= self.batch_rows || row + 1 == rows {
                batch.sort();
                counts += self.store.write(upload, 0, &mut ordinal, &batch).unwrap();
                batch.clear();
            }
        }
        counts
    }

    /// Writes what waits of an upload.
    fn settle(&mut self, upload: UploadKey) -> Counts {
        let mut counts = Counts::default();
        while let Some(settled) = self.store.settle(upload, 0).unwrap() {
            counts += settled;
        }
        counts
    }
}

/// HealthKit's identity of a row, in no order.
fn identity(row: usize) -> Uuid {
    let mut uuid = derive(&row.to_le_bytes());
    uuid[0] = uuid[9];
    uuid[6] = 0x40;
    uuid
}

fn number(row: usize) -> f64 {
    f64::from(u32::try_from(row).unwrap())
}

fn sample(batch: &mut Batch, kind: &str, unit: &str, row: usize) -> Sample {
    Sample {
        kind: batch.texts.intern(kind),
        uuid: identity(row),
        start_ms: 1_700_000_000_000,
        end_ms: Some(1_700_000_000_000),
        value: Some(number(row)),
        unit: Some(batch.texts.intern(unit)),
        source: None,
        metadata: None,
        other: None,
    }
}

fn push_sample(batch: &mut Batch, row: usize) {
    let sample = sample(batch, "HeartRate", "count/min", row);
    batch.rows.samples.push(sample);
}

/// Samples of the app in the same second, each in another millisecond than the first.
fn push_sample_within(batch: &mut Batch, row: usize) {
    let sample = sample(batch, "HeartRate", "count/min", row);
    batch.rows.samples.push(Sample { start_ms: sample.start_ms + 1 + i64::try_from(row % 999).unwrap(), ..sample });
}

fn push_derived(batch: &mut Batch, kind: &str, unit: &str, row: usize) {
    let sample = sample(batch, kind, unit, row);
    let uuid = derive(format!("{kind} {unit} {row}").as_bytes());
    batch.rows.derived_samples.push(DerivedSample { sample: Sample { uuid, ..sample }, creation_ms: None });
}

fn push_workout(batch: &mut Batch, uuid: Uuid, row: usize) {
    let end_ms = Some(1_700_000_000_000 + 1000 * i64::try_from(row).unwrap());
    batch.rows.workouts.push(Workout {
        uuid,
        activity_type: Some(37),
        start_ms: 1_700_000_000_000,
        end_ms,
        ..Workout::default()
    });
}

fn derived_workout(batch: &mut Batch, row: usize) {
    push_workout(batch, derive(format!("workout {row}").as_bytes()), row);
}

fn app_workout(batch: &mut Batch, row: usize) {
    push_workout(batch, identity(row), row);
}

fn push_point(batch: &mut Batch, workout: Uuid, row: usize) {
    batch.rows.route_points.push(RoutePoint {
        workout,
        route: 0,
        time_ms: 1_700_000_000_000,
        latitude: number(row),
        longitude: 0.0,
        ..RoutePoint::default()
    });
}

fn push_reject(batch: &mut Batch, _: usize) {
    let [section, reason, raw] = ["data", "not an object", "1"].map(|text| batch.texts.intern(text));
    batch.rows.rejects.push(Reject { section, index: None, offset: 0, reason, raw, raw_bytes: 1 });
}

/// Four times the rows must not cost much more than four times the steps.
fn assert_linear(name: &str, cost: impl Fn(&mut Measured, usize) -> u64) {
    let rows = 4 * MATCH_ROWS_MAX as usize;
    let [few, many] = [rows, 4 * rows].map(|rows| cost(&mut Measured::new(), rows));
    println!("{name}: {few} for {rows}, {many} for {}", 4 * rows);
    assert!(few > 0 && many <= 6 * few, "{name}: {few} steps for {rows} rows, {many} for {}", 4 * rows);
}

/// Asserts that each of the many rows costs at most half as much again as each of the few. Batches are small, so that both are
/// several. The few must already be a crowd: below [`MATCH_ROWS_MAX`] rows, the cost of each grows with them.
fn assert_linear_between(name: &str, [few, many]: [usize; 2], cost: impl Fn(&mut Measured, usize) -> u64) {
    let batch_rows = BATCH_ROWS_MAX / 4;
    let steps = [few, many].map(|rows| cost(&mut Measured { batch_rows, ..Measured::new() }, rows));
    println!("{name}: {steps:?} for {few} and {many}");
    let most = steps[0] * 3 * many as u64 / (2 * few as u64);
    assert!(steps[0] > 0 && steps[1] <= most, "{name}: {steps:?} steps for {few} rows and {many}");
}

/// Few rows for a test of one crowd, whose rows each cost as much as a crowd allows. The many are three times as many.
const CROWD: [usize; 2] = [320, 960];

/// The same for rows that are divided among two crowds.
const TWO_CROWDS: [usize; 2] = [544, 1088];

/// An exporter of workouts of one second.
#[derive(Clone, Copy, Debug)]
enum Origin {
    App,
    Apple,
    /// Apple's export with other texts: each identity differs from those before.
    AppleLater,
    AutoExport,
}

/// A workout, or the location of its route. All are equal, unless their ends differ.
fn push_of(batch: &mut Batch, from: Origin, row: usize, with_locations: bool, end: usize) {
    let uuid = match from {
        Origin::App => identity(row),
        Origin::Apple => derive(format!("Apple {row}").as_bytes()),
        Origin::AppleLater => derive(format!("Apple, later {row}").as_bytes()),
        Origin::AutoExport => derive(format!("Health Auto Export {row}").as_bytes()),
    };
    push_workout(batch, uuid, end);
    if let Origin::AutoExport = from {
        let source = batch.texts.intern(r#"{"sourceRevision":{"source":{"name":"Health Auto Export"}}}"#);
        batch.rows.workouts.last_mut().unwrap().source = Some(source);
    }
    if with_locations {
        let is_file = is_derived(&uuid);
        if is_file {
            batch.mark_route(uuid, 0, RouteEvent::Begins(None));
        }
        push_point(batch, uuid, 0);
        if is_file {
            batch.mark_route(uuid, 0, RouteEvent::Ends);
        }
    }
}

#[test]
fn workouts_of_one_second_cost_linear_time() {
    use Origin::{App, Apple, AppleLater, AutoExport};
    let check = |order: &[Origin], with_locations: bool, ends: usize| {
        assert_linear(&format!("{order:?}, {with_locations}, {ends}"), |db, rows| {
            let mut steps = 0;
            for from in order {
                let push = |batch: &mut Batch, row| push_of(batch, *from, row, with_locations, row % ends);
                steps += db.upload(1, rows, push).1;
            }
            // One row for each, in any order of exporters.
            assert_eq!(db.count("workouts"), rows, "{order:?}");
            assert_eq!(db.count("route_points"), if with_locations { rows } else { 0 }, "{order:?}");
            steps
        });
    };
    check(&[Apple, App, AppleLater], true, 1);
    check(&[App, Apple, App], true, 1);
    check(&[AutoExport, Apple, AppleLater, App], false, 1);
    check(&[App, AutoExport], false, 2);
    check(&[Apple, AutoExport], false, usize::MAX);
    // Routes that look for their workouts.
    for order in [[Apple, App], [App, Apple], [AutoExport, Apple]] {
        assert_linear(&format!("{order:?}, each half with routes"), |db, rows| {
            let [first, second] = order;
            let steps = db.upload(1, rows, |batch, row| push_of(batch, first, row, row % 2 == 0, 1)).1;
            let later = db.upload(1, rows, |batch, row| push_of(batch, second, row, row % 2 == 1, 1)).1;
            assert_eq!(db.count("workouts"), rows, "{order:?}");
            steps + later
        });
    }
    assert_linear("the app's, with derived ones", |db, rows| {
        db.upload(1, 1, |batch, _| push_workout(batch, derive(b"another"), 1 << 30));
        db.upload(1, rows, app_workout).1
    });
}

#[test]
fn samples_of_one_second_cost_linear_time() {
    assert_linear("the app's", |db, rows| db.upload(1, rows, push_sample).1);
    let with_derived = |push: fn(&mut Batch, usize)| {
        move |db: &mut Measured, rows: usize| {
            db.upload(1, 1, |batch, _| push_derived(batch, "HeartRate", "count/min", 1 << 30));
            db.upload(1, rows, push).1
        }
    };
    assert_linear("the app's, with derived ones", with_derived(push_sample));
    assert_linear("the app's, within the second", with_derived(push_sample_within));
    assert_linear("an import's, with the app's", |db, rows| {
        db.upload(1, rows, push_sample);
        db.upload(1, rows, |batch, row| push_derived(batch, "HeartRate", "count/min", row + (1 << 20))).1
    });
    assert_linear("an import's, in another unit", |db, rows| {
        db.upload(1, rows, |batch, row| push_derived(batch, "Height", "m", row));
        db.upload(1, rows, |batch, row| push_derived(batch, "Height", "km", row)).1
    });
}

/// Consecutive records of a second do not read its rows again and again.
#[test]
fn a_second_is_read_once_for_its_records() {
    let other_derived = |batch: &mut Batch, row: usize| push_derived(batch, "HeartRate", "count/min", row + (1 << 20));
    let check = |name: &str, stored: fn(&mut Batch, usize), push: fn(&mut Batch, usize)| {
        let cost = |rows: usize| {
            let mut db = Measured::new();
            db.upload(1, rows, stored);
            db.upload(1, 4 * BATCH_ROWS_MAX, push).1
        };
        let [few, many] = [1, MATCH_ROWS_MAX as usize].map(cost);
        assert!(many <= few + few / 4, "{name}: {many} steps beside many rows, {few} beside one");
        println!("{name}: {many} steps beside many rows, {few} beside one");
    };
    check("the app's", other_derived, push_sample);
    check("the app's, within the second", other_derived, push_sample_within);
    let other_sample = |batch: &mut Batch, row: usize| push_sample(batch, row + (1 << 20));
    check("an import's", other_sample, |batch, row| push_derived(batch, "HeartRate", "count/min", row));
    check("an import's, beside another's", other_derived, |batch, row| {
        push_derived(batch, "HeartRate", "count/min", row);
    });
}

/// Identities of equal records are numbered, as an import numbers them.
#[test]
fn equal_records_cost_linear_time_and_stay_several() {
    let rows = 8 * MATCH_ROWS_MAX as usize;
    let identities: Vec<Uuid> =
        std::iter::successors(Some(derive(b"equal")), |identity| Some(next(identity))).take(4 * rows).collect();
    let push = |batch: &mut Batch, row: usize| {
        let sample = sample(batch, "HeartRate", "count/min", 0);
        let sample = Sample { uuid: identities[row], ..sample };
        batch.rows.derived_samples.push(DerivedSample { sample, creation_ms: None });
    };
    assert_linear("equal records", |db, rows| db.upload(1, rows / 4, push).1);
    assert_linear("equal records, again", |db, rows| {
        assert_eq!(db.upload(1, rows / 4, push).0.new, rows as u64 / 4);
        let (counts, steps) = db.upload(1, rows / 4, push);
        assert_eq!(counts.unchanged, rows as u64 / 4);
        steps
    });
}

/// How records of one second differ from each other.
#[derive(Clone, Copy, Debug)]
enum Differs {
    Nothing,
    Value,
    Creation,
    Metadata,
}

/// A record of an export, as a device of this name printed it. All begin in one second, and their identities are those of their
/// texts: as an import numbers them, except for equal ones that are `far_apart`.
fn push_printed(batch: &mut Batch, name: &str, differs: Differs, is_far_apart: bool, row: usize) {
    let sample = sample(batch, "HeartRate", "count/min", 0);
    let text = format!("{name} {differs:?} {}", if is_far_apart { 0 } else { row });
    let source = batch.texts.intern(&format!(r#"{{"sourceRevision":{{"source":{{"name":"{name}"}}}}}}"#));
    let mut sample = Sample { uuid: derive(text.as_bytes()), source: Some(source), value: Some(1.0), ..sample };
    let mut creation_ms = None;
    match differs {
        Differs::Nothing => {}
        Differs::Value => sample.value = Some(number(row + 1)),
        Differs::Creation => creation_ms = Some(1_700_000_000_000 + i64::try_from(row).unwrap()),
        Differs::Metadata => sample.metadata = Some(batch.texts.intern(&format!(r#"{{"k":{row}}}"#))),
    }
    batch.rows.derived_samples.push(DerivedSample { sample, creation_ms });
}

#[test]
fn records_of_one_second_with_a_renamed_source_cost_linear_time() {
    let counts =
        |counts: Counts| [counts.new, counts.updated, counts.unchanged].map(|count| usize::try_from(count).unwrap());
    for differs in [Differs::Nothing, Differs::Value, Differs::Creation, Differs::Metadata] {
        for is_far_apart in [false, true] {
            // Only equal ones have one identity.
            if is_far_apart && !matches!(differs, Differs::Nothing) {
                continue;
            }
            assert_linear_between(&format!("{differs:?}, {is_far_apart}"), CROWD, |db, rows| {
                let mut steps = 0;
                for import in 1..=5 {
                    let name = if import == 2 || import == 3 { "Reloj" } else { "Watch" };
                    // The records of a file may be in any order.
                    let shift = if import % 2 == 0 { rows / 3 } else { 0 };
                    let push = |batch: &mut Batch, row: usize| {
                        push_printed(batch, name, differs, is_far_apart, (row + shift) % rows);
                    };
                    let (counted, taken) = db.upload(1, rows, push);
                    let expected = match import {
                        1 => [rows, 0, 0],
                        2 | 4 => [0, rows, 0],
                        _ => [0, 0, rows],
                    };
                    assert_eq!(counts(counted), expected, "{differs:?}, {is_far_apart}, {import}");
                    steps += taken;
                }
                steps
            });
        }
    }
}

/// Records that wait are counted when they are stored. An upload that fails takes only its own with it.
#[test]
fn what_waits_is_of_an_upload_and_not_counted() {
    let rows = 2 * MATCH_ROWS_MAX as usize;
    let push = |name: &'static str| {
        move |batch: &mut Batch, row: usize| push_printed(batch, name, Differs::Nothing, true, row)
    };
    let mut db = Measured::new();
    assert_eq!(db.upload(1, rows, push("Watch")).0.new, rows as u64);
    let [lost, ended, kept] = [2, 3, 4].map(|id| UploadKey { id, person: 1 });
    db.store.begin().unwrap();
    assert_eq!(db.write_rows(kept, rows, push_sample), Counts { new: 0, ..Counts::default() });
    assert_eq!(db.count("samples"), rows);
    db.store.commit().unwrap();
    db.store.begin().unwrap();
    for upload in [lost, ended] {
        assert_eq!(db.write_rows(upload, rows, push("Reloj")), Counts::default());
    }
    db.store.rollback();
    db.store.waiting.end(lost.id);
    db.store.waiting.end(ended.id);
    assert!(!db.store.has_waiting(lost.id) && db.store.has_waiting(kept.id));
    db.store.begin().unwrap();
    let counts = db.settle(kept);
    db.store.commit().unwrap();
    // One of them has the value of the export's.
    assert_eq!([counts.new, counts.merged, counts.measurements], [rows as u64 - 1, 1, rows as u64]);
    assert_eq!(db.count("samples"), 2 * rows - 1);
    assert!(!db.store.has_waiting(kept.id));
    assert!(db.store.waiting.scratch().is_err());
}

/// Neighbours in the file begin in different seconds, or have different types.
#[test]
fn crowds_that_are_far_apart_cost_linear_time() {
    let check = |name: &str, place: fn(usize, usize) -> (usize, usize), app_first: bool| {
        assert_linear_between(name, TWO_CROWDS, |db, rows| {
            let mut steps = 0;
            // What the app has sent is matched with two exports, the second of which finds claimed rows.
            for import in 0..if app_first { 3 } else { 2 } {
                let source = if import == 1 { "Reloj" } else { "Watch" };
                let is_app = app_first && import == 0;
                let (counts, taken) = db.upload(1, rows, |batch, row| {
                    let (kind, second) = place(row, rows);
                    push_printed(batch, source, Differs::Nothing, true, row);
                    let mut derived = batch.rows.derived_samples.pop().unwrap();
                    let time = derived.sample.start_ms + 1000 * i64::try_from(second).unwrap();
                    let sample = &mut derived.sample;
                    (sample.start_ms, sample.end_ms) = (time, Some(time));
                    sample.kind = batch.texts.intern(&format!("type {kind}"));
                    sample.uuid = derive(format!("{source} {kind} {second}").as_bytes());
                    if is_app {
                        batch.rows.samples.push(Sample { uuid: identity(row), ..*sample });
                    } else {
                        batch.rows.derived_samples.push(derived);
                    }
                });
                let rows = rows as u64;
                let expected = match import {
                    0 => [rows, 0, 0],
                    _ if !app_first => [0, rows, 0],
                    _ => [0, 0, rows],
                };
                assert_eq!([counts.new, counts.updated, counts.merged], expected, "{name} {import}");
                steps += taken;
            }
            assert_eq!(db.count("samples"), rows);
            steps
        });
    };
    for app_first in [false, true] {
        check("types in turn", |row, _| (row % 2, 0), app_first);
        check("crowded seconds in turn", |row, rows| (0, row % (rows / 272)), app_first);
        check("one second again and again", |row, _| (0, if row % 2 == 0 { 0 } else { row }), app_first);
    }
}

#[test]
fn correlations_of_one_second_with_a_renamed_source_cost_linear_time() {
    assert_linear("correlations", |db, rows| {
        let mut steps = 0;
        for (name, [new, updated, unchanged]) in [("Watch", [1, 0, 0]), ("Reloj", [0, 1, 0]), ("Reloj", [0, 0, 1])] {
            let (counts, taken) = db.upload(1, rows, |batch, row| {
                let members = r#"[{"type":"Iron","unit":"mg","value":1}]"#;
                let [kind, members] = ["Food", members].map(|text| batch.texts.intern(text));
                let source = batch.texts.intern(&format!(r#"{{"name":"{name}"}}"#));
                batch.rows.correlations.push(Correlation {
                    uuid: derive(format!("{name} {row}").as_bytes()),
                    kind,
                    start_ms: 0,
                    end_ms: None,
                    creation_ms: None,
                    source: Some(source),
                    metadata: None,
                    members,
                    other: None,
                });
            });
            let expected = [new, updated, unchanged].map(|share| share * rows as u64);
            assert_eq!([counts.new, counts.updated, counts.unchanged], expected, "{name}");
            steps += taken;
        }
        steps
    });
}

/// The app's samples and an export's of one second are joined, however many there are.
#[test]
fn app_and_export_of_one_second_cost_linear_time() {
    let push_app = |batch: &mut Batch, is_equal: bool, row: usize| {
        let sample = sample(batch, "HeartRate", "count/min", row);
        let value = if is_equal { 1.0 } else { number(row + 1) };
        batch.rows.samples.push(Sample { value: Some(value), start_ms: sample.start_ms + 250, ..sample });
    };
    for is_equal in [true, false] {
        let differs = if is_equal { Differs::Nothing } else { Differs::Value };
        for is_app_first in [true, false] {
            assert_linear_between(&format!("{is_equal}, {is_app_first}"), CROWD, |db, rows| {
                let mut steps = 0;
                for (import, is_app) in [is_app_first, !is_app_first, false, true, false].into_iter().enumerate() {
                    let (counts, taken) = db.upload(1, rows, |batch, row| {
                        if is_app {
                            push_app(batch, is_equal, row);
                        } else {
                            push_printed(batch, "Watch", differs, false, row);
                        }
                    });
                    let rows = rows as u64;
                    let expected = match (import, is_app) {
                        (0, _) => [rows, 0, 0, 0],
                        (1, _) | (_, false) => [0, 0, 0, rows],
                        _ => [0, 0, rows, 0],
                    };
                    assert_eq!([counts.new, counts.updated, counts.unchanged, counts.merged], expected, "{import}");
                    steps += taken;
                }
                assert_eq!(db.count("samples"), rows);
                steps
            });
        }
    }
}

/// The app sends a sample while an import is under way that brings it also, and an equal one.
#[test]
fn a_row_that_the_app_replaces_stays_claimed() {
    for has_old in [false, true] {
        let mut db = Measured::new();
        let first = derive(b"equal");
        let push = |batch: &mut Batch, uuid: Uuid| {
            let sample = sample(batch, "HeartRate", "count/min", 0);
            batch.rows.derived_samples.push(DerivedSample { sample: Sample { uuid, ..sample }, creation_ms: None });
        };
        if has_old {
            db.upload(1, 1, |batch, _| push_derived(batch, "HeartRate", "count/min", 1 << 20));
            db.upload(1, 1, push_sample);
        }
        db.upload(1, 1, |batch, _| push(batch, first));
        let import = db.uploads;
        let app = db.upload(1, 1, |batch, _| push_sample(batch, 0)).0;
        assert_eq!([app.merged, app.unchanged], if has_old { [0, 1] } else { [1, 0] });
        db.uploads = import;
        // In the window of an import it would have the next identity; far behind it has the same one.
        assert_eq!(db.go_on(1, 1, |batch, _| push(batch, first)).0.new, 1, "{has_old}");
        let other = |batch: &mut Batch, _: usize| {
            let sample = sample(batch, "HeartRate", "count/min", 0);
            batch.rows.samples.push(Sample { uuid: identity(7), ..sample });
        };
        db.uploads = import + 1;
        assert_eq!(db.upload(1, 1, other).0.merged, 1, "{has_old}");
        for (equals, expected) in [(2, [0, 2]), (3, [1, 2])] {
            let counts = db.upload(1, equals, |batch, _| push(batch, first)).0;
            assert_eq!([counts.new, counts.merged], expected, "{has_old}");
        }
    }
}

#[test]
fn samples_of_many_types_and_units_cost_linear_time() {
    assert_linear("types", |db, rows| {
        db.upload(1, rows, |batch, row| {
            let sample = sample(batch, &format!("type {row}"), "count", row);
            batch.rows.samples.push(sample);
        })
        .1
    });
    assert_linear("units of the app", |db, rows| {
        db.upload(1, rows, |batch, row| {
            let sample = sample(batch, "Height", &format!("unit {row}"), row);
            batch.rows.samples.push(sample);
        })
        .1
    });
    assert_linear("units of an import", |db, rows| {
        db.upload(1, rows, |batch, row| push_derived(batch, "Height", &format!("unit {row}"), row)).1
    });
    assert_linear("units of an import, known before", |db, rows| {
        let push = |batch: &mut Batch, row: usize| push_derived(batch, "Height", &format!("unit {row}"), row);
        db.upload(1, rows, push);
        db.upload(1, rows, push).1
    });
    assert_linear("types and units of an import in turn", |db, rows| {
        db.upload(1, rows, |batch, row| {
            push_derived(batch, &format!("type {}", row % 1500), &format!("unit {}", row / 1500), row);
        })
        .1
    });
}

#[test]
fn the_same_rows_again_and_again_cost_linear_time() {
    assert_linear("one sample", |db, rows| {
        db.upload(1, rows, |batch, row| {
            let sample = sample(batch, "HeartRate", "count/min", row);
            batch.rows.samples.push(Sample { uuid: identity(0), ..sample });
        })
        .1
    });
    assert_linear("one workout", |db, rows| db.upload(1, rows, |batch, row| push_workout(batch, identity(0), row)).1);
    assert_linear("one workout of an import", |db, rows| {
        db.upload(1, rows, |batch, row| push_workout(batch, derive(b"one"), row)).1
    });
    assert_linear("locations of one second", |db, rows| {
        db.upload(1, 1, derived_workout);
        db.upload(1, 1, app_workout);
        db.upload(1, rows, |batch, row| push_point(batch, derive(b"workout 0"), row));
        db.upload(1, rows, |batch, row| push_point(batch, identity(0), row)).1
    });
    assert_linear("rejects, after another person's", |db, rows| {
        db.upload(2, rows, push_reject);
        db.upload(1, rows, push_reject).1
    });
}

fn push_dose(batch: &mut Batch, row: usize) {
    batch.rows.doses.push(Dose {
        uuid: identity(0),
        medication: Some(batch.texts.intern(&format!("medication {row}"))),
        quantity: Some(number(row)),
        ..Dose::default()
    });
}

fn push_figure(batch: &mut Batch, value: f64, nth: usize) {
    let text = batch.texts.intern("m");
    batch.rows.aggregates.push(Aggregate {
        metric: text,
        start_ms: 0,
        end_ms: None,
        interval: Interval::Hour,
        shown: Interval::None,
        workout: None,
        grows: false,
        period_ms: 0,
        label: text,
        source: text,
        nth_of_time: u32::try_from(nth + 1).unwrap(),
        nth_of_content: u32::try_from(nth + 1).unwrap(),
        is_scattered: false,
        unit: None,
        value: Some(value),
        minimum: None,
        average: None,
        maximum: None,
        other: None,
    });
}

fn push_medication(batch: &mut Batch, row: usize) {
    let (display_text, nickname) = (batch.texts.intern("m"), batch.texts.intern(&format!("n{row}")));
    batch.rows.medications.push(Medication {
        display_text,
        general_form: display_text,
        nickname: Some(nickname),
        is_archived: None,
        has_schedule: None,
        other: None,
    });
}

fn push_beats(batch: &mut Batch, row: usize) {
    let beats = batch.texts.intern(&format!(r#"[{{"bpm":{row}}}]"#));
    batch.rows.beat_lists.push(BeatList { start_ms: 0, end_ms: None, source: None, beats });
}

#[test]
fn figures_of_renamed_sources_cost_linear_time() {
    let push = |source: &'static str, value: fn(usize) -> f64| {
        move |batch: &mut Batch, row: usize| {
            push_figure(batch, value(row), row);
            let source = batch.texts.intern(source);
            batch.rows.aggregates.last_mut().unwrap().source = source;
        }
    };
    for sources in [["a", "b"], ["b", "a"]] {
        assert_linear_between("equal figures of a renamed source", CROWD, |db, rows| {
            let [first, second] = sources.map(|source| push(source, |_| 1.0));
            let steps = db.upload(1, rows, first).1;
            let (counts, more) = db.upload(1, rows, second);
            assert_eq!([counts.new, counts.updated], [0, rows as u64]);
            assert_eq!(db.count("aggregates"), rows);
            steps + more
        });
        assert_linear_between("figures of a renamed source", CROWD, |db, rows| {
            let [first, second] = sources.map(|source| push(source, number));
            db.upload(1, rows, first).1 + db.upload(1, rows, second).1
        });
    }
}

/// Many figures of two times, which come again in turns: those of one time in another unit, those of the other with other digits.
#[test]
fn figures_of_two_times_in_turns_cost_linear_time() {
    let push = |[even, odd]: [(&'static str, f64); 2]| {
        move |batch: &mut Batch, row: usize| {
            let (start_ms, (unit, factor)) = if row.is_multiple_of(2) { (0, even) } else { (7000, odd) };
            push_figure(batch, (100.0 + number(row / 2)) * factor, 0);
            let unit = batch.texts.intern(unit);
            let figure = batch.rows.aggregates.last_mut().unwrap();
            (figure.start_ms, figure.unit, figure.interval) = (start_ms, Some(unit), Interval::None);
        }
    };
    // Three times as many: if one of the times cost the square of its rows, both together would cost six times as much.
    assert_linear_between("figures", [544, 1632], |db, rows| {
        let steps = db.upload(1, rows, push([("kcal", 1.0); 2])).1;
        let (counts, more) = db.upload(1, rows, push([("kJ", 4.184), ("kcal", 1.000_000_01)]));
        assert_eq!([counts.new, counts.updated, counts.unchanged], [0, rows as u64 / 2, rows as u64 / 2], "{rows}");
        assert_eq!(db.count("aggregates"), rows);
        steps + more
    });
}

#[test]
fn rows_that_differ_in_little_cost_linear_time() {
    let twice = |measured: &mut Measured, rows: usize, push: fn(&mut Batch, usize)| {
        measured.upload(1, rows, push).1 + measured.upload(1, rows, push).1
    };
    assert_linear("equal figures", |measured, rows| twice(measured, rows, |batch, row| push_figure(batch, 1.0, row)));
    assert_linear("figures of one time", |measured, rows| {
        twice(measured, rows, |batch, row| push_figure(batch, number(row), 0))
    });
    assert_linear("medications", |measured, rows| twice(measured, rows, push_medication));
    assert_linear("lists of beats", |measured, rows| twice(measured, rows, push_beats));
}

/// An element of Health Auto Export: the content of all is equal, the rest is as given.
fn push_element(batch: &mut Batch, row: usize, whole: usize) {
    let [section, json] = ["section", &format!(r#"{{"source":{whole}}}"#)].map(|text| batch.texts.intern(text));
    let nth = Some(u32::try_from(row + 1).unwrap());
    let content = Content { identity: derive(b"element"), nth, whole: derive(&whole.to_le_bytes()) };
    batch.rows.others.push(OtherRecord { section, in_data: true, json, content: Some(content) });
}

#[test]
fn elements_of_equal_content_cost_linear_time() {
    type Whole = fn(usize) -> usize;
    let check = |name: &str, first: Whole, second: Whole, expected: fn(usize) -> [usize; 3]| {
        assert_linear(name, |db, rows| {
            let (counts, steps) = db.upload(1, rows, |batch, row| push_element(batch, row, first(row)));
            assert_eq!(counts.new, rows as u64, "{name}");
            let (counts, more) = db.upload(1, rows, |batch, row| push_element(batch, row, second(row)));
            let outcomes = [counts.new, counts.updated, counts.unchanged];
            assert_eq!(outcomes, expected(rows).map(|count| count as u64), "{name}");
            assert_eq!(db.count("other_records"), rows, "{name}");
            steps + more
        });
    };
    check("the same elements", |_| 0, |_| 0, |rows| [0, 0, rows]);
    check("elements with a renamed source", |_| 0, |_| 1, |rows| [0, rows, 0]);
    check("elements of many sources", |row| row, |row| row, |rows| [0, 0, rows]);
    check("elements of many renamed sources", |row| row, |row| row + (1 << 20), |rows| [0, rows, 0]);
    check("elements of two sources in another order", |row| row % 2, |row| (row + 1) % 2, |rows| [0, 0, rows]);
}

#[test]
fn many_distinct_texts_cost_linear_time() {
    let with_text = |set: fn(&mut Sample, TextId)| {
        move |db: &mut Measured, rows: usize| {
            db.upload(1, rows, move |batch, row| {
                let mut sample = sample(batch, "HeartRate", "count/min", row);
                set(&mut sample, batch.texts.intern(&format!(r#"{{"name":{row}}}"#)));
                batch.rows.samples.push(sample);
            })
            .1
        }
    };
    assert_linear("sources", with_text(|sample, text| sample.source = Some(text)));
    assert_linear("metadata", with_text(|sample, text| sample.metadata = Some(text)));
    assert_linear("other fields", with_text(|sample, text| sample.other = Some(text)));
    assert_linear("doses of one identity", |db, rows| db.upload(1, rows, push_dose).1);
    assert_linear("one characteristic", |db, rows| {
        db.upload(1, rows, |batch, row| {
            let [key, value] = ["sex", &row.to_string()].map(|text| batch.texts.intern(text));
            batch.rows.characteristics.push(Characteristic { key, value });
        })
        .1
    });
    assert_linear("records without a table", |db, rows| {
        db.upload(1, rows, |batch, row| {
            let [section, json] = ["section", &row.to_string()].map(|text| batch.texts.intern(text));
            batch.rows.others.push(OtherRecord { section, in_data: true, json, content: None });
        })
        .1
    });
}

#[test]
fn records_of_one_second_still_match() {
    let rows = MATCH_ROWS_MAX as usize / 2;
    let merged = |first: fn(&mut Batch, usize), second: fn(&mut Batch, usize)| {
        let mut db = Measured::new();
        assert_eq!(db.upload(1, rows, first).0.new, rows as u64);
        db.upload(1, rows, second).0.merged
    };
    let derived_sample = |batch: &mut Batch, row: usize| push_derived(batch, "HeartRate", "count/min", row);
    assert_eq!(merged(push_sample, derived_sample), rows as u64);
    assert_eq!(merged(derived_sample, push_sample), rows as u64);
    assert_eq!(merged(derived_sample, push_sample_within), rows as u64);
    assert_eq!(merged(app_workout, derived_workout), rows as u64);
    assert_eq!(merged(derived_workout, app_workout), rows as u64);
}

#[test]
fn equal_rejects_are_kept_once_for_each_person() {
    let mut db = Measured::new();
    for (person, rows, kept) in [(1, 3, 3), (2, 2, 5), (1, 2, 4), (2, 2, 4)] {
        db.upload(person, rows, push_reject);
        let count: i64 = db.store.connection.query_row("SELECT count(*) FROM rejects", [], |row| row.get(0)).unwrap();
        assert_eq!(count, kept, "{person}");
    }
}
