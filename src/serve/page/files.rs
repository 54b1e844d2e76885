//! The files of the page, as the build script has embedded them. A build without the page has none.

/// A file of the page.
pub(in crate::serve) struct File {
    /// Its path in the folder of the page.
    pub(super) name: &'static str,
    pub(super) content_type: &'static str,
    /// Differs with the content.
    pub(super) tag: &'static str,
    /// Whether `content` is compressed.
    pub(super) is_gzip: bool,
    pub(super) content: &'static [u8],
}

/// All files, in the order of their names, and the licences of libraries.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The file with this name.
pub(in crate::serve) fn file(name: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.name.cmp(name)).ok().map(|at| &FILES[at])
}

/// Whether the program has the whole page or the plain one only, in the words of the API.
pub(in crate::serve) fn word() -> &'static str {
    if file("index.html").is_some() { "full" } else { "basic" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_found() {
        assert!(FILES.is_sorted_by_key(|file| file.name));
        assert!(FILES.iter().all(|own| file(own.name).is_some_and(|found| found.tag == own.tag)));
        for name in ["", "assets", "assets/", "../Cargo.toml", "index.html/"] {
            assert!(file(name).is_none(), "{name}");
        }
        let libraries = file("libraries.txt").expect("every build has the licences of its libraries");
        assert!(libraries.is_gzip && libraries.content.len() < 100_000);
    }
}
