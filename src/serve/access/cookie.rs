//! The cookie that carries the id of a browser's session.

use hyper::HeaderMap;
use hyper::header::{COOKIE, HeaderName};

use crate::model::limits::COOKIE_TIME;
use crate::store::secret::is_session_shaped;

const NAME: &str = "healthsink_session";

/// A browser's header about the page that makes a request.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The id that a request's cookie carries. None if a page of another site makes the request, and none of several: another program
/// of the same host could have added one.
pub(in crate::serve) fn session_of(headers: &HeaderMap) -> Option<&[u8]> {
    let is_own = |site: &[u8]| matches!(site, b"same-origin" | b"none");
    if !headers.get_all(SEC_FETCH_SITE).iter().all(|site| is_own(site.as_bytes())) {
        return None;
    }
    let cookies = headers.get_all(COOKIE).iter().flat_map(|cookies| cookies.as_bytes().split(|byte| *byte == b';'));
    let mut ids = cookies.filter_map(|cookie| cookie.trim_ascii().strip_prefix(NAME.as_bytes())?.strip_prefix(b"="));
    match (ids.next(), ids.next()) {
        (Some(id), None) if is_session_shaped(id) => Some(id),
        _ => None,
    }
}

/// The header that gives a browser this id.
pub(in crate::serve) fn set(id: &str, is_https: bool) -> String {
    header(id, COOKIE_TIME.as_secs(), is_https)
}

/// The header that takes it away.
pub(in crate::serve) fn unset(is_https: bool) -> String {
    header("", 0, is_https)
}

fn header(id: &str, seconds: u64, is_https: bool) -> String {
    let secure = if is_https { "; Secure" } else { "" };
    format!("{NAME}={id}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz234567";

    #[test]
    fn cookies_of_a_request() {
        let check = |cookies: &[&str], is_found: bool| {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(COOKIE, cookie.parse().unwrap());
            }
            assert_eq!(session_of(&headers), is_found.then_some(ID.as_bytes()), "{cookies:?}");
        };
        let own = format!("{NAME}={ID}");
        check(&[&own], true);
        check(&[&format!("a=b; {own}; c=d")], true);
        check(&["a=b", &format!(";{own} ;")], true);
        check(&[&format!("{own}; {own}")], false);
        check(&[&own, &own], false);
        check(&[&format!("{NAME}=\"{ID}\"")], false);
        check(&[&format!("x{own}")], false);
        check(&[&format!("{own}x")], false);
        check(&[&format!("{NAME} ={ID}")], false);
        check(&[&format!("{NAME}={}", "a".repeat(8000))], false);
        check(&[NAME, "=", "", ";;;"], false);
        check(&[&own.to_uppercase()], false);
        check(&[], false);
    }

    #[test]
    fn other_sites_have_no_session() {
        let check = |site: &'static str, is_found: bool| {
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, format!("{NAME}={ID}").parse().unwrap());
            headers.append(SEC_FETCH_SITE, site.parse().unwrap());
            assert_eq!(session_of(&headers).is_some(), is_found, "{site}");
        };
        check("same-origin", true);
        check("none", true);
        check("same-site", false);
        check("cross-site", false);
    }

    #[test]
    fn what_a_browser_gets() {
        assert_eq!(
            set("id", true),
            "healthsink_session=id; Max-Age=34560000; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(unset(false), "healthsink_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict");
    }
}
