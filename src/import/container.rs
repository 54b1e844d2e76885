//! Where an import's files are: one file, a folder, or an archive that is read in place.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::formats::encoding::Coding;
use crate::formats::unpacking::{Unpacked, pair};
use crate::formats::zip::Archive;
use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::limits::{ARCHIVE_MEMBERS_MAX, READ_BUFFER_BYTES};
use crate::progress::Progress;

/// Bytes that tell a coding.
const CODING_BYTES: usize = 4;

/// Folders within folders that are looked into.
const FOLDERS_MAX: u32 = 16;

/// Files and how to open them. `F` is where an archive lies.
pub(super) enum Container<F = Arc<File>> {
    /// Standard input.
    Stdin,
    /// One file that is no archive.
    File(PathBuf),
    /// All files of a folder.
    Folder(Listing),
    /// The members of an archive.
    Archive(F, Archive),
}

/// What is in a folder.
#[derive(Default)]
pub(super) struct Listing {
    /// Files by their names from the folder on.
    files: Vec<(String, PathBuf)>,
    /// What is left out, with the reason.
    left: Vec<&'static str>,
}

impl Container {
    /// Opens what a path names.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdin);
        }
        let unreadable = |error: io::Error| unreadable(path, &error);
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            let mut listing = Listing::default();
            listing.add(path, "", 0).map_err(unreadable)?;
            listing.files.sort_unstable();
            return Ok(Self::Folder(listing));
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

    /// Whether its files can be opened again: a pipe cannot.
    pub(super) fn can_be_read_twice(&self) -> bool {
        match self {
            Self::Stdin => false,
            Self::File(path) => path.is_file(),
            Self::Folder(..) | Self::Archive(..) => true,
        }
    }

    /// Bytes to be read, as far as they are known.
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
    /// Names of the files within; one without a name if it is one file. A file is read by its place among them.
    pub(super) fn files(&self) -> Vec<&str> {
        match self {
            Self::Stdin | Self::File(_) => vec![""],
            Self::Folder(listing) => listing.files.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Archive(_, archive) => archive.members.iter().map(|member| member.name.as_str()).collect(),
        }
    }

    /// Reasons of what is left out.
    pub(super) fn left(&self) -> &[&'static str] {
        if let Self::Folder(listing) = self { &listing.left } else { &[] }
    }

    /// The path of a file of a folder.
    pub(super) fn path(&self, file: usize) -> Option<&Path> {
        if let Self::Folder(listing) = self { listing.files.get(file).map(|(_, path)| path.as_path()) } else { None }
    }

    /// Where the archive is cut, if it is.
    pub(super) fn cut(&self) -> Option<u64> {
        if let Self::Archive(_, archive) = self { archive.cut } else { None }
    }

    /// The contents of a file, decompressed.
    pub(super) fn read<'a>(&'a self, file: usize, progress: &Progress) -> Result<Box<dyn BufRead + 'a>> {
        let open = |path: &Path| -> Result<Box<dyn Read>> {
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            Ok(Box::new(progress.watch(file)))
        };
        let missing = || Error::new(ErrorKind::Io, "no such file");
        let source: Box<dyn Read + 'a> = match self {
            Self::Stdin => Box::new(progress.watch(io::stdin())),
            Self::File(path) => open(path)?,
            Self::Folder(_) => open(self.path(file).ok_or_else(missing)?)?,
            Self::Archive(contents, archive) => {
                archive.read(contents.clone(), file, |packed| Box::new(progress.watch(packed)))?
            }
        };
        let (coding, source) = sniff(BufReader::with_capacity(READ_BUFFER_BYTES, source)).map_err(from_io)?;
        if coding == Coding::Identity {
            return Ok(source);
        }
        let (packed, taken) = pair(source);
        let contents = Unpacked::new(coding.decode(packed, u64::MAX)?, taken);
        Ok(Box::new(BufReader::with_capacity(READ_BUFFER_BYTES, contents)))
    }
}

/// The coding of a source, however few bytes its first read brings.
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
    /// Lists the files of a folder and of those within it. Links to folders are not followed, pipes and devices not opened.
    fn add(&mut self, folder: &Path, prefix: &str, depth: u32) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            let name = [prefix, &*name.to_string_lossy()].concat();
            let is_link = entry.file_type()?.is_symlink();
            // A link that leads nowhere is a file that cannot be read.
            let kind = fs::metadata(&path).map(|metadata| metadata.file_type());
            match kind {
                Ok(kind) if kind.is_dir() && is_link => self.left.push("file: a link to a folder"),
                Ok(kind) if kind.is_dir() && depth >= FOLDERS_MAX => {
                    self.left.push("file: a folder in too many others")
                }
                Ok(kind) if kind.is_dir() => self.add(&path, &[&name, "/"].concat(), depth + 1)?,
                Ok(kind) if !kind.is_file() => self.left.push("file: a pipe or a device"),
                _ if self.files.len() as u64 >= ARCHIVE_MEMBERS_MAX => {
                    return Err(io::Error::other(format!("it holds more than {ARCHIVE_MEMBERS_MAX} files")));
                }
                _ => self.files.push((name, path)),
            }
        }
        Ok(())
    }
}
