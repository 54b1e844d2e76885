//! Which web page a build gets, and how it is embedded: the modules of the build script, with scratch folders for `web/`.
//!
//! The script itself is run by each build. One test needs Node with npm, and no network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use healthsink_testkit::missing::not_run;

#[path = "../../build/embed.rs"]
mod embed;
#[expect(dead_code, reason = "`inputs` is the build script's")]
#[path = "../../build/ladder.rs"]
mod ladder;
#[expect(dead_code, reason = "`inputs` is the build script's")]
#[path = "../../build/libraries.rs"]
mod libraries;
#[path = "../../build/npm.rs"]
mod npm;

use ladder::{Found, Plan, Wish, decide, engine, is_at_least};

/// A checkout with sources and a good Node.
fn checkout(wish: Wish) -> Found {
    Found { wish, engine: Some(">=20".into()), node: Some("v20.20.2".into()), ..Found::default() }
}

#[test]
fn the_first_page_that_is_there_is_embedded() {
    let dist = || Some(PathBuf::from("web/dist"));
    let named = |has_page: bool| Some((PathBuf::from("made"), has_page));
    let embed = |path: &str| Ok(Plan::Embed(path.into()));
    let check = |found: Found, expected: Result<Plan, &str>| {
        let decided = decide(&found);
        match (&decided, expected) {
            (Ok(plan), Ok(expected)) => assert_eq!(*plan, expected, "{found:?}"),
            (Err(fault), Err(part)) => assert!(fault.contains(part), "{found:?}: {fault}"),
            _ => panic!("{found:?}: {decided:?}"),
        }
    };
    for wish in [Wish::Usual, Wish::Off, Wish::Require] {
        check(Found { named: named(true), dist: dist(), ..checkout(wish) }, embed("made"));
        check(Found { named: named(false), dist: dist(), ..checkout(wish) }, Err("made, which has no index.html"));
        check(Found { dist: dist(), ..checkout(wish) }, embed("web/dist"));
        check(Found { dist: dist(), wish, ..Found::default() }, embed("web/dist"));
    }
    check(checkout(Wish::Usual), Ok(Plan::Build));
    check(checkout(Wish::Require), Ok(Plan::Build));
    check(checkout(Wish::Off), Ok(Plan::Basic(None)));
}

#[test]
fn what_is_missing_has_a_remedy() {
    let check = |change: &dyn Fn(&mut Found), parts: &[&str]| {
        let (mut usual, mut required) = (checkout(Wish::Usual), checkout(Wish::Require));
        change(&mut usual);
        change(&mut required);
        let Ok(Plan::Basic(Some(reason))) = decide(&usual) else { panic!("{usual:?} has the plain page") };
        let fault = decide(&required).unwrap_err();
        for part in parts {
            assert!(reason.contains(part) && fault.contains(part), "{reason:?} and {fault:?} have {part}");
        }
    };
    check(&|found| found.node = None, &["Node is missing", "install Node >=20", "touch build/main.rs"]);
    check(&|found| found.node = Some("v18.19.0".into()), &["v18.19.0 is too old", "install Node >=20"]);
    check(&|found| found.is_offline = true, &["CARGO_NET_OFFLINE", "npm run build"]);
    check(&|found| found.engine = None, &["web/package.json is missing"]);
}

