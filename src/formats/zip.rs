//! ZIP archives, read in place: a list of members, and each of them as a stream. Nothing is written to disk.
//!
//! The directory at the end lists them, also in ZIP64. A cut archive has no directory: its members are then found one behind
//! the other, from its beginning to the cut.
//!
//! The crate `zip` reads the whole directory into memory before its length can be judged, and opens members through an
//! exclusive borrow of the archive. It cannot find the members of a cut archive whose lengths follow their contents, as in
//! archives made on a Mac.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::formats::encoding::{Checked, inflate};
use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::limits::{ARCHIVE_MEMBERS_MAX, ARCHIVE_NAME_BYTES_MAX, ARCHIVE_NAMES_BYTES_MAX, READ_BUFFER_BYTES};

use super::unpacking::{Total, Unpacked, count_packed};

/// A file in an archive.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Whether its bytes are not UTF-8, and no character set is declared.
    pub(crate) is_name_guessed: bool,
    method: u16,
    is_encrypted: bool,
    packed: u64,
    sum: Option<u32>,
    /// Offset of its header.
    header: u64,
    /// Offset of its contents, if it is known without the header.
    contents: Option<u64>,
}

/// An archive's members.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) members: Vec<Member>,
    /// Offset at which it is cut, if it is.
    pub(crate) cut: Option<u64>,
    /// Bounds what all members together unpack to: overlapping ones count each time.
    total: Total,
}

/// A part of a file. Each has its own position, so several may read the file in turn.
struct Part<F> {
    file: F,
    at: u64,
    end: u64,
}

impl<F: Read + Seek> Read for Part<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = out.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        self.file.seek(SeekFrom::Start(self.at))?;
        let bytes = self.file.read(&mut out[..wanted])?;
        self.at += bytes as u64;
        Ok(bytes)
    }
}

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: [u8; 4] = *b"PK\x05\x06";
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Encoding, format!("the archive is damaged: {what}"))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

impl Archive {
    fn new(mut members: Vec<Member>, cut: Option<u64>, length: u64) -> Self {
        members.retain(|member| !member.name.ends_with('/'));
        Self { members, cut, total: Total::new(length) }
    }

    /// Opens a member. `watch` sees the packed bytes.
    pub(crate) fn read<'a, F: Read + Seek + Clone + 'a>(
        &'a self,
        file: F,
        member: usize,
        watch: impl FnOnce(Box<dyn Read + 'a>) -> Box<dyn Read + 'a>,
    ) -> Result<Box<dyn Read + 'a>> {
        let member = self.members.get(member).ok_or_else(|| Error::new(ErrorKind::Io, "no such member"))?;
        Ok(Box::new(self.total.watch(member.open(file, watch)?)))
    }

