//! Numbers in attributes. Apple writes decimal points; programs that change exports write the phone's separators.

use super::element::plain;
use crate::model::locale::{NumberStyle, Unreadable};

/// The finite number that a text is.
pub(super) fn number(text: &str) -> Option<f64> {
    read(text, NumberStyle::default()).ok()
}

/// The same, with what the file has shown of its separators.
pub(super) fn read(text: &str, style: NumberStyle) -> Result<f64, Unreadable> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    number.map_or_else(|| style.read(&plain(text)), Ok)
}
