//! What stands around each page: head, navigation, people, sign-out.

use super::html::Html;
use super::view::{Content, Section, View};
use crate::model::percent::encoded;

/// Sections with their pages.
const SECTIONS: [(Section, &str, &str); 4] = [
    (Section::Today, "", "Today"),
    (Section::Sleep, "/sleep", "Sleep"),
    (Section::Workouts, "/workouts", "Workouts"),
    (Section::Data, "/data", "Data"),
];

/// A whole page of a reader.
pub(super) fn page(view: &View<'_>, content: Content) -> String {
    let Content { title, section, html } = content;
    document(view.root, &title, |out| {
        out.tag("header", &[], |out| header(out, view, section));
        out.tag("main", &[("id", "main")], |out| out.append(html));
    })
}

/// A whole page: everything but what is in its body.
pub(super) fn document(root: &str, title: &str, body: impl FnOnce(&mut Html)) -> String {
    let mut html = Html::document();
    html.tag("html", &[("lang", "en")], |html| {
        html.tag("head", &[], |html| {
            html.void("meta", &[("charset", "utf-8")]);
            html.void("meta", &[("name", "viewport"), ("content", "width=device-width,initial-scale=1")]);
            html.void("meta", &[("name", "color-scheme"), ("content", "light dark")]);
            html.line("title", &[], &format!("{title} · healthsink"));
            html.void("link", &[("rel", "stylesheet"), ("href", &format!("{root}plain.css"))]);
            html.void("link", &[("rel", "icon"), ("href", "data:,")]);
        });
        html.tag("body", &[], body);
    });
    html.finish()
}

fn header(html: &mut Html, view: &View<'_>, section: Section) {
    html.line("a", &[("class", "skip"), ("href", "#main")], "Skip to the content");
    html.line("a", &[("class", "brand"), ("href", &view.to("", ""))], "healthsink");
    html.tag("nav", &[("aria-label", "Pages")], |html| {
        html.tag("ul", &[], |html| {
            for (of, page, name) in SECTIONS {
                html.tag("li", &[], |html| {
                    let address = view.to(page, "");
                    if of == section {
                        html.line("a", &[("href", &address), ("aria-current", "page")], name);
                    } else {
                        html.link(&address, name);
                    }
                });
            }
        });
    });
    if view.people.len() > 1 {
        people(html, view);
    }
    html.tag("form", &[("method", "post"), ("action", &format!("{}session/end", view.root))], |html| {
        html.line("button", &[("type", "submit"), ("class", "quiet")], "Sign out");
    });
}

fn people(html: &mut Html, view: &View<'_>) {
    let own = view.inside.caller.person.as_deref().unwrap_or_default();
    let shown = view.asked.person.as_deref().unwrap_or(own);
    html.tag("nav", &[("aria-label", "People"), ("class", "people")], |html| {
        html.tag("ul", &[], |html| {
            for person in &view.people {
                let address = format!("{}plain?person={}", view.root, encoded(person));
                html.tag("li", &[], |html| {
                    if person == shown {
                        html.line("a", &[("href", &address), ("aria-current", "true")], person);
                    } else {
                        html.link(&address, person);
                    }
                });
            }
        });
    });
}
