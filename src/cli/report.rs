//! `healthsink report`: the last days of a person at a glance.

use std::io::{self, Write};
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::arguments::{DB_DEFAULT, DatabaseArgument, Outcome, parse_name, shell_word, whose};
use super::print::{FormArgument, Printable, print};
use super::store::StoreArgument;
use super::table::{Align, Table, shown_within};
use crate::model::error::{Error, Result};
use crate::model::healthkit::words;
use crate::model::limits::REPORT_DAYS_MAX;
use crate::model::time::{DAY_MS, parse_day};
use crate::statistics::LocalDay;
use crate::store::{DayReport, DoseFigures, Figures, Kept, ReportQuestion, ReportStart, WorkoutFigures, now_ms};

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// The person [default: the only person, or `me`]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    /// How many days: up to --to, or beginning with --from [default: 7]
    #[arg(long, env = "HEALTHSINK_DAYS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=i64::from(REPORT_DAYS_MAX)))]
    days: Option<u16>,
    /// The first day, such as 2026-01-31
    #[arg(long, env = "HEALTHSINK_FROM", value_name = "DAY", value_parser = parse_local_day)]
    from: Option<LocalDay>,
    /// The last day [default: today, or that of --from and --days]
    #[arg(long, env = "HEALTHSINK_TO", value_name = "DAY", value_parser = parse_local_day)]
    to: Option<LocalDay>,
    #[command(flatten)]
    form: FormArgument,
}

/// Days of a report that names none.
const DAYS: u16 = 7;

/// Columns of the names in a report, so that its lines have at most 80.
const NAME_COLUMNS: usize = 24;
const ZONE_COLUMNS: usize = 26;
/// HealthKit's longest has 32.
const ACTIVITY_COLUMNS: usize = 34;

/// A local date.
pub(super) fn parse_local_day(text: &str) -> std::result::Result<LocalDay, String> {
    let days = parse_day(text).and_then(|ms| i32::try_from(ms.div_euclid(DAY_MS)).ok());
    days.map(LocalDay::new).ok_or_else(|| "write a day as 2026-01-31".to_owned())
}

impl ReportArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        let now_ms = now_ms();
        let (from, to) = self.span(now_ms)?;
        let kept = self.store.kept(&self.database)?;
        let command = self.command(&kept);
        let question = ReportQuestion { person: whose(self.person, &kept)?, to, from, now_ms };
        let report = kept.report(&question)?;
        print(&Shown { report, command }, self.form.form())?;
        Ok(Outcome::Done)
    }
}

impl ReportArguments {
    /// The command for the same person and database.
    fn command(&self, kept: &Kept) -> String {
        let mut command = "healthsink report".to_owned();
        if let Some(person) = &self.person {
            command = format!("{command} --person {}", shell_word(person));
        }
        if let Kept::Postgres(address) = kept {
            command = format!("{command} --store {}", shell_word(&address.to_string()));
        } else if self.database.db != Path::new(DB_DEFAULT) {
            command = format!("{command} --db {}", shell_word(&self.database.db.to_string_lossy()));
        }
        command
    }

    /// Where the report begins, and its last day if it is not today.
    fn span(&self, now_ms: i64) -> Result<(ReportStart, Option<LocalDay>)> {
        let Some(from) = self.from else {
            return Ok((ReportStart::Days(self.days.unwrap_or(DAYS)), self.to));
        };
        let to = match (self.days, self.to) {
            (Some(_), Some(_)) => {
                return Err(Error::usage("--from, --to and --days are one too many; leave one of them out"));
            }
            (Some(days), None) => Some(LocalDay::new(from.days().saturating_add(i32::from(days) - 1))),
            (None, to) => to,
        };
        // Somewhere it is already tomorrow.
        let last = to.unwrap_or_else(|| LocalDay::new(i32::try_from(now_ms / DAY_MS).unwrap_or(i32::MAX) + 1));
        if from > last {
            return Err(Error::usage("--from is behind --to, which is today if it is not given; name an earlier day"));
        }
        if i64::from(last.days()) - i64::from(from.days()) >= i64::from(REPORT_DAYS_MAX) {
            return Err(Error::usage(format!("a report has at most {REPORT_DAYS_MAX} days; name a later --from")));
        }
        Ok((ReportStart::At(from), to))
    }
}

/// A report, and the command that asks for it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Shown {
    report: DayReport,
    #[serde(skip)]
    command: String,
}

/// The names of weekdays, Monday first.
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Printable for Shown {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { report, command } = self;
        let zone = shown_within(report.zone.as_deref().unwrap_or("UTC, zone unknown"), ZONE_COLUMNS);
        writeln!(out, "{}, {} to {} ({zone})\n", shown_within(&report.person, NAME_COLUMNS), report.from, report.to)?;
        if report.is_empty() {
            return write_absence(report, command, out);
        }
        let right = |heading| (heading, Align::Right);
        let mut table = Table::new([
            ("day", Align::Left),
            right("steps"),
            right("kcal"),
            right("exerc"),
            right("stand"),
            right("heart"),
            right("rest"),
            right("asleep"),
            right("deep"),
            right("REM"),
            right("kg"),
        ]);
        let mut push = |name: &str, figures: &Figures| {
            let cells = cells(figures);
            let [steps, energy, exercise, stand, heart, rest, asleep, deep, rem, weight] =
                cells.each_ref().map(String::as_str);
            table.push([name, steps, energy, exercise, stand, heart, rest, asleep, deep, rem, weight]);
        };
        for day in &report.days {
            let weekday = WEEKDAYS[usize::from(day.weekday) % WEEKDAYS.len()];
            // Month and day: the year is above.
            let date = day.day.get(5..).unwrap_or(&day.day);
            push(&format!("{weekday} {date}{}", if day.partial { "*" } else { "" }), &day.figures);
        }
        push("mean", &report.mean);
        push("28 days", &report.last_28_days);
        table.write(out)?;
        if report.days.iter().any(|day| day.partial) {
            writeln!(out, "* not over, and in no mean")?;
        }
        write_workouts(&report.workouts, out)?;
        write_doses(&report.doses, out)?;
        if report.zone.is_none() {
            writeln!(out, "\nDays are those of UTC: `healthsink zones home ZONE` sets the time zone.")?;
            writeln!(out, "A night whose own samples name a zone is in that zone.")?;
        }
        write_staleness(report, out)
    }
}

