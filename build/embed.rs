//! Compresses the files of a page and writes the table of them, which `src/serve/page/files.rs` includes.
//!
//! They are compressed here and not by Node, so that a page from `web/dist` needs no Node.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::fs;
use std::hash::Hasher;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::ladder::INDEX;
use super::libraries::LIBRARIES;

/// Files of a page with a fixed name.
const NAMED: [&str; 6] = [INDEX, "docs.html", "licences.html", "licences.txt", "manifest.webmanifest", "sw.js"];

/// The folder of all others, whose names have a hash of their content.
const ASSETS: &str = "assets";

/// All files together, compressed: the program stays small.
const PAGE_BYTES_MAX: usize = 3 << 20;

/// Writes the table of a page's files, and the licences of the program's libraries, which every build has.
pub(crate) fn write(dist: Option<&Path>, libraries: &str, out: &Path) -> Result<(), String> {
    let folder = out.join("page");
    let fail = |error: std::io::Error| format!("cannot write to {}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(fail)?;
    }
    fs::create_dir_all(&folder).map_err(fail)?;
    let (mut rows, mut total) = (String::new(), 0);
    let mut names = dist.map(names).transpose()?.unwrap_or_default();
    names.push(LIBRARIES.to_owned());
    names.sort();
    for (number, name) in names.iter().enumerate() {
        let path = dist.unwrap_or(out).join(name);
        let bytes = if name == LIBRARIES {
            libraries.as_bytes().to_vec()
        } else {
            fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?
        };
        let content_type =
            content_type(name).ok_or_else(|| format!("{}: what is a file with this ending?", path.display()))?;
        let (is_gzip, content) = compressed(&bytes);
        fs::write(folder.join(number.to_string()), &content).map_err(fail)?;
        total += content.len();
        // Writing to a string cannot fail.
        let _ = writeln!(
            rows,
            "    File {{ name: {name:?}, content_type: {content_type:?}, tag: \"{tag:016x}\", is_gzip: {is_gzip}, \
             content: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/page/{number}\")) }},",
            tag = tag(&bytes),
        );
    }
    if total > PAGE_BYTES_MAX {
        return Err(format!("the page has {total} bytes, compressed; at most {PAGE_BYTES_MAX} are embedded"));
    }
    fs::write(out.join("page.rs"), format!("&[\n{rows}]\n")).map_err(fail)
}

/// The files to embed, by their paths in the folder.
pub(crate) fn names(dist: &Path) -> Result<Vec<String>, String> {
    let mut names: Vec<String> =
        NAMED.iter().filter(|name| dist.join(name).is_file()).map(|&name| name.into()).collect();
    for entry in fs::read_dir(dist.join(ASSETS)).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_plain) || !entry.path().is_file() {
            return Err(format!("{}: assets are files with plain names", entry.path().display()));
        }
        // Maps are for the browser of a developer.
        if !name.ends_with(".map") {
            names.push(format!("{ASSETS}/{name}"));
        }
    }
    if !names.iter().any(|name| name == INDEX) {
        return Err(format!("{} has no {INDEX}", dist.display()));
    }
    names.sort();
    Ok(names)
}

/// The type of a file, by its ending.
pub(crate) fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

/// A file as it is embedded, and whether that is gzip: pictures do not shrink.
fn compressed(bytes: &[u8]) -> (bool, Vec<u8>) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let gzip = encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default();
    if !gzip.is_empty() && gzip.len() < bytes.len() { (true, gzip) } else { (false, bytes.to_vec()) }
}

/// The same for the same content. Nobody gains from two files with one tag, so this need not be cryptographic.
fn tag(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