#[test]
fn versions_of_node() {
    let check = |version: &str, engine: &str, expected: bool| {
        assert_eq!(is_at_least(version, engine), expected, "{version} {engine}");
    };
    check("v20.20.2", ">=20", true);
    check("v20.0.0", ">=20.0.0", true);
    check("v9.9.9", ">=20", false);
    check("v20.5.1", ">=20.6", false);
    check("v22.1.0", "^20.6", true);
    check("v22.1.0", "*", false);
    check("", ">=20", false);
    assert_eq!(engine(r#"{"name": "x", "engines": {"npm": ">=9", "node": ">=20.6"}}"#), Some(">=20.6"));
    assert_eq!(engine(r#"{"engines": {}, "node": ">=20"}"#), None);
    assert_eq!(engine("{}"), None);
}

#[test]
fn the_environment_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let look = |set: &[(&str, &str)]| {
        let value = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Found::look(folder.path(), value)
    };
    let found = look(&[("HEALTHSINK_WEB", ""), ("HEALTHSINK_WEB_DIST", "")]).unwrap();
    assert_eq!(
        (found.wish, found.named, found.dist, found.engine, found.is_offline),
        (Wish::Usual, None, None, None, false)
    );
    write(folder.path(), "web/dist/index.html", b"<!doctype html>");
    write(folder.path(), "web/package.json", br#"{"engines": {"node": ">=20"}}"#);
    let found =
        look(&[("HEALTHSINK_WEB", "off"), ("HEALTHSINK_WEB_DIST", "made"), ("CARGO_NET_OFFLINE", "true")]).unwrap();
    assert_eq!((found.wish, found.is_offline, found.engine.as_deref()), (Wish::Off, true, Some(">=20")));
    assert_eq!(found.named, Some((folder.path().join("made"), false)));
    assert_eq!(found.dist, Some(folder.path().join("web/dist")));
    assert!(look(&[("HEALTHSINK_WEB", "yes")]).unwrap_err().contains("`off` or `require`"));
}

fn write(root: &Path, name: &str, content: &[u8]) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn files_become_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let (dist, out) = (folder.path().join("dist"), folder.path().join("out"));
    let script = b"let a = 1;\n".repeat(1000);
    write(&dist, "index.html", b"<!doctype html>");
    write(&dist, "assets/app.0a1b.js", &script);
    write(&dist, "assets/app.0a1b.js.map", b"{}");
    write(&dist, "assets/dot.png", &[0x89, 0x50]);
    write(&dist, "notes.txt", b"not of the page");
    write(&out, "page/9", b"of the build before");
    embed::write(Some(&dist), "MIT", &out).unwrap();
    let table = fs::read_to_string(out.join("page.rs")).unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.contains("File {")).collect();
    let has = |row: &str, parts: &[&str]| parts.iter().all(|part| row.contains(part));
    assert_eq!(rows.len(), 4, "{table}");
    assert!(has(rows[0], &["\"assets/app.0a1b.js\"", "text/javascript", "is_gzip: true", "/page/0"]), "{table}");
    assert!(has(rows[1], &["\"assets/dot.png\"", "image/png", "is_gzip: false", "/page/1"]), "{table}");
    assert!(has(rows[2], &["\"index.html\"", "text/html", "/page/2"]), "{table}");
    assert!(has(rows[3], &["\"libraries.txt\"", "text/plain", "is_gzip: false", "/page/3"]), "{table}");
    let compressed = fs::read(out.join("page/0")).unwrap();
    let mut text = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&compressed[..]), &mut text).unwrap();
    assert!(text == script && compressed.len() < script.len() / 10);
    assert!(!out.join("page/9").exists());
    embed::write(None, "MIT", &out).unwrap();
    let table = fs::read_to_string(out.join("page.rs")).unwrap();
    assert!(table.matches("File {").count() == 1 && table.contains("\"libraries.txt\""), "{table}");
}

#[test]
fn licences_of_libraries_are_texts_or_names() {
    let folder = tempfile::tempdir().unwrap();
    assert!(libraries::licences(folder.path()).unwrap_err().contains("build/libraries.txt"));
    write(folder.path(), "build/libraries.txt", b"bytes 1.0.0: MIT\n");
    write(folder.path(), "LICENSE-MIT", b"Permission");
    write(folder.path(), "LICENSE-APACHE", b"Apache License");
    let names = libraries::licences(folder.path()).unwrap();
    assert!(["bytes 1.0.0: MIT", "Permission", "Apache License"].iter().all(|part| names.contains(part)), "{names}");
    write(folder.path(), libraries::TEXTS, b"all texts");
    assert_eq!(libraries::licences(folder.path()).unwrap(), "all texts");
}

/// `scripts/bless` writes the list.
#[test]
fn the_list_of_libraries_is_that_of_the_lock_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let (list, lock) = (read("build/libraries.txt"), read("Cargo.lock"));
    let lines: Vec<(&str, &str)> = list.lines().filter_map(|line| line.split_once(": ")).collect();
    for (library, terms) in &lines {
        let (name, version) = library.split_once(' ').unwrap();
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&entry) && !terms.is_empty(), "{library} is not in Cargo.lock: run scripts/bless");
    }
    let manifest = read("Cargo.toml");
    let wanted = manifest.split_once("[dependencies]").unwrap().1.split_once("\n[").unwrap().0;
    for (name, value) in wanted.lines().filter_map(|line| line.split_once(" = ")) {
        let name = value.split_once("package = \"").and_then(|(_, name)| name.split('"').next()).unwrap_or(name);
        let is_listed = lines.iter().any(|(library, _)| library.starts_with(&format!("{name} ")));
        assert!(is_listed || name.starts_with('#'), "{name} is not in build/libraries.txt: run scripts/bless");
    }
}

