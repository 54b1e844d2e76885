//! One type: a chart of a period, the period before, and a table of the same figures.

use super::html::Html;
use super::period::Length;
use super::show::{amount, part_note};
use super::view::{Content, Section, View, chart, number, table};
use crate::chart::{Bucket, Point, exact};
use crate::model::healthkit::{identifier_of, short};
use crate::model::percent::encoded;
use crate::serve::api::{Drawing, NoAnswer};

pub(super) async fn content(view: &View<'_>, name: &str) -> Result<Content, NoAnswer> {
    let period = view.period(Length::Month);
    let identifier = identifier_of(name).unwrap_or_else(|| name.to_owned());
    let query = |period: super::period::Period| {
        let bucket = match period.length {
            Length::Day => "hour",
            Length::Week | Length::Month => "day",
            Length::Half => "week",
            Length::Year => "month",
            Length::All => "auto",
        };
        // Hours exist of quantities only.
        let bucket = if bucket == "hour" && identifier.starts_with("HKCategory") { "day" } else { bucket };
        format!("type={}&bucket={bucket}{}{}", encoded(name), period.chart_query(), units(&identifier))
    };
    let drawing = view.drawing(&query(period)).await?;
    let before = match period.length {
        Length::All => None,
        _ => Some(view.drawing(&query(period.before())).await?),
    };
    let mut html = Html::default();
    html.line("h1", &[], &drawing.figures().title);
    view.periods(&mut html, ("", &format!("type={}&", encoded(name))), period, &Length::ALL);
    html.tag("section", &[], |html| {
        html.line("h2", &[], &period.title());
        summary(html, &drawing, before.as_ref().map(|before| (before, period.before().title())), &identifier);
        chart(html, &drawing);
    });
    figures(&mut html, &drawing, &identifier);
    Ok(Content { title: drawing.figures().title, section: Section::Other, html })
}

/// Ways are shown in kilometres, unless they are short.
fn units(identifier: &str) -> &'static str {
    let kind = short(identifier);
    if kind.starts_with("Distance") && kind != "DistanceSwimming" { "&units=km" } else { "" }
}

/// The sum of the period, or the mean of its figures, beside the same of the one before.
fn summary(html: &mut Html, drawing: &Drawing, before: Option<(&Drawing, String)>, identifier: &str) {
    let shown = |drawing: &Drawing| {
        let figures = drawing.figures();
        let sum = || figures.points.iter().map(|point| point.value).sum();
        let Some(value) = drawing.mean().map(|mean| if figures.is_sum { sum() } else { mean }) else {
            return if figures.is_unknown { "no figure is known for this type" } else { "no data" }.to_owned();
        };
        // Shares are already percent here.
        let unit = super::show::unit(&figures.unit, identifier);
        format!("{} {unit}", figures.shown(value)).trim_end().to_owned()
    };
    let what = if drawing.figures().is_sum { "Sum" } else { "Mean" };
    html.tag("p", &[], |html| {
        html.text(&format!("{what}: "));
        html.line("strong", &[], &shown(drawing));
        if let Some((before, title)) = before {
            html.line("span", &[("class", "muted")], &format!(" · {title}: {}", shown(before)));
        }
    });
}

/// The same figures as a table, the last one first.
fn figures(html: &mut Html, drawing: &Drawing, identifier: &str) {
    let figures = drawing.figures();
    let unit = super::show::unit(&figures.unit, identifier);
    let name = match figures.bucket {
        Bucket::Moment | Bucket::Hour => "Hour",
        Bucket::Day => "Day",
        Bucket::Week => "Week from",
        Bucket::Month => "Month",
        Bucket::Year => "Year",
    };
    let value = if unit.is_empty() { "Value".to_owned() } else { format!("Value in {unit}") };
    let mut columns = vec![(name, false), (value.as_str(), true)];
    let has_extremes = !figures.is_sum && figures.points.iter().any(|point| point.extremes.is_some());
    if has_extremes {
        columns.extend([("Least", true), ("Greatest", true)]);
    }
    let caption = format!("{} by {}", figures.title, figures.bucket.name());
    table(html, &caption, &columns, |html| {
        for (at, point) in figures.points.iter().enumerate().rev() {
            html.tag("tr", &[], |html| {
                let is_cut = (at == 0 && figures.is_cut.0) || (at + 1 == figures.points.len() && figures.is_cut.1);
                let note = part_note(point.is_partial, is_cut);
                html.line("th", &[("scope", "row")], &format!("{}{note}", figures.name_of(point)));
                number(html, &figures.shown(point.value));
                if has_extremes {
                    let [low, high] = extremes(point);
                    number(html, &low);
                    number(html, &high);
                }
            });
        }
    });
    if figures.points.is_empty() {
        html.line("p", &[("class", "muted")], &format!("{}.", figures.nothing()));
    }
}

fn extremes(point: &Point) -> [String; 2] {
    match point.extremes {
        Some((low, high)) => [exact(low), exact(high)],
        None => [amount(None, "", ""), amount(None, "", "")],
    }
}
