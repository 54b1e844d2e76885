//! The build script: the commit of a release for `healthsink --version`, and the web page that the program serves.
//!
//! It writes below `OUT_DIR` only.

use std::env;
use std::path::{Path, PathBuf};

mod commit;
mod embed;
mod ladder;
mod libraries;
mod npm;

use ladder::{Found, Plan};

fn main() {
    println!("cargo:rerun-if-changed=build");
    commit::pass_on();
    if let Err(fault) = web() {
        eprintln!("error: {fault}");
        std::process::exit(1);
    }
}

/// Embeds the page that `ladder` chooses.
fn web() -> Result<(), String> {
    for name in ["HEALTHSINK_WEB", "HEALTHSINK_WEB_DIST", "CARGO_NET_OFFLINE"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let (root, out) = (folder("CARGO_MANIFEST_DIR")?, folder("OUT_DIR")?);
    let sources = root.join("web");
    for path in npm::inputs(&sources).iter().chain(&ladder::inputs(&root)).chain(&libraries::inputs(&root)) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    let variable = |name: &str| env::var(name).ok();
    let dist = match ladder::decide(&Found::look(&root, variable)?)? {
        Plan::Embed(dist) => {
            println!("cargo:rerun-if-changed={}", dist.display());
            Some(dist)
        }
        Plan::Build => Some(npm::build(&sources, &out.join("web"))?),
        Plan::Basic(reason) => {
            if let Some(reason) = reason {
                println!("cargo:warning=the program gets the plain page only: {reason}");
            }
            None
        }
    };
    embed::write(dist.as_deref(), &libraries::licences(&root)?, &out)
}

fn folder(variable: &str) -> Result<PathBuf, String> {
    env::var_os(variable).map(|path| Path::new(&path).to_owned()).ok_or_else(|| format!("cargo has not set {variable}"))
}