#[test]
fn a_page_that_cannot_be_embedded_is_an_error() {
    let check = |name: &str, part: &str| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), name, b"x");
        let fault = embed::write(Some(folder.path()), "", &folder.path().join("out")).unwrap_err();
        assert!(fault.contains(part), "{name}: {fault}");
    };
    check("assets/app.js", "has no index.html");
    check("assets/a b.js", "plain names");
    check("assets/a\".js", "plain names");
    check("assets/folder/a.js", "plain names");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "index.html", b"x");
    write(folder.path(), "assets/app.wasm", b"x");
    assert!(embed::write(Some(folder.path()), "", &folder.path().join("out")).unwrap_err().contains("ending"));
}

/// What a developer's tools leave in `web/` causes no build.
#[test]
fn only_sources_are_watched() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["src/main.ts", "package.json", "node_modules/a/index.js", "dist/index.html", "test/a.ts", "README.md"]
    {
        write(folder.path(), name, b"x");
    }
    let inputs = npm::inputs(folder.path());
    assert_eq!(inputs, [folder.path().join("package.json"), folder.path().join("src")]);
    assert!(npm::inputs(&folder.path().join("missing")).is_empty());
}

/// All files of a folder, with the times of their last change.
fn files_of(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_of(&path));
        } else {
            files.push((path.clone(), path.metadata().unwrap().modified().unwrap()));
        }
    }
    files.sort();
    files
}

/// A page with one package, which is a folder. Its build copies a source.
#[test]
fn npm_builds_a_copy_of_the_sources() {
    if !Command::new("npm").arg("--version").output().is_ok_and(|ran| ran.status.success()) {
        return not_run("npm is missing: a build of the page in a copy of its sources");
    }
    let folder = tempfile::tempdir().unwrap();
    let (sources, copy) = (folder.path().join("web"), folder.path().join("out/web"));
    let source = |name: &str, content: &str| write(&sources, name, content.as_bytes());
    // Scripts of packages, which must not run, would fail.
    let scripts = r#"{"build": "node build.mjs", "preinstall": "node -e no", "postinstall": "node -e no"}"#;
    let package = |more: &str| format!(r#"{{"name": "page", "version": "1.0.0", {more} "scripts": {scripts}}}"#);
    source("package.json", &package(r#""dependencies": {"part": "file:part"},"#));
    source("part/package.json", &package(""));
    let lock = r#"{"name": "page", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {
        "": {"name": "page", "version": "1.0.0", "hasInstallScript": true, "dependencies": {"part": "file:part"}},
        "node_modules/part": {"resolved": "part", "link": true},
        "part": {"name": "page", "version": "1.0.0", "hasInstallScript": true}}}"#;
    source("package-lock.json", lock);
    source(
        "build.mjs",
        "import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
        mkdirSync('dist');
        writeFileSync('dist/index.html', readFileSync('src/page.html'));",
    );
    source("src/page.html", "<p>one");
    source("test/page.test.ts", "of no page");
    source("node_modules/left/index.js", "of a developer");
    source("dist/index.html", "of a developer");
    let before = files_of(&sources);
    let page = || fs::read_to_string(npm::build(&sources, &copy).unwrap().join("index.html")).unwrap();
    assert_eq!(page(), "<p>one");
    assert_eq!(files_of(&sources), before, "the sources are only read");
    let installed = copy.join("node_modules/.installed-from");
    let is_left_out = |name: &str| !copy.join(name).exists();
    assert!(is_left_out("test") && is_left_out("node_modules/left"), "{:?}", files_of(&copy));
    let installed_at = || installed.metadata().unwrap().modified().unwrap();
    let first = installed_at();
    source("src/page.html", "<p>two");
    assert_eq!((page(), installed_at()), ("<p>two".to_owned(), first), "the list of packages is the same");
    source("package-lock.json", &format!("{lock}\n"));
    assert_eq!(page(), "<p>two");
    assert_ne!(installed_at(), first, "another list of packages");
    fs::remove_file(sources.join("src/page.html")).unwrap();
    let fault = npm::build(&sources, &copy).unwrap_err();
    for part in ["`npm run build` failed in a copy of web/", "HEALTHSINK_WEB=off", "page.html"] {
        assert!(fault.contains(part), "{part}: {fault}");
    }
}
