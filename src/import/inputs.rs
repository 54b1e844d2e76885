//! Sorts the files of a container into jobs: each `export.xml` is one upload with the files beside it, each JSON document
//! another.

use std::io::{Read, Seek};

use super::container::Container;
use super::observer::Unobserved;
use super::skipped::{SkippedFile, SkippedFiles, in_cloud, is_in_cloud};
use crate::formats::sniff::{Format, peek, sniff_on};
use crate::model::error::{Error, from_io};
use crate::model::limits::SNIFF_BYTES;

/// A file of a container.
#[derive(Clone, Debug)]
pub(super) struct InputFile {
    /// Its position in the container.
    pub(super) position: usize,
    /// Its name within the container.
    pub(super) name: String,
    /// Whether its archive does not declare the character set of the name.
    pub(super) is_name_guessed: bool,
    pub(super) format: Format,
}

/// The parts of one upload.
#[derive(Clone, Copy, Debug)]
pub(super) enum Job<'a> {
    /// The only file of the input, whose format shows as it is read.
    Single,
    /// A JSON document.
    Document(&'a InputFile),
    /// Apple's export: `export.xml` first, if there is one, then the files that belong to it.
    Export(&'a [InputFile]),
}

/// The files of a container, sorted.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    documents: Vec<InputFile>,
    exports: Vec<Vec<InputFile>>,
    /// Archives in a folder, by their positions.
    pub(super) archives: Vec<usize>,
    pub(super) skipped: SkippedFiles,
    /// The error of the first file that could not be read.
    pub(super) failed: Option<Error>,
}

impl Inputs {
    /// Looks at the first bytes of each file.
    pub(super) fn sort<F: Read + Seek + Clone>(container: &Container<F>) -> Self {
        let mut inputs = Self { skipped: container.skipped(), failed: container.failed(), ..Self::default() };
        let mut companions = Vec::new();
        for (position, name) in container.files().into_iter().enumerate() {
            if name.split('/').any(|part| part == "__MACOSX" || part.starts_with("._") || part == ".DS_Store") {
                inputs.skipped.add(SkippedFile::OfMacOs, name);
                continue;
            }
            if name.rsplit('/').next().is_some_and(is_in_cloud) {
                inputs.failed.get_or_insert_with(|| in_cloud().at(None, Some(name), None));
                inputs.skipped.add(SkippedFile::InCloud, name);
                continue;
            }
            let head =
                container.read(position, &Unobserved).and_then(|source| peek(source, SNIFF_BYTES).map_err(from_io));
            let format = match head {
                Ok((head, _)) if head.is_empty() => {
                    inputs.skipped.add(SkippedFile::Empty, name);
                    continue;
                }
                Ok((head, _)) => sniff_on(&head, || container.read(position, &Unobserved)),
                Err(error) => Err(error),
            };
            let format = match format {
                Ok(format) => format,
                Err(error) => {
                    inputs.failed.get_or_insert(error.at(None, Some(name), None));
                    inputs.skipped.add(SkippedFile::Unreadable, name);
                    continue;
                }
            };
            let is_name_guessed = container.is_name_guessed(position);
            let file = InputFile { position, name: name.to_owned(), is_name_guessed, format };
            match format {
                Format::AppleXml => inputs.exports.push(vec![file]),
                Format::Gpx | Format::Ecg | Format::Fhir => companions.push(file),
                Format::Payload | Format::AutoExport => inputs.documents.push(file),
                Format::Zip if container.path(position).is_some() => inputs.archives.push(position),
                Format::Zip => inputs.skipped.add(SkippedFile::NestedArchive, name),
                Format::AppleCda => inputs.skipped.add(SkippedFile::ClinicalDocument, name),
                Format::Unknown => inputs.skipped.add(SkippedFile::Unknown, name),
            }
        }
        for file in companions {
            inputs.add_to_export(file);
        }
        inputs
    }

    /// Adds a file to the export in the nearest folder around it; files without an export form one together.
    fn add_to_export(&mut self, file: InputFile) {
        let folder = |name: &str| name.rfind('/').map_or(0, |end| end + 1);
        let depth = |export: &[InputFile]| {
            let xml = export.first().filter(|first| first.format == Format::AppleXml)?;
            let folder = &xml.name[..folder(&xml.name)];
            file.name.starts_with(folder).then_some(folder.len())
        };
        let depths = self.exports.iter().enumerate().filter_map(|(index, export)| Some((depth(export)?, index)));
        // The first of several in one folder.
        let nearest = depths.max_by_key(|(depth, index)| (*depth, usize::MAX - index));
        let orphans = self.exports.iter().position(|export| export[0].format != Format::AppleXml);
        match nearest.map(|(_, index)| index).or(orphans) {
            Some(index) => self.exports[index].push(file),
            None => self.exports.push(vec![file]),
        }
    }

    /// Whether nothing in the container can be imported.
    pub(super) fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.exports.is_empty() && self.archives.is_empty()
    }

    /// The jobs, each with the name of its upload; `input` names the container.
    pub(super) fn jobs(&self, input: &str) -> impl Iterator<Item = (String, Job<'_>)> {
        let within = move |file: &InputFile| [input, "/", &file.name].concat();
        // A single export bears the name of its container.
        let is_single = self.exports.len() == 1;
        let documents = self.documents.iter().map(move |file| (within(file), Job::Document(file)));
        let exports = self.exports.iter().map(move |files| {
            let name = if is_single { input.to_owned() } else { within(&files[0]) };
            (name, Job::Export(files))
        });
        documents.chain(exports)
    }
}
