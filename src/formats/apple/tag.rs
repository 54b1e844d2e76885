//! The name of a tag, and its end: the first `>` outside of quoted values, found 64 bytes at a time.

use memchr::{memchr, memchr3};

use crate::formats::scan::{BLOCK, places, prefix_xor};

/// The name at the beginning of a tag's text.
pub(super) fn name(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| is_name_end(*byte));
    &bytes[..end.unwrap_or(bytes.len())]
}

/// Whether a byte behind a tag's name ends it.
pub(super) fn is_name_end(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/')
}

/// Length of the tag that begins here, brackets included; `None` if its end is missing.
pub(super) fn tag_end(bytes: &[u8]) -> Option<usize> {
    // All ones inside a value in double quotes, else zero.
    let mut in_value = 0;
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut last = [b' '; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    for (index, block) in blocks.iter().chain([&last]).enumerate() {
        let value = prefix_xor(places(block, 0, b'"')) ^ in_value;
        let close = places(block, 0, b'>') & !value;
        let single = places(block, 0, b'\'') & !value;
        if close | single != 0 {
            let at = (close | single).trailing_zeros();
            // Apple writes double quotes. An apostrophe within them has no meaning; others are rare enough to be slow.
            return if close >> at & 1 == 1 { Some(index * BLOCK + at as usize + 1) } else { tag_end_slowly(bytes) };
        }
        in_value = ((value >> 63) & 1).wrapping_neg();
    }
    None
}

/// The same from quote to quote, of both kinds.
fn tag_end_slowly(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
        match bytes[at] {
            b'>' => return Some(at + 1),
            quote => at += memchr(quote, &bytes[at + 1..])? + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn brackets_in_values_do_not_end_a_tag() {
        let check = |text: &str, expected: Option<usize>| assert_eq!(tag_end(text.as_bytes()), expected, "{text}");
        check("<a>", Some(3));
        check("<a b=\">\"/>t", Some(10));
        check("<a b='>'/>", Some(10));
        check("<a b=\"it's > that\" c='\">\"'>", Some(27));
        check("<a b=\"", None);
        check("<a b='>", None);
        check("<a", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn both_ways_agree(bytes in proptest::collection::vec(prop::sample::select(br#"<>"' ab"#.to_vec()), 0..300)) {
            prop_assert_eq!(tag_end(&bytes), tag_end_slowly(&bytes));
        }

        #[test]
        fn both_ways_agree_where_quotes_are_rare(
            bytes in proptest::collection::vec(prop::sample::select(br#"">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"#.to_vec()), 0..600)
        ) {
            prop_assert_eq!(tag_end(&bytes), tag_end_slowly(&bytes));
        }
    }
}
