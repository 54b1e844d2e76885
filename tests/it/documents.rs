//! The documents name files, folders and scripts that exist.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that a name in a document may be relative to.
const ROOTS: [&str; 7] = ["", "src", "src/formats", "src/formats/payload", "src/serve", "src/store", "tests/it"];

/// Ends of names that are files of the repository.
const FILE_ENDS: [&str; 7] = [".rs", ".sql", ".md", ".toml", ".yaml", ".env", "/"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    ["", "docs", "docs/guides", "benches", "testdata"]
        .iter()
        .flat_map(|folder| fs::read_dir(repository().join(folder)).expect("the folder is there"))
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// Returns the texts between two marks.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| Some(rest.split_once(close)?.0))
}

/// Returns the texts in backticks outside of code blocks.
fn quoted(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|prose| prose.split('`').skip(1).step_by(2)).collect()
}

fn is_name_of_file(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let is_file = FILE_ENDS.iter().any(|end| text.ends_with(end)) || text.starts_with("scripts/");
    // Of other programs, or of what a reader adds.
    let is_other = ["workout-routes/", "configuration.yaml", "web/src/views/NAME/"].contains(&text);
    is_plain && is_file && !text.starts_with(['/', '.']) && !is_other
}

fn exists(name: &str) -> bool {
    ROOTS.iter().any(|root| repository().join(root).join(name).exists())
}

#[test]
fn names_in_documents_exist() {
    let mut missing = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).expect("documents are text");
        let folder = document.parent().expect("documents lie in folders");
        let mut check = |name: &str, exists: bool| {
            if !exists {
                missing.push(format!("{}: {name}", document.display()));
            }
        };
        for name in quoted(&text) {
            for word in name.split_whitespace().filter(|word| is_name_of_file(word)) {
                check(word, exists(word) || folder.join(word).exists());
            }
        }
        for target in between(&text, "](", ")").filter(|target| !target.contains("://")) {
            let file = target.split('#').next().unwrap_or_default();
            check(target, folder.join(file).exists());
        }
    }
    assert!(missing.is_empty(), "names in documents that do not exist: {missing:#?}");
}
