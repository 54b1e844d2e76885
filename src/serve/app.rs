//! What to type into the app, in its own words: base URL, endpoint path, authentication, API key.

use super::public_url::PublicUrl;

/// Values that the app needs, beside the base URL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppSettings {
    /// The URL that `--public-url` names.
    pub public_url: Option<PublicUrl>,
    /// The endpoint path.
    pub path: String,
    /// The header that carries the token; `Authorization: Bearer` if `None`.
    pub header: Option<String>,
}

impl AppSettings {
    /// The authentication type, and the header's name if the app asks for it.
    #[must_use]
    pub fn authentication(&self) -> String {
        match &self.header {
            None => "Bearer".to_owned(),
            Some(name) => format!("Custom Header, named {name}"),
        }
    }

    /// The endpoint path and the authentication, in one sentence.
    #[must_use]
    pub fn words(&self) -> String {
        format!("endpoint path {}, authentication {}, API key = the token", self.path, self.authentication())
    }
}
