//! Compressed input: gzip, deflate and zstd, decoded as a stream, with every length bounded.
//!
//! `--max-body` limits both sides: the bytes that come in and the bytes that they unpack to. Input that unpacks to nothing
//! (empty gzip members, skippable zstd frames) ends the body after [`SILENT_BYTES_MAX`].
//!
//! Only this module uses flate2 and zstd.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

use crate::model::error::{Error, ErrorKind, Result, from_io, into_io};
use crate::model::limits::{READ_BUFFER_BYTES, SILENT_BYTES_MAX, ZSTD_WINDOW_LOG_MAX};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// Not compressed.
    Identity,
    /// gzip, RFC 1952; several members make one body.
    Gzip,
    /// zlib, RFC 1950, or bare deflate, RFC 1951: senders disagree on what the name means.
    Deflate,
    /// zstd, RFC 8878, with a window of at most 8 MiB.
    Zstd,
}

impl Coding {
    /// What a body may be sent in, as `Accept-Encoding` lists it.
    pub const ACCEPTED: &str = "gzip, deflate, zstd";

    /// The coding that a value of `Content-Encoding` names; `None` if it is unknown.
    #[must_use]
    pub fn from_header(value: &str) -> Option<Self> {
        match value.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Identity),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The coding of a file, by its first bytes.
    #[must_use]
    pub fn sniff(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Identity,
        }
    }

    /// Whether another stream of the coding may begin with these bytes, behind the end of one.
    fn goes_on_with(self, bytes: &[u8]) -> bool {
        match (self, bytes) {
            (Self::Gzip, [0x1f]) => true,
            (Self::Gzip, _) => Self::sniff(bytes) == Self::Gzip,
            // A frame, or one to skip.
            (Self::Zstd, [first]) => matches!(first, 0x28 | 0x50..=0x5f),
            (Self::Zstd, _) => bytes.starts_with(&[0x28, 0xb5]) || matches!(bytes, [0x50..=0x5f, 0x2a, ..]),
            (Self::Identity | Self::Deflate, _) => false,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }

    /// Returns the decompressed body. Reading fails once the body, compressed or not, is longer than `bytes_max`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the decompressor cannot be set up, or the error of the first read.
    pub fn decode<'a>(self, source: impl BufRead + 'a, bytes_max: u64) -> Result<Box<dyn BufRead + 'a>> {
        if self == Self::Identity {
            return Ok(Box::new(Limited::new(source, bytes_max)));
        }
        let mut source = Packed::new(source, bytes_max);
        Ok(match self {
            Self::Identity | Self::Gzip => self.unpack(GzDecoder::new(source), bytes_max),
            Self::Deflate => {
                // The first byte of zlib: the method is 8, and the window at most 32 KiB.
                let is_zlib = source.fill_buf().map_err(from_io)?.first().is_some_and(|byte| byte & 0x8f == 8);
                if is_zlib {
                    self.unpack(ZlibDecoder::new(source), bytes_max)
                } else {
                    self.unpack(DeflateDecoder::new(source), bytes_max)
                }
            }
            Self::Zstd => {
                let fail = |error| Error::new(ErrorKind::Io, format!("cannot set up zstd: {error}"));
                let mut decoder = ZstdDecoder::new().map_err(fail)?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX)).map_err(fail)?;
                self.unpack(ZstdFrames { source, decoder, has_ended: false }, bytes_max)
            }
        })
    }

    fn unpack<'a>(self, decompressor: impl Decompressor + 'a, bytes_max: u64) -> Box<dyn BufRead + 'a> {
        let unpacked = Unpacked { decompressor, coding: self, begun: 0 };
        Box::new(Limited::new(BufReader::with_capacity(READ_BUFFER_BYTES, unpacked), bytes_max))
    }
}

/// Fails if a body of this length is longer than the server accepts: the one rule for announced and for counted lengths.
///
/// # Errors
///
/// [`ErrorKind::TooLarge`].
pub fn check_length(bytes: u64, bytes_max: u64) -> Result<()> {
    if bytes <= bytes_max {
        return Ok(());
    }
    let message = format!("the body is longer than {bytes_max} bytes; send a shorter range, or raise --max-body");
    Err(Error::new(ErrorKind::TooLarge, message))
}

