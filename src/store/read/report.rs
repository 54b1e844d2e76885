//! The last days of a person at a glance: for `healthsink report`. It reads derived tables only, so a year costs milliseconds.

use crate::model::time::DAY_MS;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{COMMAND_TIME_MAX, REPORT_LIST_MAX, REPORT_MEAN_DAYS};
use crate::statistics::{LocalDay, Period, Zones};
use crate::store::derive::{Standing, standing, timeline};
use crate::store::failure::{open_error, store_error};
use crate::store::kept::Kept;
use crate::store::lookup::{find_person, find_type, unknown_person};
use crate::store::postgres::Glass;

/// The question of a report.
#[derive(Clone, Debug)]
pub struct ReportQuestion {
    /// Whose days.
    pub person: String,
    /// The last day; today if none.
    pub to: Option<LocalDay>,
    /// The first day, or the number of days.
    pub from: ReportStart,
    /// Now, in milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// Where a report begins.
#[derive(Clone, Copy, Debug)]
pub enum ReportStart {
    /// At a day.
    At(LocalDay),
    /// So many days before the end.
    Days(u16),
}

/// The days of a person, and their means.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DayReport {
    /// Whose days.
    pub person: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// The time zone of today, if it is known.
    pub zone: Option<String>,
    /// Whether all that is stored is in the figures.
    pub is_current: bool,
    /// Whether a newer version of the program has made them: this one does not know whether they are current.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_from_newer_version: bool,
    /// Each day, also those without data.
    pub days: Vec<DayFigures>,
    /// Means of the days above that have data.
    pub mean: Figures,
    /// Means of the last 28 days that have data.
    pub last_28_days: Figures,
    /// Workouts by activity.
    pub workouts: Vec<WorkoutFigures>,
    /// Doses by medication.
    pub doses: Vec<DoseFigures>,
    /// The last day with a figure, looked for only if the report has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
}

impl DayReport {
    /// Whether no figure is known of these days and of the month before them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut figures = self.days.iter().map(|day| &day.figures).chain([&self.mean, &self.last_28_days]);
        self.workouts.is_empty() && self.doses.is_empty() && figures.all(|figures| *figures == Figures::default())
    }
}

/// A day.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DayFigures {
    /// The local date.
    pub day: String,
    /// 0 for Monday.
    #[serde(skip)]
    pub weekday: u8,
    /// Whether it is not over.
    pub partial: bool,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures of a day, or means of several. What is unknown is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Steps.
    pub steps: Option<f64>,
    /// Active energy.
    pub active_energy_kcal: Option<f64>,
    /// Minutes of exercise.
    pub exercise_min: Option<f64>,
    /// Hours with a stand.
    pub stand_hours: Option<f64>,
    /// Mean heart rate.
    pub heart_rate: Option<f64>,
    /// Resting heart rate, as it was written last.
    pub resting_heart_rate: Option<f64>,
    /// Minutes asleep, of the night that ends in the morning.
    pub asleep_min: Option<f64>,
    /// Core sleep.
    pub core_min: Option<f64>,
    /// Deep sleep.
    pub deep_min: Option<f64>,
    /// REM sleep.
    pub rem_min: Option<f64>,
    /// Weight, as it was written last.
    pub weight_kg: Option<f64>,
}

/// Workouts of one activity.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkoutFigures {
    /// Such as `running`.
    pub activity: String,
    /// How many in the days of the report.
    pub workouts: i64,
    /// Their duration.
    pub duration_s: f64,
    /// Their distance.
    pub distance_km: Option<f64>,
    /// How many in the last 28 days.
    pub last_28_days: i64,
}

/// Doses of one medication.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoseFigures {
    /// As the phone names it.
    pub medication: String,
    /// Doses that were due, and those of them that were taken.
    pub due: i64,
    /// Taken of those.
    pub taken: i64,
    /// Taken without being due.
    pub as_needed: i64,
    /// Due in the last 28 days.
    pub due_28_days: i64,
    /// Taken of those.
    pub taken_28_days: i64,
}

/// How many figures a day has.
const FIGURES: usize = 11;

/// A figure: its type, and the column of `days` that has it.
const OF_DAYS: [(&str, &str); 7] = [
    ("HKQuantityTypeIdentifierStepCount", "value"),
    ("HKQuantityTypeIdentifierActiveEnergyBurned", "value"),
    ("HKQuantityTypeIdentifierAppleExerciseTime", "value"),
    ("HKCategoryTypeIdentifierAppleStandHour", "value"),
    ("HKQuantityTypeIdentifierHeartRate", "value"),
    ("HKQuantityTypeIdentifierRestingHeartRate", "last"),
    ("HKQuantityTypeIdentifierBodyMass", "last"),
];

