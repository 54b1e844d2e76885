//! Compressed input: gzip, deflate and zstd, decoded as a stream, with every length bounded.
//!
//! flate2 and zstd are used in this module alone.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::model::error::{Error, ErrorKind, Result, into_io};
use crate::model::limits::{READ_BUFFER_BYTES, ZSTD_WINDOW_LOG_MAX};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// gzip, RFC 1952; several members are one body.
    Gzip,
    /// zlib, RFC 1950, or bare deflate, RFC 1951: senders disagree on what the name means.
    Deflate,
    /// zstd, RFC 8878, with a window of at most 8 MiB.
    Zstd,
}

impl Coding {
    /// The coding that a value of `Content-Encoding` names; none if it is not one of ours.
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

    /// The decompressed body, at most `bytes_max` of it; more is an error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the decompressor cannot be set up, or the error of the first read.
    pub fn decode<'a>(self, mut source: impl BufRead + 'a, bytes_max: u64) -> Result<Box<dyn BufRead + 'a>> {
        let broken = |source| Broken { source, coding: self };
        Ok(match self {
            Self::Identity => Box::new(Limited::new(source, bytes_max)),
            Self::Gzip => buffered(broken(MultiGzDecoder::new(source)), bytes_max),
            Self::Deflate => {
                let is_zlib = source
                    .fill_buf()
                    .map_err(crate::model::error::from_io)?
                    .first()
                    .is_some_and(|byte| byte & 0x8f == 8);
                if is_zlib {
                    buffered(Broken { source: ZlibDecoder::new(source), coding: self }, bytes_max)
                } else {
                    buffered(Broken { source: DeflateDecoder::new(source), coding: self }, bytes_max)
                }
            }
            Self::Zstd => {
                let fail = |error| Error::new(ErrorKind::Io, format!("cannot set up zstd: {error}"));
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source).map_err(fail)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(fail)?;
                buffered(Broken { source: decoder, coding: self }, bytes_max)
            }
        })
    }
}

/// The contents of bare deflate, as archives hold it.
pub(crate) fn inflate<'a>(source: impl BufRead + 'a) -> Box<dyn Read + 'a> {
    Box::new(DeflateDecoder::new(source))
}

/// The checksum of archives, computed as bytes pass.
pub(crate) struct Checked<R> {
    source: R,
    sum: flate2::Crc,
    expected: u32,
}

impl<R> Checked<R> {
    /// Contents whose checksum is known; at their end it is compared.
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

fn buffered<'a>(source: impl Read + 'a, bytes_max: u64) -> Box<dyn BufRead + 'a> {
    Box::new(Limited::new(BufReader::with_capacity(READ_BUFFER_BYTES, source), bytes_max))
}

/// Tells a decompressor's complaints from the source's own errors.
struct Broken<R> {
    source: R,
    coding: Coding,
}

impl<R: Read> Read for Broken<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.source.read(out).map_err(|error| {
            if error.get_ref().is_some_and(|inner| inner.is::<Error>()) || error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            into_io(Error::new(
                ErrorKind::Encoding,
                format!("the body is not {}, or it is cut short: {error}", self.coding.name()),
            ))
        })
    }
}

/// Lets so many bytes pass, and fails at the next.
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
        let chunk = self.fill_buf()?;
        let bytes = chunk.len().min(out.len());
        out[..bytes].copy_from_slice(&chunk[..bytes]);
        self.consume(bytes);
        Ok(bytes)
    }
}

impl<R: BufRead> BufRead for Limited<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.bytes_max - self.passed;
        let chunk = self.source.fill_buf()?;
        if left == 0 && !chunk.is_empty() {
            let message =
                format!("the body is longer than {} bytes; send a shorter range, or raise --max-body", self.bytes_max);
            return Err(into_io(Error::new(ErrorKind::TooLarge, message)));
        }
        let bytes = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        Ok(&chunk[..bytes])
    }

    fn consume(&mut self, bytes: usize) {
        self.passed += bytes as u64;
        self.source.consume(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::from_io;
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
    fn what_is_broken_too_long_or_needs_too_much_is_refused() {
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

    #[test]
    fn files_are_told_by_their_first_bytes() {
        assert_eq!(Coding::sniff(&gzip(b"x")), Coding::Gzip);
        assert_eq!(Coding::sniff(&zstd::encode_all(&b"x"[..], 1).unwrap()), Coding::Zstd);
        assert_eq!(Coding::sniff(b"{"), Coding::Identity);
        assert_eq!(Coding::sniff(b""), Coding::Identity);
    }
}
