//! Today: four figures, the last night, workouts, doses, and a table of all types.

use serde_json::Value;

use super::html::Html;
use super::period::{Length, full_date};
use super::show::{activity, age, amount, change, date_time, minutes, rows, short, text, unit, workout_start};
use super::sleep::{facts, hypnogram};
use super::view::{Content, Section, View, number, table};
use crate::serve::api::{Drawing, NoAnswer, hue, is_counted, title};
use crate::statistics::LocalDay;

/// Days of a sparkline.
const SPARK_DAYS: i32 = 28;

/// Width and height of a sparkline.
const SPARK_PX: (u32, u32) = (140, 36);

pub(super) async fn content(view: &View<'_>) -> Result<Content, NoAnswer> {
    let overview = view.json("/api/v1/overview", &view.tz()).await?;
    let day = view.today.day;
    let night = view.drawing(&format!("type=sleep&bucket=day&from={day}&to={}", day.next())).await?;
    let mut html = Html::default();
    html.line("h1", &[], &full_date(day));
    freshness(&mut html, view, &overview);
    html.tag("div", &[("class", "cards")], |html| {
        for figure in rows(&overview, "figures") {
            card(html, view, figure);
        }
    });
    html.tag("div", &[("class", "columns")], |html| {
        html.tag("section", &[], |html| last_night(html, view, &overview, &night));
        html.tag("section", &[], |html| workouts(html, view, &overview));
        if !rows(&overview["doses"], "list").is_empty() || overview["doses"]["due"].as_u64().is_some_and(|due| due > 0)
        {
            html.tag("section", &[], |html| doses(html, &overview["doses"]));
        }
    });
    if !rows(&overview, "types").is_empty() {
        types(&mut html, view, &overview);
    }
    Ok(Content { title: "Today".to_owned(), section: Section::Today, html })
}

/// When the last upload came, and whether figures know it.
fn freshness(html: &mut Html, view: &View<'_>, overview: &Value) {
    let upload = &overview["last_upload"];
    html.tag("p", &[("class", "muted")], |html| {
        if overview["uploading"] == Value::Bool(true) {
            html.text("An upload is under way. ");
        }
        if upload.is_null() {
            html.text("Nothing has arrived yet. ");
            html.link(&view.to("/data", ""), "What to type into the app");
            return;
        }
        let records = upload["records"].as_f64().map(short).unwrap_or_default();
        let when = age(text(upload, "ended"), view.now_ms);
        html.text(&format!("Last upload {when}, {}, {records} records.", text(upload, "state")));
        if overview["stale"] == Value::Bool(true) {
            html.text(" Its figures are not computed yet.");
        }
    });
}

/// A big figure with its last weeks.
fn card(html: &mut Html, view: &View<'_>, figure: &Value) {
    let (name, identifier, unit_name) = (text(figure, "type"), text(figure, "identifier"), text(figure, "unit"));
    let days = rows(figure, "days");
    let today = view.today.day.to_string();
    let of = |day: &str| days.iter().find(|known| text(known, "day") == day).and_then(|known| known["value"].as_f64());
    let values: Vec<Option<f64>> = (0..SPARK_DAYS)
        .rev()
        .map(|ago| of(&LocalDay::new(view.today.day.days().saturating_sub(ago)).to_string()))
        .collect();
    let last = days.iter().rev().find(|day| day["value"].is_number());
    let is_sum = matches!(text(figure, "method"), "sum" | "values");
    html.tag("article", &[("class", "card")], |html| {
        html.tag("h2", &[], |html| html.link(&view.to_type(name, Length::Month), &title(name)));
        html.tag("p", &[("class", "figure")], |html| {
            let value = last.and_then(|day| day["value"].as_f64());
            let shown = value.map(|value| if unit_name == "%" { value * 100.0 } else { value });
            let shown = shown.map(|value| if is_counted(identifier) { value.floor() } else { value });
            html.line("strong", &[], &shown.map_or_else(|| super::show::NOTHING.to_owned(), short));
            html.text(" ");
            html.text(&unit(unit_name, identifier));
        });
        let when = match last.map(|day| text(day, "day")) {
            None => "no data in 28 days".to_owned(),
            Some(day) if day == today => "today so far".to_owned(),
            Some(day) => format!("on {day}"),
        };
        html.line("p", &[("class", "muted")], &when);
        html.spark(&values, SPARK_PX, hue(identifier), is_sum);
    });
}

fn last_night(html: &mut Html, view: &View<'_>, overview: &Value, night: &Drawing) {
    html.tag("h2", &[], |html| html.link(&view.to("/sleep", ""), "Last night"));
    if overview["night"].is_null() {
        html.line("p", &[("class", "muted")], "No sleep is known of last night.");
        return;
    }
    hypnogram(html, night, &[("chart any", (360, 170))]);
    facts(html, &overview["night"]);
}

