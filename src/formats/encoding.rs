//! Compressed input: gzip, deflate and zstd, decoded as a stream, with every length bounded.
//!
//! `--max-body` limits both sides: the bytes that come in and the bytes that they unpack to. Input that unpacks to nothing
//! (empty gzip members, skippable zstd frames) ends the body after [`SILENT_BYTES_MAX`].
//!
//! Only this module uses flate2 and zstd.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

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
            Self::Identity | Self::Gzip => self.unpack(MultiGzDecoder::new(source), bytes_max),
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
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source).map_err(fail)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(fail)?;
                self.unpack(decoder, bytes_max)
            }
        })
    }

    fn unpack<'a>(self, decompressor: impl Decompressor + 'a, bytes_max: u64) -> Box<dyn BufRead + 'a> {
        let unpacked = Unpacked { decompressor, coding: self };
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
    source: R,
    read: u64,
    /// Bytes read since the decompressor last returned something.
    silent: usize,
    bytes_max: u64,
}

impl<R> Packed<R> {
    fn new(source: R, bytes_max: u64) -> Self {
        Self { source, read: 0, silent: 0, bytes_max }
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
            let message =
                format!("more than {SILENT_BYTES_MAX} bytes of the body unpack to nothing; send data, or end the body");
            return Err(into_io(Error::new(ErrorKind::Encoding, message)));
        }
        self.source.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.read += bytes as u64;
        self.silent += bytes;
        self.source.consume(bytes);
    }
}

/// A decompressor that shows the bytes it reads from.
trait Decompressor: Read {
    type Source: BufRead;

    fn packed(&mut self) -> &mut Packed<Self::Source>;
}

impl<R: BufRead> Decompressor for MultiGzDecoder<Packed<R>> {
    type Source = R;

    fn packed(&mut self) -> &mut Packed<R> {
        self.get_mut()
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

impl<R: BufRead> Decompressor for zstd::stream::read::Decoder<'_, Packed<R>> {
    type Source = R;

    fn packed(&mut self) -> &mut Packed<R> {
        self.get_mut()
    }
}

/// A decompressor's output. Its own errors become [`ErrorKind::Encoding`], those of its source stay what they are.
struct Unpacked<D> {
    decompressor: D,
    coding: Coding,
}

impl<D: Decompressor> Unpacked<D> {
    fn label(&self, error: io::Error) -> io::Error {
        if error.get_ref().is_some_and(|inner| inner.is::<Error>()) || error.kind() == io::ErrorKind::Interrupted {
            return error;
        }
        let message = format!("the body is not {}, or it is cut short: {error}", self.coding.name());
        into_io(Error::new(ErrorKind::Encoding, message))
    }
}

impl<D: Decompressor> Read for Unpacked<D> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.decompressor.read(out).map_err(|error| self.label(error))?;
        let packed = self.decompressor.packed();
        if bytes > 0 {
            packed.silent = 0;
        } else if !out.is_empty() && !packed.fill_buf()?.is_empty() {
            let message = format!("the body goes on after the end of its {} data; send one stream", self.coding.name());
            return Err(into_io(Error::new(ErrorKind::Encoding, message)));
        }
        Ok(bytes)
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
        let error = decoded(Coding::Deflate, &[&zlib[..], &zlib].concat(), 1 << 20).unwrap_err();
        assert!(error.message().contains("goes on after the end of its deflate data"), "{error}");
    }

    #[test]
    fn files_are_recognized_by_their_first_bytes() {
        assert_eq!(Coding::sniff(&gzip(b"x")), Coding::Gzip);
        assert_eq!(Coding::sniff(&zstd::encode_all(&b"x"[..], 1).unwrap()), Coding::Zstd);
        assert_eq!(Coding::sniff(b"{"), Coding::Identity);
        assert_eq!(Coding::sniff(b""), Coding::Identity);
    }
}
