//! Who may upload, and whose the rows become: a token of the database, or that of a file.
//!
//! As soon as there is a token anywhere, every upload needs one. Until then this machine alone may upload; a request that a
//! proxy or a web page sends through it is not this machine's.
//!
//! A token of the database cannot be guessed, nor can a long one of a file, so they are looked at even for an address that has to
//! wait: nobody can lock their owner out. A short one of a file is not even compared there.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderName, TRANSFER_ENCODING};

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{TOKEN_BYTES_MAX, TOKEN_LONG_BYTES, TOKEN_SHORT_BYTES};
use crate::model::record::ME;
use crate::serve::access::attempts::{Attempts, Failure};
use crate::serve::access::client::Client;
use crate::serve::config::Auth;
use crate::store::private;
use crate::store::{TokenDigest, TokenOwner, TokenReader, is_token_shaped};

/// What a request must carry. Tokens themselves are not kept, only digests.
pub(in crate::serve) struct Credentials {
    header: HeaderName,
    /// Whether the token may stand there by itself, without `Bearer`.
    may_be_bare: bool,
    file: Option<FileToken>,
    /// Whose records come with that, or without any.
    person: Option<String>,
    is_optional: bool,
}

/// The token of a file.
struct FileToken {
    digest: TokenDigest,
    /// Whether it cannot be guessed.
    is_long: bool,
}

/// Headers that say how a request is read, so that there is no room for a token.
const TAKEN_HEADERS: [HeaderName; 5] = [HOST, CONNECTION, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING];

/// Lets requests in, or not.
pub(in crate::serve) struct Door {
    credentials: Credentials,
    reader: TokenReader,
    /// Whether there is a token, or was one since the start: then none is ever let in without.
    has_token: AtomicBool,
    attempts: Mutex<Attempts>,
    has_warned_of_proxy: AtomicBool,
}

/// What an upload is entered with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::serve) struct Sender {
    /// The number of its token.
    pub(in crate::serve) token: Option<i64>,
    /// Whose its rows are.
    pub(in crate::serve) person: Option<String>,
}

/// Why a request is not let in.
#[derive(Debug)]
pub(in crate::serve) enum Refusal {
    /// Its token is missing or wrong.
    Wrong,
    /// So it is, again and again.
    TooManyAttempts(Duration),
    /// It comes from elsewhere, and there is no token yet.
    NoTokenYet,
    /// Nobody can say.
    Failed(Error),
}

impl Credentials {
    /// Reads the token file, if there is to be one.
    pub(in crate::serve) fn load(auth: &Auth) -> Result<Self> {
        let usage = |message: String| Error::new(ErrorKind::Usage, message);
        let header = match &auth.header {
            None => AUTHORIZATION,
            Some(name) => name.parse().ok().filter(|name| !TAKEN_HEADERS.contains(name)).ok_or_else(|| {
                usage(format!("--auth-header {name} cannot carry a token; name another, such as X-API-Key"))
            })?,
        };
        let file = auth.token_file.as_deref().map(read_token).transpose()?;
        let may_be_bare = auth.header.is_some();
        Ok(Self { header, may_be_bare, file, person: auth.person.clone(), is_optional: auth.is_optional })
    }

    /// Whether the server itself was given a token.
    pub(in crate::serve) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// The token that a request carries, right or wrong.
    fn presented<'a>(&self, headers: &'a HeaderMap) -> Option<&'a [u8]> {
        let mut values = headers.get_all(&self.header).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let value = value.as_bytes().trim_ascii();
        let bearer = if self.header == AUTHORIZATION { bearer(value) } else { None };
        bearer.or(self.may_be_bare.then_some(value))
    }
}