/// Remedy where a table would have dashes only.
fn write_absence(report: &DayReport, command: &str, out: &mut dyn Write) -> io::Result<()> {
    match &report.last_day {
        Some(day) => {
            writeln!(out, "No figures of these days. The last day with some is {day}:")?;
            writeln!(out, "  {command} --to {day}")?;
        }
        // `write_staleness` says what to do.
        None if !report.is_current => writeln!(out, "No figures yet.")?,
        None => {
            writeln!(out, "No figures yet. To get some:")?;
            writeln!(out, "  healthsink setup                connect a phone")?;
            writeln!(out, "  healthsink import export.zip    read an export of Apple's Health app")?;
            writeln!(out, "`healthsink people list` shows whose data there is: --person NAME is for others.")?;
        }
    }
    write_staleness(report, out)
}

fn write_staleness(report: &DayReport, out: &mut dyn Write) -> io::Result<()> {
    if report.is_current {
        return Ok(());
    }
    if report.is_from_newer_version {
        writeln!(
            out,
            "\nThese figures are from a newer version of healthsink than this one, {}. It",
            env!("CARGO_PKG_VERSION")
        )?;
        return writeln!(out, "does not know whether they are current: upgrade this program.");
    }
    writeln!(out, "\nSome stored data is not in these figures yet.")?;
    writeln!(out, "The server or the next import computes them.")
}

/// A line of the table, without its name.
fn cells(figures: &Figures) -> [String; 10] {
    let whole = |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), whole);
    let time = |minutes: Option<f64>| {
        minutes.map_or_else(
            || "–".to_owned(),
            |minutes| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "minutes of a night")]
                let minutes = minutes.round().clamp(0.0, 99.0 * 60.0) as u64;
                format!("{}:{:02}", minutes / 60, minutes % 60)
            },
        )
    };
    [
        whole(figures.steps.map(f64::floor)),
        whole(figures.active_energy_kcal),
        whole(figures.exercise_min),
        whole(figures.stand_hours),
        whole(figures.heart_rate),
        whole(figures.resting_heart_rate),
        time(figures.asleep_min),
        time(figures.deep_min),
        time(figures.rem_min),
        figures.weight_kg.map_or_else(
            || "–".to_owned(),
            |weight| {
                if weight.abs() < 1000.0 { format!("{weight:.1}") } else { whole(Some(weight)) }
            },
        ),
    ]
}

/// A figure without decimals, in few columns whatever someone has stored.
fn whole(figure: f64) -> String {
    if figure.abs() < 999_999.5 { format!("{figure:.0}") } else { format!("{figure:.0e}") }
}

fn write_workouts(workouts: &[WorkoutFigures], out: &mut dyn Write) -> io::Result<()> {
    if workouts.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([
        ("workouts", Align::Left),
        ("count", Align::Right),
        ("hours", Align::Right),
        ("km", Align::Right),
        ("28 days", Align::Right),
    ]);
    for workout in workouts {
        let distance = workout.distance_km.map_or_else(|| "–".to_owned(), |distance| format!("{distance:.1}"));
        let (count, hours) = (workout.workouts.to_string(), format!("{:.1}", workout.duration_s / 3600.0));
        table.push([
            &shown_within(&words(&workout.activity), ACTIVITY_COLUMNS),
            &count,
            &hours,
            &distance,
            &workout.last_28_days.to_string(),
        ]);
    }
    writeln!(out)?;
    table.write(out)
}

fn write_doses(doses: &[DoseFigures], out: &mut dyn Write) -> io::Result<()> {
    if doses.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([
        ("medication", Align::Left),
        ("taken", Align::Right),
        ("as needed", Align::Right),
        ("28 days", Align::Right),
    ]);
    for dose in doses {
        let taken = format!("{} of {}", dose.taken, dose.due);
        let month = format!("{} of {}", dose.taken_28_days, dose.due_28_days);
        table.push([&shown_within(&dose.medication, NAME_COLUMNS), &taken, &dose.as_needed.to_string(), &month]);
    }
    writeln!(out)?;
    table.write(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_short_and_what_is_unknown_is_a_dash() {
        let figures = Figures {
            steps: Some(7912.9),
            asleep_min: Some(439.6),
            deep_min: Some(0.0),
            weight_kg: Some(71.25),
            ..Figures::default()
        };
        assert_eq!(cells(&figures), ["7912", "–", "–", "–", "–", "–", "7:20", "0:00", "–", "71.2"]);
    }

    #[test]
    fn days_as_people_write_them() {
        assert_eq!(parse_local_day("2026-01-31").unwrap().to_string(), "2026-01-31");
        for text in ["", "31.1.2026", "2026-02-30", "yesterday"] {
            assert!(parse_local_day(text).is_err(), "{text}");
        }
    }
}
