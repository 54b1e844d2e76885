//! How a file of the page is sent: its headers, 304 for what a browser has, compressed or not.

use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::{Body, Frame};
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::files::File;
use crate::model::error::{Error, ErrorKind};
use crate::model::limits::PAGE_PIECE_BYTES;
use crate::serve::answer::{Answer, MayStay, empty, whole};
use crate::serve::api::{is_known, takes_gzip};
use crate::serve::problem;
use crate::serve::tiles::TileUrl;

/// How long a browser may keep a file without asking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Keeping {
    /// For ever: another content has another name.
    Forever,
    /// Until it has asked whether the file is still the same.
    Asking,
}

/// Nothing from elsewhere but tiles of maps, nothing inline.
fn policy(tiles: Option<&TileUrl>) -> String {
    let tiles = tiles.map(|tiles| format!(" {}", tiles.origin())).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{tiles}; connect-src 'self'; \
         manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Others learn nothing. With `no-referrer` a form of the page would be sent with `Origin: null`.
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (VARY, HeaderValue::from_static("accept-encoding")),
];

/// What all answers with files share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) tiles: Option<&'a TileUrl>,
    /// Permits to decompress a file.
    pub(super) inflations: &'a Arc<Semaphore>,
}

/// Sends a file.
pub(super) fn sent(file: &'static File, keeping: Keeping, asked: &HeaderMap, shared: Shared<'_>) -> Answer {
    let tag = format!("W/\"{}\"", file.tag);
    let is_compressed = file.is_gzip && takes_gzip(asked);
    let mut answer = match file {
        _ if is_known(asked, &tag) => {
            let mut answer = empty();
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            answer
        }
        File { is_gzip: true, .. } if !is_compressed => match Arc::clone(shared.inflations).try_acquire_owned() {
            Ok(permit) => Answer::new(Inflated::new(file.content, permit).boxed_unsync()),
            Err(_) => return problem::too_many_inflations(),
        },
        _ => whole(file.content_type, Bytes::from_static(file.content)),
    };
    answer.extensions_mut().insert(MayStay);
    let is_sent = answer.status() == StatusCode::OK;
    let headers = answer.headers_mut();
    if is_sent {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    }
    if is_sent && is_compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.extend(HEADERS);
    // The URL of tiles was checked when it was read.
    if let Ok(policy) = HeaderValue::try_from(policy(shared.tiles)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    let keep = match keeping {
        Keeping::Forever => "public, max-age=31536000, immutable",
        Keeping::Asking => "no-cache",
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    // A tag is hexadecimal.
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    answer
}

/// A file for a client that takes no gzip. It is decompressed piece by piece, so that no client holds a whole file in memory.
struct Inflated {
    decoder: GzDecoder<&'static [u8]>,
    _permit: OwnedSemaphorePermit,
}

impl Inflated {
    fn new(content: &'static [u8], permit: OwnedSemaphorePermit) -> Self {
        Self { decoder: GzDecoder::new(content), _permit: permit }
    }
}

impl Body for Inflated {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut piece = vec![0; PAGE_PIECE_BYTES];
        Poll::Ready(match self.decoder.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some(Ok(Frame::data(piece.into())))
            }
            // The build script has compressed it.
            Err(error) => Some(Err(Error::new(ErrorKind::Io, format!("an embedded file is damaged: {error}")))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use hyper::header::{ACCEPT_ENCODING, IF_NONE_MATCH};
    use std::io::Write;

    fn file(is_gzip: bool, text: &[u8]) -> &'static File {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        let content = if is_gzip { encoder.finish().unwrap() } else { text.to_vec() };
        let (name, content_type) = ("assets/a.js", "text/javascript; charset=utf-8");
        Box::leak(Box::new(File { name, content_type, tag: "0a", is_gzip, content: content.leak() }))
    }

    /// Sends a file, while so many may be decompressed.
    fn sent(
        file: &'static File,
        keeping: Keeping,
        asked: &HeaderMap,
        tiles: Option<&TileUrl>,
        inflations: usize,
    ) -> Answer {
        super::sent(file, keeping, asked, Shared { tiles, inflations: &Arc::new(Semaphore::new(inflations)) })
    }

    fn body(answer: Answer) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test's own file")]
        let body = runtime.block_on(answer.into_body().collect()).unwrap();
        body.to_bytes().to_vec()
    }

    #[test]
    fn a_client_gets_what_it_takes() {
        let text = b"let a = 1;\n".repeat(10_000);
        let check = |is_gzip: bool, accepted: Option<&str>, expected: bool| {
            let mut asked = HeaderMap::new();
            asked.extend(accepted.map(|codings| (ACCEPT_ENCODING, codings.parse().unwrap())));
            let file = file(is_gzip, &text);
            let answer = sent(file, Keeping::Forever, &asked, None, 1);
            assert_eq!(answer.headers().contains_key(CONTENT_ENCODING), expected, "{accepted:?}");
            let expected = if expected { file.content } else { &text };
            assert!(body(answer) == expected, "{accepted:?}");
        };
        check(true, Some("gzip, deflate, br"), true);
        check(true, Some("br;q=1, gzip;q=0"), false);
        check(true, None, false);
        check(false, Some("gzip"), false);
    }

    /// Strangers who read nothing hold no more memory.
    #[test]
    fn few_files_are_decompressed_at_once() {
        let inflations = Arc::new(Semaphore::new(1));
        let shared = Shared { tiles: None, inflations: &inflations };
        let ask = |asked: &HeaderMap| super::sent(file(true, b"text"), Keeping::Asking, asked, shared);
        let first = ask(&HeaderMap::new());
        assert_eq!(ask(&HeaderMap::new()).status(), StatusCode::SERVICE_UNAVAILABLE);
        let mut asked = HeaderMap::new();
        asked.append(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(ask(&asked).status(), StatusCode::OK);
        assert_eq!(body(first), b"text");
        assert_eq!(ask(&HeaderMap::new()).status(), StatusCode::OK);
    }

    #[test]
    fn the_policy_names_the_server_of_tiles() {
        let policy = |tiles: Option<&str>| {
            let tiles: Option<TileUrl> = tiles.map(|tiles| tiles.parse().unwrap());
            let answer = sent(file(true, b"text"), Keeping::Asking, &HeaderMap::new(), tiles.as_ref(), 1);
            answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
        };
        assert!(policy(None).contains("img-src 'self' data: blob:; "));
        let tiles = policy(Some("https://tiles.example.com:8443/{z}/{x}/{y}.png"));
        assert!(
            tiles.contains("img-src 'self' data: blob: https://tiles.example.com:8443; connect-src 'self';"),
            "{tiles}"
        );
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let check = |known: &str, expected: u16| {
            let mut asked = HeaderMap::new();
            asked.append(IF_NONE_MATCH, known.parse().unwrap());
            let answer = sent(file(true, b"text"), Keeping::Asking, &asked, None, 1);
            assert_eq!(answer.status(), expected, "{known}");
            assert_eq!(answer.headers()[ETAG], "W/\"0a\"");
            assert_eq!(answer.headers()[CACHE_CONTROL], "no-cache");
            assert_eq!(body(answer).is_empty(), expected == 304);
        };
        check("W/\"0a\"", 304);
        check("\"x\", \"0a\"", 304);
        check("W/\"0b\"", 200);
        check("*", 200);
    }
}