fn read_token(path: &Path) -> Result<FileToken> {
    let shown = path.display();
    let usage = |message: String| Error::new(ErrorKind::Usage, message);
    let fail = |error: std::io::Error| usage(format!("cannot read the token file {shown}: {error}"));
    let file = std::fs::File::open(path).map_err(fail)?;
    let mut text = String::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    file.take(TOKEN_BYTES_MAX as u64 + 1).read_to_string(&mut text).map_err(fail)?;
    // Windows' editors begin a file with a mark that nobody sees.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() || text.len() > TOKEN_BYTES_MAX {
        return Err(usage(format!(
            "the first line of the token file {shown} must be the token, and the file {TOKEN_BYTES_MAX} bytes at most"
        )));
    }
    private::warn_if_exposed(path);
    if token.len() < TOKEN_SHORT_BYTES {
        tracing::warn!(
            "the token in {shown} is shorter than {TOKEN_SHORT_BYTES} bytes and may be guessed; `healthsink token new` makes a long one"
        );
    }
    Ok(FileToken { digest: TokenDigest::of(token.as_bytes()), is_long: token.len() >= TOKEN_LONG_BYTES })
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

impl Door {
    pub(in crate::serve) fn new(credentials: Credentials, reader: TokenReader) -> Self {
        let has_token = AtomicBool::new(credentials.has_file());
        Self { credentials, reader, has_token, attempts: Mutex::default(), has_warned_of_proxy: AtomicBool::new(false) }
    }

    /// Whether the request may upload, and as whom. It is asked anew for each request.
    pub(in crate::serve) fn admit(&self, headers: &HeaderMap, client: Client) -> Result<Sender, Refusal> {
        let mut presented = self.credentials.presented(headers);
        match self.look_up(presented).map_err(Refusal::Failed)? {
            Some(TokenOwner { token, person, is_revoked: false }) => {
                self.attempts().clear(client.address);
                return Ok(Sender { token: Some(token), person: Some(person) });
            }
            // It may be the file's, too, but it was revoked.
            Some(_) => presented = None,
            None => {}
        }
        if !self.has_token().map_err(Refusal::Failed)? {
            if client.is_this_machine || self.credentials.is_optional {
                return Ok(self.sender());
            }
            let Failure { failures, is_notable, .. } = self.attempts().fail(client.address, Instant::now());
            if is_notable {
                tracing::warn!(peer = %client.address, failures, "refused: no token yet; `healthsink token new` makes one");
            }
            return Err(Refusal::NoTokenYet);
        }
        let mut attempts = self.attempts();
        let may_guess = attempts.wait(client.address, Instant::now()).is_none();
        if self.is_of_file(presented, may_guess) {
            attempts.clear(client.address);
            return Ok(self.sender());
        }
        let failure = attempts.fail(client.address, Instant::now());
        drop(attempts);
        Err(self.refuse(client, failure))
    }

    /// Whether the request may read metrics, and whose; everyone's if nobody is named. A token tells of its person alone.
    pub(in crate::serve) fn admit_reader(
        &self,
        headers: &HeaderMap,
        client: Client,
    ) -> Result<Option<String>, Refusal> {
        let Sender { token, person } = self.admit(headers, client)?;
        if token.is_some() || self.has_token().map_err(Refusal::Failed)? {
            return Ok(Some(person.unwrap_or_else(|| ME.to_owned())));
        }
        // `--no-auth` is about sending.
        if client.is_this_machine { Ok(None) } else { Err(Refusal::NoTokenYet) }
    }

    /// Whether uploads need a token. Once it is so, it stays so.
    pub(in crate::serve) fn has_token(&self) -> Result<bool> {
        let has_token = self.has_token.load(Ordering::Relaxed) || self.reader.has_any()?;
        if has_token {
            self.has_token.store(true, Ordering::Relaxed);
        }
        Ok(has_token)
    }

    fn look_up(&self, presented: Option<&[u8]>) -> Result<Option<TokenOwner>> {
        match presented.filter(|token| is_token_shaped(token)) {
            Some(token) => self.reader.find(&TokenDigest::of(token)),
            None => Ok(None),
        }
    }

