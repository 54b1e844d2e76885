//! Values of categories that came as text.

use crate::formats::tape::{Value, as_str};
use crate::model::healthkit::{CATEGORY_TYPE, category_value, category_word};

/// Returns the number of a category's value that is a text: `asleepREM`, `HKCategoryValueSeverityMild`, `3`.
#[cold]
pub(super) fn category_number(kind: &str, value: Value<'_, '_>) -> Option<f64> {
    let text = as_str(value).filter(|_| kind.starts_with(CATEGORY_TYPE))?;
    let named = category_value(text).or_else(|| category_word(kind, text)).map(f64::from);
    named.or_else(|| text.parse::<u8>().ok().map(f64::from))
}
