//! A body on the disk while it is read twice. Its file has no name, so nothing of it stays, whatever happens.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use super::database::Database;
use super::files::suffixed;
use super::private;
use crate::model::batch::Overflow;
use crate::model::error::{Error, ErrorKind, Result, from_io, into_io};
use crate::model::limits::{READ_BUFFER_BYTES, SPOOL_BUFFER_BYTES, SPOOL_BYTES_MAX};

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Spool(File);

/// Reads a spool from its beginning. Each reader has its own place.
#[derive(Debug)]
pub(crate) struct SpoolReader<'s> {
    file: &'s File,
    at: u64,
}

impl Spool {
    /// Makes a file beside the database, where health data may be.
    pub(crate) fn beside(database: &Database) -> Result<Self> {
        static SPOOLS: AtomicU64 = AtomicU64::new(0);
        let number = SPOOLS.fetch_add(1, Ordering::Relaxed);
        let path = suffixed(database.path(), format!("-spool-{}-{number}", std::process::id()));
        let file = private::create_new(&path).map_err(|error| unwritable(&error))?;
        fs::remove_file(&path).map_err(|error| unwritable(&error))?;
        Ok(Self(file))
    }

    /// Appends a source to its end, or as far as it can be read and stored.
    pub(crate) fn fill(&self, mut source: impl Read) -> Result<()> {
        let mut file = &self.0;
        let mut written = file.seek(SeekFrom::End(0)).map_err(|error| unwritable(&error))?;
        let mut buf = vec![0; READ_BUFFER_BYTES];
        loop {
            let bytes = match source.read(&mut buf) {
                Ok(0) => return Ok(()),
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(from_io(error).at(Some(written), None, None)),
            };
            if written + bytes as u64 > SPOOL_BYTES_MAX {
                let message = format!(
                    "JSON of Health Auto Export may have {SPOOL_BYTES_MAX} bytes by HTTP; send a shorter range, or save it and \
                     import the file"
                );
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            file.write_all(&buf[..bytes]).map_err(|error| unwritable(&error))?;
            written += bytes as u64;
        }
    }

    /// Reads it from its beginning.
    pub(crate) fn reader(&self) -> BufReader<SpoolReader<'_>> {
        BufReader::with_capacity(SPOOL_BUFFER_BYTES, SpoolReader { file: &self.0, at: 0 })
    }
}

impl Read for SpoolReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file;
        let read = file.seek(SeekFrom::Start(self.at)).and_then(|_| file.read(out));
        let bytes = read.map_err(|error| {
            into_io(Error::new(ErrorKind::Store, format!("cannot read what was kept beside the database: {error}")))
        })?;
        self.at += bytes as u64;
        Ok(bytes)
    }
}

/// Keeps an element that is too long for memory in a spool, which is made when the first one comes.
#[derive(Debug)]
pub(crate) struct SpoolOverflow {
    database: Database,
    spool: Option<Spool>,
}

impl SpoolOverflow {
    pub(crate) fn beside(database: &Database) -> Self {
        Self { database: database.clone(), spool: None }
    }
}

impl Overflow for SpoolOverflow {
    fn append(&mut self, part: &[u8]) -> Result<()> {
        let spool = match self.spool.take() {
            Some(spool) => spool,
            None => Spool::beside(&self.database)?,
        };
        let mut file = &self.spool.insert(spool).0;
        file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(part)).map_err(|error| unwritable(&error))
    }

    fn clear(&mut self) {
        // Its space is freed also if it cannot be made empty.
        self.spool = self.spool.take().filter(|spool| spool.0.set_len(0).is_ok());
    }

    fn reader(&self) -> Box<dyn Read + '_> {
        match &self.spool {
            Some(spool) => Box::new(spool.reader()),
            None => Box::new(io::empty()),
        }
    }
}

fn unwritable(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::new(ErrorKind::Full, "the disk is full; free some space and try again (committed rows are kept)")
        }
        _ => Error::new(ErrorKind::Store, format!("cannot keep the body beside the database: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_is_read_twice_at_once_and_has_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::beside(&Database::new(folder.path().join("health.db"))).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let body: Vec<u8> = (0..3 * READ_BUFFER_BYTES).map(|byte| byte.to_le_bytes()[0]).collect();
        spool.fill(&body[..]).unwrap();
        let (mut one, mut other) = (spool.reader(), spool.reader());
        let (mut begin, mut all) = (vec![0; READ_BUFFER_BYTES + 1], Vec::new());
        one.read_exact(&mut begin).unwrap();
        io::copy(&mut other, &mut all).unwrap();
        io::copy(&mut one, &mut begin).unwrap();
        assert!(all == body && begin == body);
    }

    #[test]
    fn an_overflow_is_read_as_often_as_wanted_and_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut overflow = SpoolOverflow::beside(&Database::new(folder.path().join("health.db")));
        let check = |overflow: &SpoolOverflow, expected: &str| {
            for _ in 0..2 {
                assert_eq!(io::read_to_string(overflow.reader()).unwrap(), expected);
            }
        };
        check(&overflow, "");
        for parts in [["one", "two"], ["three", ""]] {
            parts.iter().for_each(|part| overflow.append(part.as_bytes()).unwrap());
            check(&overflow, &parts.concat());
            overflow.clear();
            check(&overflow, "");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