impl Figures {
    fn of(
        [steps, energy, exercise, stand, heart, resting, weight, asleep, core, deep, rem]: [Option<f64>; FIGURES],
    ) -> Self {
        Self {
            steps,
            active_energy_kcal: energy,
            exercise_min: exercise,
            stand_hours: stand,
            heart_rate: heart,
            resting_heart_rate: resting,
            asleep_min: asleep,
            core_min: core,
            deep_min: deep,
            rem_min: rem,
            weight_kg: weight,
        }
    }
}

impl Kept {
    /// Reads the days of a person.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Usage`] if the person is unknown,
    /// - [`ErrorKind::Store`] if the database is missing or cannot be read.
    pub fn report(&self, question: &ReportQuestion) -> Result<DayReport> {
        let find = |connection: &Connection| -> rusqlite::Result<Option<DayReport>> {
            connection.execute_batch("BEGIN")?;
            let person = find_person(connection, &question.person)?;
            person.map(|person| read(connection, person, question)).transpose()
        };
        let report = match self {
            Self::File(database) => {
                find(&database.open_to_read_current()?).map_err(|error| open_error(database, &error))?
            }
            Self::Postgres(address) => {
                Glass::open(address)?.look(COMMAND_TIME_MAX, find, |error| store_error(&error))?
            }
        };
        report.ok_or_else(|| Error::new(ErrorKind::Usage, unknown_person(&question.person)))
    }
}

fn read(connection: &Connection, person: i64, question: &ReportQuestion) -> rusqlite::Result<DayReport> {
    let zone = zone(connection, person, question.now_ms)?;
    let to = question.to.unwrap_or_else(|| today(zone.as_deref(), question.now_ms));
    let from = match question.from {
        ReportStart::At(day) => day,
        ReportStart::Days(days) => LocalDay::new(to.days().saturating_sub(i32::from(days.max(1)) - 1)),
    };
    let month = LocalDay::new(to.days().saturating_sub(REPORT_MEAN_DAYS - 1));
    let first = from.min(month);
    let mut days = Vec::new();
    let (mut means, mut means_28) = (<[Period; FIGURES]>::default(), <[Period; FIGURES]>::default());
    let mut reader = Reader::new(connection, person)?;
    let mut day = first;
    while day <= to {
        let (figures, partial) = reader.day(&day.to_string(), question.now_ms)?;
        for (place, figure) in figures.into_iter().enumerate() {
            // A day that is not over would make the mean smaller.
            let figure = figure.filter(|_| !partial);
            if day >= from {
                means[place].add(figure);
            }
            if day >= month {
                means_28[place].add(figure);
            }
        }
        if day >= from {
            let figures = Figures::of(figures);
            days.push(DayFigures { day: day.to_string(), weekday: day.weekday(), partial, figures });
        }
        day = day.next();
    }
    let mean = |periods: &[Period; FIGURES]| Figures::of(periods.each_ref().map(Period::daily_average));
    let span = [from, to, month].map(|day| day.to_string());
    let standing = standing(connection, person)?;
    let mut report = DayReport {
        person: question.person.clone(),
        zone,
        is_current: standing == Standing::Current,
        is_from_newer_version: standing == Standing::Newer,
        days,
        mean: mean(&means),
        last_28_days: mean(&means_28),
        workouts: workouts(connection, person, &span)?,
        doses: doses(connection, person, &span)?,
        from: from.to_string(),
        to: to.to_string(),
        last_day: None,
    };
    if report.is_empty() {
        report.last_day = last_day(connection, person, today(report.zone.as_deref(), question.now_ms))?;
    }
    Ok(report)
}

/// The last day of a person with a figure that a report has, up to today.
fn last_day(connection: &Connection, person: i64, today: LocalDay) -> rusqlite::Result<Option<String>> {
    let tables = [("nights", "night"), ("workout_days", "day"), ("dose_days", "day")];
    let of_tables = tables
        .map(|(table, day)| format!("SELECT max({day}) AS day FROM {table} WHERE person_id = ?1 AND {day} <= ?2"));
    let mut parts = of_tables.to_vec();
    for (name, column) in OF_DAYS {
        if let Some(id) = find_type(connection, name)? {
            parts.push(format!(
                "SELECT max(day) FROM days WHERE person_id = ?1 AND type_id = {id} AND day <= ?2 AND {column} IS NOT NULL"
            ));
        }
    }
    let sql = format!("SELECT max(day) FROM ({})", parts.join(" UNION ALL "));
    connection.query_row(&sql, params![person, today.to_string()], |row| row.get(0))
}

/// The zone in which the person is now, if it is known.
fn zone(connection: &Connection, person: i64, now_ms: i64) -> rusqlite::Result<Option<String>> {
    let timeline = timeline(connection, person)?;
    Ok(timeline.is_known().then(|| timeline.zones().name(timeline.zone_at(now_ms)).to_owned()))
}

fn today(zone: Option<&str>, now_ms: i64) -> LocalDay {
    let mut zones = Zones::default();
    let zone = zone.and_then(|zone| zones.add(zone)).unwrap_or(Zones::UTC);
    LocalDay::new(i32::try_from(zones.local_ms(zone, now_ms).div_euclid(DAY_MS)).unwrap_or(i32::MAX))
}

