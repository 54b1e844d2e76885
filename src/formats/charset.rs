//! Files in other encodings than UTF-8, as streams of UTF-8: UTF-16 with or without a byte-order mark, and what XML declares.
//!
//! UTF-8 passes as it is, except for its byte-order mark. Bytes that are wrong in UTF-16 become U+FFFD. Bytes that are wrong in
//! UTF-8 are read as Windows-1252 where a reader asks for it.

use std::io::{self, BufRead, Read};

use super::sniff::peek;
use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::limits::{CHARSET_BYTES, READ_BUFFER_BYTES};

/// How a file encodes characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Charset {
    /// UTF-8, behind a mark of so many bytes.
    Utf8(usize),
    /// UTF-16 with the low byte first, behind a mark of so many bytes.
    Utf16Little(usize),
    Utf16Big(usize),
    /// One byte a character.
    Single(&'static Single),
}

/// A character set of one byte a character, by what differs from Latin-1.
#[derive(Debug, Eq, PartialEq)]
struct Single {
    names: &'static [&'static str],
    differs: &'static [(u8, char)],
}

/// Programs that declare Latin-1 write Windows-1252, which has characters where Latin-1 has controls.
const SINGLES: [Single; 2] = [
    Single {
        names: &[
            "iso-8859-1",
            "iso8859-1",
            "iso88591",
            "iso_8859-1",
            "latin1",
            "latin-1",
            "l1",
            "cp819",
            "ibm819",
            "windows-1252",
            "cp1252",
            "cp-1252",
            "x-cp1252",
            "us-ascii",
            "ascii",
        ],
        differs: &[
            (0x80, '€'),
            (0x82, '‚'),
            (0x83, 'ƒ'),
            (0x84, '„'),
            (0x85, '…'),
            (0x86, '†'),
            (0x87, '‡'),
            (0x88, 'ˆ'),
            (0x89, '‰'),
            (0x8a, 'Š'),
            (0x8b, '‹'),
            (0x8c, 'Œ'),
            (0x8e, 'Ž'),
            (0x91, '‘'),
            (0x92, '’'),
            (0x93, '“'),
            (0x94, '”'),
            (0x95, '•'),
            (0x96, '–'),
            (0x97, '—'),
            (0x98, '˜'),
            (0x99, '™'),
            (0x9a, 'š'),
            (0x9b, '›'),
            (0x9c, 'œ'),
            (0x9e, 'ž'),
            (0x9f, 'Ÿ'),
        ],
    },
    Single {
        names: &["iso-8859-15", "iso8859-15", "iso885915", "iso_8859-15", "latin9", "latin-9", "l9"],
        differs: &[
            (0xa4, '€'),
            (0xa6, 'Š'),
            (0xa8, 'š'),
            (0xb4, 'Ž'),
            (0xb8, 'ž'),
            (0xbc, 'Œ'),
            (0xbd, 'œ'),
            (0xbe, 'Ÿ'),
        ],
    },
];

/// Returns a file's text in UTF-8, without its byte-order mark.
///
/// # Errors
///
/// [`ErrorKind::Shape`] if the file declares an encoding that is unknown here.
pub(crate) fn to_utf8<'a>(source: Box<dyn BufRead + 'a>) -> Result<Box<dyn BufRead + 'a>> {
    let (head, mut source) = peek(source, CHARSET_BYTES).map_err(from_io)?;
    let charset = charset(&head)?;
    let (Charset::Utf8(mark) | Charset::Utf16Little(mark) | Charset::Utf16Big(mark)) = charset else {
        return Ok(Box::new(Recoded::new(source, charset)));
    };
    // The mark is in the part that was peeked at.
    source.consume(mark);
    Ok(match charset {
        Charset::Utf8(_) => source,
        charset => Box::new(Recoded::new(source, charset)),
    })
}

/// Returns text that should be UTF-8, and how many of its bytes are not. These are read as Windows-1252, as older programs write
/// without declaring it.
pub(crate) fn repaired(bytes: &[u8]) -> (String, u64) {
    let (mut text, mut wrong) = (String::with_capacity(bytes.len()), 0);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| SINGLES[0].character(*byte)));
        wrong += chunk.invalid().len() as u64;
    }
    (text, wrong)
}

fn charset(head: &[u8]) -> Result<Charset> {
    Ok(match head {
        [0xef, 0xbb, 0xbf, ..] => Charset::Utf8(3),
        [0xff, 0xfe, ..] => Charset::Utf16Little(2),
        [0xfe, 0xff, ..] => Charset::Utf16Big(2),
        _ => match unmarked(head) {
            Some(charset) => charset,
            None if is_single(head) => Charset::Single(&SINGLES[0]),
            None => declared(head)?.map_or(Charset::Utf8(0), Charset::Single),
        },
    })
}

