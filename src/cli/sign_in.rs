//! The link that signs a browser in to the page, once and within ten minutes.

use crate::model::error::Result;
use crate::model::quota::Quota;
use crate::store::{Database, NewToken, TokenDigest, TokenScope, now_ms, secret};

/// Label of the page's token that `setup` makes.
const LABEL: &str = "page";

/// Returns a new link for a token: the page posts the code in it. `base` is the URL by which a browser reaches the server.
pub(super) fn link(database: &Database, token: i64, base: &str) -> Result<String> {
    Ok(link_of(&database.add_code(token)?, base))
}

/// The link with a code.
pub(super) fn link_of(code: &str, base: &str) -> String {
    format!("{}/#/sign-in?code={code}", base.trim_end_matches('/'))
}

/// Returns the number of a person's token for the page, which may be a new one. Nobody needs to know the token itself.
pub(super) fn token(database: &Database, person: &str) -> Result<i64> {
    let tokens = if database.exists() { database.tokens()? } else { Vec::new() };
    let known = tokens.into_iter().find(|token| {
        token.person == person
            && token.label.as_deref() == Some(LABEL)
            && token.scope == TokenScope::Read.name()
            && token.expires.is_none()
            && token.revoked.is_none()
            && !token.all_people
    });
    if let Some(known) = known {
        return Ok(known.id);
    }
    let digest = TokenDigest::of(secret::token()?.as_bytes());
    let (label, scope) = (Some(LABEL), TokenScope::Read);
    let (is_of_all, created_ms, expires_ms) = (false, now_ms(), None);
    database.add_token(&NewToken {
        digest: &digest,
        person,
        label,
        scope,
        is_of_all,
        created_ms,
        expires_ms,
        quota: Quota::default(),
    })
}
