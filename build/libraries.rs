//! The licences of the libraries in the program: their texts, if `scripts/licences` has written them.
//!
//! Else they are names with the terms, and the two texts that nearly all of them have.

use std::fs;
use std::path::{Path, PathBuf};

/// The name under which they are embedded.
pub(crate) const LIBRARIES: &str = "libraries.txt";

/// All texts, as packages have them.
pub(crate) const TEXTS: &str = "third-party-licences.txt";

/// The names with the terms, which the repository has.
const NAMES: &str = "build/libraries.txt";

/// What decides, as far as it is there.
pub(crate) fn inputs(root: &Path) -> Vec<PathBuf> {
    [TEXTS, NAMES].map(|name| root.join(name)).into_iter().filter(|path| path.exists()).collect()
}

/// Returns the licences for a build in this folder.
pub(crate) fn licences(root: &Path) -> Result<String, String> {
    let read = |name: &str| {
        let path = root.join(name);
        fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    if root.join(TEXTS).exists() {
        return read(TEXTS);
    }
    let line = "-".repeat(80);
    Ok(format!(
        "{}\nThis build has the names only; `scripts/licences` prints the text of each library. Where one of several licences may be\n\
         chosen, these texts apply.\n\n{line}\n\n{}\n{line}\n\n{}",
        read(NAMES)?,
        read("LICENSE-MIT")?,
        read("LICENSE-APACHE")?
    ))
}
