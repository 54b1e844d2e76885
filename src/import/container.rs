//! Where an import's files are: one file, a folder, or an archive that is read in place.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{Archive, Member};
use super::bounds::{Unpacked, pair};
use super::progress::Progress;
use crate::encoding::Coding;
use crate::error::{Error, ErrorKind, Result, from_io};
use crate::limits::{ARCHIVE_MEMBERS_MAX, READ_BUFFER_BYTES};

/// Folders within folders that are looked into.
const FOLDERS_MAX: u32 = 8;

/// Files and how to open them. `F` is where an archive lies.
pub(super) enum Container<F = Arc<File>> {
    /// Standard input.
    Stdin,
    /// One file that is no archive.
    File(PathBuf),
    /// All files of a folder.
    Folder(PathBuf, Vec<String>),
    /// The members of an archive.
    Archive(F, Archive),
}

impl Container {
    /// Opens what a path names.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdin);
        }
        let unreadable = |error: io::Error| unreadable(path, &error);
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            let mut files = Vec::new();
            list(path, "", 0, &mut files).map_err(unreadable)?;
            files.sort_unstable();
            return Ok(Self::Folder(path.to_owned(), files));
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

    /// Bytes to be read, as far as they are known.
    pub(super) fn bytes(&self) -> Option<u64> {
        let length = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|file| file.len());
        match self {
            Self::Stdin => None,
            Self::File(path) => length(path),
            Self::Folder(path, files) => Some(files.iter().filter_map(|file| length(&path.join(file))).sum()),
            Self::Archive(file, _) => file.metadata().ok().map(|file| file.len()),
        }
    }
}

impl<F: Read + Seek + Clone> Container<F> {
    /// Names of the files within; one without a name if it is one file.
    pub(super) fn files(&self) -> Vec<&str> {
        match self {
            Self::Stdin | Self::File(_) => vec![""],
            Self::Folder(_, files) => files.iter().map(String::as_str).collect(),
            Self::Archive(_, archive) => {
                archive.members.iter().filter(|member| !member.is_folder()).map(|member| member.name.as_str()).collect()
            }
        }
    }

    /// Where the archive is cut, if it is.
    pub(super) fn cut(&self) -> Option<u64> {
        if let Self::Archive(_, archive) = self { archive.cut } else { None }
    }

    /// The contents of a file, decompressed.
    pub(super) fn read<'a>(&'a self, name: &str, progress: &Progress) -> Result<Box<dyn BufRead + 'a>> {
        let file = |path: &Path| File::open(path).map_err(|error| unreadable(path, &error));
        let source: Box<dyn Read + 'a> = match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::File(path) => Box::new(file(path)?),
            Self::Folder(path, _) => Box::new(file(&path.join(name))?),
            Self::Archive(file, archive) => {
                let member = archive.members.iter().find(|member| member.name == name);
                let member: &Member = member.ok_or_else(|| Error::new(ErrorKind::Io, "no such member"))?;
                return member.open(file.clone(), |packed| Box::new(progress.watch(packed)));
            }
        };
        let mut source = BufReader::with_capacity(READ_BUFFER_BYTES, progress.watch(source));
        let coding = Coding::sniff(source.fill_buf().map_err(from_io)?);
        if coding == Coding::Identity {
            return Ok(Box::new(source));
        }
        let (packed, taken) = pair(source);
        let contents = Unpacked::new(coding.decode(packed, u64::MAX)?, taken);
        Ok(Box::new(BufReader::with_capacity(READ_BUFFER_BYTES, contents)))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read {}: {error}", path.display()))
}

/// Lists the files of a folder and of those within it; links to folders are not followed.
fn list(root: &Path, prefix: &str, depth: u32, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(prefix))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = if prefix.is_empty() { name } else { [prefix, "/", &name].concat() };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if depth < FOLDERS_MAX {
                list(root, &name, depth + 1, files)?;
            }
        } else if files.len() as u64 >= ARCHIVE_MEMBERS_MAX {
            return Err(io::Error::other(format!("it holds more than {ARCHIVE_MEMBERS_MAX} files")));
        } else {
            files.push(name);
        }
    }
    Ok(())
}
