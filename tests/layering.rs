//! The layering of `src/` is a test: a module uses only those above it in `lib.rs`, and one dependency lives in one place.
//!
//! It reads the text of the sources, with comments left out, for paths: `crate::module` and `dependency::`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules in layers, as `lib.rs` lists them: each may use those of the layers before, and those of its own.
const LAYERS: [&[&str]; 12] = [
    &["limits"],
    &["error"],
    &["private"],
    &["batch", "counts", "identity", "record"],
    &["decode"],
    &["store"],
    &["writer"],
    &["ingest"],
    &["encoding"],
    &["config"],
    &["progress"],
    &["backup", "check", "healthcheck", "import", "serve", "status", "token"],
];

/// Where a dependency may be named: a file or a folder of `src/`.
const PLACES: [(&str, &[&str]); 34] = [
    ("rusqlite", &["store"]),
    ("struson", &["decode"]),
    ("simd_json", &["decode"]),
    ("jiff", &["decode", "backup/folder.rs", "import"]),
    ("uuid", &["decode"]),
    ("itoa", &["decode", "import/apple"]),
    ("zmij", &["decode", "import/apple"]),
    ("hashbrown", &["batch.rs"]),
    ("foldhash", &["batch.rs", "store", "import"]),
    ("crossbeam_channel", &["writer.rs"]),
    ("tokio", &["serve"]),
    ("tokio_rustls", &["serve/tls.rs", "serve/stream.rs"]),
    ("hyper", &["serve"]),
    ("hyper_util", &["serve"]),
    ("http_body_util", &["serve"]),
    ("bytes", &["serve"]),
    ("flate2", &["encoding.rs"]),
    ("zstd", &["encoding.rs"]),
    ("clap", &["config.rs", "config"]),
    ("indicatif", &["progress.rs"]),
    ("blake3", &["identity.rs", "store"]),
    ("getrandom", &["token.rs"]),
    ("quick_xml", &["import/apple/element.rs"]),
    ("memchr", &["import"]),
    ("simdutf8", &["import/apple"]),
    ("wide", &["decode/scan.rs"]),
    ("listenfd", &["serve/listeners.rs"]),
    ("mimalloc", &["main.rs"]),
    ("tracing_appender", &["main.rs"]),
    ("tracing_subscriber", &["main.rs"]),
    ("serde_json", &["backup.rs", "check.rs", "import", "serve", "status.rs", "token.rs"]),
    ("serde", &["counts.rs", "store", "backup.rs", "import", "serve", "token.rs"]),
    ("tracing", &["private.rs", "backup/folder.rs", "store", "writer.rs", "config.rs", "serve", "main.rs"]),
    ("healthsink", &["main.rs"]),
];

/// A file of `src/`, by its path from there, and its code.
struct Source {
    path: String,
    code: String,
}

impl Source {
    /// The module of the top level that it belongs to.
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    /// The names that stand behind `before`, wherever that begins a path.
    fn names_behind(&self, before: &str) -> BTreeSet<&str> {
        let begins = |at: usize| !self.code[..at].ends_with(|byte: char| byte.is_alphanumeric() || "_:".contains(byte));
        let name = |at: usize| {
            let rest = &self.code[at + before.len()..];
            rest.split(|byte: char| !byte.is_alphanumeric() && byte != '_').next().unwrap_or_default()
        };
        self.code.match_indices(before).filter(|(at, _)| begins(*at)).map(|(at, _)| name(at)).collect()
    }

    fn names(&self, dependency: &str) -> bool {
        !self.names_behind(&format!("{dependency}::")).is_empty()
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("src is there") {
            let path = entry.expect("src can be listed").path();
            match path.extension() {
                None if path.is_dir() => folders.push(path),
                Some(extension) if extension == "rs" => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("sources are text");
        // A `//` inside a string cuts that line short, which hides nothing: no path begins in a string.
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        let path = path.strip_prefix(&root).expect("it was found in src").components();
        let path = path.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/");
        Source { path, code }
    };
    files.iter().map(read).collect()
}

fn layer(module: &str) -> usize {
    let layer = LAYERS.iter().position(|modules| modules.contains(&module));
    layer.unwrap_or_else(|| panic!("the module {module} stands in no layer: add it to tests/layering.rs"))
}

#[test]
fn modules_use_those_above_them() {
    let mut faults = Vec::new();
    for source in sources() {
        if ["lib", "main"].contains(&source.module()) {
            continue;
        }
        let own = layer(source.module());
        // `use crate::{…}` would hide names from this test.
        assert!(!source.code.contains("crate::{"), "{}: name one module in each `use crate::`", source.path);
        for used in source.names_behind("crate::").into_iter().filter(|used| *used != source.module()) {
            if layer(used) > own {
                faults.push(format!("{} uses crate::{used}", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "modules that use one below them: {faults:#?}");
}

#[test]
fn the_library_lists_its_modules_in_layers() {
    let library = sources().into_iter().find(|source| source.path == "lib.rs").unwrap();
    let listed: Vec<&str> = library
        .code
        .lines()
        .filter_map(|line| line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(listed, LAYERS.concat());
}

#[test]
fn dependencies_stay_where_they_belong() {
    let sources = sources();
    let mut faults = Vec::new();
    for (dependency, places) in PLACES {
        let mut is_used = false;
        for source in sources.iter().filter(|source| source.names(dependency)) {
            is_used = true;
            let is_at_home = |place: &&str| source.path == **place || source.path.starts_with(&format!("{place}/"));
            if !places.iter().any(is_at_home) {
                faults.push(format!("{} uses {dependency}, which belongs to {places:?}", source.path));
            }
        }
        if !is_used {
            faults.push(format!("{dependency} is used nowhere"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A dependency that this test does not know would be free to go anywhere.
#[test]
fn every_dependency_has_a_place() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let mut sections: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some((name, _)) = line.split_once(" = ") {
            sections.entry(section).or_default().insert(name.replace('-', "_"));
        }
    }
    let placed: BTreeSet<String> =
        PLACES.iter().map(|(name, _)| (*name).to_owned()).filter(|name| name != "healthsink").collect();
    assert_eq!(sections["[dependencies]"], placed);
}
