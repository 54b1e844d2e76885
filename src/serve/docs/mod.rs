//! The description of the API, for anyone: `docs/openapi.yaml` as it is, as JSON, and for people by Swagger UI, or as a list in a
//! build without that.

mod yaml;

use std::fmt::Write;
use std::future::ready;
use std::pin::Pin;
use std::sync::LazyLock;

use hyper::Method;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use serde_json::Value;

use super::answer::{Answer, whole};
use super::call::Call;
use super::http::listeners::ListenerKind;
use super::page;
use super::route::{Handler, Right, Route, RoutePath};
use crate::chart::escaped;

const YAML: &str = include_str!("../../../docs/openapi.yaml");

/// Nothing may be loaded, embedded or sent.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CACHE_CONTROL, "no-cache"),
    // Strangers get this answer. Many requests on one connection would make its buffers grow.
    (CONNECTION, "close"),
];

/// Path of the list of the API's paths.
pub(super) const LIST_PATH: &str = "/docs";

static ROUTES: [Route; 3] = [
    public(LIST_PATH, list, "shows the paths of the API"),
    public("/openapi.yaml", as_yaml, "returns the description of the API"),
    public("/openapi.json", as_json, "returns the description of the API as JSON"),
];

const fn public(path: &'static str, handler: Handler, description: &'static str) -> Route {
    const LISTENERS: &[ListenerKind] = &[ListenerKind::Everything, ListenerKind::Uploads];
    let (method, path, right) = (Method::GET, RoutePath::Fixed(path), Right::None);
    Route { method, path, listeners: LISTENERS, right, handler, description, read: None }
}

/// The routes of the description.
pub(super) fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter()
}

/// The description as JSON. A test reads the whole file.
static JSON: LazyLock<String> = LazyLock::new(|| yaml::parse(YAML).unwrap_or_default().to_string());

/// The description.
#[cfg(test)]
pub(super) fn description() -> Value {
    yaml::parse(YAML).expect("a test reads it")
}

static LIST: LazyLock<String> = LazyLock::new(|| listed(&yaml::parse(YAML).unwrap_or_default()));

fn as_yaml(_: Call<'_>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
    Box::pin(ready(shown("application/yaml", YAML)))
}

fn as_json(_: Call<'_>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
    Box::pin(ready(shown("application/json", JSON.as_str())))
}

fn list(call: Call<'_>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
    if let Some(file) = page::file("docs.html") {
        return page::asking(file, &call);
    }
    Box::pin(ready(shown("text/html; charset=utf-8", LIST.as_str())))
}

fn shown(content_type: &'static str, text: &'static str) -> Answer {
    let mut answer = whole(content_type, text);
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// The list for people: each path with its method, its right, its parameters and its statuses.
fn listed(api: &Value) -> String {
    let mut rows = String::new();
    for (path, methods) in api["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let text = |name: &str| escaped(operation[name].as_str().unwrap_or_default());
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters: Vec<String> = parameters.map(|parameter| escaped(name_of(parameter))).collect();
            let statuses = operation["responses"].as_object().into_iter().flatten();
            let statuses: Vec<String> = statuses.map(|(status, _)| escaped(status)).collect();
            // Writing to a string cannot fail.
            let _ = write!(
                rows,
                "<tr><td><code>{} {}</code><td>{}<td>{}<td>{}<td>{}",
                method.to_uppercase(),
                escaped(path),
                text("summary"),
                text("x-scope"),
                parameters.join(", "),
                statuses.join(", ")
            );
        }
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>The API of healthsink</title></head><body><main>\
         <h1>The API of healthsink</h1><p>The same for programs: <a href=\"/openapi.yaml\">openapi.yaml</a>, \
         <a href=\"/openapi.json\">openapi.json</a>. A read needs <code>Authorization: Bearer TOKEN</code>; <code>healthsink token new \
         --scope read</code> makes the token.</p><table><thead><tr><th>Request<th>What it does<th>Scope<th>Parameters<th>Answers\
         <tbody>{rows}</table></main></body></html>\n"
    )
}

/// The name of a parameter, which may be a reference to it.
pub(super) fn name_of(parameter: &Value) -> &str {
    let reference = parameter["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    reference.or_else(|| parameter["name"].as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_description_is_read() {
        let api = yaml::parse(YAML).unwrap();
        assert_eq!(api["openapi"], "3.1.0");
        let paths = api["paths"].as_object().unwrap();
        let page = listed(&api);
        for (path, methods) in paths {
            assert!(page.contains(&format!("{}</code>", escaped(path))), "{path}");
            for (method, operation) in methods.as_object().unwrap() {
                let is_described = |status: &&str| operation["responses"][*status].is_object();
                assert!(["200", "204", "303"].iter().any(is_described), "{method} {path}");
            }
        }
        assert!(!page.contains("<script"));
    }
}