    /// Reads the list of members.
    pub(crate) fn open<F: Read + Seek + Clone>(file: &F) -> Result<Self> {
        let length = file.clone().seek(SeekFrom::End(0)).map_err(from_io)?;
        let Some((directory, count)) = directory(file, length)? else {
            return salvage(file, length);
        };
        if count > ARCHIVE_MEMBERS_MAX {
            let message = format!("the archive has {count} members, more than {ARCHIVE_MEMBERS_MAX}: refused");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let part = Part { file: file.clone(), at: directory, end: length };
        let mut source = BufReader::with_capacity(READ_BUFFER_BYTES, part);
        let (mut members, mut name_bytes) = (Vec::new(), 0);
        for _ in 0..count {
            let member = central(&mut source)?;
            name_bytes += member.name.len();
            if name_bytes > ARCHIVE_NAMES_BYTES_MAX {
                let message =
                    format!("the names in the archive are longer than {ARCHIVE_NAMES_BYTES_MAX} bytes: refused");
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            members.push(member);
        }
        Ok(Self::new(members, None, length))
    }
}

/// Offset of the directory and number of its members; `None` if the archive has no end of a directory.
fn directory<F: Read + Seek + Clone>(file: &F, length: u64) -> Result<Option<(u64, u64)>> {
    let from = length.saturating_sub(22 + u64::from(u16::MAX));
    let mut tail = vec![0; usize::try_from(length - from).unwrap_or_default()];
    Part { file: file.clone(), at: from, end: length }.read_exact(&mut tail).map_err(from_io)?;
    let Some(end) = memchr::memmem::rfind(&tail, &END).filter(|end| end + 22 <= tail.len()) else {
        return Ok(None);
    };
    let (mut count, mut at) = (u64::from(u16_at(&tail, end + 10)), u64::from(u32_at(&tail, end + 16)));
    if end >= 20 && u32_at(&tail, end - 20) == LOCATOR_64 {
        let mut record = [0; 56];
        let at_64 = u64_at(&tail, end - 20 + 8);
        Part { file: file.clone(), at: at_64, end: length }
            .read_exact(&mut record)
            .map_err(|_| damaged("its directory is not where it says"))?;
        if u32_at(&record, 0) == END_64 {
            (count, at) = (u64_at(&record, 32), u64_at(&record, 48));
        }
    }
    if at > length { Err(damaged("its directory is not where it says")) } else { Ok(Some((at, count))) }
}

/// Reads a member of the directory.
fn central(source: &mut impl Read) -> Result<Member> {
    let cut = |_| damaged("its directory is cut");
    let mut head = [0; 46];
    source.read_exact(&mut head).map_err(cut)?;
    if u32_at(&head, 0) != CENTRAL {
        return Err(damaged("its directory is not where it says"));
    }
    let (name, is_name_guessed) = name(source, usize::from(u16_at(&head, 28)))?;
    let mut extra = vec![0; usize::from(u16_at(&head, 30)) + usize::from(u16_at(&head, 32))];
    source.read_exact(&mut extra).map_err(cut)?;
    extra.truncate(usize::from(u16_at(&head, 30)));
    let (mut packed, size) = (u64::from(u32_at(&head, 20)), u32_at(&head, 24));
    let mut header = u64::from(u32_at(&head, 42));
    if let Some(wide) = extra_64(&extra) {
        let mut at = if size == u32::MAX { 8 } else { 0 };
        for field in [&mut packed, &mut header] {
            if *field == u64::from(u32::MAX) && at + 8 <= wide.len() {
                *field = u64_at(wide, at);
                at += 8;
            }
        }
    }
    Ok(Member {
        name,
        is_name_guessed,
        method: u16_at(&head, 10),
        is_encrypted: u16_at(&head, 8) & 1 != 0,
        packed,
        sum: Some(u32_at(&head, 16)),
        header,
        contents: None,
    })
}

/// Reads a member's name, which must be inside the archive. The second value is whether it is guessed.
fn name(source: &mut impl Read, bytes: usize) -> Result<(String, bool)> {
    let mut name = vec![0; bytes];
    source.read_exact(&mut name).map_err(|_| damaged("a name is cut"))?;
    let (mut name, is_guessed) = match String::from_utf8(name) {
        Ok(name) => (name, false),
        Err(error) => (ibm_text(error.as_bytes()), true),
    };
    let is_absolute = name.starts_with(['/', '\\']) || name.as_bytes().get(1) == Some(&b':');
    if is_absolute || name.split(['/', '\\']).any(|part| part == "..") {
        let message = format!("the archive has a member outside itself, {name:.200}: refused");
        return Err(Error::new(ErrorKind::Encoding, message));
    }
    if bytes > ARCHIVE_NAME_BYTES_MAX {
        return Err(Error::new(ErrorKind::TooLarge, "the archive has a member with too long a name: refused"));
    }
    // Some programs of Windows separate folders like this, against the format.
    if !name.contains('/') {
        name = name.replace('\\', "/");
    }
    Ok((name, is_guessed))
}

/// A name in the character set that archives have without the flag for UTF-8. Many programs write UTF-8 without the flag, so
/// only what is not UTF-8 is read like this.
fn ibm_text(name: &[u8]) -> String {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    let upper = |byte: u8| UPPER.chars().nth(usize::from(byte) - 0x80);
    name.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { upper(*byte).unwrap_or_default() }).collect()
}

/// Returns the field of ZIP64 among a header's extra fields.
fn extra_64(mut extra: &[u8]) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let (kind, bytes) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let field = extra.get(4..4 + bytes)?;
        if kind == 1 {
            return Some(field);
        }
        extra = &extra[4 + bytes..];
    }
    None
}