/// UTF-16 without a mark: blanks, digits and tags have a zero byte each, on the same side.
fn unmarked(head: &[u8]) -> Option<Charset> {
    if head.starts_with(b"PK") {
        return None;
    }
    let (pairs, _) = head.as_chunks::<2>();
    let zeros = |side: usize| pairs.iter().filter(|pair| pair[side] == 0 && pair[1 - side] != 0).count();
    let nothing = pairs.iter().filter(|pair| **pair == [0, 0]).count();
    let is_often = |count: usize| count > 1 && count >= pairs.len() / 8;
    match (zeros(0), zeros(1)) {
        _ if nothing > 0 => None,
        // Few characters have a zero as their low byte.
        (high, low) if is_often(low) && low > 8 * high => Some(Charset::Utf16Little(0)),
        (high, low) if is_often(high) && high > 8 * low => Some(Charset::Utf16Big(0)),
        _ => None,
    }
}

/// Lines of text in Windows-1252, as spreadsheets write them: no character is UTF-8. XML and JSON declare what they are.
fn is_single(head: &[u8]) -> bool {
    let is_text = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\r' | b'\n');
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    if matches!(first, None | Some(b'<' | b'{' | b'[')) || !head.iter().all(is_text) {
        return false;
    }
    // A character that the end of the head cuts is not wrong.
    let is_wrong = std::str::from_utf8(head).is_err_and(|error| error.error_len().is_some());
    is_wrong && head.utf8_chunks().all(|chunk| chunk.valid().is_ascii())
}

/// What an XML declaration says, unless it is UTF-8 or an encoding that these bytes show not to be true.
fn declared(head: &[u8]) -> Result<Option<&'static Single>> {
    let name = || {
        let start = memchr::memmem::find(head, b"<?xml")?;
        let is_first = head[..start].iter().all(|byte| !byte.is_ascii_graphic());
        let declaration = &head[start..start + memchr::memmem::find(&head[start..], b"?>")?];
        let value = &declaration[memchr::memmem::find(declaration, b"encoding")? + b"encoding".len()..];
        let value = std::str::from_utf8(value).ok()?.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        value[1..].split_once(quote).map(|(name, _)| name.trim().to_ascii_lowercase()).filter(|_| is_first)
    };
    let Some(name) = name() else {
        return Ok(None);
    };
    // The declaration was read as ASCII, so the file is not UTF-16: another program has changed it to UTF-8.
    if matches!(&*name, "utf-8" | "utf8" | "") || name.starts_with("utf-16") || name.starts_with("utf16") {
        return Ok(None);
    }
    let single = SINGLES.iter().find(|single| single.names.contains(&&*name));
    single.map(Some).ok_or_else(|| {
        let message = format!("its text is encoded in `{name:.40}`, which is not known here: save it as UTF-8");
        Error::new(ErrorKind::Shape, message)
    })
}

/// Text in UTF-8 from a source in another encoding.
struct Recoded<R> {
    source: R,
    charset: Charset,
    /// Text that was made and not yet read from `at` on.
    text: String,
    at: usize,
    /// The first byte of a unit whose second one is not there yet.
    half: Option<u8>,
    /// The first unit of a pair whose second one is not there yet.
    high: Option<u16>,
}

impl<R: BufRead> Recoded<R> {
    fn new(source: R, charset: Charset) -> Self {
        Self { source, charset, text: String::new(), at: 0, half: None, high: None }
    }

    /// Makes more text. It stays empty only at the end of the source.
    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        while self.text.is_empty() {
            let chunk = self.source.fill_buf()?;
            let bytes = chunk.len().min(READ_BUFFER_BYTES / 4);
            if bytes == 0 {
                // A cut character at the end.
                if self.half.take().is_some() | self.high.take().is_some() {
                    self.text.push(char::REPLACEMENT_CHARACTER);
                }
                return Ok(());
            }
            let Self { charset, text, half, high, .. } = self;
            for byte in &chunk[..bytes] {
                match *charset {
                    Charset::Single(single) => text.push(single.character(*byte)),
                    Charset::Utf8(_) => text.push(char::from(*byte)),
                    Charset::Utf16Little(_) | Charset::Utf16Big(_) => match half.take() {
                        None => *half = Some(*byte),
                        Some(first) if matches!(charset, Charset::Utf16Big(_)) => {
                            push_unit(u16::from_be_bytes([first, *byte]), high, text);
                        }
                        Some(first) => push_unit(u16::from_le_bytes([first, *byte]), high, text),
                    },
                }
            }
            self.source.consume(bytes);
        }
        Ok(())
    }
}