/// Reads the figures of single days.
struct Reader<'a> {
    connection: &'a Connection,
    person: i64,
    types: [Option<i64>; OF_DAYS.len()],
}

impl<'a> Reader<'a> {
    fn new(connection: &'a Connection, person: i64) -> rusqlite::Result<Self> {
        let mut types = [None; OF_DAYS.len()];
        for (id, (name, _)) in types.iter_mut().zip(OF_DAYS) {
            *id = find_type(connection, name)?;
        }
        Ok(Self { connection, person, types })
    }

    /// Returns the figures of a day, and whether it is not over.
    fn day(&mut self, day: &str, now_ms: i64) -> rusqlite::Result<([Option<f64>; FIGURES], bool)> {
        let (mut figures, mut partial) = ([None; FIGURES], false);
        for ((figure, kind), (_, column)) in figures.iter_mut().zip(self.types).zip(OF_DAYS) {
            let Some(kind) = kind else { continue };
            let sql =
                format!("SELECT {column}, end_ms > ?4 FROM days WHERE person_id = ?1 AND type_id = ?2 AND day = ?3");
            let mut select = self.connection.prepare_cached(&sql)?;
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, bool>(1)?));
            if let Some((value, is_partial)) =
                select.query_row(params![self.person, kind, day, now_ms], read).optional()?
            {
                *figure = value;
                partial |= is_partial;
            }
        }
        // Of a night without stages nobody knows how deep it was.
        let sql = "SELECT asleep_ms / 60000.0, iif(has_stages, core_ms, NULL) / 60000.0, iif(has_stages, deep_ms, NULL) / 60000.0,
              iif(has_stages, rem_ms, NULL) / 60000.0, end_ms > ?3
            FROM (SELECT *, core_ms + deep_ms + rem_ms > 0 AS has_stages FROM nights WHERE person_id = ?1 AND night = ?2)";
        let read = |row: &Row<'_>| Ok(([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?], row.get::<_, bool>(4)?));
        let mut select = self.connection.prepare_cached(sql)?;
        let night: Option<([Option<f64>; 4], bool)> =
            select.query_row(params![self.person, day, now_ms], read).optional()?;
        if let Some((night, is_partial)) = night {
            figures[OF_DAYS.len()..].copy_from_slice(&night);
            partial |= is_partial;
        }
        Ok((figures, partial))
    }
}

/// Workouts between the first two days, by activity, also those of the month only, and how many there are between the third and the second.
fn workouts(connection: &Connection, person: i64, span: &[String; 3]) -> rusqlite::Result<Vec<WorkoutFigures>> {
    let sql = "SELECT coalesce(a.name, 'other'), sum(iif(w.day >= ?2, w.workouts, 0)) AS workouts, sum(iif(w.day >= ?2, w.duration_s, 0)),
          sum(iif(w.day >= ?2, w.distance_m, NULL)) / 1000, sum(iif(w.day >= ?4, w.workouts, 0)) AS last
        FROM workout_days w LEFT JOIN workout_activity_types a ON a.value = w.activity_type
        WHERE w.person_id = ?1 AND w.day BETWEEN min(?2, ?4) AND ?3 GROUP BY 1
        ORDER BY workouts DESC, last DESC, 1 LIMIT ?5";
    let read = |row: &Row<'_>| {
        Ok(WorkoutFigures {
            activity: row.get(0)?,
            workouts: row.get(1)?,
            duration_s: row.get(2)?,
            distance_km: row.get(3)?,
            last_28_days: row.get(4)?,
        })
    };
    let [from, to, month] = span;
    connection.prepare(sql)?.query_map(params![person, from, to, month, REPORT_LIST_MAX], read)?.collect()
}

/// Doses of the same days.
fn doses(connection: &Connection, person: i64, span: &[String; 3]) -> rusqlite::Result<Vec<DoseFigures>> {
    let sql = "SELECT medication, sum(iif(day >= ?2, due, 0)), sum(iif(day >= ?2, taken, 0)), sum(iif(day >= ?2, as_needed, 0)),
          sum(iif(day >= ?4, due, 0)), sum(iif(day >= ?4, taken, 0))
        FROM dose_days WHERE person_id = ?1 AND day BETWEEN min(?2, ?4) AND ?3 GROUP BY medication ORDER BY medication LIMIT ?5";
    let read = |row: &Row<'_>| {
        Ok(DoseFigures {
            medication: row.get(0)?,
            due: row.get(1)?,
            taken: row.get(2)?,
            as_needed: row.get(3)?,
            due_28_days: row.get(4)?,
            taken_28_days: row.get(5)?,
        })
    };
    let [from, to, month] = span;
    connection.prepare(sql)?.query_map(params![person, from, to, month, REPORT_LIST_MAX], read)?.collect()
}
