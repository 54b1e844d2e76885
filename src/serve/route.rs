//! A route: a method, a path that may have parameters in it, and the right that it takes. `routes` and `api` list them.

use std::pin::Pin;

use hyper::Method;

use super::answer::Answer;
use super::api::Read;
use super::call::Call;
use super::http::listeners::ListenerKind;

/// One row of the table.
pub(super) struct Route {
    /// A route with GET also answers HEAD.
    pub(super) method: Method,
    pub(super) path: RoutePath,
    pub(super) listeners: &'static [ListenerKind],
    pub(super) right: Right,
    pub(super) handler: Handler,
    /// The route's description in the API's documentation.
    pub(super) description: &'static str,
    /// The parameters and the question of an API route.
    pub(super) read: Option<&'static Read>,
}

impl Route {
    /// Its path, with names in braces; empty for uploads.
    pub(super) fn pattern(&self) -> &'static str {
        match self.path {
            RoutePath::Fixed(path) | RoutePath::Pattern(path) => path,
            RoutePath::Upload => "",
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RoutePath {
    /// The path that `--path` names.
    Upload,
    Fixed(&'static str),
    /// A path with names in braces, each of which stands for one name of the path.
    Pattern(&'static str),
}

/// The right that a request needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Right {
    /// Nothing: anyone may ask.
    None,
    /// Nothing, but web pages may not ask.
    NoWebPage,
    Upload,
    ReadMetrics,
    /// To read records, by a token that allows it.
    Read,
}

pub(super) type Handler = for<'a> fn(Call<'a>) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// The names that stand in a path for those in braces; `None` if the path is not of this form.
pub(super) fn captured<'a>(pattern: &'static str, path: &'a str) -> Option<Vec<&'a str>> {
    let (mut own, mut given) = (pattern.split('/'), path.split('/'));
    let mut names = Vec::new();
    loop {
        match (own.next(), given.next()) {
            (None, None) => return Some(names),
            (Some(own), Some(given)) if own.starts_with('{') && !given.is_empty() => {
                // What stands behind the name stays the same: `{uuid}.gpx`.
                names.push(given.strip_suffix(own.split_once('}')?.1)?);
            }
            (Some(own), Some(given)) if own == given => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_paths() {
        let check = |path: &str, expected: Option<&[&str]>| {
            assert_eq!(
                captured("/a/{b}/c.{d}.e", path).as_deref(),
                None,
                "braces stand at the start of a name: {path}"
            );
            assert_eq!(captured("/a/{b}/c", path).as_deref(), expected, "{path}");
        };
        check("/a/x/c", Some(&["x"]));
        check("/a/%2F/c", Some(&["%2F"]));
        for path in ["/a//c", "/a/x", "/a/x/c/", "/a/x/y/c", "a/x/c", "", "/"] {
            check(path, None);
        }
        assert_eq!(captured("/a/{b}.gpx", "/a/x.gpx").as_deref(), Some(&["x"][..]));
        assert_eq!(captured("/a/{b}.gpx", "/a/x"), None);
    }
}
