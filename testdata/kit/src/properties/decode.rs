//! No bytes make the decoder panic, or hold more memory than the equation in `limits` allows.
//!
//! Bytes that exceed a limit are long, and a fuzzer's inputs are short. So an input is a recipe: `FF n r` repeats the `n`
//! bytes before it `r²` times, up to a body of five megabytes. JSON texts never contain FF, so every body has a recipe.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};

use healthsink::formats::payload::{Options, decode};
use healthsink::model::batch::{Batch, Overflow, Sink};
use healthsink::model::error::Result;
use healthsink::model::limits::{ELEMENT_BYTES_MAX, SKELETON_STRING_BYTES_MAX};
use healthsink::model::memory::{hostile_bytes, ingest_bytes};

use crate::memory;

const BODY_BYTES_MAX: usize = ELEMENT_BYTES_MAX + ELEMENT_BYTES_MAX / 4;

/// Takes batches and returns them empty, as the writer does.
struct Counter {
    rows: usize,
}

impl Sink for Counter {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        assert!(!batch.is_empty());
        self.rows += batch.rows.len();
        batch.clear();
        Ok(())
    }

    fn overflow(&mut self) -> Box<dyn Overflow> {
        Box::new(OnDisk(tempfile::tempfile().expect("there is room for a file")))
    }
}

/// Keeps a long element outside of memory, as the server does.
#[derive(Debug)]
struct OnDisk(File);

impl Overflow for OnDisk {
    fn append(&mut self, part: &[u8]) -> Result<()> {
        self.0.seek(SeekFrom::End(0)).and_then(|_| self.0.write_all(part)).expect("there is room in a file");
        Ok(())
    }

    fn clear(&mut self) {
        self.0.set_len(0).expect("a file can be made empty");
    }

    fn reader(&self) -> Box<dyn Read + '_> {
        (&self.0).seek(SeekFrom::Start(0)).expect("a file can be read again");
        Box::new(BufReader::new(&self.0))
    }
}

/// Asserts the property for the recipe's body, with the lifter and without.
pub fn check(recipe: &[u8]) {
    let body = cooked(recipe, BODY_BYTES_MAX);
    let decoded = [true, false].map(|lift| {
        let mut counter = Counter { rows: 0 };
        let (decoded, peak) = memory::peak_of(|| {
            let mut batch = Box::<Batch>::default();
            let decoded = decode(body.as_slice(), Options { lift, ..Options::default() }, &mut batch, &mut counter);
            counter.rows += batch.rows.len();
            decoded
        });
        let most = ingest_bytes() + hostile_bytes(1);
        assert!(peak <= most, "{peak} bytes held, lift {lift}, by a body of {}, where {most} are allowed", body.len());
        assert!(decoded.body_bytes <= body.len() as u64);
        if let Err(error) = &decoded.outcome {
            assert!(error.is_input(), "{error:?}");
            assert!(error.position().offset.is_none_or(|offset| offset <= body.len() as u64), "{error:?}");
        } else {
            assert_eq!(decoded.body_bytes, body.len() as u64);
        }
        (decoded.outcome.is_ok(), counter.rows)
    });
    // With the lifter, what is over a limit passes unread. Without it, it is read, and may turn out not to be JSON.
    if body.len() <= SKELETON_STRING_BYTES_MAX {
        assert_eq!(decoded[0], decoded[1]);
    }
}

/// The recipe's body, of at most so many bytes.
pub fn cooked(recipe: &[u8], bytes_max: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(recipe.len());
    let mut rest = recipe;
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match (byte, behind) {
            (0xff, [len, root, behind @ ..]) => {
                rest = behind;
                let part = body[body.len().saturating_sub(usize::from(*len))..].to_vec();
                for _ in 0..usize::from(*root).pow(2) {
                    if body.len() + part.len() > bytes_max {
                        break;
                    }
                    body.extend_from_slice(&part);
                }
            }
            _ => body.push(*byte),
        }
    }
    body
}
