//! Writes ZIP archives in each of the ways that phones and programs do: the input of `formats::zip`.

use flate2::Crc;

use crate::compression::deflate;

/// How members are packed.
#[derive(Clone, Copy, Debug)]
pub struct Packing {
    /// With deflate, or uncompressed.
    pub is_deflated: bool,
    /// With the lengths behind the contents.
    pub is_streamed: bool,
    /// As ZIP64.
    pub is_wide: bool,
}

/// Numbers of two, four and eight bytes, one after the other.
#[derive(Debug, Default)]
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

impl Packing {
    /// As most programs pack: with deflate, lengths in front.
    pub const PLAIN: Self = Self { is_deflated: true, is_streamed: false, is_wide: false };

    /// As a phone packs: with deflate, lengths behind the contents.
    pub const STREAMED: Self = Self { is_streamed: true, ..Self::PLAIN };
}

/// An archive of members with these names and contents.
pub fn pack<'a>(members: impl Iterator<Item = (&'a [u8], &'a [u8])>, packing: Packing) -> Vec<u8> {
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

fn sum(contents: &[u8]) -> usize {
    let mut sum = Crc::new();
    sum.update(contents);
    sum.sum() as usize
}
