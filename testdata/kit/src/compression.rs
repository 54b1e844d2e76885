//! Compressed bodies, one function for each coding.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

/// Low, since tests compress a lot and compare no sizes.
const ZSTD_LEVEL: i32 = 1;

/// A member of gzip.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    gzip_of(Compression::fast(), |out| out.write_all(body))
}

/// A member of gzip whose contents `write` writes piece by piece.
pub fn gzip_of(level: Compression, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    write(&mut encoder).and_then(|()| encoder.finish()).expect("a vector takes all")
}

/// A zlib stream: what HTTP calls `deflate`.
pub fn zlib(body: &[u8]) -> Vec<u8> {
    zlib_of(Compression::fast(), |out| out.write_all(body))
}

/// A zlib stream whose contents `write` writes piece by piece.
pub fn zlib_of(level: Compression, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), level);
    write(&mut encoder).and_then(|()| encoder.finish()).expect("a vector takes all")
}

/// Raw deflate, without zlib's header.
pub fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("a vector takes all")
}

/// A frame of zstd.
pub fn zstd(body: &[u8]) -> Vec<u8> {
    zstd::encode_all(body, ZSTD_LEVEL).expect("a vector takes all")
}