/// The contents of bare deflate, as archives hold it.
pub(crate) fn inflate<'a>(source: impl BufRead + 'a) -> Box<dyn Read + 'a> {
    Box::new(DeflateDecoder::new(source))
}

/// The checksum of an archive's member, computed as bytes pass.
pub(crate) struct Checked<R> {
    source: R,
    sum: flate2::Crc,
    expected: u32,
}

impl<R> Checked<R> {
    /// Contents with a known checksum, which is compared at their end.
    pub(crate) fn new(source: R, expected: u32) -> Self {
        Self { source, sum: flate2::Crc::new(), expected }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.source.read(out)?;
        self.sum.update(&out[..bytes]);
        if bytes == 0 && !out.is_empty() && self.sum.sum() != self.expected {
            return Err(into_io(Error::new(ErrorKind::Encoding, "the archive is damaged: a checksum does not fit")));
        }
        Ok(bytes)
    }
}

/// Compressed bytes on their way into a decompressor, counted.
struct Packed<R> {
    /// `None` only while the decompressor is reset.
    source: Option<R>,
    read: u64,
    /// Bytes read since the decompressor last returned something.
    silent: usize,
    bytes_max: u64,
}

impl<R> Packed<R> {
    fn new(source: R, bytes_max: u64) -> Self {
        Self { source: Some(source), read: 0, silent: 0, bytes_max }
    }

    fn take(&mut self) -> Self {
        Self { source: self.source.take(), ..*self }
    }
}

impl<R: BufRead> Read for Packed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, out)
    }
}

impl<R: BufRead> BufRead for Packed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        check_length(self.read, self.bytes_max).map_err(into_io)?;
        if self.silent > SILENT_BYTES_MAX {
            let message = format!("more than {SILENT_BYTES_MAX} compressed bytes unpack to nothing; leave them out");
            return Err(into_io(Error::new(ErrorKind::Encoding, message)));
        }
        self.source.as_mut().map_or(Ok(&[]), BufRead::fill_buf)
    }

    fn consume(&mut self, bytes: usize) {
        self.read += bytes as u64;
        self.silent += bytes;
        if let Some(source) = &mut self.source {
            source.consume(bytes);
        }
    }
}

/// A decompressor of one stream after the other: a read of 0 bytes is the end of one.
trait Decompressor: Read {
    type Source: BufRead;

    /// The bytes that it reads from.
    fn packed(&mut self) -> &mut Packed<Self::Source>;

