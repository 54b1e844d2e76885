//! Workouts of a period, and one of them with its heart rates, zones and splits.

use serde_json::Value;

use super::html::Html;
use super::period::{Length, Period};
use super::show::{activity, amount, minutes, rows, short, text, workout_shift_ms, workout_start};
use super::view::{Content, PICTURES, Section, View, number, table};
use crate::chart::{Bucket, Clock, Figures, Hue, Point};
use crate::model::limits::{PLAIN_HEART_RATES_MAX, PLAIN_WORKOUTS_MAX, QUESTION_ROWS_MAX};
use crate::model::time::parse_iso;
use crate::serve::api::{NoAnswer, local_day};
use crate::statistics::LocalDay;

/// Lengths of periods. The workouts of all years are too many for a page.
const LENGTHS: [Length; 4] = [Length::Week, Length::Month, Length::Half, Length::Year];

pub(super) async fn content(view: &View<'_>) -> Result<Content, NoAnswer> {
    let period = view.period(Length::Month);
    let (answer, left_out) = newest(view, period).await?;
    let mut html = Html::default();
    html.line("h1", &[], "Workouts");
    view.periods(&mut html, ("/workouts", ""), period, &LENGTHS);
    let list = rows(&answer, "workouts");
    html.line("h2", &[], &period.title());
    if list.is_empty() {
        html.line("p", &[("class", "muted")], "No workouts in this time.");
    } else {
        html.tag("p", &[], |html| count(html, view, list, left_out));
        let columns = [
            ("Start", false),
            ("Activity", false),
            ("Duration", true),
            ("Distance", true),
            ("Energy", true),
            ("Source", false),
        ];
        table(&mut html, "Workouts", &columns, |html| {
            for workout in list.iter().rev() {
                row(html, view, workout);
            }
        });
    }
    Ok(Content { title: "Workouts".to_owned(), section: Section::Workouts, html })
}

/// Earlier workouts of a period that are left out, and the last day of theirs.
#[derive(Clone, Copy)]
struct LeftOut {
    count: u64,
    day: LocalDay,
}

/// The newest workouts of a period, whole days of them, and what is left out.
async fn newest(view: &View<'_>, period: Period) -> Result<(Value, Option<LeftOut>), NoAnswer> {
    let asked = async |bounds: &str| {
        view.json("/api/v1/workouts", &format!("{}&limit={PLAIN_WORKOUTS_MAX}{bounds}", view.tz())).await
    };
    let bounds = period.query();
    let all = asked(&bounds).await?;
    if all["truncated"] != Value::Bool(true) {
        return Ok((all, None));
    }
    let days = view.json("/api/v1/workouts/days", &format!("limit={QUESTION_ROWS_MAX}{bounds}")).await?;
    let day = first_shown(rows(&days, "days")).unwrap_or(period.from);
    let to = if period.length == Length::All { String::new() } else { format!("&to={}", period.to) };
    let last = asked(&format!("&from={day}{to}")).await?;
    let shown = u64::try_from(rows(&last, "workouts").len()).unwrap_or(u64::MAX);
    let count = all["total"].as_u64().unwrap_or_default().saturating_sub(shown);
    Ok((last, Some(LeftOut { count, day: LocalDay::new(day.days().saturating_sub(1)) })))
}

/// The first of the last days that have together at most as many workouts as a page shows; the last day, if that has more.
fn first_shown(days: &[Value]) -> Option<LocalDay> {
    let (mut count, mut first) = (0, None);
    // A day has a row for each activity.
    for of_day in days.chunk_by(|one, other| one["day"] == other["day"]).rev() {
        count += of_day.iter().filter_map(|row| row["workouts"].as_u64()).sum::<u64>();
        if count > PLAIN_WORKOUTS_MAX && first.is_some() {
            break;
        }
        first = local_day(text(&of_day[0], "day"));
    }
    first
}

#[expect(clippy::cast_precision_loss, reason = "a number of workouts")]
fn count(html: &mut Html, view: &View<'_>, list: &[Value], left_out: Option<LeftOut>) {
    html.text(&format!("{}.", counted(list.len())));
    let Some(LeftOut { count, day }) = left_out.filter(|left_out| left_out.count > 0) else {
        return;
    };
    html.text(&format!(" {} earlier ones are left out: ", short(count as f64)));
    let week = Period::around(Length::Week, day);
    // The page of a week with what is shown here would leave the same out.
    let before = if week.to > day.next() { Period::around(Length::Day, day) } else { week };
    let address = view.to("/workouts", &format!("range={}&date={day}", before.length.name()));
    html.link(&address, &before.title());
    html.text(" and before.");
}

fn counted(count: usize) -> String {
    if count == 1 { "1 workout".to_owned() } else { format!("{count} workouts") }
}

fn duration(workout: &Value) -> String {
    minutes(workout["duration_s"].as_f64().map(|seconds| seconds / 60.0))
}

fn row(html: &mut Html, view: &View<'_>, workout: &Value) {
    html.tag("tr", &[], |html| {
        html.tag("th", &[("scope", "row"), ("class", "when")], |html| {
            let address = view.to(&format!("/workouts/{}", text(workout, "uuid")), "");
            html.link(&address, &workout_start(workout, &view.today.zone));
        });
        html.line("td", &[], &activity(workout));
        number(html, &duration(workout));
        number(html, &amount(workout["distance_km"].as_f64(), "km", ""));
        number(html, &amount(workout["energy_kcal"].as_f64(), "kcal", ""));
        html.line("td", &[], text(workout, "source"));
    });
}

