//! Where the data is from: its state, what sends it, the last uploads, what was rejected, sources.

use serde_json::Value;

use super::html::Html;
use super::setup;
use super::show::{NOTHING, age, date_time, rows, short, text};
use super::view::{Content, Section, View, number, table};
use crate::model::limits::{PLAIN_RAW_LETTERS_MAX, PLAIN_ROWS_MAX};
use crate::serve::api::NoAnswer;

pub(super) async fn content(view: &View<'_>) -> Result<Content, NoAnswer> {
    let status = view.json("/api/v1/status", &view.tz()).await?;
    let uploads = view.json("/api/v1/uploads", &format!("{}&limit={PLAIN_ROWS_MAX}", view.tz())).await?;
    let rejects = view.json("/api/v1/rejects", &format!("limit={PLAIN_ROWS_MAX}")).await?;
    let sources = view.json("/api/v1/sources", &format!("{}&limit=100", view.tz())).await?;
    let mut html = Html::default();
    html.line("h1", &[], "Data");
    state(&mut html, view, &status);
    senders(&mut html, view, &status);
    ledger(&mut html, view, &uploads);
    rejected(&mut html, &rejects);
    known(&mut html, &sources);
    html.tag("section", &[], |html| setup::app(html, view.inside.state, None));
    Ok(Content { title: "Data".to_owned(), section: Section::Data, html })
}

fn state(html: &mut Html, view: &View<'_>, status: &Value) {
    let count = |name: &str| status[name].as_f64().map_or_else(|| NOTHING.to_owned(), short);
    let figures = if status["stale"] == Value::Bool(true) { "being computed" } else { "current" };
    let facts = [
        ("Types", count("types")),
        ("Workouts", count("workouts")),
        ("Uploads", count("uploads")),
        ("Under way", count("running")),
        ("Rejected elements", count("rejects")),
        ("Figures", figures.to_owned()),
        ("Time zone", view.today.zone.clone()),
        ("Version", text(status, "version").to_owned()),
    ];
    html.tag("dl", &[("class", "facts")], |html| {
        for (name, value) in facts {
            html.tag("div", &[], |html| {
                html.line("dt", &[], name);
                html.line("dd", &[], &value);
            });
        }
    });
}

fn senders(html: &mut Html, view: &View<'_>, status: &Value) {
    let list = rows(status, "senders");
    if list.is_empty() {
        return;
    }
    table(html, "What sends", &[("Way", false), ("Token", false), ("Uploads", true), ("Last upload", true)], |html| {
        for sender in list {
            html.tag("tr", &[], |html| {
                html.line("th", &[("scope", "row")], text(sender, "origin"));
                let number_of = sender["token_id"].as_f64().map(|id| format!("no. {}", short(id))).unwrap_or_default();
                html.line("td", &[], sender["label"].as_str().unwrap_or(&number_of));
                number(html, &sender["uploads"].as_f64().map_or_else(|| NOTHING.to_owned(), short));
                number(html, &age(text(sender, "last_upload"), view.now_ms));
            });
        }
    });
}

fn ledger(html: &mut Html, view: &View<'_>, uploads: &Value) {
    let list = rows(uploads, "uploads");
    if list.is_empty() {
        html.line("h2", &[], "Last uploads");
        html.line("p", &[("class", "muted")], "Nothing has arrived yet. Below is what to type into the app.");
        return;
    }
    let columns = [
        ("Started", false),
        ("State", false),
        ("Way", false),
        ("Records", true),
        ("New", true),
        ("Updated", true),
        ("Unchanged", true),
        ("Rejected", true),
        ("Age", true),
    ];
    table(html, "Last uploads", &columns, |html| {
        for upload in list {
            html.tag("tr", &[], |html| {
                html.line("th", &[("scope", "row"), ("class", "when")], &date_time(text(upload, "started")));
                let error = text(upload, "error");
                let state = if error.is_empty() {
                    text(upload, "state").to_owned()
                } else {
                    format!("{}: {error}", text(upload, "state"))
                };
                html.line("td", &[], &state);
                html.line("td", &[], text(upload, "origin"));
                for name in ["records", "new", "updated", "unchanged", "rejected"] {
                    number(html, &upload[name].as_f64().map_or_else(|| NOTHING.to_owned(), short));
                }
                number(html, &age(text(upload, "started"), view.now_ms));
            });
        }
    });
}

fn rejected(html: &mut Html, rejects: &Value) {
    let list = rows(rejects, "rejects");
    if list.is_empty() {
        html.line("h2", &[], "Rejected elements");
        html.line("p", &[("class", "muted")], "None: everything that arrived is stored.");
        return;
    }
    let total = rejects["total"].as_f64().map_or_else(String::new, short);
    table(
        html,
        &format!("Rejected elements: {} of {total}", list.len()),
        &[("Section", false), ("Reason", false), ("Element", false)],
        |html| {
            for reject in list {
                html.tag("tr", &[], |html| {
                    html.line("th", &[("scope", "row")], text(reject, "section"));
                    html.line("td", &[], text(reject, "reason"));
                    let raw: String = text(reject, "raw").chars().take(PLAIN_RAW_LETTERS_MAX).collect();
                    html.tag("td", &[], |html| html.line("code", &[], &raw));
                });
            }
        },
    );
}

fn known(html: &mut Html, sources: &Value) {
    let list = rows(sources, "sources");
    if list.is_empty() {
        return;
    }
    let columns = [("Name", false), ("Kind", false), ("First", true), ("Last", true), ("Place", true)];
    table(html, "Sources", &columns, |html| {
        for source in list {
            html.tag("tr", &[], |html| {
                html.line("th", &[("scope", "row")], text(source, "name"));
                html.line("td", &[], text(source, "class"));
                number(html, &date_time(text(source, "first")));
                number(html, &date_time(text(source, "last")));
                number(html, &source["place"].as_f64().map_or_else(|| NOTHING.to_owned(), short));
            });
        }
    });
}
