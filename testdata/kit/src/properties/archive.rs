//! Archives: any split into reads gives the same rows, a sound archive is read to its end, and a cut one is never read as
//! complete.
//!
//! The first byte of an input is its form. `00`: the rest is the archive itself. Otherwise the rest is packed first, since
//! no fuzzer guesses a checksum. Then the second byte says where the archive is cut. FF separates the members, each of which
//! is a name, a line end and its contents.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use healthsink::import::{Tally, read_archive};
use healthsink::model::envelope::Envelope;
use healthsink::model::error::ErrorKind;

use super::reading::Account;
use crate::pieces::{lengths, seed_of};
use crate::transcript::Transcript;
use crate::zip::{Packing, pack};

/// Asserts the property.
pub fn check(input: &[u8]) {
    match input {
        [0, archive @ ..] => drop(in_any_pieces(archive)),
        [control, cut, members @ ..] => {
            let has = |bit: u8| control & bit != 0;
            let packing = Packing { is_deflated: has(1), is_streamed: has(2) && has(1), is_wide: has(4) };
            let members = members.split(|byte| *byte == 0xff).map(|member| {
                let end = member.iter().position(|byte| *byte == b'\n').unwrap_or(member.len());
                (&member[..end], member.get(end + 1..).unwrap_or_default())
            });
            let archive = pack(members, packing);
            if let Ok(uploads) = in_any_pieces(&archive).uploads {
                let is_sound = |upload: &Upload| !matches!(&upload.outcome, Err((ErrorKind::Encoding, _)));
                assert!(uploads.iter().all(is_sound), "nothing is wrong with the archive: {uploads:?}");
            }
            let end = archive.len() * usize::from(*cut) / 256;
            let uploads = in_any_pieces(&archive[..end]).uploads;
            let is_whole = uploads.is_ok_and(|uploads| uploads.iter().all(|upload| upload.outcome.is_ok()));
            assert!(!is_whole, "{end} of {} bytes are taken for the whole archive", archive.len());
        }
        _ => {}
    }
}

/// The outcome of an upload.
#[derive(Debug, PartialEq)]
struct Upload {
    name: String,
    account: Account,
    outcome: Result<Envelope, (ErrorKind, String)>,
    bytes: u64,
}

/// The outcome of an archive.
struct Unpacked {
    transcript: Transcript,
    uploads: Result<Vec<Upload>, String>,
}

impl Unpacked {
    fn of(source: impl Read + Seek + Clone) -> Self {
        let (transcript, uploads) = Transcript::gather(|_, sink| read_archive(source, sink));
        let upload = |(name, tally, decoded): (String, Tally, healthsink::model::batch::Decoded)| Upload {
            name,
            account: Account::of(&tally),
            outcome: decoded.outcome.map_err(|error| (error.kind(), error.to_string())),
            bytes: decoded.body_bytes,
        };
        let uploads = uploads.map(|uploads| uploads.into_iter().map(upload).collect());
        Self { transcript, uploads: uploads.map_err(|error| error.to_string()) }
    }
}

/// Panics unless any split into reads gives the same rows, and the accounts hold.
fn in_any_pieces(archive: &[u8]) -> Unpacked {
    let whole = Unpacked::of(Cursor::new(archive));
    let counts = whole.uploads.iter().flatten().map(|upload| upload.account.rows());
    let counts = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!(counts, (whole.transcript.records, whole.transcript.rejects.len() as u64), "{:?}", whole.uploads);
    for longest in [(archive.len() as u64 / 16).max(7), 3000] {
        let source = Shreds { cursor: Cursor::new(archive), next_len: lengths(seed_of(archive), longest), was: 0 };
        let pieces = Unpacked::of(source);
        whole.transcript.assert_same(&pieces.transcript);
        assert_eq!(whole.uploads, pieces.uploads);
    }
    whole
}

/// An archive that is read in short pieces, with an interruption before some of them.
#[derive(Clone)]
struct Shreds<'a, L> {
    cursor: Cursor<&'a [u8]>,
    next_len: L,
    was: usize,
}

impl<L: FnMut() -> usize> Read for Shreds<'_, L> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.was % 2 == 1 {
            self.was = 0;
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.was = (self.next_len)();
        let bytes = self.was.min(out.len());
        self.cursor.read(&mut out[..bytes])
    }
}

impl<L> Seek for Shreds<'_, L> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.cursor.seek(to)
    }
}
