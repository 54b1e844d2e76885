//! Names of files as archives and file systems write them: they change case, `:`, and how a letter with an accent is encoded.

use std::borrow::Cow;

use crate::model::identity::digest;

/// Letters without their accents, from a letter on.
const BASES: [(char, &str); 4] = [
    (
        '\u{c0}',
        "AAAAAAÆCEEEEIIIIÐNOOOOO×ØUUUUYÞßaaaaaaæceeeeiiiiðnooooo÷øuuuuyþyAaAaAaCcCcCcCcDdĐđEeEeEeEeEeGgGgGgGgHhĦħIiIiIiIiIıĲĳJjKkĸLlLlLlĿŀŁłNnNnNnŉŊŋOoOoOoŒœRrRrRrSsSsSsSsTtTtŦŧUuUuUuUuUuUuWwYyYZzZzZzſ",
    ),
    ('\u{386}', "Α·ΕΗΙ΋Ο΍ΥΩιΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ΢ΣΤΥΦΧΨΩΙΥαεηιυαβγδεζηθικλμνξοπρςστυφχψωιυουω"),
    ('\u{400}', "ЕЕЂГЄЅІІЈЉЊЋКИУЏАБВГДЕЖЗИИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзииклмнопрстуфхцчшщъыьэюяееђгєѕііјљњћкиуџ"),
    (
        '\u{1e00}',
        "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMmMmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVvWwWwWwWwWwXxXxYyZzZzZzhtwyẚſẜẝẞẟAaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEeEeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYyỺỻỼỽỾỿ",
    ),
];

/// What identifies a file of an export: the same for `/workout-routes/x.gpx` and `apple_health_export/workout-routes/x.gpx`.
pub(super) fn exact_key(path: &str) -> [u8; 16] {
    let (folder, file) = folder_and_file(path);
    digest(&[folder.as_bytes(), file.as_bytes()])
}

/// The identity of a file wherever it is.
pub(super) fn name_key(path: &str) -> [u8; 16] {
    digest(&[b"file", file_name(path).as_bytes()])
}

/// What identifies it whatever was done to its name: its folder does not count, nor case, accents, blanks and punctuation.
pub(super) fn folded_key(path: &str) -> [u8; 16] {
    digest(&[folded(folder_and_file(path).1).as_bytes()])
}

/// The identity of a clinical record's file under any name.
pub(super) fn clinical_key(path: &str) -> [u8; 16] {
    digest(&[b"clinical", folded(folder_and_file(path).1).as_bytes()])
}

/// What identifies a name whose other letters are guessed, the likeliest first: its digits and ASCII letters, and its digits if
/// they are a date at least. In Shift JIS, Big5 and GBK, ASCII letters are also parts of others.
pub(super) fn guess_keys(path: &str) -> impl Iterator<Item = [u8; 16]> {
    const DATE_DIGITS: usize = 8;
    let ascii = || file_name(path).bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
    let (ascii, digits): (Vec<u8>, Vec<u8>) = (ascii().collect(), ascii().filter(u8::is_ascii_digit).collect());
    let digits = (digits.len() >= DATE_DIGITS).then(|| digest(&[b"digits", &digits]));
    [Some(digest(&[b"ascii", &ascii])), digits].into_iter().flatten()
}

/// The name without its folders.
pub(super) fn file_name(path: &str) -> &str {
    folder_and_file(path).1
}

/// A name in which `%20` stands for a blank, as programs of the web write it.
fn unescaped(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let (bytes, mut plain, mut at) = (name.as_bytes(), Vec::with_capacity(name.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let digit = |place: usize| bytes.get(at + place).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push((16 * high + low).to_le_bytes()[0]);
                at += 3;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).map_or(Cow::Borrowed(name), Cow::Owned)
}

fn folder_and_file(path: &str) -> (&str, &str) {
    let mut parts = path.rsplit(['/', '\\']).filter(|part| !part.is_empty());
    let file = parts.next().unwrap_or_default();
    // A file that somebody has compressed.
    let file = [".gz", ".zst"].iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file);
    (parts.next().unwrap_or_default(), file)
}

