//! Tables and names for people: whatever a name holds, it takes one short piece of one line.

use std::io::{self, Write};

use crate::chart::with_commas;
use crate::model::limits::NAME_COLUMNS_MAX;

/// Which end of a column its cells touch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A table whose columns are as wide as their widest cell.
#[derive(Debug)]
pub(super) struct Table<const COLUMNS: usize> {
    aligns: [Align; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table with a heading for each column.
    pub(super) fn new(columns: [(&str, Align); COLUMNS]) -> Self {
        let headings = columns.map(|(heading, _)| heading.to_owned());
        Self { aligns: columns.map(|(_, align)| align), rows: vec![headings] }
    }

    /// Adds a row. Its cells are cut and escaped like [`shown`].
    pub(super) fn push(&mut self, cells: [&str; COLUMNS]) {
        self.rows.push(cells.map(shown));
    }

    /// Writes the headings and rows.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut widths = [0; COLUMNS];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = columns_of(cell).max(*width);
            }
        }
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, width), align) in row.iter().zip(widths).zip(self.aligns) {
                let padding = " ".repeat(width - columns_of(cell));
                let gap = if line.is_empty() { "" } else { "  " };
                match align {
                    Align::Left => line.extend([gap, cell, &padding]),
                    Align::Right => line.extend([gap, &padding, cell]),
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A name as people may see it: on one line, without control characters, and cut to [`NAME_COLUMNS_MAX`].
pub(super) fn shown(name: &str) -> String {
    shown_within(name, NAME_COLUMNS_MAX)
}

/// The same within so many columns.
pub(super) fn shown_within(name: &str, columns_max: usize) -> String {
    let mut text = String::new();
    let (mut columns, mut end) = (0, 0);
    for character in name.chars() {
        let before = text.len();
        if is_unseen(character) {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
        columns += columns_of(&text[before..]);
        if columns > columns_max {
            text.truncate(end);
            text.push('…');
            break;
        }
        if columns < columns_max {
            // The cut name and its `…` fit.
            end = text.len();
        }
    }
    text
}

/// The name of a source, which may have none.
pub(super) fn named(name: &str) -> &str {
    if name.trim().is_empty() { "(no name)" } else { name }
}

/// A number with a comma before each three digits.
pub(super) fn grouped(number: u64) -> String {
    with_commas(&number.to_string())
}

/// A number and what it counts: `1 record`, `1,200 records`.
pub(super) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A token's use of today, beside its limits: bytes and rejects.
pub(super) fn used_today(bytes: (Option<u64>, u64), rejects: (Option<u64>, u64)) -> String {
    // A small quota would be 0.0 MB.
    let is_small = bytes.0.is_some_and(|most| most < 1_000_000);
    let (unit, name) = if is_small { (1e3, "kB") } else { (1e6, "MB") };
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let size = |bytes: u64| format!("{:.1}", bytes as f64 / unit);
    let shown = |(most, used): (Option<u64>, u64), number: &dyn Fn(u64) -> String, unit: &str| match most {
        Some(most) => Some(format!("{} of {} {unit}", number(used), number(most))),
        None => (used > 0).then(|| format!("{} {unit}", number(used))),
    };
    let parts = [shown(bytes, &size, name), shown(rejects, &grouped, "rejects")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Columns that a text takes on a terminal: two for the wide characters of East Asia and for emoji, one for all others.
fn columns_of(text: &str) -> usize {
    let is_wide = |character: char| {
        matches!(
            character,
            '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{3fffd}'
        )
    };
    text.chars().map(|character| if is_wide(character) { 2 } else { 1 }).sum()
}

/// Whether a character cannot be seen, or not be distinguished from a space: Unicode's Cc, Cf, Zl, Zp, and Zs except the space.
pub(super) fn is_unseen(character: char) -> bool {
    character.is_control()
        || character.is_whitespace() && character != ' '
        || matches!(
            character,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Returns how long ago something was, in the largest unit that fits.
pub(super) fn ago(seconds: i64) -> String {
    match seconds {
        ..0 => "in the future: check the clock".to_owned(),
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_quota_is_not_zero() {
        assert_eq!(used_today((Some(2_000), 500), (None, 0)), "0.5 of 2.0 kB");
        assert_eq!(used_today((Some(200_000_000), 1_500_000), (Some(3), 0)), "1.5 of 200.0 MB, 0 of 3 rejects");
    }

    #[test]
    fn times_are_rounded_down_to_their_largest_unit() {
        let check = |seconds, expected| assert_eq!(ago(seconds), expected);
        check(-1, "in the future: check the clock");
        check(59, "just now");
        check(3_599, "59 min ago");
        check(3 * 3_600 + 1, "3 h ago");
        check(47 * 3_600, "47 h ago");
        check(172_800, "2 days ago");
    }

    #[test]
    fn names_are_cut_and_escaped() {
        let check = |name: &str, expected: &str| {
            let text = shown_within(name, 8);
            assert_eq!(text, expected, "{name:?}");
            assert!(columns_of(&text) <= 8, "{text:?}");
        };
        check("", "");
        check("Herzrate", "Herzrate");
        check("HeartRate", "HeartRa…");
        check("心拍数心", "心拍数心");
        check("心拍数心拍", "心拍数…");
        check("a心拍数心拍", "a心拍数…");
        check("a\nb", "a\\nb");
        check("\x1b[2J", "\\u{1b}[…");
        check("abcd\x1b[2J", "abcd…");
        check("\u{202e}abc", "…");
        assert_eq!(shown("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(columns_of(&shown(&"é".repeat(70_000))), NAME_COLUMNS_MAX);
    }

    #[test]
    fn long_numbers_are_grouped() {
        let check = |number, expected: &str| assert_eq!(grouped(number), expected);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(655_355, "655,355");
        check(8_593_346, "8,593,346");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new([("type", Align::Left), ("rows", Align::Right), ("last", Align::Left)]);
        table.push(["心拍数", "1", ""]);
        table.push(["a", "12345", "x"]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let expected = "type     rows  last\n心拍数      1\na       12345  x\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
