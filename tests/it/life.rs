//! Days and nights of a made-up life, in the database: each figure is the one that the life has, which nothing has computed from
//! samples. `HEALTHSINK_LIFE_DAYS` makes it longer than some weeks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use healthsink_testdata::{Life, LifeNight, LifeTruth, day_ms};
use rusqlite::Connection;

use super::program::run;

/// The views of the types that a life has.
const VIEWS: [(&str, &str); 7] = [
    ("StepCount", "steps_per_day"),
    ("ActiveEnergyBurned", "active_energy_per_day"),
    ("HeartRate", "heart_rate_per_day"),
    ("BodyMass", "body_mass_per_day"),
    ("DietaryWater", "dietary_water_per_day"),
    ("AppleStandHour", "stand_hours_per_day"),
    ("MindfulSession", "mindful_minutes_per_day"),
];

fn days(db: &Connection, sql: &str) -> BTreeMap<String, f64> {
    let mut select = db.prepare(sql).unwrap();
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

fn nights(db: &Connection) -> BTreeMap<String, LifeNight> {
    let sql = "SELECT night, asleep_min, core_min, deep_min, rem_min, unspecified_min, awake_min, in_bed_min, naps FROM sleep_nights";
    #[expect(clippy::cast_possible_truncation, reason = "whole minutes")]
    let whole = |minutes: f64| {
        assert_eq!(minutes.fract(), 0.0);
        minutes as i64
    };
    let read = |row: &rusqlite::Row<'_>| {
        let minutes = |column| row.get::<_, f64>(column).map(whole);
        let night = LifeNight {
            asleep: row.get::<_, Option<f64>>(1)?.map(whole),
            core: minutes(2)?,
            deep: minutes(3)?,
            rem: minutes(4)?,
            unspecified: minutes(5)?,
            awake: minutes(6)?,
            in_bed: minutes(7)?,
            naps: row.get(8)?,
        };
        Ok((row.get(0)?, night))
    };
    db.prepare(sql).unwrap().query_map([], read).unwrap().map(Result::unwrap).collect()
}

/// Imports a life. Returns the right figures and the database.
fn lived(folder: &Path, life: &Life) -> (LifeTruth, Connection) {
    let [file, db] = ["life.json", "health.db"].map(|name| folder.join(name));
    let truth = life.write_to(&mut BufWriter::new(File::create(&file).unwrap())).unwrap();
    let output = run(&["import", "--db", db.to_str().unwrap(), file.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    (truth, Connection::open(&db).unwrap())
}

#[test]
fn each_day_and_each_night_of_a_life_is_exact() {
    let days_lived = std::env::var("HEALTHSINK_LIFE_DAYS").ok().map_or(70, |days| days.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    // Clocks change on March 8 in New York, and on March 29 in Berlin.
    let life = Life { seed: 1, days: days_lived, start_ms: day_ms("2026-02-20").unwrap() };
    let (truth, db) = lived(folder.path(), &life);
    assert_eq!(truth.days.keys().count(), VIEWS.len());
    for (kind, view) in VIEWS {
        let (expected, found) = (&truth.days[kind], days(&db, &format!("SELECT day, value FROM {view}")));
        assert!(expected.keys().eq(found.keys()), "{kind}: {expected:?} {found:?}");
        for (day, value) in expected {
            // Steps that are divided at midnight are sums of fractions.
            assert!((value - found[day]).abs() <= value * 1e-12, "{kind} on {day}: {value} is {}", found[day]);
        }
    }
    let found = nights(&db);
    for (night, expected) in &truth.nights {
        assert_eq!(found.get(night), Some(expected), "{night}");
    }
    assert_eq!(found.len(), truth.nights.len());
    assert_eq!(days(&db, "SELECT day, sum(workouts) * 1.0 FROM workouts_per_day GROUP BY day"), truth.workouts);
    // What makes the life hard is in it.
    let has = |sql: &str| db.prepare(sql).unwrap().exists([]).unwrap();
    assert!(has("SELECT 1 FROM shadowed_samples") && has("SELECT 1 FROM nights WHERE naps > 0 AND awake_ms > 0"));
    for zone in ["Europe/Berlin", "America/New_York", "Asia/Tokyo"] {
        assert!(days_lived < 60 || has(&format!("SELECT 1 FROM steps_per_day WHERE zone = '{zone}'")), "{zone}");
    }
    assert!(has("SELECT 1 FROM day_details WHERE naive > 1.2 * value"));
}
