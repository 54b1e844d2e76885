//! The files of an input: one file, a folder, or an archive that is read in place.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::observer::{Observed, Observer};
use super::skipped::{SkippedFile, SkippedFiles, in_cloud, is_in_cloud};
use super::stdin::Stdin;
use crate::formats::charset::to_utf8;
use crate::formats::encoding::Coding;
use crate::formats::unpacking::{Unpacked, count_packed};
use crate::formats::zip::Archive;
use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::limits::{ARCHIVE_MEMBERS_MAX, FOLDERS_NESTED_MAX, READ_BUFFER_BYTES};
use crate::store::Database;

/// Bytes from which a coding is recognised.
const CODING_BYTES: usize = 4;

/// Files and how to open them. `F` is the contents of an archive.
pub(super) enum Container<F = Arc<File>> {
    /// Standard input.
    Stdin,
    /// One file that is not an archive.
    File(PathBuf),
    /// All files of a folder.
    Folder(Listing),
    /// The members of an archive.
    Archive(F, Archive),
}

/// The files of a folder and of the folders in it.
#[derive(Default)]
pub(super) struct Listing {
    /// Paths, each with its name relative to the folder.
    files: Vec<(String, PathBuf)>,
    skipped: SkippedFiles,
    /// The error of the first folder that cannot be listed.
    failed: Option<Error>,
}

impl Container {
    /// Opens a path; `-` is standard input. The files of the database are never opened: closing one would drop SQLite's locks.
    pub(super) fn open(path: &Path, database: &Database) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdin);
        }
        // The report names the path.
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::new(ErrorKind::Io, "there is no such file or folder"),
            _ => Error::new(ErrorKind::Io, format!("it cannot be read: {error}")),
        };
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            let mut listing = Listing::default();
            listing.add(path, database, "", 0).map_err(unreadable)?;
            listing.files.sort_unstable();
            return Ok(Self::Folder(listing));
        }
        if database.has_file(path) {
            let message = "it is of the database that is imported into; name an export's file";
            return Err(Error::usage(message));
        }
        if path.file_name().and_then(|name| name.to_str()).is_some_and(is_in_cloud) {
            return Err(in_cloud());
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let mut head = [0; 4];
        let is_file = file.metadata().map_err(unreadable)?.is_file();
        if is_file && file.read_exact(&mut head).is_ok() && (head == *b"PK\x03\x04" || head == *b"PK\x05\x06") {
            let file = Arc::new(file);
            let archive = Archive::open(&file)?;
            return Ok(Self::Archive(file, archive));
        }
        Ok(Self::File(path.to_owned()))
    }

    /// Bytes to read, or none if a stream hides them.
    pub(super) fn bytes(&self) -> Option<u64> {
        let length = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|file| file.len());
        match self {
            Self::Stdin => None,
            Self::File(path) => length(path),
            Self::Folder(listing) => Some(listing.files.iter().filter_map(|(_, path)| length(path)).sum()),
            Self::Archive(file, _) => file.metadata().ok().map(|file| file.len()),
        }
    }
}

impl<F: Read + Seek + Clone> Container<F> {
    /// Whether its files can be opened again, unlike a pipe.
    pub(super) fn can_be_read_twice(&self) -> bool {
        match self {
            Self::Stdin => false,
            Self::File(path) => path.is_file(),
            Self::Folder(..) | Self::Archive(..) => true,
        }
    }

    /// Names of the files; a single file has an empty one. Its position in this list identifies a file.
    pub(super) fn files(&self) -> Vec<&str> {
        match self {
            Self::Stdin | Self::File(_) => vec![""],
            Self::Folder(listing) => listing.files.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Archive(_, archive) => archive.members.iter().map(|member| member.name.as_str()).collect(),
        }
    }

    /// Files that are not read.
    pub(super) fn skipped(&self) -> SkippedFiles {
        if let Self::Folder(listing) = self { listing.skipped.clone() } else { SkippedFiles::default() }
    }

    /// Why a part of a folder cannot be listed.
    pub(super) fn failed(&self) -> Option<Error> {
        if let Self::Folder(listing) = self { listing.failed.clone() } else { None }
    }

    /// Whether a file's name is only guessed, since its archive does not declare the character set.
    pub(super) fn is_name_guessed(&self, file: usize) -> bool {
        match self {
            Self::Stdin | Self::File(_) => false,
            Self::Folder(listing) => listing.files.get(file).is_some_and(|(name, _)| name.contains('\u{fffd}')),
            Self::Archive(_, archive) => archive.members.get(file).is_some_and(|member| member.is_name_guessed),
        }
    }

