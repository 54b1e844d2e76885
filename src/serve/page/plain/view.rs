//! What a page is asked for, as whom, and how it asks the API.

use serde_json::Value;

use super::html::Html;
use super::period::{Length, Period};
use crate::chart::{Picture, Theme};
use crate::model::percent::encoded;
use crate::serve::api::{Drawing, Inside, NoAnswer, decoded, local_day};
use crate::statistics::LocalDay;
use crate::store::questions::Today;

/// What an address asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) kind: Option<String>,
    pub(super) length: Option<Length>,
    pub(super) date: Option<LocalDay>,
    pub(super) person: Option<String>,
}

impl Asked {
    /// Reads a query. What it does not know is of no matter: mail programs add their own. Fails with the name of what is wrong.
    pub(super) fn parse(query: &str) -> Result<Self, &'static str> {
        let mut asked = Self::default();
        for part in query.split('&') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = || decoded(value).map(std::borrow::Cow::into_owned).filter(|value| !value.is_empty());
            match name {
                "type" => asked.kind = Some(value().ok_or("type")?),
                "person" => asked.person = Some(value().ok_or("person")?),
                "date" => asked.date = Some(value().and_then(|date| local_day(&date)).ok_or("date")?),
                "range" => {
                    let name = value().ok_or("range")?;
                    asked.length = Some(Length::ALL.into_iter().find(|length| length.name() == name).ok_or("range")?);
                }
                _ => {}
            }
        }
        Ok(asked)
    }
}

/// A section of the pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Section {
    Today,
    Sleep,
    Workouts,
    Data,
    /// None of them.
    Other,
}

/// A page under way.
pub(super) struct View<'a> {
    pub(super) inside: Inside<'a>,
    pub(super) asked: Asked,
    pub(super) today: Today,
    pub(super) now_ms: i64,
    /// What leads from this page to the top: a proxy may have put a prefix before it.
    pub(super) root: &'static str,
    /// Those whose pages the reader may see.
    pub(super) people: Vec<String>,
}

/// The content of a page.
pub(super) struct Content {
    pub(super) title: String,
    pub(super) section: Section,
    pub(super) html: Html,
}

impl View<'_> {
    /// Asks a path of the API about the person.
    pub(super) async fn json(&self, path: &str, query: &str) -> Result<Value, NoAnswer> {
        self.inside.json(path, &format!("{query}{}", self.person())).await
    }

    /// Asks for a chart of the person.
    pub(super) async fn drawing(&self, query: &str) -> Result<Drawing, NoAnswer> {
        self.inside.drawing(&format!("{query}&width={ASKED_PX}{}", self.person())).await
    }

    /// The person's name as a parameter.
    pub(super) fn person(&self) -> String {
        self.asked.person.as_ref().map(|person| format!("&person={}", encoded(person))).unwrap_or_default()
    }

    /// The zone of the person as a parameter.
    pub(super) fn tz(&self) -> String {
        format!("tz={}", encoded(&self.today.zone))
    }

    /// The address of another page.
    pub(super) fn to(&self, page: &str, query: &str) -> String {
        let all = format!("{query}{}", self.person());
        let all = all.trim_start_matches('&');
        format!("{}plain{page}{}{all}", self.root, if all.is_empty() { "" } else { "?" })
    }

    /// The address of a type's page.
    pub(super) fn to_type(&self, name: &str, length: Length) -> String {
        self.to("", &format!("type={}&range={}", encoded(name), length.name()))
    }

    /// The period that is shown.
    pub(super) fn period(&self, length: Length) -> Period {
        Period::around(self.asked.length.unwrap_or(length), self.asked.date.unwrap_or(self.today.day))
    }

    /// Links to other lengths, and to the periods before and behind.
    pub(super) fn periods(&self, html: &mut Html, (page, kept): (&str, &str), period: Period, lengths: &[Length]) {
        let to = |period: Period, date: LocalDay| {
            self.to(page, &format!("{kept}range={}&date={date}", period.length.name()))
        };
        let last = LocalDay::new(period.to.days().saturating_sub(1)).min(self.today.day).max(period.from);
        html.tag("nav", &[("class", "periods"), ("aria-label", "Time")], |html| {
            html.tag("ul", &[], |html| {
                for length in lengths {
                    let address = to(Period { length: *length, ..period }, last);
                    html.tag("li", &[], |html| {
                        if *length == period.length {
                            html.line("a", &[("href", &address), ("aria-current", "true")], length.title());
                        } else {
                            html.link(&address, length.title());
                        }
                    });
                }
            });
            if period.length == Length::All {
                return;
            }
            html.tag("p", &[], |html| {
                let before = period.before();
                html.line(
                    "a",
                    &[("href", &to(before, before.from)), ("rel", "prev")],
                    &format!("← {}", before.title()),
                );
                let behind = period.behind();
                if behind.from <= self.today.day {
                    html.text(" ");
                    let date = LocalDay::new(behind.to.days() - 1).min(self.today.day);
                    html.line("a", &[("href", &to(behind, date)), ("rel", "next")], &format!("{} →", behind.title()));
                }
            });
        });
    }
}

/// Pixels of a chart that is asked for: its buckets suit the narrow picture and the wide one.
const ASKED_PX: u32 = 480;

/// A chart for narrow and for wide screens, of which the style shows one.
pub(super) fn chart(html: &mut Html, drawing: &Drawing) {
    for (class, picture) in PICTURES {
        html.tag("div", &[("class", class)], |html| html.chart(drawing, picture));
    }
}

/// The pictures of a chart, by the class of their screens.
pub(super) const PICTURES: [(&str, Picture); 2] = [
    ("chart narrow", Picture { width: 350, height: 230, theme: Theme::Page }),
    ("chart wide", Picture { width: 900, height: 300, theme: Theme::Page }),
];

/// A table with a caption: its columns, of which the first one is text and those with `true` are numbers.
pub(super) fn table(html: &mut Html, caption: &str, columns: &[(&str, bool)], rows: impl FnOnce(&mut Html)) {
    html.tag("div", &[("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption)], |html| {
        html.tag("table", &[], |html| {
            html.tag("caption", &[], |html| html.line("h2", &[], caption));
            html.tag("thead", &[], |html| {
                html.tag("tr", &[], |html| {
                    for (name, is_number) in columns {
                        let class = if *is_number { "number" } else { "" };
                        html.line("th", &[("scope", "col"), ("class", class)], name);
                    }
                });
            });
            html.tag("tbody", &[], rows);
        });
    });
}

/// A cell with a number.
pub(super) fn number(html: &mut Html, text: &str) {
    html.line("td", &[("class", "number")], text);
}
