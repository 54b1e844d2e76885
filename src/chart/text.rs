//! How wide a text is, without its font: an estimate that is rather too wide, so that labels never touch.

use std::borrow::Cow;

/// The size of labels, and of the title.
pub(super) const LABEL_PX: f64 = 12.0;
pub(super) const TITLE_PX: f64 = 16.0;

/// The width of a text in a size.
pub(super) fn width(text: &str, size_px: f64) -> f64 {
    text.chars().map(ems).sum::<f64>() * size_px
}

/// The width of a character, in parts of the size. Fonts of systems differ: these are the widest.
fn ems(character: char) -> f64 {
    match character {
        ' ' | '.' | ',' | ':' | ';' | '!' | '|' | '\'' | 'i' | 'j' | 'l' | 'I' | '·' => 0.36,
        'f' | 't' | 'r' | '(' | ')' | '-' | '/' => 0.45,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 1.0,
        'A'..='Z' => 0.76,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{ffef}' => 1.08,
        '\u{1_0000}'.. => 1.4,
        _ => 0.66,
    }
}

/// The text, or its beginning with an ellipsis, so that it is no wider than a width.
pub(super) fn fitted(text: &str, size_px: f64, width_px: f64) -> Cow<'_, str> {
    if width(text, size_px) <= width_px {
        return Cow::Borrowed(text);
    }
    let mut left_px = width_px - width("…", size_px);
    let mut kept = String::new();
    for character in text.chars() {
        left_px -= ems(character) * size_px;
        if left_px < 0.0 {
            break;
        }
        kept.push(character);
    }
    let kept = kept.trim_end();
    if kept.is_empty() { Cow::Borrowed("") } else { Cow::Owned(format!("{kept}…")) }
}
