//! The files of a folder or an archive, by what is done with them: each `export.xml` is an upload with the files that stand
//! beside it, each JSON document one of its own.

use std::io::{Read, Seek};

use super::container::Container;
use crate::formats::sniff::{Format, peek, sniff};
use crate::model::error::{Error, from_io};
use crate::progress::Progress;

/// A file, by its place in the container.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) place: usize,
    pub(super) name: String,
    pub(super) format: Format,
}

/// The files of a container.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Exports of Apple's: `export.xml` first, if there is one, then what belongs to it.
    pub(super) exports: Vec<Vec<File>>,
    /// JSON documents.
    pub(super) documents: Vec<File>,
    /// Archives in a folder.
    pub(super) archives: Vec<File>,
    /// Why others are left out.
    pub(super) left: Vec<&'static str>,
    /// What is wrong with the first that could not be read.
    pub(super) failed: Option<Error>,
}

impl Files {
    pub(super) fn sort<F: Read + Seek + Clone>(container: &Container<F>) -> Self {
        let mut files = Self { left: container.left().to_vec(), ..Self::default() };
        let (mut beside, hidden) = (Vec::new(), Progress::new("", None));
        for (place, name) in container.files().into_iter().enumerate() {
            if name.split('/').any(|part| part == "__MACOSX" || part.starts_with("._") || part == ".DS_Store") {
                files.left.push("file: of macOS, not of the export");
                continue;
            }
            let head = container.read(place, &hidden).and_then(|source| peek(source).map_err(from_io));
            let format = match head {
                Ok((head, _)) => sniff(&head),
                Err(error) => {
                    files.failed.get_or_insert(error.at(None, Some(name), None));
                    files.left.push("file: it cannot be read");
                    continue;
                }
            };
            let file = File { place, name: name.to_owned(), format };
            match format {
                Format::AppleXml => files.exports.push(vec![file]),
                Format::Gpx | Format::Ecg | Format::Fhir => beside.push(file),
                Format::Payload | Format::AutoExport => files.documents.push(file),
                Format::Zip if container.path(place).is_some() => files.archives.push(file),
                Format::Zip => files.left.push("file: an archive within another: unpack it"),
                Format::AppleCda => files.left.push("file: Apple's copy of some of export.xml as a clinical document"),
                Format::Utf16 => files.left.push("file: text in UTF-16: save it as UTF-8"),
                Format::Unknown => files.left.push("file: of a kind that is not known"),
            }
        }
        for file in beside {
            files.beside(file);
        }
        files
    }

    /// Puts a file to the export in the nearest folder around it.
    fn beside(&mut self, file: File) {
        let folder = |name: &str| name.rfind('/').map_or(0, |end| end + 1);
        let depth = |export: &[File]| {
            let xml = export.first().filter(|first| first.format == Format::AppleXml)?;
            let folder = &xml.name[..folder(&xml.name)];
            file.name.starts_with(folder).then_some(folder.len())
        };
        let depths = self.exports.iter().enumerate().filter_map(|(place, export)| Some((depth(export)?, place)));
        // Of several in one folder the first.
        let nearest = depths.max_by_key(|(depth, place)| (*depth, usize::MAX - place));
        let orphans = self.exports.iter().position(|export| export[0].format != Format::AppleXml);
        match nearest.map(|(_, place)| place).or(orphans) {
            Some(place) => self.exports[place].push(file),
            None => self.exports.push(vec![file]),
        }
    }
}