fn push_unit(unit: u16, high: &mut Option<u16>, text: &mut String) {
    if let Some(first) = high.take() {
        if let Some(Ok(pair)) = char::decode_utf16([first, unit]).next() {
            return text.push(pair);
        }
        text.push(char::REPLACEMENT_CHARACTER);
    }
    match unit {
        0xd800..=0xdbff => *high = Some(unit),
        _ => text.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
    }
}

impl Single {
    fn character(&self, byte: u8) -> char {
        let differs = self.differs.iter().find(|(differs, _)| byte >= 0x80 && *differs == byte);
        differs.map_or(char::from(byte), |(_, character)| *character)
    }
}

impl<R: BufRead> BufRead for Recoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.text.len() {
            self.fill()?;
        }
        Ok(&self.text.as_bytes()[self.at..])
    }

    fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }
}

impl<R: BufRead> Read for Recoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let text = self.fill_buf()?;
        let bytes = text.len().min(out.len());
        out[..bytes].copy_from_slice(&text[..bytes]);
        self.consume(bytes);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn utf16(text: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    /// The text in UTF-8, the same for every length of reads.
    fn text_of(bytes: &[u8]) -> Result<String> {
        let mut texts: Vec<Result<Vec<u8>, String>> = Vec::new();
        for piece in [1, 2, 3, 7, 1 << 16] {
            let mut out = Vec::new();
            let read = to_utf8(Box::new(BufReader::with_capacity(piece, bytes)));
            let read = read.and_then(|mut text| io::copy(&mut text, &mut out).map_err(from_io));
            texts.push(read.map(|_| out).map_err(|error| error.message().to_owned()));
        }
        assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "{texts:?}");
        texts.remove(0).map(|text| String::from_utf8(text).unwrap()).map_err(|text| Error::new(ErrorKind::Shape, text))
    }

    #[test]
    fn all_forms_of_a_text_are_read() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<a b=\"Café 一月 上午 𝄞\"/>\n";
        let check = |bytes: &[u8], expected: &str| assert_eq!(text_of(bytes).unwrap(), expected, "{bytes:?}");
        check(text.as_bytes(), text);
        check(&["\u{feff}", text].concat().into_bytes(), text);
        check(&utf16(&["\u{feff}", text].concat(), u16::to_le_bytes), text);
        check(&utf16(&["\u{feff}", text].concat(), u16::to_be_bytes), text);
        check(&utf16(text, u16::to_le_bytes), text);
        check(&utf16(text, u16::to_be_bytes), text);
        let arabic = "الاسم,س\nالوحدة,µV\n\n١٨٠٫٥\n";
        check(&utf16(arabic, u16::to_le_bytes), arabic);
        check(&utf16(arabic, u16::to_be_bytes), arabic);
        let long = "{\"é\": \"𝄞\"},\n".repeat(20_000);
        check(&utf16(&long, u16::to_le_bytes), &long);
        check(b"", "");
        check(b"{}", "{}");
        check(b"{\"a\":\"\0\"}", "{\"a\":\"\0\"}");
        check(b"\xff\xfe", "");
        check(b"\xfe\xff\0a\xd8", "a\u{fffd}");
        check(b"\xfe\xff\xd8\x34\0a\xdd\x1e\xd8\x34", "\u{fffd}a\u{fffd}\u{fffd}");
        check(b"\xfe\xff\xd8\x34\xd8\x34\xdd\x1e", "\u{fffd}𝄞");
    }

    #[test]
    fn declared_encodings() {
        let xml = |name: &str, rest: &[u8]| {
            [format!("\n<?xml version='1.0' encoding = '{name}' ?>").as_bytes(), rest].concat()
        };
        let check = |name: &str, rest: &[u8], expected: &str| {
            assert!(text_of(&xml(name, rest)).unwrap().ends_with(&["?>", expected].concat()), "{name}");
        };
        check("ISO-8859-1", b"Caf\xe9 \x93\x80\x94", "Café “€”");
        check("latin1", b"\xb5V", "µV");
        check("Windows-1252", b"Anna\x92s", "Anna’s");
        check("ISO-8859-15", b"\xa4\xe9", "€é");
        check("utf-8", "Café".as_bytes(), "Café");
        check("UTF-16", "Café".as_bytes(), "Café");
        let error = text_of(&xml("Shift_JIS", b"\x82\xa0")).unwrap_err();
        assert!(error.message().contains("`shift_jis`") && error.message().contains("save it as UTF-8"), "{error}");
        assert_eq!(text_of(b"Ger\xe4t,W\nEinheit,\xb5V\n").unwrap(), "Gerät,W\nEinheit,µV\n");
        // A declaration counts only where it is one.
        let text = "{\"a\": \"<?xml encoding='latin1'?>é\"}";
        assert_eq!(text_of(text.as_bytes()).unwrap(), text);
    }
}
