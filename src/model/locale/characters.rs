//! Characters of all scripts to the ASCII that means the same.

/// Zeros of the scripts that write decimal digits; the nine others follow each.
const ZEROS: [char; 42] = [
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{11450}',
    '\u{1e950}',
];

/// The text with ASCII's digits, blanks, signs, points and colons, and without marks of direction. Other characters stay.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter_map(plain_character).collect()
}

fn plain_character(character: char) -> Option<char> {
    Some(match character {
        '\0'..='\x7f' => character,
        // Of no width: marks of direction, joiners, byte-order marks.
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => return None,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => return None,
        '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
        '\u{ff0b}' => '+',
        '\u{ff0e}' => '.',
        '\u{ff0c}' | '\u{60c}' => ',',
        '\u{ff1a}' | '\u{fe55}' | '\u{2236}' => ':',
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => '\'',
        _ if character.is_whitespace() => ' ',
        _ => digit(character).unwrap_or(character),
    })
}

fn digit(character: char) -> Option<char> {
    let behind = |zero: &char| u32::from(character).checked_sub(u32::from(*zero)).filter(|value| *value < 10);
    char::from_digit(ZEROS.iter().find_map(behind)?, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_with_the_same_meaning() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected, "{text:?}");
        check("2026-08-01 10:00 +0200", "2026-08-01 10:00 +0200");
        check("\u{661}\u{669} \u{6f4}\u{967}\u{ff19}\u{1e950}\u{11139}", "19 41903");
        check("\u{61c}-\u{200e}1\u{200f}\u{2066}2\u{2069}\u{feff}", "-12");
        check("\u{2212}1\u{202f}000\u{a0}000\u{3000}\u{2009}", "-1 000 000  ");
        check("1\u{2019}000\u{ff0e}5\u{ff1a}\u{ff0c}", "1'000.5:,");
        check("下午 ½ ² —", "下午 ½ ² —");
    }
}
