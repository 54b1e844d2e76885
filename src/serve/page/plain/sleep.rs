//! Sleep: one night with its stages, or the nights of a period from bedtime to waking, and a table of them.

use serde_json::Value;

use super::html::Html;
use super::period::{Length, Period, full_date};
use super::show::{clock, minutes, part_note, rows, short, text};
use super::view::{Content, Section, View, chart, number, table};
use crate::chart::{Picture, Theme};
use crate::serve::api::{Drawing, NoAnswer, local_day};

/// Lengths of periods with nights.
const LENGTHS: [Length; 6] = Length::ALL;

pub(super) async fn content(view: &View<'_>) -> Result<Content, NoAnswer> {
    let period = view.period(Length::Month);
    let bucket = match period.length {
        Length::Day | Length::Week | Length::Month => "day",
        Length::Half => "week",
        Length::Year | Length::All => "month",
    };
    let drawing = view.drawing(&format!("type=sleep&bucket={bucket}{}", period.chart_query())).await?;
    let mut html = Html::default();
    html.line("h1", &[], "Sleep");
    view.periods(&mut html, ("/sleep", ""), period, &LENGTHS);
    html.line("h2", &[], &if period.length == Length::Day { full_date(period.from) } else { period.title() });
    match period.length {
        Length::Day => one(&mut html, view, period, &drawing).await?,
        Length::Week | Length::Month => {
            html.line("p", &[], &drawing.nights().words());
            chart(&mut html, &drawing);
            let nights = view.json("/api/v1/nights", &format!("from={}&to={}", period.from, period.to)).await?;
            list(&mut html, view, &nights);
        }
        Length::Half | Length::Year | Length::All => {
            html.line("p", &[], &drawing.nights().words());
            chart(&mut html, &drawing);
            means(&mut html, &drawing);
        }
    }
    Ok(Content { title: "Sleep".to_owned(), section: Section::Sleep, html })
}

/// One night. It may be unknown.
async fn one(html: &mut Html, view: &View<'_>, period: Period, drawing: &Drawing) -> Result<(), NoAnswer> {
    match view.json(&format!("/api/v1/nights/{}", period.from), "").await {
        Ok(night) => {
            hypnogram(html, drawing, &[("chart narrow", (350, 180)), ("chart wide", (900, 220))]);
            facts(html, &night);
            Ok(())
        }
        Err(unknown) if unknown.status == hyper::StatusCode::NOT_FOUND => {
            html.line("p", &[("class", "muted")], "No sleep is known of this night.");
            Ok(())
        }
        Err(other) => Err(other),
    }
}

/// The stages of the only night of a drawing, in each of these sizes.
pub(super) fn hypnogram(html: &mut Html, drawing: &Drawing, sizes: &[(&str, (u32, u32))]) {
    let nights = drawing.nights();
    for (class, (width, height)) in sizes {
        html.tag("div", &[("class", class)], |html| {
            html.hypnogram(&nights, Picture { width: *width, height: *height, theme: Theme::Page });
        });
    }
}

/// What is known of a night.
pub(super) fn facts(html: &mut Html, night: &Value) {
    let asleep = |name: &str| minutes(night[name].as_f64());
    let times = format!("{} to {}", clock(text(night, "bedtime")), clock(text(night, "wake_time")));
    let mut all = vec![("Asleep", asleep("asleep_min")), ("In bed", times), ("Awake", asleep("awake_min"))];
    for (title, name) in [("Deep", "deep_min"), ("Core", "core_min"), ("REM", "rem_min"), ("Other", "unspecified_min")]
    {
        if night[name].as_f64().is_some_and(|minutes| minutes > 0.0) {
            all.push((title, asleep(name)));
        }
    }
    if let Some(naps) = night["naps"].as_f64().filter(|naps| *naps > 0.0) {
        all.push(("Naps", short(naps)));
    }
    html.tag("dl", &[("class", "facts")], |html| {
        for (name, value) in all {
            html.tag("div", &[], |html| {
                html.line("dt", &[], name);
                html.line("dd", &[], &value);
            });
        }
    });
}

/// All nights of a period, the last one first.
fn list(html: &mut Html, view: &View<'_>, nights: &Value) {
    if rows(nights, "nights").is_empty() {
        return;
    }
    let columns = [
        ("Night to", false),
        ("Asleep", true),
        ("Bedtime", true),
        ("Waking", true),
        ("Deep", true),
        ("Core", true),
        ("REM", true),
        ("Awake", true),
        ("Naps", true),
    ];
    table(html, "Nights", &columns, |html| {
        for night in rows(nights, "nights").iter().rev() {
            html.tag("tr", &[], |html| {
                let date = text(night, "night");
                html.tag("th", &[("scope", "row"), ("class", "when")], |html| {
                    let shown = local_day(date).map_or_else(|| date.to_owned(), |day| day.to_string());
                    html.link(&view.to("/sleep", &format!("range=day&date={shown}")), &shown);
                });
                number(html, &minutes(night["asleep_min"].as_f64()));
                number(html, clock(text(night, "bedtime")));
                number(html, clock(text(night, "wake_time")));
                for name in ["deep_min", "core_min", "rem_min", "awake_min"] {
                    number(html, &minutes(night[name].as_f64()));
                }
                number(html, &night["naps"].as_f64().map_or_else(|| super::show::NOTHING.to_owned(), short));
            });
        }
    });
}

/// The means of weeks or months, the last one first.
fn means(html: &mut Html, drawing: &Drawing) {
    let nights = drawing.nights();
    let columns = [("From", false), ("Asleep", true), ("Bedtime", true), ("Waking", true)];
    table(html, &format!("Nights, mean by {}", nights.bucket.name()), &columns, |html| {
        for (at, bar) in nights.bars.iter().enumerate().rev() {
            html.tag("tr", &[], |html| {
                let is_cut = (at == 0 && nights.is_cut.0) || (at + 1 == nights.bars.len() && nights.is_cut.1);
                html.line("th", &[("scope", "row")], &format!("{}{}", bar.day, part_note(bar.is_partial, is_cut)));
                number(html, &minutes(Some(bar.asleep_min)));
                let [bed, wake] = bar.times();
                number(html, &bed);
                number(html, &wake);
            });
        }
    });
}