    /// The path of a file, if the container is a folder.
    pub(super) fn path(&self, file: usize) -> Option<&Path> {
        if let Self::Folder(listing) = self { listing.files.get(file).map(|(_, path)| path.as_path()) } else { None }
    }

    /// The offset at which the archive is truncated, if it is.
    pub(super) fn truncated_at(&self) -> Option<u64> {
        if let Self::Archive(_, archive) = self { archive.cut } else { None }
    }

    /// Opens a file, decompresses it, and recodes text to UTF-8.
    pub(super) fn read<'a>(&'a self, file: usize, observer: &'a dyn Observer) -> Result<Box<dyn BufRead + 'a>> {
        let open = |path: &Path| -> Result<Box<dyn Read + 'a>> {
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            Ok(Box::new(Observed { source: file, observer }))
        };
        let missing = || Error::new(ErrorKind::Io, "no such file");
        let source: Box<dyn Read + 'a> = match self {
            Self::Stdin => Box::new(Stdin::start(observer)?),
            Self::File(path) => open(path)?,
            Self::Folder(_) => open(self.path(file).ok_or_else(missing)?)?,
            Self::Archive(contents, archive) => {
                archive.read(contents.clone(), file, |source| Box::new(Observed { source, observer }))?
            }
        };
        let (coding, source) = sniff(BufReader::with_capacity(READ_BUFFER_BYTES, source)).map_err(from_io)?;
        if coding == Coding::Identity {
            return to_utf8(source);
        }
        let (packed, taken) = count_packed(source);
        let contents = Unpacked::new(coding.decode(packed, u64::MAX)?, taken);
        to_utf8(Box::new(BufReader::with_capacity(READ_BUFFER_BYTES, contents)))
    }
}

/// Recognises the coding of a source, also if its first read returns only one byte.
fn sniff<'a>(mut source: impl BufRead + 'a) -> io::Result<(Coding, Box<dyn BufRead + 'a>)> {
    let start = loop {
        match source.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if start.len() >= CODING_BYTES {
        return Ok((Coding::sniff(start), Box::new(source)));
    }
    let mut start = Vec::with_capacity(CODING_BYTES);
    io::copy(&mut source.by_ref().take(CODING_BYTES as u64), &mut start)?;
    Ok((Coding::sniff(&start), Box::new(io::Cursor::new(start).chain(source))))
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read {}: {error}", path.display()))
}

impl Listing {
    /// Adds the files of a folder and of the folders in it. It follows no link to a folder and opens no pipe or device.
    fn add(&mut self, folder: &Path, database: &Database, prefix: &str, depth: u32) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            let name = [prefix, &*name.to_string_lossy()].concat();
            let is_link = entry.file_type()?.is_symlink();
            // A dangling link counts as a file, and reading it fails.
            let kind = fs::metadata(&path).map(|metadata| metadata.file_type());
            match kind {
                Ok(kind) if kind.is_dir() && is_link => self.skipped.add(SkippedFile::LinkToFolder, &name),
                Ok(kind) if kind.is_dir() && depth >= FOLDERS_NESTED_MAX => {
                    self.skipped.add(SkippedFile::NestedFolder, &name)
                }
                Ok(kind) if kind.is_dir() => match self.add(&path, database, &[&name, "/"].concat(), depth + 1) {
                    // There are too many files.
                    Err(error) if error.kind() == io::ErrorKind::Other => return Err(error),
                    Err(error) => {
                        self.failed.get_or_insert_with(|| unreadable(&path, &error));
                        self.skipped.add(SkippedFile::Unreadable, &name);
                    }
                    Ok(()) => {}
                },
                Ok(kind) if !kind.is_file() => self.skipped.add(SkippedFile::NoFile, &name),
                _ if database.has_file(&path) => self.skipped.add(SkippedFile::OwnDatabase, &name),
                _ if self.files.len() as u64 >= ARCHIVE_MEMBERS_MAX => {
                    return Err(io::Error::other(format!(
                        "it holds more than {ARCHIVE_MEMBERS_MAX} files; import its folders one by one"
                    )));
                }
                _ => self.files.push((name, path)),
            }
        }
        Ok(())
    }
}
