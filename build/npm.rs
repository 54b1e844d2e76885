//! Builds the page with npm, in a copy of `web/`. Packages are installed again only when the list of them has changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is in `web/` beside the sources of the page: a change of it makes no other page.
const LEFT_OUT: [&str; 6] = ["node_modules", "dist", "test", "README.md", "biome.json", ".gitignore"];

/// How much is shown of what a failing command printed.
const SHOWN_BYTES_MAX: usize = 4000;

/// The entries of `web/` that the page is made from.
pub(crate) fn inputs(sources: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(sources).into_iter().flatten().flatten();
    let is_source = |path: &PathBuf| path.file_name().is_some_and(|name| !LEFT_OUT.iter().any(|out| name == *out));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_source).collect();
    paths.sort();
    paths
}

/// Builds the page in a copy of its sources. Returns the folder that has it.
pub(crate) fn build(sources: &Path, copy: &Path) -> Result<PathBuf, String> {
    renew(sources, copy)
        .map_err(|error| format!("cannot copy {} to {}: {error}", sources.display(), copy.display()))?;
    // The list of what is installed, as it was then.
    let (list, installed) = (copy.join("package-lock.json"), copy.join("node_modules/.installed-from"));
    let read = |path: &Path| fs::read(path).unwrap_or_default();
    if read(&list).is_empty() || read(&list) != read(&installed) {
        run(copy, &["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"])?;
        fs::copy(&list, &installed).map_err(|error| format!("cannot write {}: {error}", installed.display()))?;
    }
    run(copy, &["run", "build"])?;
    Ok(copy.join("dist"))
}

/// Makes the copy equal to the sources, and keeps the packages that are installed in it.
fn renew(sources: &Path, copy: &Path) -> io::Result<()> {
    fs::create_dir_all(copy)?;
    for entry in fs::read_dir(copy)? {
        let path = entry?.path();
        match path.file_name() {
            Some(name) if name == "node_modules" => {}
            _ if path.is_dir() => fs::remove_dir_all(path)?,
            _ => fs::remove_file(path)?,
        }
    }
    for path in inputs(sources) {
        let name = path.file_name().unwrap_or_default();
        add(&path, &copy.join(name))?;
    }
    Ok(())
}

fn add(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        add(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn run(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let command = format!("npm {}", arguments.join(" "));
    let ran = Command::new("npm").args(arguments).current_dir(folder).output();
    let ran = ran.map_err(|error| format!("`{command}` does not start: {error}"))?;
    if ran.status.success() {
        return Ok(());
    }
    let said = [ran.stdout, ran.stderr].concat();
    let said = String::from_utf8_lossy(&said[said.len().saturating_sub(SHOWN_BYTES_MAX)..]).into_owned();
    Err(format!(
        "`{command}` failed in a copy of web/; fix that, or build without the page by HEALTHSINK_WEB=off:\n{said}"
    ))
}