/// One workout.
pub(super) async fn one(view: &View<'_>, uuid: &str) -> Result<Content, NoAnswer> {
    let query = format!("{}&max_points={PLAIN_HEART_RATES_MAX}", view.tz());
    let workout = view.json(&format!("/api/v1/workouts/{uuid}"), &query).await?;
    let mut html = Html::default();
    let title = activity(&workout);
    html.line("h1", &[], &title);
    let source = workout["source"].as_str().map(|source| format!(", {source}")).unwrap_or_default();
    let when = workout_start(&workout, &view.today.zone);
    html.line("p", &[("class", "muted")], &format!("{when}{source}"));
    let facts = [
        ("Duration", duration(&workout)),
        ("Distance", amount(workout["distance"].as_f64(), text(&workout, "distance_unit"), "")),
        ("Energy", amount(workout["energy_kcal"].as_f64(), "kcal", "")),
    ];
    html.tag("dl", &[("class", "facts")], |html| {
        for (name, value) in facts {
            html.tag("div", &[], |html| {
                html.line("dt", &[], name);
                html.line("dd", &[], &value);
            });
        }
    });
    heart_rates(&mut html, view, &workout);
    zones(&mut html, &workout);
    splits(&mut html, &workout);
    Ok(Content { title, section: Section::Workouts, html })
}

/// Heart rates on the clocks of the workout.
fn heart_rates(html: &mut Html, view: &View<'_>, workout: &Value) {
    let heart_rates = rows(workout, "heart_rate");
    let ms = |row: &Value| parse_iso(text(row, "start")).map(|date| date.ms);
    let shift_ms = workout_shift_ms(workout, &view.today.zone);
    let starts: Vec<Option<i64>> = heart_rates.iter().map(ms).collect();
    let step_ms = starts.windows(2).filter_map(|pair| Some(pair[1]? - pair[0]?)).min().unwrap_or(60_000).max(1000);
    let mut points: Vec<Point> = Vec::new();
    for (row, start_ms) in heart_rates.iter().zip(starts) {
        let (Some(start_ms), Some(value)) = (start_ms, row["value"].as_f64()) else {
            continue;
        };
        let extremes = row["minimum"].as_f64().zip(row["maximum"].as_f64());
        // A pause of a few seconds is no gap.
        if let Some(last) = points.last_mut().filter(|last| start_ms - last.start_ms <= 4 * step_ms) {
            last.end_ms = start_ms;
        }
        points.push(Point { start_ms, end_ms: start_ms + step_ms, value, extremes, is_partial: false });
    }
    if points.is_empty() {
        return;
    }
    html.line("h2", &[], "Heart rate");
    let figures = Figures {
        title: "Heart rate".to_owned(),
        unit: "bpm".to_owned(),
        is_sum: false,
        bucket: Bucket::Moment,
        clock: Clock::Shifts(vec![(i64::MIN, shift_ms)]),
        span_ms: (None, None),
        is_cut: (false, false),
        is_counted: false,
        is_unknown: false,
        hue: Hue::Heart,
        points,
    };
    for (class, picture) in PICTURES {
        html.tag("div", &[("class", class)], |html| html.figures(&figures, picture));
    }
}

fn zones(html: &mut Html, workout: &Value) {
    let zones = rows(workout, "zones");
    if zones.is_empty() {
        return;
    }
    let highest = amount(workout["highest_heart_rate"].as_f64(), "count/min", "Heart");
    table(
        html,
        &format!("Time in zones of the highest heart rate, {highest}"),
        &[("Zone", false), ("From", true), ("Time", true)],
        |html| {
            for zone in zones {
                html.tag("tr", &[], |html| {
                    html.line("th", &[("scope", "row")], &zone["zone"].as_f64().map(short).unwrap_or_default());
                    number(html, &amount(zone["from"].as_f64(), "count/min", "Heart"));
                    number(html, &seconds(zone["seconds"].as_f64()));
                });
            }
        },
    );
}

fn splits(html: &mut Html, workout: &Value) {
    let splits = rows(workout, "splits");
    if splits.is_empty() {
        return;
    }
    table(html, "Splits", &[("Number", false), ("Distance", true), ("Time", true)], |html| {
        for split in splits {
            html.tag("tr", &[], |html| {
                html.line("th", &[("scope", "row")], &split["number"].as_f64().map(short).unwrap_or_default());
                number(html, &amount(split["distance_m"].as_f64(), "m", ""));
                number(html, &seconds(split["seconds"].as_f64()));
            });
        }
    });
}

/// Seconds as minutes and seconds.
#[expect(clippy::cast_possible_truncation, reason = "the seconds of a workout, which are bounded")]
fn seconds(value: Option<f64>) -> String {
    value.map_or_else(
        || super::show::NOTHING.to_owned(),
        |value| {
            let all = value.clamp(0.0, 1e9).round() as i64;
            format!("{}:{:02}", all / 60, all % 60)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_days_are_shown() {
        let check = |days: &[(&str, u64)], expected: Option<&str>| {
            let days: Vec<Value> =
                days.iter().map(|(day, workouts)| json!({"day": day, "workouts": workouts})).collect();
            assert_eq!(first_shown(&days).map(|day| day.to_string()).as_deref(), expected, "{days:?}");
        };
        check(&[], None);
        check(&[("2026-01-01", 1), ("2026-01-02", 600), ("2026-01-02", 300), ("2026-01-03", 100)], Some("2026-01-02"));
        check(&[("2026-01-02", 1), ("2026-01-02", 900), ("2026-01-03", 100)], Some("2026-01-03"));
        check(&[("2026-01-01", 5), ("2026-01-03", 1001)], Some("2026-01-03"));
    }

    #[test]
    fn seconds_as_minutes() {
        assert_eq!([Some(61.4), Some(3600.0), None].map(seconds), ["1:01", "60:00", "–"]);
    }
}
