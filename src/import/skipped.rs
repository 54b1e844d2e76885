//! Files of an input that are not read, by their reasons.

use crate::model::error::{Error, ErrorKind};
use crate::model::limits::FILES_NAMED_MAX;

/// Why a file is not read.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum SkippedFile {
    LinkToFolder,
    NestedFolder,
    NoFile,
    OwnDatabase,
    OfMacOs,
    InCloud,
    Unreadable,
    NestedArchive,
    ClinicalDocument,
    Empty,
    Unknown,
}

impl SkippedFile {
    /// The reason as the account names it.
    fn reason(self) -> &'static str {
        match self {
            Self::LinkToFolder => "file: a link to a folder",
            Self::NestedFolder => "file: a folder in too many others",
            Self::NoFile => "file: a pipe or a device",
            Self::OwnDatabase => "file: the database that is imported into",
            Self::OfMacOs => "file: of macOS, not of the export",
            Self::InCloud => "file: in iCloud, not on this computer",
            Self::Unreadable => "file: it cannot be read",
            Self::NestedArchive => "file: an archive within another, unpack it",
            Self::ClinicalDocument => "file: Apple's copy of some of export.xml as a clinical document",
            Self::Empty => "file: it is empty",
            Self::Unknown => "file: of an unknown kind",
        }
    }

    /// Whether its owner may miss it.
    fn is_named(self) -> bool {
        !matches!(self, Self::OwnDatabase | Self::OfMacOs | Self::ClinicalDocument)
    }
}

/// Files that are not read.
#[derive(Clone, Debug, Default)]
pub(super) struct SkippedFiles {
    named: Vec<(SkippedFile, String)>,
    /// How many further ones there are.
    counted: Vec<(SkippedFile, u64)>,
}

impl SkippedFiles {
    /// Adds a file. The first ones are reported with their names.
    pub(super) fn add(&mut self, why: SkippedFile, name: &str) {
        if why.is_named() && self.named.len() < FILES_NAMED_MAX {
            // The end of a path says more than its beginning.
            let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
            return self.named.push((why, format!("{name:.64}")));
        }
        match self.counted.iter_mut().find(|(counted, _)| *counted == why) {
            Some((_, count)) => *count += 1,
            None => self.counted.push((why, 1)),
        }
    }

    /// Reasons as the account names them, with the numbers of files.
    pub(super) fn reasons(&self) -> impl Iterator<Item = (String, u64)> {
        let named = self.named.iter().map(|(why, name)| (format!("{}: {name}", why.reason()), 1));
        named.chain(self.counted.iter().map(|(why, count)| (why.reason().to_owned(), *count)))
    }
}

/// Whether a file stands for one that macOS keeps in iCloud, by its name.
pub(super) fn is_in_cloud(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".icloud")
}

/// The error of a file that is not there.
pub(super) fn in_cloud() -> Error {
    Error::new(ErrorKind::Io, "it is in iCloud, not on this computer: open it in Finder to download it")
}