fn folded(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for letter in unescaped(name).chars().flat_map(char::to_lowercase) {
        match letter {
            // Accents, and the marks of kana.
            '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}' => {}
            '\u{ac00}'..='\u{d7a3}' => push_hangul(letter, &mut folded),
            '\u{304c}'..='\u{3094}' | '\u{30ac}'..='\u{30f4}' => folded.push(unvoiced(letter)),
            _ => folded.extend(Some(base(letter)).filter(|letter| letter.is_alphanumeric())),
        }
    }
    folded
}

/// The letter without its accents.
fn base(letter: char) -> char {
    let place =
        |first: char| u32::from(letter).checked_sub(u32::from(first)).and_then(|place| usize::try_from(place).ok());
    let found = BASES.iter().find_map(|(first, bases)| bases.chars().nth(place(*first)?));
    found.map_or(letter, |base| base.to_lowercase().next().unwrap_or(base))
}

/// Writes the letters of a syllable, as file systems of Apple store it.
fn push_hangul(syllable: char, out: &mut String) {
    let place = u32::from(syllable) - 0xac00;
    let letters = [0x1100 + place / 588, 0x1161 + place % 588 / 28, 0x11a7 + place % 28];
    let letters = if letters[2] == 0x11a7 { &letters[..2] } else { &letters };
    out.extend(letters.iter().filter_map(|letter| char::from_u32(*letter)));
}

/// The kana without its mark: か for が, は for ば and ぱ.
fn unvoiced(kana: char) -> char {
    let shift = if kana >= '\u{30a0}' { 0x60 } else { 0 };
    let hiragana = u32::from(kana) - shift;
    let plain = match hiragana {
        0x304c..=0x3062 if hiragana % 2 == 0 => hiragana - 1,
        0x3065 | 0x3067 | 0x3069 => hiragana - 1,
        0x306f..=0x307d => 0x306f + (hiragana - 0x306f) / 3 * 3,
        0x3094 => 0x3046,
        _ => hiragana,
    };
    char::from_u32(plain + shift).unwrap_or(kana)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_names() {
        let check = |one: &str, other: &str, is_same: bool| {
            assert_eq!(exact_key(one) == exact_key(other), is_same, "{one} {other}");
        };
        check("/workout-routes/x.gpx", "apple_health_export/workout-routes/x.gpx", true);
        check("/workout-routes/x.gpx", "apple_health_export\\workout-routes\\x.gpx", true);
        check("/workout-routes/x.gpx", "workout-routes/x.gpx.gz", true);
        check("/workout-routes/x.gpx", "/workout-routes/X.gpx", false);
    }

    #[test]
    fn names_that_archives_change() {
        let check = |one: &str, other: &str, is_same: bool| {
            assert_eq!(folded_key(one) == folded_key(other), is_same, "{one} {other}");
        };
        check("/workout-routes/Route_1.gpx", "Workout-Routes/route_1.GPX", true);
        check("r_8:00.gpx", "r_8_00.gpx", true);
        check("r 8 %é.gpx", "r%208%20%25%C3%A9.gpx", true);
        check("r 8%zz.gpx", "r 8 zz.gpx", true);
        check("r\u{202f}am.gpx", "r am.gpx", true);
        check("é Ż Ö ệ ё ά ñ.gpx", "e\u{301} Z\u{307} o\u{308} e\u{323}\u{302} е\u{308} α\u{301} n\u{303}.gpx", true);
        check("오전 8.gpx", "\u{110b}\u{1169}\u{110c}\u{1165}\u{11ab} 8.gpx", true);
        check("がパヴ.gpx", "か\u{3099}ハ\u{309a}ウ\u{3099}.gpx", true);
        check("오전 8.gpx", "오후 8.gpx", false);
        check("上午 8.gpx", "下午 8.gpx", false);
        check("r_8.01.gpx", "r_8.02.gpx", false);
        check("っつ.gpx", "つつ.gpx", false);
    }
}
