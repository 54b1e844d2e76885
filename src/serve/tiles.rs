//! Where the page gets maps from, if the owner names a server of tiles. Without one the page asks nobody but this server.

use std::str::FromStr;

use hyper::Uri;
use serde::{Serialize, Serializer};

use crate::model::error::{Error, Result};
use crate::model::limits::{TILE_ATTRIBUTION_BYTES_MAX, TILE_URL_BYTES_MAX};

/// Maps for the page.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Tiles {
    /// Where they come from.
    pub url: TileUrl,
    /// Whose they are, as the page says beside them.
    pub attribution: Option<Attribution>,
}

/// The URL of a tile, with `{z}`, `{x}` and `{y}` in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TileUrl {
    text: String,
    origin: String,
}

impl TileUrl {
    /// The scheme and the host, as a policy of the page names them.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }
}

impl FromStr for TileUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::usage(format!(
                "the URL of tiles begins with http: or https: and has {{z}}, {{x}} and {{y}} behind the host, in at most \
                 {TILE_URL_BYTES_MAX} bytes: https://tiles.example.com/{{z}}/{{x}}/{{y}}.png"
            ))
        };
        let text = text.trim();
        // What would end a directive or the policy is in no URL.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\;,`".contains(&byte);
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (host, path) = rest.split_once('/').ok_or_else(wrong)?;
        let has_places = ["{z}", "{x}", "{y}"].iter().all(|place| path.contains(place));
        let origin = format!("{scheme}://{host}");
        let is_origin =
            origin.parse::<Uri>().is_ok_and(|uri| uri.authority().is_some_and(|authority| authority == host));
        let is_host = !host.is_empty() && !host.contains(['@', '{', '*', '?', '#']) && is_origin;
        let is_short = text.len() <= TILE_URL_BYTES_MAX && text.bytes().all(is_plain);
        if !["http", "https"].contains(&scheme) || !is_host || !has_places || !is_short {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), origin })
    }
}

impl Serialize for TileUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Whose maps they are: a text, which the page shows as it is.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Attribution(String);

impl FromStr for Attribution {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > TILE_ATTRIBUTION_BYTES_MAX || text.chars().any(char::is_control) {
            let message =
                format!("the attribution of tiles is one line of text, in at most {TILE_ATTRIBUTION_BYTES_MAX} bytes");
            return Err(Error::usage(message));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_tiles() {
        let check = |text: &str, expected: Option<&str>| {
            let read = text.parse::<TileUrl>();
            assert_eq!(read.as_ref().ok().map(TileUrl::origin), expected, "{text}");
        };
        check("https://tiles.example.com/{z}/{x}/{y}.png", Some("https://tiles.example.com"));
        check("http://192.168.1.2:8080/t?z={z}&x={x}&y={y}", Some("http://192.168.1.2:8080"));
        for wrong in [
            "",
            "tiles.example.com/{z}/{x}/{y}.png",
            "ftp://tiles.example.com/{z}/{x}/{y}.png",
            "https://tiles.example.com/{z}/{x}.png",
            "https://{s}.example.com/{z}/{x}/{y}.png",
            "https:///{z}/{x}/{y}.png",
            "https://*/{z}/{x}/{y}.png",
            "https://u@tiles.example.com/{z}/{x}/{y}.png",
            "https://a; script-src *//{z}/{x}/{y}.png",
            "https://a/{z}/{x}/{y};x",
            "https://a\r\nb/{z}/{x}/{y}",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn attributions_of_tiles() {
        let check = |text: &str, expected: Option<&str>| {
            let read = text.parse::<Attribution>().ok();
            assert_eq!(read.as_ref().map(|Attribution(text)| text.as_str()), expected, "{text:?}");
        };
        check(" © the <b>mapmakers</b> ", Some("© the <b>mapmakers</b>"));
        check(&"x".repeat(256), Some(&"x".repeat(256)));
        check(&"x".repeat(257), None);
        check("two\nlines", None);
        check(" ", None);
    }
}
