//! What people see in a browser: the page that the build embeds, and a plain one without it. All of it is public and without data.

mod files;
mod permits;
mod plain;
mod sent;

use std::future::ready;
use std::pin::Pin;

use hyper::Method;

pub(super) use files::{File, file, word};

pub(super) use permits::Permits;
pub(super) use plain::refused_form;

use super::answer::Answer;
use super::call::Call;
use super::config::PAGE_PATH;
use super::http::listeners::ListenerKind;
use super::problem;
use super::route::{Handler, Right, Route, RoutePath, captured};
use sent::{Keeping, Shared, sent};

static ROUTES: [Route; 12] = [
    public(RoutePath::Fixed(PAGE_PATH), index, "returns the page, or the plain one in a build without it"),
    public(RoutePath::Fixed("/plain"), plain::first, "shows today or a type without a script, or how to sign in"),
    public(RoutePath::Fixed("/plain/sleep"), plain::sleep, "shows nights without a script, or how to sign in"),
    public(RoutePath::Fixed("/plain/workouts"), plain::workouts, "shows workouts without a script, or how to sign in"),
    public(
        RoutePath::Pattern("/plain/workouts/{uuid}"),
        plain::workout,
        "shows a workout without a script, or how to sign in",
    ),
    public(
        RoutePath::Fixed("/plain/data"),
        plain::data,
        "shows uploads and sources without a script, or how to sign in",
    ),
    public(RoutePath::Fixed("/plain.css"), plain::style, "returns the style of pages without a script"),
    public(RoutePath::Pattern("/assets/{name}"), asset, "returns a file of the page"),
    public(RoutePath::Fixed("/manifest.webmanifest"), top, "returns what a home screen needs of the page"),
    public(RoutePath::Fixed("/sw.js"), top, "returns the page's script for use without a network"),
    public(RoutePath::Fixed("/licences"), licences, "returns the licences of what the page contains"),
    public(RoutePath::Fixed("/licences/libraries"), libraries, "returns the licences of the program's libraries"),
];

const fn public(path: RoutePath, handler: Handler, description: &'static str) -> Route {
    const LISTENERS: &[ListenerKind] = &[ListenerKind::Everything, ListenerKind::Uploads];
    Route { method: Method::GET, path, listeners: LISTENERS, right: Right::None, handler, description, read: None }
}

/// The routes of the page.
pub(super) fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter()
}

type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

fn index(call: Call<'_>) -> Answering<'_> {
    match file("index.html") {
        Some(file) => asking(file, &call),
        None => plain::first(call),
    }
}

/// A file at the top of the page's folder.
fn top(call: Call<'_>) -> Answering<'_> {
    named(&call, call.pattern.trim_start_matches('/'), Keeping::Asking)
}

fn asset(call: Call<'_>) -> Answering<'_> {
    let names = captured(call.pattern, call.request.uri().path()).unwrap_or_default();
    let name = names.first().copied().unwrap_or_default();
    named(&call, &format!("assets/{name}"), Keeping::Forever)
}

fn licences(call: Call<'_>) -> Answering<'_> {
    let names = ["licences.html", "licences.txt", LIBRARIES];
    named(&call, names.into_iter().find(|name| file(name).is_some()).unwrap_or(LIBRARIES), Keeping::Asking)
}

/// The licences of the program's libraries, as the build script writes them.
const LIBRARIES: &str = "libraries.txt";

fn libraries(call: Call<'_>) -> Answering<'_> {
    named(&call, LIBRARIES, Keeping::Asking)
}

fn shared<'a>(call: &'a Call<'_>) -> Shared<'a> {
    Shared { tiles: call.state.tiles.as_ref().map(|tiles| &tiles.url), inflations: &call.state.inflations }
}

/// Answers with a file that a browser asks for each time.
pub(super) fn asking<'a>(file: &'static File, call: &Call<'a>) -> Answering<'a> {
    Box::pin(ready(sent(file, Keeping::Asking, call.request.headers(), shared(call))))
}

fn named<'a>(call: &Call<'a>, name: &str, keeping: Keeping) -> Answering<'a> {
    Box::pin(ready(match file(name) {
        Some(file) => sent(file, keeping, call.request.headers(), shared(call)),
        None => problem::nothing_there("this program has no such file of the page; `GET /` is the page that it has"),
    }))
}