/// Finds members one behind the other from the beginning of an archive without a directory.
fn salvage<F: Read + Seek + Clone>(file: &F, length: u64) -> Result<Archive> {
    let mut members = Vec::new();
    let (mut at, mut name_bytes) = (0, 0);
    while (members.len() as u64) < ARCHIVE_MEMBERS_MAX && name_bytes < ARCHIVE_NAMES_BYTES_MAX {
        let mut head = [0; 30];
        let mut source = Part { file: file.clone(), at, end: length };
        if source.read_exact(&mut head).is_err() || u32_at(&head, 0) != LOCAL {
            break;
        }
        let Ok((name, is_name_guessed)) = name(&mut source, usize::from(u16_at(&head, 26))) else {
            break;
        };
        name_bytes += name.len();
        let mut extra = vec![0; usize::from(u16_at(&head, 28))];
        if source.read_exact(&mut extra).is_err() {
            break;
        }
        let contents = source.at;
        let mut packed = u64::from(u32_at(&head, 18));
        if let Some(wide) = extra_64(&extra).filter(|wide| packed == u64::from(u32::MAX) && wide.len() >= 16) {
            packed = u64_at(wide, 8);
        }
        let (flags, method) = (u16_at(&head, 6), u16_at(&head, 8));
        let mut next = contents.saturating_add(packed);
        if flags & 8 != 0 && method == 8 {
            // The lengths follow the contents.
            packed = deflated(Part { file: file.clone(), at: contents, end: length });
            next = contents.saturating_add(packed);
            let mut behind = [0; 28];
            let mut source = Part { file: file.clone(), at: next, end: length }.take(behind.len() as u64);
            let _ = io::copy(&mut source, &mut behind.as_mut_slice());
            // A signature is optional, and lengths are short or long. The next header shows which.
            let length_bytes = [12_u8, 16, 20, 24]
                .into_iter()
                .find(|at| u32_at(&behind, usize::from(*at)) == LOCAL)
                .map_or(16, u64::from);
            next = next.saturating_add(length_bytes);
        }
        let packed = packed.min(length - contents);
        members.push(Member {
            name,
            is_name_guessed,
            method,
            is_encrypted: flags & 1 != 0,
            packed,
            sum: None,
            header: at,
            contents: Some(contents),
        });
        at = next;
    }
    if members.is_empty() {
        return Err(damaged("neither its directory nor a member was found"));
    }
    Ok(Archive::new(members, Some(length), length))
}

/// Packed length of contents whose own format ends them.
fn deflated(part: Part<impl Read + Seek>) -> u64 {
    let start = part.at;
    let (packed, taken) = count_packed(BufReader::with_capacity(READ_BUFFER_BYTES, part));
    let mut contents = Unpacked::new(inflate(packed), std::rc::Rc::clone(&taken));
    // Cut contents are as long as the rest of the archive: reading them reports the cut.
    let whole = io::copy(&mut contents, &mut io::sink());
    if whole.is_ok() { taken.get() } else { u64::MAX - start }
}

impl Member {
    /// Opens its contents. `watch` sees the packed bytes.
    fn open<'a, F: Read + Seek + Clone + 'a>(
        &self,
        file: F,
        watch: impl FnOnce(Box<dyn Read + 'a>) -> Box<dyn Read + 'a>,
    ) -> Result<Box<dyn Read + 'a>> {
        if self.is_encrypted {
            return Err(Error::new(ErrorKind::Encoding, "it is encrypted: unpack it first"));
        }
        let contents = match self.contents {
            Some(contents) => contents,
            None => {
                let mut head = [0; 30];
                let mut source = Part { file: file.clone(), at: self.header, end: u64::MAX };
                source.read_exact(&mut head).map_err(|_| damaged("a member is not where the directory says"))?;
                if u32_at(&head, 0) != LOCAL {
                    return Err(damaged("a member is not where the directory says"));
                }
                source.at + u64::from(u16_at(&head, 26)) + u64::from(u16_at(&head, 28))
            }
        };
        let part = Part { file, at: contents, end: contents.saturating_add(self.packed) };
        let source: Box<dyn Read + 'a> = match self.method {
            0 => watch(Box::new(part)),
            8 => {
                let (packed, taken) = count_packed(BufReader::with_capacity(READ_BUFFER_BYTES, watch(Box::new(part))));
                Box::new(Unpacked::new(inflate(packed), taken))
            }
            other => {
                return Err(Error::new(ErrorKind::Encoding, format!("its compression (method {other}) is unknown")));
            }
        };
        Ok(match self.sum {
            Some(sum) => Box::new(Checked::new(source, sum)),
            None => source,
        })
    }
}
