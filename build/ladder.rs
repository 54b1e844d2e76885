//! Which web page a build gets: the first that is there of `HEALTHSINK_WEB_DIST`, `web/dist`, a build by npm, the plain page.
//!
//! [`decide`] is pure; [`Found::look`] looks.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The pages to choose from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// What `HEALTHSINK_WEB` asks for.
    pub(crate) wish: Wish,
    /// The folder that `HEALTHSINK_WEB_DIST` names, and whether a page is in it.
    pub(crate) named: Option<(PathBuf, bool)>,
    /// `web/dist`, if a page is in it.
    pub(crate) dist: Option<PathBuf>,
    /// The versions of Node that `web/package.json` accepts; `None` without that file.
    pub(crate) engine: Option<String>,
    /// The version of Node on this machine.
    pub(crate) node: Option<String>,
    /// Whether cargo may not use the network.
    pub(crate) is_offline: bool,
}

/// What `HEALTHSINK_WEB` asks for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Wish {
    /// The variable is not set: the page, if it can be had.
    #[default]
    Usual,
    /// No build by npm.
    Off,
    /// The page, or an error.
    Require,
}

/// The way of the build.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Plan {
    /// It embeds this folder.
    Embed(PathBuf),
    /// It builds the page with npm, and embeds that.
    Build,
    /// It has the plain page only, for this reason if nobody asked for it.
    Basic(Option<String>),
}

/// Chooses. An error is a fault of what was asked for.
pub(crate) fn decide(found: &Found) -> Result<Plan, String> {
    match &found.named {
        Some((dist, true)) => return Ok(Plan::Embed(dist.clone())),
        Some((dist, false)) => {
            return Err(format!(
                "HEALTHSINK_WEB_DIST names {}, which has no index.html; name the folder that `npm run build` makes in web/",
                dist.display()
            ));
        }
        None => {}
    }
    if let Some(dist) = &found.dist {
        return Ok(Plan::Embed(dist.clone()));
    }
    let Err(reason) = may_build(found) else { return Ok(Plan::Build) };
    match found.wish {
        Wish::Require => Err(format!("HEALTHSINK_WEB=require asks for the whole page: {reason}")),
        Wish::Off => Ok(Plan::Basic(None)),
        Wish::Usual => Ok(Plan::Basic(Some(reason))),
    }
}

/// Whether npm can build the page, or why it cannot and what to do.
fn may_build(found: &Found) -> Result<(), String> {
    let Some(engine) = &found.engine else {
        return Err("web/package.json is missing; take the whole source".to_owned());
    };
    if found.wish == Wish::Off {
        return Err("HEALTHSINK_WEB=off".to_owned());
    }
    if found.is_offline {
        return Err("cargo is offline; unset CARGO_NET_OFFLINE, or run `npm run build` in web/ before".to_owned());
    }
    let remedy = "then `touch build/main.rs` and build again";
    match &found.node {
        None => Err(format!("Node is missing; install Node {engine} with npm, {remedy}")),
        Some(node) if is_at_least(node, engine) => Ok(()),
        Some(node) => Err(format!("Node {node} is too old; install Node {engine} with npm, {remedy}")),
    }
}

/// Whether a version such as `v20.19.1` is at least that of `>=20.6`.
pub(crate) fn is_at_least(version: &str, engine: &str) -> bool {
    fn numbers(text: &str) -> Vec<u32> {
        let text = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        text.split('.').map_while(|part| part.parse().ok()).collect()
    }
    let (version, least) = (numbers(version), numbers(engine));
    !least.is_empty() && version >= least
}

/// The value of `engines.node` in a `package.json`.
pub(crate) fn engine(package: &str) -> Option<&str> {
    let (_, engines) = package.split_once("\"engines\"")?;
    let (_, node) = engines.split_once('}').map_or(engines, |(engines, _)| engines).split_once("\"node\"")?;
    node.split('"').nth(1)
}

/// The page's file that every build of it has.
pub(crate) const INDEX: &str = "index.html";

/// What decides, as far as it is there: cargo runs the script at each build for a file that is missing.
pub(crate) fn inputs(root: &Path) -> Vec<PathBuf> {
    let dist = root.join("web/dist");
    if dist.exists() { vec![dist] } else { Vec::new() }
}

impl Found {
    /// Looks at the environment and the folder of the source.
    pub(crate) fn look(root: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let wish = match set("HEALTHSINK_WEB").as_deref() {
            None => Wish::Usual,
            Some("off") => Wish::Off,
            Some("require") => Wish::Require,
            Some(other) => return Err(format!("HEALTHSINK_WEB is {other}; it may be `off` or `require`")),
        };
        let has_page = |dist: &Path| dist.join(INDEX).is_file();
        let named = set("HEALTHSINK_WEB_DIST").map(|path| {
            let dist = root.join(path);
            let has_page = has_page(&dist);
            (dist, has_page)
        });
        let package = std::fs::read_to_string(root.join("web/package.json")).ok();
        Ok(Self {
            wish,
            named,
            dist: Some(root.join("web/dist")).filter(|dist| has_page(dist)),
            engine: package.as_deref().and_then(engine).map(str::to_owned),
            node: node(),
            is_offline: set("CARGO_NET_OFFLINE").is_some_and(|value| ["true", "1"].contains(&value.as_str())),
        })
    }
}

/// The version of Node on this machine, if npm is there also.
fn node() -> Option<String> {
    let run = |program: &str| Command::new(program).arg("--version").output().ok().filter(|ran| ran.status.success());
    run("npm")?;
    Some(String::from_utf8(run("node")?.stdout).ok()?.trim().to_owned())
}