fn workouts(html: &mut Html, view: &View<'_>, overview: &Value) {
    html.tag("h2", &[], |html| html.link(&view.to("/workouts", ""), "Workouts"));
    let list = rows(overview, "workouts");
    if list.is_empty() {
        html.line("p", &[("class", "muted")], "None in the last 7 days.");
        return;
    }
    html.tag("ul", &[("class", "list")], |html| {
        for workout in list.iter().rev() {
            html.tag("li", &[], |html| {
                html.link(&view.to(&format!("/workouts/{}", text(workout, "uuid")), ""), &activity(workout));
                let duration = minutes(workout["duration_s"].as_f64().map(|seconds| seconds / 60.0));
                let distance =
                    workout["distance_km"].as_f64().map(|km| format!(", {} km", short(km))).unwrap_or_default();
                html.line(
                    "span",
                    &[("class", "muted")],
                    &format!(" {}, {duration}{distance}", workout_start(workout, &view.today.zone)),
                );
            });
        }
    });
}

fn doses(html: &mut Html, doses: &Value) {
    html.line("h2", &[], "Doses");
    let [taken, due] = ["taken", "due"].map(|name| doses[name].as_f64().map_or_else(|| "0".to_owned(), short));
    html.line("p", &[], &format!("{taken} of {due} taken"));
    html.tag("ul", &[("class", "list")], |html| {
        for dose in rows(doses, "list") {
            html.tag("li", &[], |html| {
                html.text(text(dose, "medication"));
                html.line("span", &[("class", "muted")], &format!(" {}", dose_words(dose)));
            });
        }
    });
}

/// When a dose was taken, or when it was due and what became of it.
fn dose_words(dose: &Value) -> String {
    let (due, taken) = (dose["scheduled"].as_str(), dose["start"].as_str());
    let status = text(dose, "status");
    let when = if status == "taken" { taken.or(due) } else { due.or(taken) };
    let words = match status {
        "notInteracted" => "no answer",
        "notificationNotSent" => "no reminder was sent",
        "notLogged" => "not logged",
        "" => "unknown",
        other => other,
    };
    format!("{}, {words}", date_time(when.unwrap_or_default()))
}

fn types(html: &mut Html, view: &View<'_>, overview: &Value) {
    let columns = [
        ("Type", false),
        ("Last value", true),
        ("Age", true),
        ("28-day mean", true),
        ("Change", true),
        ("Usual range", true),
    ];
    table(html, "All types", &columns, |html| {
        for kind in rows(overview, "types") {
            let (name, identifier, unit_name) = (text(kind, "type"), text(kind, "identifier"), text(kind, "unit"));
            let is_night = text(kind, "method") == "nights";
            let shown = |value: &Value| match is_night {
                true => minutes(value.as_f64()),
                false => amount(value.as_f64(), unit_name, identifier),
            };
            html.tag("tr", &[], |html| {
                html.tag("th", &[("scope", "row")], |html| {
                    let address =
                        if name == "sleep" { view.to("/sleep", "") } else { view.to_type(name, Length::Month) };
                    html.link(&address, &title(name));
                });
                // The last sample of a sum says little: it is a few steps. That of a night is one stage.
                let is_sum = is_night || matches!(text(kind, "method"), "sum" | "values");
                number(html, &shown(if is_sum { &kind["day_value"] } else { &kind["last"]["value"] }));
                let end = kind["last"]["end"].as_str().or(kind["last"]["start"].as_str()).unwrap_or_default();
                number(html, &age(end, view.now_ms));
                number(html, &shown(&kind["mean_28"]));
                number(html, &change(kind["change"].as_f64()));
                let usual = match (kind["usual_low"].as_f64(), kind["usual_high"].as_f64()) {
                    (Some(_), Some(_)) => range(&shown(&kind["usual_low"]), &shown(&kind["usual_high"]), is_night),
                    _ => super::show::NOTHING.to_owned(),
                };
                number(html, &usual);
            });
        }
    });
}

/// From one value to another, with their unit once. Hours and minutes are two units.
fn range(low: &str, high: &str, is_duration: bool) -> String {
    if low == high {
        return high.to_owned();
    }
    let unit = high.split_once(' ').map(|(_, unit)| unit).filter(|_| !is_duration);
    let low = unit.and_then(|unit| low.strip_suffix(unit)).map_or(low, str::trim_end);
    format!("{low} to {high}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_range_names_its_unit_once() {
        let check = |low: &str, high: &str, expected: &str| assert_eq!(range(low, high, false), expected);
        check("320 kcal", "1,104 kcal", "320 to 1,104 kcal");
        check("800 m", "1.2 km", "800 m to 1.2 km");
        check("10 min", "10 min", "10 min");
        check("5,277", "12,942", "5,277 to 12,942");
        check("41.5 ml/(kg*min)", "42.9 ml/(kg*min)", "41.5 to 42.9 ml/(kg*min)");
        assert_eq!(range("6 h 59 min", "8 h 22 min", true), "6 h 59 min to 8 h 22 min");
    }

    #[test]
    fn doses_in_words_of_people() {
        let check = |status: Value, start: Value, expected: &str| {
            let dose = json!({"scheduled": "2026-01-05T09:00:00.000+01:00", "start": start, "status": status});
            assert_eq!(dose_words(&dose), expected, "{dose}");
        };
        let taken = || json!("2026-01-05T09:05:00.000+01:00");
        check(json!("taken"), taken(), "2026-01-05 09:05, taken");
        check(json!("taken"), Value::Null, "2026-01-05 09:00, taken");
        check(json!("notInteracted"), taken(), "2026-01-05 09:00, no answer");
        check(json!("skipped"), taken(), "2026-01-05 09:00, skipped");
        check(Value::Null, taken(), "2026-01-05 09:00, unknown");
    }
}