    /// Begins the next stream, if the coding may have several.
    fn begin_next(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<R: BufRead> Decompressor for GzDecoder<Packed<R>> {
    type Source = R;

    fn packed(&mut self) -> &mut Packed<R> {
        self.get_mut()
    }

    fn begin_next(&mut self) -> io::Result<()> {
        let source = self.get_mut().take();
        self.reset(source);
        Ok(())
    }
}

impl<R: BufRead> Decompressor for ZlibDecoder<Packed<R>> {
    type Source = R;

    fn packed(&mut self) -> &mut Packed<R> {
        self.get_mut()
    }
}

impl<R: BufRead> Decompressor for DeflateDecoder<Packed<R>> {
    type Source = R;

    fn packed(&mut self) -> &mut Packed<R> {
        self.get_mut()
    }
}

/// Frames of zstd. The reader of the crate `zstd` begins the next one by itself, whatever it is.
struct ZstdFrames<R> {
    source: Packed<R>,
    decoder: ZstdDecoder<'static>,
    has_ended: bool,
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.has_ended && !out.is_empty() {
            let packed = self.source.fill_buf()?;
            let is_cut = packed.is_empty();
            let (mut from, mut to) = (InBuffer::around(packed), OutBuffer::around(&mut *out));
            self.has_ended = self.decoder.run(&mut from, &mut to)? == 0;
            let (taken, made) = (from.pos(), to.pos());
            self.source.consume(taken);
            if made > 0 {
                return Ok(made);
            }
            if is_cut && !self.has_ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

impl<R: BufRead> Decompressor for ZstdFrames<R> {
    type Source = R;

    fn packed(&mut self) -> &mut Packed<R> {
        &mut self.source
    }

    fn begin_next(&mut self) -> io::Result<()> {
        self.has_ended = false;
        self.decoder.reinit()
    }
}

/// A decompressor's output. Its own errors become [`ErrorKind::Encoding`], those of its source stay what they are.
struct Unpacked<D> {
    decompressor: D,
    coding: Coding,
    /// Where the stream under way began, in compressed bytes.
    begun: u64,
}

impl<D: Decompressor> Unpacked<D> {
    /// Says what is wrong with the compressed data, and near which of its bytes.
    fn label(&mut self, error: io::Error) -> io::Error {
        if error.get_ref().is_some_and(|inner| inner.is::<Error>()) || error.kind() == io::ErrorKind::Interrupted {
            return error;
        }
        let (name, at) = (self.coding.name(), self.decompressor.packed().read);
        let why = error.to_string();
        let message = match why.as_str() {
            _ if error.kind() == io::ErrorKind::UnexpectedEof && at == 0 => {
                format!("there is no {name} data; compress what is to be stored")
            }
            _ if error.kind() == io::ErrorKind::UnexpectedEof => {
                format!("the {name} data is cut short: its end is missing behind byte {at}; all of it is needed")
            }
            NO_GZIP | NO_ZSTD if self.begun == 0 => {
                format!("this is not {name} data; compress it with {name}, or not at all")
            }
            NO_GZIP | NO_ZSTD => self.more_behind(self.begun),
            WIDE_ZSTD => {
                let mib = 1 << (ZSTD_WINDOW_LOG_MAX - 20);
                format!("the window of the zstd data is wider than {mib} MiB; compress without --long or --ultra")
            }
            NEEDS_DICTIONARY => "the zstd data needs a dictionary; compress without one".to_owned(),
            why => format!("the {name} data is damaged near byte {at} ({why}); compress it again"),
        };
        into_io(Error::new(ErrorKind::Encoding, message))
    }

    fn more_behind(&self, at: u64) -> String {
        let name = self.coding.name();
        format!("other bytes follow the end of the {name} data, from byte {at} on; leave them out")
    }

    /// Begins the stream behind the one that has ended. Returns false if none follows.
    fn begin_next(&mut self) -> io::Result<bool> {
        let packed = self.decompressor.packed();
        let at = packed.read;
        let rest = packed.fill_buf()?;
        if rest.is_empty() {
            return Ok(false);
        }
        if !self.coding.goes_on_with(rest) {
            return Err(into_io(Error::new(ErrorKind::Encoding, self.more_behind(at))));
        }
        self.begun = at;
        self.decompressor.begin_next().map(|()| true)
    }
}

/// What flate2 and zstd say where a stream begins with other bytes than theirs, and zstd about a window that is too wide and
/// about a dictionary.
const NO_GZIP: &str = "invalid gzip header";
const NO_ZSTD: &str = "Unknown frame descriptor";
const WIDE_ZSTD: &str = "Frame requires too much memory for decoding";
const NEEDS_DICTIONARY: &str = "Dictionary mismatch";

impl<D: Decompressor> Read for Unpacked<D> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let bytes = self.decompressor.read(out).map_err(|error| self.label(error))?;
            if bytes > 0 {
                self.decompressor.packed().silent = 0;
            }
            if bytes > 0 || out.is_empty() || !self.begin_next()? {
                return Ok(bytes);
            }
        }
    }
}

/// Lets as many bytes pass as a body may have, and fails at the next.
struct Limited<R> {
    source: R,
    passed: u64,
    bytes_max: u64,
}

impl<R> Limited<R> {
    fn new(source: R, bytes_max: u64) -> Self {
        Self { source, passed: 0, bytes_max }
    }
}

impl<R: BufRead> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, out)
    }
}

impl<R: BufRead> BufRead for Limited<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.bytes_max - self.passed;
        let chunk = self.source.fill_buf()?;
        if left == 0 && !chunk.is_empty() {
            check_length(self.passed + 1, self.bytes_max).map_err(into_io)?;
        }
        let bytes = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        Ok(&chunk[..bytes])
    }

    fn consume(&mut self, bytes: usize) {
        self.passed += bytes as u64;
        self.source.consume(bytes);
    }
}

