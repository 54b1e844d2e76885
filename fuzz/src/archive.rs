//! Archives: any split into reads gives the same, a sound one is read to its end, and one that is cut is never taken for whole.
//!
//! The first byte of an input says how it is taken. `00`: as the archive itself. Else it is packed first, since no fuzzer
//! guesses a checksum: the second byte says where the archive is cut, and members are separated by FF, each of them a name,
//! a line end and its contents.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use healthsink::error::ErrorKind;
use healthsink::import::{Tally, read_archive};
use healthsink::record::Envelope;

use crate::chunking::{lengths, seed_of};
use crate::reading::Account;
use crate::transcript::Transcript;

/// Asserts it.
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

/// What came of an upload.
#[derive(Debug, PartialEq)]
struct Upload {
    name: String,
    account: Account,
    outcome: Result<Envelope, (ErrorKind, String)>,
    bytes: u64,
}

/// What came of an archive.
struct Unpacked {
    transcript: Transcript,
    uploads: Result<Vec<Upload>, String>,
}

impl Unpacked {
    fn of(source: impl Read + Seek + Clone) -> Self {
        let (transcript, uploads) = Transcript::gather(|batch, sink| read_archive(source, batch, sink));
        let upload = |(name, tally, decoded): (String, Tally, healthsink::decode::Decoded)| Upload {
            name,
            account: Account::of(&tally),
            outcome: decoded.outcome.map_err(|error| (error.kind(), error.to_string())),
            bytes: decoded.body_bytes,
        };
        let uploads = uploads.map(|uploads| uploads.into_iter().map(upload).collect());
        Self { transcript, uploads: uploads.map_err(|error| error.to_string()) }
    }
}

/// Asserts that any split into reads gives the same, and that the accounts hold.
fn in_any_pieces(archive: &[u8]) -> Unpacked {
    let whole = Unpacked::of(Cursor::new(archive));
    let counts = whole.uploads.iter().flatten().map(|upload| upload.account.rows());
    let counts = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!(counts, (whole.transcript.records, whole.transcript.rejects.len() as u64), "{:?}", whole.uploads);
    for longest in [1, 7, 3000] {
        let source = Shreds { cursor: Cursor::new(archive), next_len: lengths(seed_of(archive), longest), was: 0 };
        let pieces = Unpacked::of(source);
        whole.transcript.assert_same_rows(&pieces.transcript, true);
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

/// How members are packed.
#[derive(Clone, Copy)]
struct Packing {
    is_deflated: bool,
    /// The lengths stand behind the contents.
    is_streamed: bool,
    /// As ZIP64.
    is_wide: bool,
}

/// Numbers of two, four and eight bytes, one behind the other.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn push<const N: usize>(mut self, width: usize, numbers: [usize; N]) -> Self {
        self.0.extend(numbers.iter().flat_map(|number| (*number as u64).to_le_bytes().into_iter().take(width)));
        self
    }

    fn short<const N: usize>(self, numbers: [usize; N]) -> Self {
        self.push(2, numbers)
    }

    fn long<const N: usize>(self, numbers: [usize; N]) -> Self {
        self.push(4, numbers)
    }

    fn wide<const N: usize>(self, numbers: [usize; N]) -> Self {
        self.push(8, numbers)
    }

    fn text(mut self, text: &[u8]) -> Self {
        self.0.extend(text);
        self
    }
}

fn pack<'a>(members: impl Iterator<Item = (&'a [u8], &'a [u8])>, packing: Packing) -> Vec<u8> {
    let Packing { is_deflated, is_streamed, is_wide } = packing;
    let (mut out, mut directory) = (Fields::default(), Fields::default());
    let mut count = 0;
    for (name, contents) in members {
        let (header, method, flags) = (out.0.len(), if is_deflated { 8 } else { 0 }, if is_streamed { 8 } else { 0 });
        let packed = if is_deflated { deflate(contents) } else { contents.to_vec() };
        let (sum, lengths) = (sum(contents), [contents.len(), packed.len()]);
        let hidden = u32::MAX as usize;
        let (known, extra) = match (is_streamed, is_wide) {
            (true, _) => ([0, 0, 0], Fields::default()),
            (_, true) => ([sum, hidden, hidden], Fields::default().short([1, 16]).wide(lengths)),
            _ => ([sum, packed.len(), contents.len()], Fields::default()),
        };
        out = out.text(b"PK\x03\x04").short([20, flags, method]).long([0]).long(known);
        out = out.short([name.len(), extra.0.len()]).text(name).text(&extra.0).text(&packed);
        if is_streamed {
            out = out.text(b"PK\x07\x08").long([sum]);
            out = if is_wide {
                out.wide([packed.len(), contents.len()])
            } else {
                out.long([packed.len(), contents.len()])
            };
        }
        let (lengths, header, extra) = if is_wide {
            let extra = Fields::default().short([1, 24]).wide(lengths).wide([header]);
            ([hidden, hidden], hidden, extra)
        } else {
            ([packed.len(), contents.len()], header, Fields::default())
        };
        directory = directory.text(b"PK\x01\x02").short([20, 20, flags, method]).long([0, sum]).long(lengths);
        directory = directory.short([name.len(), extra.0.len(), 0, 0, 0]).long([0, header]).text(name).text(&extra.0);
        count += 1;
    }
    let (at, bytes) = (out.0.len(), directory.0.len());
    out = out.text(&directory.0);
    if is_wide {
        let end = out.0.len();
        out = out.text(b"PK\x06\x06").wide([44]).short([45, 45]).long([0, 0]).wide([count, count, bytes, at]);
        out = out.text(b"PK\x06\x07").long([0]).wide([end]).long([1]);
    }
    out.text(b"PK\x05\x06").short([0, 0, count, count]).long([bytes, at]).short([0]).0
}

fn deflate(contents: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(contents).and_then(|()| encoder.finish()).expect("a vector takes all")
}

fn sum(contents: &[u8]) -> usize {
    let mut sum = Crc::new();
    sum.update(contents);
    sum.sum() as usize
}
