//! Halves of surrogate pairs: JavaScript cuts texts between any two UTF-16 units, and writes `\ud83d` for what is left of
//! an emoji. The grammar allows it, no text can hold it. One such name of a watch must not cost all of its samples.

/// Writes U+FFFD over every escape that is half of a pair. True if there was one.
pub(crate) fn mend_half_pairs(text: &mut [u8]) -> bool {
    let mut is_mended = false;
    let mut at = 0;
    while let Some(distance) = text.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += distance;
        at += match (unit(text, at), unit(text, at + ESCAPE)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 2 * ESCAPE,
            (Some(0xd800..0xe000), _) => {
                text[at + 2..at + ESCAPE].copy_from_slice(b"fffd");
                is_mended = true;
                ESCAPE
            }
            (Some(_), _) => ESCAPE,
            // Any other escape: the byte behind it has no meaning of its own.
            (None, _) => 2,
        };
    }
    is_mended
}

/// Length of `\u0000`.
const ESCAPE: usize = 6;

/// The UTF-16 unit of the escape that begins here.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_mended_and_pairs_are_left() {
        let check = |text: &str, expected: &str| {
            let mut bytes = text.as_bytes().to_vec();
            assert_eq!(mend_half_pairs(&mut bytes), text != expected, "{text}");
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        };
        check(r#""Watch \ud83d""#, r#""Watch \ufffd""#);
        check(r#""\ud83d\ude00""#, r#""\ud83d\ude00""#);
        check(r#""\ude00\uD83D\ud83d\ude00\u00e9""#, r#""\ufffd\ufffd\ud83d\ude00\u00e9""#);
        check(r#""\\ud83d""#, r#""\\ud83d""#);
        check(r#""\\\ud83d\n""#, r#""\\\ufffd\n""#);
        check(r#""\ud83"#, r#""\ud83"#);
        check(r#""\u+83d""#, r#""\u+83d""#);
        check("\\", "\\");
    }
}