    fn is_of_file(&self, presented: Option<&[u8]>, may_guess: bool) -> bool {
        let compared = self.credentials.file.as_ref().filter(|file| file.is_long || may_guess);
        presented.zip(compared).is_some_and(|(token, file)| file.digest == TokenDigest::of(token))
    }

    /// Whoever it is that comes without a token of the database.
    fn sender(&self) -> Sender {
        Sender { token: None, person: self.credentials.person.clone() }
    }

    fn refuse(&self, client: Client, Failure { failures, wait, is_notable }: Failure) -> Refusal {
        if is_notable {
            tracing::warn!(peer = %client.address, failures, "refused: the token is missing or wrong");
        }
        if client.is_behind_unknown_proxy && !self.has_warned_of_proxy.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "{address} seems to be a reverse proxy, whose clients all count as one: if it is yours, name it with --trusted-proxy {address}",
                address = client.address
            );
        }
        wait.map_or(Refusal::Wrong, Refusal::TooManyAttempts)
    }

    fn attempts(&self) -> std::sync::MutexGuard<'_, Attempts> {
        // What is counted is no worse for a panic.
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::ATTEMPTS_FREE;
    use crate::store::{Store, add_token, revoke_token};
    use std::io::Write;
    use std::net::IpAddr;
    use tempfile::TempDir;

    const TOKEN: &str = "hs_abcdefghijklmnopqrstuvwxyz234567";
    const OTHER: &str = "hs_bbcdefghijklmnopqrstuvwxyz234567";

    /// A door to a database of its own.
    struct Fixture {
        door: Door,
        folder: TempDir,
    }

    fn client(address: &str) -> Client {
        let address: IpAddr = address.parse().unwrap();
        Client { address, is_forwarded: false, is_this_machine: address.is_loopback(), is_behind_unknown_proxy: false }
    }

    fn fixture(file: Option<&str>, change: impl FnOnce(&mut Auth)) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("health.db");
        drop(Store::open(&db).unwrap());
        let mut auth = Auth { person: Some("owner".to_owned()), ..Auth::default() };
        auth.token_file = file.map(|token| {
            let path = folder.path().join("token");
            private::create_new(&path).unwrap().write_all(token.as_bytes()).unwrap();
            path
        });
        change(&mut auth);
        let door = Door::new(Credentials::load(&auth).unwrap(), TokenReader::new(&db));
        Fixture { door, folder }
    }

    impl Fixture {
        fn add(&self, token: &str, person: &str) -> i64 {
            let db = self.folder.path().join("health.db");
            add_token(&db, &TokenDigest::of(token.as_bytes()), person, None, 0).unwrap()
        }

        fn revoke(&self, token: i64) {
            assert_eq!(revoke_token(&self.folder.path().join("health.db"), token, 0).unwrap(), Some(true));
        }

        /// The name of the person that is let in, or why nobody is.
        fn ask(&self, from: &str, sent: &[(&'static str, &str)]) -> String {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(*name, value.parse().unwrap());
            }
            match self.door.admit(&headers, client(from)) {
                Ok(Sender { person, .. }) => person.unwrap(),
                Err(Refusal::TooManyAttempts(_)) => "wait".to_owned(),
                Err(refusal) => format!("{refusal:?}"),
            }
        }

        fn bearer(&self, from: &str, token: &str) -> String {
            self.ask(from, &[("authorization", &format!("Bearer {token}"))])
        }
    }

    #[test]
    fn only_the_token_of_the_file_is_admitted() {
        let check = |fixture: &Fixture, sent: &[(&'static str, &str)], expected: &str| {
            assert_eq!(fixture.ask("127.0.0.1", sent), expected, "{sent:?}");
        };
        let by_bearer = fixture(Some("s3cret\n"), |_| {});
        check(&by_bearer, &[("authorization", "Bearer s3cret")], "owner");
        check(&by_bearer, &[("authorization", "bearer  s3cret")], "owner");
        check(&by_bearer, &[("authorization", "Bearer s3cre")], "Wrong");
        check(&by_bearer, &[("authorization", "Bearer s3cret2")], "Wrong");
        check(&by_bearer, &[("authorization", "Basic s3cret")], "Wrong");
        check(&by_bearer, &[("authorization", "Bearer s3cret")], "owner");
        check(&by_bearer, &[("authorization", "s3cret")], "Wrong");
        check(&by_bearer, &[("authorization", "Bearer x"), ("authorization", "Bearer s3cret")], "Wrong");
        check(&by_bearer, &[], "Wrong");
        let by_header = fixture(Some("s3cret"), |auth| auth.header = Some("X-Key".to_owned()));
        check(&by_header, &[("x-key", "s3cret")], "owner");
        check(&by_header, &[("x-key", "")], "Wrong");
        check(&by_header, &[("authorization", "Bearer s3cret")], "Wrong");
        check(&by_header, &[("x-key", "Bearer s3cret")], "Wrong");
        let by_both = fixture(Some("\u{feff}s3cret\r\n"), |auth| auth.header = Some("Authorization".to_owned()));
        check(&by_both, &[("authorization", "Bearer s3cret")], "owner");
        check(&by_both, &[("authorization", "s3cret")], "owner");
        check(&by_both, &[("authorization", "Basic s3cret")], "Wrong");
    }

    #[test]
    fn tokens_of_the_database_come_and_go_while_the_door_stands() {
        let fixture = fixture(None, |_| {});
        assert_eq!(fixture.bearer("127.0.0.1", TOKEN), "owner", "until there is one, this machine needs none");
        let first = fixture.add(TOKEN, "anna");
        assert_eq!(fixture.bearer("127.0.0.1", TOKEN), "anna");
        assert_eq!(fixture.bearer("192.0.2.7", TOKEN), "anna");
        assert_eq!(fixture.bearer("127.0.0.1", OTHER), "Wrong");
        assert_eq!(fixture.ask("127.0.0.1", &[]), "Wrong");
        fixture.add(OTHER, "ben");
        assert_eq!(fixture.bearer("127.0.0.1", OTHER), "ben");
        fixture.revoke(first);
        assert_eq!(fixture.bearer("127.0.0.1", TOKEN), "Wrong");
        assert_eq!(fixture.bearer("127.0.0.1", OTHER), "ben");
    }

    #[test]
    fn the_last_token_revoked_opens_nothing() {
        let fixture = fixture(None, |_| {});
        let token = fixture.add(TOKEN, "anna");
        fixture.revoke(token);
        assert_eq!(fixture.ask("127.0.0.1", &[]), "Wrong");
    }

    /// As somebody does who moves a token from the file to the database, or back.
    #[test]
    fn a_revoked_token_is_refused_also_if_it_is_the_files() {
        let fixture = fixture(Some(TOKEN), |_| {});
        assert_eq!(fixture.bearer("127.0.0.1", TOKEN), "owner");
        let token = fixture.add(TOKEN, "anna");
        assert_eq!(fixture.bearer("127.0.0.1", TOKEN), "anna");
        fixture.revoke(token);
        assert_eq!(fixture.bearer("127.0.0.1", TOKEN), "Wrong");
    }

    #[test]
    fn without_any_token_only_this_machine_is_admitted_unless_it_is_said() {
        let closed = fixture(None, |_| {});
        assert_eq!(closed.ask("127.0.0.1", &[]), "owner");
        assert_eq!(closed.ask("192.0.2.7", &[]), "NoTokenYet");
        let open = fixture(None, |auth| auth.is_optional = true);
        assert_eq!(open.ask("192.0.2.7", &[]), "owner");
        open.add(TOKEN, "anna");
        assert_eq!(open.ask("192.0.2.7", &[]), "Wrong", "it was said of a server without tokens");
    }

    #[test]
    fn metrics_are_told_of_the_tokens_person_and_without_any_to_this_machine_alone() {
        let check = |door: &Door, from: &str, token: Option<&str>, expected: Result<Option<&str>, ()>| {
            let mut headers = HeaderMap::new();
            if let Some(token) = token {
                headers.append("authorization", format!("Bearer {token}").parse().unwrap());
            }
            let admitted = door.admit_reader(&headers, client(from)).map_err(|_| ());
            assert_eq!(admitted, expected.map(|person| person.map(str::to_owned)), "{from} {token:?}");
        };
        let open = fixture(None, |auth| auth.is_optional = true);
        check(&open.door, "127.0.0.1", None, Ok(None));
        check(&open.door, "192.0.2.7", None, Err(()));
        open.add(TOKEN, "anna");
        check(&open.door, "127.0.0.1", None, Err(()));
        check(&open.door, "192.0.2.7", Some(TOKEN), Ok(Some("anna")));
        let of_file = fixture(Some("s3cret"), |_| {});
        check(&of_file.door, "192.0.2.7", Some("s3cret"), Ok(Some("owner")));
        check(&of_file.door, "127.0.0.1", Some("wrong"), Err(()));
        let of_nobody = fixture(Some("s3cret"), |auth| auth.person = None);
        check(&of_nobody.door, "127.0.0.1", Some("s3cret"), Ok(Some(ME)));
    }

    /// The token of a file may be guessed, that of the database may not.
    #[test]
    fn an_address_that_tries_has_to_wait_but_locks_no_token_of_the_database_out() {
        let fixture = fixture(Some("s3cret"), |_| {});
        fixture.add(TOKEN, "anna");
        for _ in 0..=ATTEMPTS_FREE {
            assert_eq!(fixture.bearer("192.0.2.7", "guess"), "Wrong");
        }
        assert_eq!(fixture.bearer("192.0.2.7", "guess"), "wait");
        assert_eq!(fixture.bearer("192.0.2.7", "s3cret"), "wait", "it is not even compared");
        assert_eq!(fixture.bearer("192.0.2.8", "s3cret"), "owner", "others are not held up");
        assert_eq!(fixture.bearer("192.0.2.7", TOKEN), "anna");
        assert_eq!(fixture.bearer("192.0.2.7", "s3cret"), "owner", "a right one clears the address");
    }

    #[test]
    fn nobody_locks_the_owner_of_a_long_token_of_a_file_out() {
        let check = |token: &str, expected: &str| {
            let fixture = fixture(Some(token), |_| {});
            for _ in 0..=2 * ATTEMPTS_FREE {
                fixture.bearer("192.0.2.7", "guess");
            }
            assert_eq!(fixture.bearer("192.0.2.7", token), expected, "{}", token.len());
        };
        check(&"x".repeat(TOKEN_LONG_BYTES - 1), "wait");
        check(&"x".repeat(TOKEN_LONG_BYTES), "owner");
    }

    #[test]
    fn unusable_tokens_are_refused() {
        let load = |token: &str, header: Option<&str>| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(token.as_bytes()).unwrap();
            let token_file = Some(file.path().to_owned());
            Credentials::load(&Auth { token_file, header: header.map(str::to_owned), ..Auth::default() })
        };
        assert!(load("s3cret", None).is_ok());
        assert!(load("\n", None).is_err());
        for header in ["no header", "Host", "content-length", "Connection", "Transfer-Encoding", "Content-Encoding"] {
            assert!(load("s3cret", Some(header)).is_err(), "{header}");
        }
        assert!(load("\u{feff}\n", None).is_err());
        assert!(load(&"x".repeat(TOKEN_BYTES_MAX + 1), None).is_err());
        let nowhere = Auth { token_file: Some("/nowhere/token".into()), ..Auth::default() };
        assert!(Credentials::load(&nowhere).is_err());
    }
}