fn read_buffered(source: &mut impl BufRead, out: &mut [u8]) -> io::Result<usize> {
    let chunk = source.fill_buf()?;
    let bytes = chunk.len().min(out.len());
    out[..bytes].copy_from_slice(&chunk[..bytes]);
    source.consume(bytes);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn decoded(coding: Coding, body: &[u8], bytes_max: u64) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut source = coding.decode(body, bytes_max)?;
        io::copy(&mut source, &mut out).map_err(from_io)?;
        Ok(out)
    }

    #[test]
    fn every_coding_is_decoded() {
        let text = b"{\"data\":{}}".repeat(1000);
        let check = |coding, body: &[u8]| assert_eq!(decoded(coding, body, 1 << 20).unwrap(), text, "{coding:?}");
        check(Coding::Identity, &text);
        check(Coding::Gzip, &gzip(&text));
        check(Coding::Gzip, &[gzip(&text[..700]), gzip(&text[700..])].concat());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&text).unwrap();
        check(Coding::Deflate, &zlib.finish().unwrap());
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        raw.write_all(&text).unwrap();
        check(Coding::Deflate, &raw.finish().unwrap());
        check(Coding::Zstd, &zstd::encode_all(&text[..], 3).unwrap());
    }

    #[test]
    fn broken_long_and_expensive_bodies_are_errors() {
        let text = b"{\"data\":{}}".repeat(1000);
        let check = |coding, body: &[u8], bytes_max, kind| {
            assert_eq!(decoded(coding, body, bytes_max).unwrap_err().kind(), kind, "{coding:?}");
        };
        let packed = gzip(&text);
        check(Coding::Gzip, &packed[..packed.len() - 1], 1 << 20, ErrorKind::Encoding);
        check(Coding::Gzip, &text, 1 << 20, ErrorKind::Encoding);
        check(Coding::Deflate, &[8, 1, 2, 3], 1 << 20, ErrorKind::Encoding);
        check(Coding::Zstd, &text, 1 << 20, ErrorKind::Encoding);
        check(Coding::Gzip, &packed, text.len() as u64 - 1, ErrorKind::TooLarge);
        check(Coding::Identity, &text, text.len() as u64 - 1, ErrorKind::TooLarge);
        assert!(decoded(Coding::Identity, &text, text.len() as u64).is_ok());
        let mut wide = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        wide.window_log(ZSTD_WINDOW_LOG_MAX + 2).unwrap();
        wide.write_all(&text).unwrap();
        // Without a content size in the header, the window is what the header says.
        check(Coding::Zstd, &wide.finish().unwrap(), 1 << 20, ErrorKind::Encoding);
    }

    /// Yields a piece again and again, more bytes than any test reads.
    fn endless(piece: &[u8]) -> impl BufRead {
        BufReader::new(io::Cursor::new(piece.repeat(8 * SILENT_BYTES_MAX / piece.len())))
    }

    #[test]
    fn input_that_unpacks_to_nothing_ends_the_body() {
        let check = |coding: Coding, piece: &[u8]| {
            let mut body = coding.decode(endless(piece), u64::MAX).unwrap();
            let error = from_io(io::copy(&mut body, &mut io::sink()).unwrap_err());
            assert_eq!(error.kind(), ErrorKind::Encoding, "{coding:?}");
            assert!(error.message().contains("unpack to nothing"), "{coding:?}: {error}");
        };
        check(Coding::Gzip, &gzip(b""));
        check(Coding::Zstd, b"\x50\x2a\x4d\x18\x04\0\0\0skip");
        // Empty stored blocks, as a flush of nothing writes them.
        check(Coding::Deflate, b"\0\0\0\xff\xff");
    }

    #[test]
    fn compressed_bytes_count_against_the_limit() {
        let members = gzip(b" ").repeat(1000);
        let bytes_max = members.len() as u64 - 1;
        let error = decoded(Coding::Gzip, &members, bytes_max).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(error.message(), check_length(bytes_max + 1, bytes_max).unwrap_err().message());
        assert_eq!(decoded(Coding::Gzip, &members, bytes_max + 1).unwrap().len(), 1000);
    }

    #[test]
    fn bytes_behind_the_end_of_a_stream_are_an_error() {
        let text = b"{\"data\":{}}";
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(text).unwrap();
        let zlib = zlib.finish().unwrap();
        let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        bare.write_all(text).unwrap();
        let bare = bare.finish().unwrap();
        let zstd = zstd::encode_all(&text[..], 1).unwrap();
        for (coding, body) in
            [(Coding::Deflate, &zlib), (Coding::Deflate, &bare), (Coding::Gzip, &gzip(text)), (Coding::Zstd, &zstd)]
        {
            assert_eq!(decoded(coding, body, 1 << 20).unwrap(), text, "{coding:?}");
            for behind in [&b"x"[..], b"{\"data\":{}}"] {
                let error = decoded(coding, &[body, behind].concat(), 1 << 20).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Encoding, "{coding:?}: {error}");
            }
        }
    }

    #[test]
    fn each_fault_has_its_cause_and_place() {
        let text = b"{\"data\":{}}".repeat(1000);
        let (gz, zstd) = (gzip(&text), zstd::encode_all(&text[..], 1).unwrap());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&text).unwrap();
        let zlib = zlib.finish().unwrap();
        let mut wide = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        wide.window_log(ZSTD_WINDOW_LOG_MAX + 2).unwrap();
        wide.write_all(&text).unwrap();
        let wide = wide.finish().unwrap();
        let check = |coding: Coding, body: &[u8], expected: &str| {
            for piece in [1, body.len().max(1)] {
                let mut source = coding.decode(BufReader::with_capacity(piece, body), 1 << 20).unwrap();
                let error = from_io(io::copy(&mut source, &mut io::sink()).unwrap_err());
                assert_eq!(error.kind(), ErrorKind::Encoding, "{coding:?}: {error}");
                assert!(error.message().starts_with(expected), "{coding:?}, {expected}: {error}");
            }
        };
        for (coding, packed) in [(Coding::Gzip, &gz), (Coding::Zstd, &zstd), (Coding::Deflate, &zlib)] {
            let name = coding.name();
            for behind in [&b"x"[..], b"\0", b"{\"data\":{}}", b"\x1f\x1f garbage", &[0x28; 20], &zlib] {
                let message = format!("other bytes follow the end of the {name} data, from byte {} on", packed.len());
                check(coding, &[packed, behind].concat(), &message);
            }
            for left in [packed.len() - 1, packed.len() / 2, 1] {
                check(
                    coding,
                    &packed[..left],
                    &format!("the {name} data is cut short: its end is missing behind byte {left}"),
                );
            }
            if coding != Coding::Deflate {
                check(coding, &text, &format!("this is not {name} data"));
                for left in [4, packed.len() - 1] {
                    let at = packed.len() + left;
                    let message = format!("the {name} data is cut short: its end is missing behind byte {at}");
                    check(coding, &[packed, &packed[..left]].concat(), &message);
                }
            }
            let mut damaged = packed.clone();
            let middle = damaged.len() / 2;
            damaged[middle..middle + 8].fill(0xff);
            check(coding, &damaged, &format!("the {name} data is damaged near byte "));
        }
        check(Coding::Zstd, &wide, "the window of the zstd data is wider than 8 MiB");
        check(Coding::Zstd, b"\x28\xb5\x2f\xfd\x23\x01\x01\x01\x01\x01\x01", "the zstd data needs a dictionary");
        check(Coding::Gzip, b"", "there is no gzip data");
        check(Coding::Zstd, b"", "there is no zstd data");
    }

    #[test]
    fn several_streams_make_one_body() {
        let text = b"{\"data\":{}}";
        let skipped = b"\x5f\x2a\x4d\x18\x04\0\0\0skip";
        let (gz, zstd) = (gzip(text), zstd::encode_all(&text[..], 1).unwrap());
        for (coding, body) in [
            (Coding::Gzip, [&gz[..], &gzip(b""), &gz].concat()),
            (Coding::Zstd, [&zstd[..], skipped, &zstd, skipped].concat()),
            (Coding::Zstd, [&skipped[..], &zstd, &zstd].concat()),
        ] {
            for piece in [1, 2, body.len()] {
                let mut unpacked = Vec::new();
                let mut source = coding.decode(BufReader::with_capacity(piece, &body[..]), 1 << 20).unwrap();
                io::copy(&mut source, &mut unpacked).unwrap();
                assert_eq!(unpacked, text.repeat(2), "{coding:?}, {piece}");
            }
        }
    }

    #[test]
    fn files_are_recognized_by_their_first_bytes() {
        assert_eq!(Coding::sniff(&gzip(b"x")), Coding::Gzip);
        assert_eq!(Coding::sniff(&zstd::encode_all(&b"x"[..], 1).unwrap()), Coding::Zstd);
        assert_eq!(Coding::sniff(b"{"), Coding::Identity);
        assert_eq!(Coding::sniff(b""), Coding::Identity);
    }
}
