//! Text inside of HTML.

use std::fmt::Write;

/// A text inside of HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' | '<' | '>' | '"' | '\'' => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_strangers_is_no_html() {
        assert_eq!(escaped("<a href='x'>\"&"), "&#60;a href=&#39;x&#39;&#62;&#34;&#38;");
    }
}
