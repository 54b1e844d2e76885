//! QR codes on a terminal: two modules in each character, by half blocks.

use std::io::{self, Write};

use qrcodegen::{QrCode, QrCodeEcc};

use super::log::has_colours;

/// Modules of the quiet zone around a code.
const QUIET: i32 = 2;

/// Draws a text as a code. On a terminal with colours it is black on white, whatever the terminal's own colours.
///
/// # Errors
///
/// The writer's error. A text that is too long for a code is left out.
pub(super) fn draw(text: &str, is_terminal: bool, out: &mut dyn Write) -> io::Result<()> {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else {
        return Ok(());
    };
    let is_coloured = is_terminal && has_colours();
    rows(&code, !is_coloured).iter().try_for_each(|row| {
        if is_coloured { writeln!(out, "\x1b[30;107m{row}\x1b[0m") } else { writeln!(out, "{row}") }
    })
}

/// The rows of a code. Without colours the blocks are the light modules, since most terminals are dark.
fn rows(code: &QrCode, is_inverted: bool) -> Vec<String> {
    let is_drawn = |x: i32, y: i32| code.get_module(x, y) != is_inverted;
    let range = -QUIET..code.size() + QUIET;
    let row = |y: i32| -> String {
        let block = |x: i32| match (is_drawn(x, y), y + 1 < range.end && is_drawn(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        range.clone().map(block).collect()
    };
    range.clone().step_by(2).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The characters hold the code, module by module.
    #[test]
    fn half_blocks_hold_the_code() {
        let code = QrCode::encode_text("http://192.168.1.20:3000/", QrCodeEcc::Medium).unwrap();
        for is_inverted in [false, true] {
            let rows = rows(&code, is_inverted);
            let width = usize::try_from(code.size() + 2 * QUIET).unwrap();
            assert_eq!((rows.len(), rows[0].chars().count()), (width.div_ceil(2), width));
            for (y, row) in rows.iter().enumerate() {
                for (x, character) in row.chars().enumerate() {
                    let halves = match character {
                        '█' => [true, true],
                        '▀' => [true, false],
                        '▄' => [false, true],
                        _ => [false, false],
                    };
                    for (half, is_drawn) in halves.into_iter().enumerate().filter(|(half, _)| 2 * y + half < width) {
                        let at = |place: usize| i32::try_from(place).unwrap() - QUIET;
                        let is_dark = code.get_module(at(x), at(2 * y + half));
                        assert_eq!(is_drawn, is_dark != is_inverted, "{x} {y}");
                    }
                }
            }
        }
    }
}
