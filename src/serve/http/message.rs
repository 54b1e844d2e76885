//! Rules of HTTP that hyper leaves to the server.

use hyper::header::{HOST, TRANSFER_ENCODING};
use hyper::{Request, Version};

/// The rule that a request breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::serve) enum Malformed {
    /// HTTP/1.1 takes exactly one `Host`, and each version at most one (RFC 9112, section 3.2).
    Host,
    /// A transfer coding that is not exactly `chunked`: its content would be stored as if it were the body.
    TransferEncoding,
}

impl Malformed {
    /// The fault, and a valid form.
    pub(in crate::serve) fn detail(self) -> &'static str {
        match self {
            Self::Host => "a request has one Host header; send exactly one",
            Self::TransferEncoding => {
                "this Transfer-Encoding is unknown; send `chunked` or a Content-Length, and compress with Content-Encoding"
            }
        }
    }
}

/// Checks a request's head.
pub(in crate::serve) fn check<B>(request: &Request<B>) -> Result<(), Malformed> {
    let headers = request.headers();
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || hosts == 0 && request.version() == Version::HTTP_11 {
        return Err(Malformed::Host);
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if is_chunked(coding.as_bytes()) => Ok(()),
        _ => Err(Malformed::TransferEncoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_and_one_transfer_coding() {
        let check = |version: Version, sent: &[(&'static str, &'static str)], expected: Result<(), Malformed>| {
            let mut request = Request::builder().version(version);
            for (name, value) in sent {
                request = request.header(*name, *value);
            }
            assert_eq!(check(&request.body(()).unwrap()), expected, "{version:?} {sent:?}");
        };
        let host = ("host", "localhost");
        check(Version::HTTP_11, &[host], Ok(()));
        check(Version::HTTP_11, &[("host", "")], Ok(()));
        check(Version::HTTP_11, &[], Err(Malformed::Host));
        check(Version::HTTP_11, &[host, host], Err(Malformed::Host));
        check(Version::HTTP_10, &[], Ok(()));
        check(Version::HTTP_10, &[host], Ok(()));
        check(Version::HTTP_10, &[host, host], Err(Malformed::Host));
        check(Version::HTTP_2, &[], Ok(()));
        check(Version::HTTP_11, &[host, ("transfer-encoding", "Chunked")], Ok(()));
        for coding in ["gzip, chunked", "chunked, chunked", "identity", "", "xchunked", "chunked;q=1"] {
            check(Version::HTTP_11, &[host, ("transfer-encoding", coding)], Err(Malformed::TransferEncoding));
        }
        let twice = [host, ("transfer-encoding", "gzip"), ("transfer-encoding", "chunked")];
        check(Version::HTTP_11, &twice, Err(Malformed::TransferEncoding));
    }
}
