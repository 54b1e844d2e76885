//! Percent-encoding of texts in URLs.

/// Appends bytes. Letters, digits, `-`, `.`, `_`, `~` and those of `plain` stay as they are.
pub(crate) fn push_encoded(bytes: &[u8], plain: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', char::from(DIGITS[usize::from(byte >> 4)]), char::from(DIGITS[usize::from(byte & 15)])]);
        }
    }
}

/// Appends a text as the value of a parameter in a query.
pub(crate) fn push_query(text: &str, out: &mut String) {
    push_encoded(text.as_bytes(), b"", out);
}

/// Returns a text as the value of a parameter in a query.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    push_query(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_are_encoded() {
        assert_eq!(encoded("a b&c=ü/_~<>"), "a%20b%26c%3D%C3%BC%2F_~%3C%3E");
        let mut path = String::from("file:");
        push_encoded("/a b/c?.db".as_bytes(), b"/", &mut path);
        assert_eq!(path, "file:/a%20b/c%3F.db");
    }
}
