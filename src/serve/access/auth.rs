//! Which requests may upload or read, and as which person: by a token in the database, or by the token in a file.
//!
//! Once any token exists, every upload needs one. Until then only this machine may upload. Requests that a proxy or a web
//! page sends through it do not count as this machine's. Reads always need a token that allows them: a proxy that adds no
//! header looks like this machine.
//!
//! A token in the database cannot be guessed, nor can a long one in a file. Both are accepted even while an address has to
//! wait, so nobody can lock their owner out. A short token in a file is not even compared then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use hyper::HeaderMap;
use hyper::header::HeaderName;

use super::credentials::Credentials;
use crate::model::error::{Error, Result};
use crate::model::limits::SESSION_NOTE_REPEAT;
use crate::model::lock::lock;
use crate::model::quota::Allowance;
use crate::model::record::ME;
use crate::serve::access::attempts::{Attempts, Failure};
use crate::serve::access::client::Client;
use crate::serve::access::cookie;
use crate::serve::obstacles::{ObstacleKind, Obstacles};
use crate::store::writer::WriterHandle;
use crate::store::{Lookup, SessionOwner, TokenDigest, TokenOwner, TokenScope, is_token_shaped};

/// Decides which requests are admitted.
pub(in crate::serve) struct Authenticator {
    credentials: Credentials,
    reader: Lookup,
    /// Whether a token exists, or has existed since the start: requests without one are refused from then on.
    has_token: AtomicBool,
    attempts: Mutex<Attempts>,
    obstacles: Arc<Obstacles>,
    has_warned_of_proxy: AtomicBool,
    /// Notes the use of sessions; missing in tests of tokens.
    writer: Option<WriterHandle>,
    /// The session whose use was noted last, and when.
    noted: Mutex<Option<(i64, Instant)>>,
}

/// As whom a request is admitted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::serve) struct Caller {
    pub(in crate::serve) sender: Sender,
    /// The person whose records the request uploads or reads. `None` uploads for the default person, and reads everyone's
    /// metrics.
    pub(in crate::serve) person: Option<String>,
    /// Whether it may read the records of all persons.
    pub(in crate::serve) is_of_all: bool,
    /// The limits of its uploads on a day, if there are any, and their use.
    pub(in crate::serve) allowance: Option<Allowance>,
}

/// The identity of a sender: its token.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::serve) enum Sender {
    /// No token exists, so senders cannot be distinguished.
    #[default]
    Anyone,
    /// The token in the file.
    FileToken,
    /// The token in the database that has this number.
    Token(i64),
}

impl Caller {
    /// The number of the token in the database.
    pub(in crate::serve) fn token(&self) -> Option<i64> {
        match self.sender {
            Sender::Token(token) => Some(token),
            Sender::Anyone | Sender::FileToken => None,
        }
    }
}

/// Why a request is refused.
#[derive(Debug)]
pub(in crate::serve) enum Refusal {
    /// The token is missing or wrong.
    Wrong,
    /// The token is missing or wrong, and the address has to wait.
    TooManyAttempts(Duration),
    /// The request is not from this machine, and no token exists yet.
    NoTokenYet,
    /// A read has no token.
    NoTokenToRead,
    /// A browser's session has ended or is unknown.
    NoSession,
    /// The token is for something else.
    OtherScope(Purpose),
    /// The token could not be looked up.
    Failed(Error),
}

/// The purpose of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::serve) enum Purpose {
    /// To upload.
    Send,
    /// Metrics, which every token shows.
    Metrics,
    /// To read records.
    Read,
}

impl Purpose {
    fn is_allowed_by(self, scope: TokenScope) -> bool {
        match self {
            Self::Send => scope.may_send(),
            Self::Metrics => true,
            Self::Read => scope.may_read(),
        }
    }
}

impl Authenticator {
    pub(in crate::serve) fn new(
        credentials: Credentials,
        reader: impl Into<Lookup>,
        obstacles: Arc<Obstacles>,
    ) -> Self {
        let reader = reader.into();
        let has_token = AtomicBool::new(credentials.has_file());
        let (attempts, has_warned_of_proxy) = (Mutex::default(), AtomicBool::new(false));
        let (writer, noted) = (None, Mutex::default());
        Self { credentials, reader, has_token, attempts, obstacles, has_warned_of_proxy, writer, noted }
    }

    /// The same, which notes the use of sessions.
    pub(in crate::serve) fn with_writer(self, writer: WriterHandle) -> Self {
        Self { writer: Some(writer), ..self }
    }

    /// The header that carries the token.
    pub(in crate::serve) fn header(&self) -> &HeaderName {
        &self.credentials.header
    }

    /// Admits a request that may upload, and returns its caller. Every request is checked again.
    pub(in crate::serve) fn admit(&self, headers: &HeaderMap, client: Client) -> Result<Caller, Refusal> {
        self.admit_to(Purpose::Send, headers, client)
    }

    /// Admits a request that may read records, and returns whose: by its token, or without one by the session of a browser.
    pub(in crate::serve) fn admit_to_read(&self, headers: &HeaderMap, client: Client) -> Result<Caller, Refusal> {
        if self.credentials.presented(headers).is_none()
            && let Some(id) = cookie::session_of(headers)
        {
            let SessionOwner { owner, .. } = self.admit_session(id)?;
            let TokenOwner { token, person, is_of_all, .. } = owner;
            return Ok(Caller { sender: Sender::Token(token), person: Some(person), is_of_all, allowance: None });
        }
        self.admit_to(Purpose::Read, headers, client)
    }

    /// Returns the session with this id. Nobody guesses one, so a wrong id is not counted: a browser asks for many things with it.
    pub(in crate::serve) fn admit_session(&self, id: &[u8]) -> Result<SessionOwner, Refusal> {
        let found = self.reader.find_session(&TokenDigest::of(id)).map_err(Refusal::Failed)?;
        let found = found.ok_or(Refusal::NoSession)?;
        if let Some(writer) = self.writer.as_ref().filter(|_| found.is_due) {
            let mut noted = lock(&self.noted);
            // Until the writer has noted it, each request of the browser would ask it to.
            let is_noted =
                noted.is_some_and(|(session, at)| session == found.session && at.elapsed() < SESSION_NOTE_REPEAT);
            if !is_noted && writer.extend_session(found.session) {
                *noted = Some((found.session, Instant::now()));
            }
        }
        Ok(found)
    }

    /// Admits a token that a browser signs in with. Returns its number.
    pub(in crate::serve) fn admit_sign_in(
        &self,
        token: &[u8],
        headers: &HeaderMap,
        client: Client,
    ) -> Result<Option<i64>, Refusal> {
        self.admit_with(Purpose::Read, Some(token), headers, client).map(|caller| caller.token())
    }

    /// Whether there is a valid code with this digest. If not, it counts as a wrong token.
    pub(in crate::serve) fn admit_code(&self, digest: &TokenDigest, client: Client) -> Result<(), Refusal> {
        if self.reader.has_code(digest).map_err(Refusal::Failed)? {
            return Ok(());
        }
        let failure = self.attempts().fail(client.address, Instant::now());
        if let Some(left_out) = self.obstacles.count_line(client.address, "wrong code") {
            let failures = failure.failures;
            tracing::warn!(peer = %client.address, failures, left_out, "refused: the code of a sign-in is not valid (401)");
        }
        Err(self.refuse(client, failure))
    }

    /// The names of all persons.
    pub(in crate::serve) fn people(&self) -> Result<Vec<String>> {
        self.reader.people()
    }

    fn admit_to(&self, purpose: Purpose, headers: &HeaderMap, client: Client) -> Result<Caller, Refusal> {
        self.admit_with(purpose, self.credentials.presented(headers), headers, client)
    }

    fn admit_with(
        &self,
        purpose: Purpose,
        mut presented: Option<&[u8]>,
        headers: &HeaderMap,
        client: Client,
    ) -> Result<Caller, Refusal> {
        let mut refused = None;
        match self.look_up(presented).map_err(Refusal::Failed)? {
            // It clears no wrong tokens: its owner could guess the file's token between requests.
            Some(TokenOwner { token, person, scope, is_of_all, allowance, is_revoked: false, is_expired: false }) => {
                if !scope.is_some_and(|scope| purpose.is_allowed_by(scope)) {
                    self.report_scope(purpose, token, client);
                    return Err(Refusal::OtherScope(purpose));
                }
                let allowance = Some(allowance).filter(|allowance| !allowance.quota.is_unlimited());
                return Ok(Caller { sender: Sender::Token(token), person: Some(person), is_of_all, allowance });
            }
            // A token that is revoked or has expired is refused even if it is also the file's.
            Some(TokenOwner { token, is_revoked, .. }) => {
                presented = None;
                let (kind, what) = match is_revoked {
                    true => (ObstacleKind::RevokedToken, "is revoked"),
                    false => (ObstacleKind::ExpiredToken, "has expired"),
                };
                let message = format!("token {token} {what} (401); make another one with `healthsink token new`");
                refused = Some((kind, message));
            }
            // Without a token nothing is guessed.
            None if purpose == Purpose::Read && presented.is_none() => return Err(Refusal::NoTokenToRead),
            None => {}
        }
        if purpose != Purpose::Read && !self.needs_token().map_err(Refusal::Failed)? {
            if client.is_this_machine || self.credentials.is_optional {
                return Ok(self.default_caller(Sender::Anyone));
            }
            let Failure { failures, .. } = self.attempts().fail(client.address, Instant::now());
            let message =
                "no token exists yet, so only this machine may upload (401); `healthsink token new` creates one";
            self.report(client, failures, (ObstacleKind::NoTokenYet, message));
            return Err(Refusal::NoTokenYet);
        }
        let mut attempts = self.attempts();
        let may_guess = attempts.wait(client.address, Instant::now()).is_none();
        if self.is_of_file(presented, may_guess) {
            attempts.clear(client.address);
            if purpose == Purpose::Read {
                return Err(Refusal::OtherScope(purpose));
            }
            return Ok(self.default_caller(Sender::FileToken));
        }
        let failure = attempts.fail(client.address, Instant::now());
        drop(attempts);
        match purpose {
            Purpose::Send => {
                let (kind, message) = refused.unwrap_or_else(|| self.credentials.fault(headers, presented));
                self.report(client, failure.failures, (kind, &message));
            }
            Purpose::Read | Purpose::Metrics => self.report_reader(purpose, client, failure.failures),
        }
        Err(self.refuse(client, failure))
    }

    /// Admits a request that may read metrics, and returns whose: with a token, its person's only.
    pub(in crate::serve) fn admit_reader(&self, headers: &HeaderMap, client: Client) -> Result<Caller, Refusal> {
        let Caller { sender, person, .. } = self.admit_to(Purpose::Metrics, headers, client)?;
        if sender != Sender::Anyone {
            let person = Some(person.unwrap_or_else(|| ME.to_owned()));
            return Ok(Caller { sender, person, ..Caller::default() });
        }
        // `--no-auth` is for uploads only.
        if client.is_this_machine { Ok(Caller::default()) } else { Err(Refusal::NoTokenYet) }
    }

    /// Whether uploads need a token. Once they do, they always do.
    fn needs_token(&self) -> Result<bool> {
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

    /// The caller of a request without a token in the database.
    fn default_caller(&self, sender: Sender) -> Caller {
        Caller { sender, person: self.credentials.person.clone(), ..Caller::default() }
    }

    /// Logs that a reader has no valid token. The list of obstacles is about phones.
    fn report_reader(&self, purpose: Purpose, client: Client, failures: u32) {
        let (name, what) = match purpose {
            Purpose::Metrics => ("wrong token of a scrape", "the token of GET /metrics is missing or not valid (401)"),
            _ => ("wrong token of a read", "the token of a read is not valid (401)"),
        };
        if let Some(left_out) = self.obstacles.count_line(client.address, name) {
            tracing::warn!(peer = %client.address, failures, left_out, "refused: {what}");
        }
    }

    /// Logs that a valid token is for something else.
    fn report_scope(&self, purpose: Purpose, token: i64, client: Client) {
        match purpose {
            Purpose::Send => {
                let message =
                    format!("token {token} may not upload (403); type one of `healthsink token new` into the app");
                self.obstacles.report(ObstacleKind::OtherScope, client.address, &message);
            }
            Purpose::Metrics | Purpose::Read => {
                if let Some(left_out) = self.obstacles.count_line(client.address, "scope") {
                    tracing::warn!(peer = %client.address, token_id = token, left_out, "refused: the token may not read (403)");
                }
            }
        }
    }

    /// Logs why a client is refused, unless it had such a line lately.
    fn report(&self, client: Client, failures: u32, (kind, message): (ObstacleKind, &str)) {
        if let Some(left_out) = self.obstacles.count(kind, client.address, message) {
            tracing::warn!(peer = %client.address, failures, left_out, "refused: {message}");
        }
    }

    fn refuse(&self, client: Client, Failure { wait, .. }: Failure) -> Refusal {
        if client.is_behind_unknown_proxy && !self.has_warned_of_proxy.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "{address} seems to be a reverse proxy, and all its clients count as one; if it is yours, pass --trusted-proxy {address}",
                address = client.address
            );
        }
        wait.map_or(Refusal::Wrong, Refusal::TooManyAttempts)
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        // The counts are still valid after a panic.
        lock(&self.attempts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::ATTEMPTS_FREE;
    use crate::model::limits::{TOKEN_BYTES_MAX, TOKEN_LONG_BYTES};
    use crate::serve::config::Auth;
    use crate::store::{Database, NewToken, Store, TokenReader, private};
    use std::io::Write;
    use std::net::IpAddr;
    use tempfile::TempDir;

    const TOKEN: &str = "hs_abcdefghijklmnopqrstuvwxyz234567";
    const OTHER: &str = "hs_bbcdefghijklmnopqrstuvwxyz234567";

    /// An authenticator with its own database.
    struct Fixture {
        authenticator: Authenticator,
        folder: TempDir,
    }

    fn client(address: &str) -> Client {
        let address: IpAddr = address.parse().unwrap();
        Client { address, is_forwarded: false, is_this_machine: address.is_loopback(), is_behind_unknown_proxy: false }
    }

    fn fixture(file: Option<&str>, change: impl FnOnce(&mut Auth)) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("health.db");
        drop(Store::open(&Database::new(&db)).unwrap());
        let mut auth = Auth { person: Some("owner".to_owned()), ..Auth::default() };
        auth.token_file = file.map(|token| {
            let path = folder.path().join("token");
            private::create_new(&path).unwrap().write_all(token.as_bytes()).unwrap();
            path
        });
        change(&mut auth);
        let (credentials, reader) = (Credentials::load(&auth).unwrap(), TokenReader::new(Database::new(&db)));
        let obstacles = Obstacles::of(Database::new(&db), Arc::default());
        let authenticator = Authenticator::new(credentials, reader, obstacles);
        Fixture { authenticator, folder }
    }

    impl Fixture {
        fn add(&self, token: &str, person: &str) -> i64 {
            let db = self.folder.path().join("health.db");
            let digest = &TokenDigest::of(token.as_bytes());
            let scope = TokenScope::Send;
            let new = NewToken {
                digest,
                person,
                label: None,
                scope,
                is_of_all: false,
                created_ms: 0,
                expires_ms: None,
                quota: Default::default(),
            };
            Database::new(&db).add_token(&new).unwrap()
        }

        fn add_reader(&self, token: &str, (person, scope, is_of_all): (&str, TokenScope, bool)) {
            let db = self.folder.path().join("health.db");
            let digest = &TokenDigest::of(token.as_bytes());
            let new = NewToken {
                digest,
                person,
                label: None,
                scope,
                is_of_all,
                created_ms: 0,
                expires_ms: None,
                quota: Default::default(),
            };
            Database::new(&db).add_token(&new).unwrap();
        }

        /// Whom a request may read: a person, or everyone.
        fn read(&self, from: &str, token: Option<&str>) -> String {
            let mut headers = HeaderMap::new();
            if let Some(token) = token {
                headers.append("authorization", format!("Bearer {token}").parse().unwrap());
            }
            match self.authenticator.admit_to_read(&headers, client(from)) {
                Ok(Caller { person, is_of_all, .. }) => format!("{} {is_of_all}", person.unwrap()),
                Err(Refusal::TooManyAttempts(_)) => "wait".to_owned(),
                Err(refusal) => format!("{refusal:?}"),
            }
        }

        fn revoke(&self, token: i64) {
            assert_eq!(
                Database::new(self.folder.path().join("health.db"))
                    .revoke_token(token, 0)
                    .unwrap()
                    .map(|revocation| revocation.is_new),
                Some(true)
            );
        }

        /// The person that is admitted, or the refusal.
        fn ask(&self, from: &str, sent: &[(&'static str, &str)]) -> String {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(*name, value.parse().unwrap());
            }
            match self.authenticator.admit(&headers, client(from)) {
                Ok(Caller { person, .. }) => person.unwrap(),
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
    fn tokens_in_the_database_come_and_go_while_the_server_runs() {
        let fixture = fixture(None, |_| {});
        assert_eq!(fixture.bearer("127.0.0.1", TOKEN), "owner", "this machine needs none until one exists");
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
    fn revoking_the_last_token_admits_nobody() {
        let fixture = fixture(None, |_| {});
        let token = fixture.add(TOKEN, "anna");
        fixture.revoke(token);
        assert_eq!(fixture.ask("127.0.0.1", &[]), "Wrong");
    }

    /// A token can be moved from the file to the database, or back.
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
    fn without_a_token_only_this_machine_is_admitted_unless_others_may() {
        let closed = fixture(None, |_| {});
        assert_eq!(closed.ask("127.0.0.1", &[]), "owner");
        assert_eq!(closed.ask("192.0.2.7", &[]), "NoTokenYet");
        let open = fixture(None, |auth| auth.is_optional = true);
        assert_eq!(open.ask("192.0.2.7", &[]), "owner");
        open.add(TOKEN, "anna");
        assert_eq!(open.ask("192.0.2.7", &[]), "Wrong", "--no-auth ends with the first token");
    }

    #[test]
    fn a_token_reads_its_persons_metrics_and_this_machine_reads_all_without_one() {
        let check =
            |authenticator: &Authenticator, from: &str, token: Option<&str>, expected: Result<Option<&str>, ()>| {
                let mut headers = HeaderMap::new();
                if let Some(token) = token {
                    headers.append("authorization", format!("Bearer {token}").parse().unwrap());
                }
                let admitted =
                    authenticator.admit_reader(&headers, client(from)).map(|caller| caller.person).map_err(|_| ());
                assert_eq!(admitted, expected.map(|person| person.map(str::to_owned)), "{from} {token:?}");
            };
        let open = fixture(None, |auth| auth.is_optional = true);
        check(&open.authenticator, "127.0.0.1", None, Ok(None));
        check(&open.authenticator, "192.0.2.7", None, Err(()));
        open.add(TOKEN, "anna");
        check(&open.authenticator, "127.0.0.1", None, Err(()));
        check(&open.authenticator, "192.0.2.7", Some(TOKEN), Ok(Some("anna")));
        let of_file = fixture(Some("s3cret"), |_| {});
        check(&of_file.authenticator, "192.0.2.7", Some("s3cret"), Ok(Some("owner")));
        check(&of_file.authenticator, "127.0.0.1", Some("wrong"), Err(()));
        let of_nobody = fixture(Some("s3cret"), |auth| auth.person = None);
        check(&of_nobody.authenticator, "127.0.0.1", Some("s3cret"), Ok(Some(ME)));
    }

    #[test]
    fn reads_need_a_token_that_allows_them_from_everywhere() {
        let open = fixture(None, |auth| auth.is_optional = true);
        for from in ["127.0.0.1", "192.0.2.7"] {
            assert_eq!(open.read(from, None), "NoTokenToRead", "also before the first token, and with --no-auth");
        }
        open.add(TOKEN, "anna");
        assert_eq!(open.read("127.0.0.1", Some(TOKEN)), "OtherScope(Read)");
        open.add_reader(OTHER, ("ben", TokenScope::Read, false));
        assert_eq!(open.read("127.0.0.1", Some(OTHER)), "ben false");
        assert_eq!(open.bearer("127.0.0.1", OTHER), "OtherScope(Send)");
        let admin = OTHER.replace('b', "c");
        open.add_reader(&admin, ("carl", TokenScope::Admin, true));
        assert_eq!([open.read("127.0.0.1", Some(&admin)), open.bearer("127.0.0.1", &admin)], ["carl true", "carl"]);
        let of_file = fixture(Some("s3cret"), |_| {});
        assert_eq!(of_file.read("127.0.0.1", Some("s3cret")), "OtherScope(Read)");
        for _ in 0..=2 * ATTEMPTS_FREE {
            assert_eq!(of_file.read("192.0.2.7", None), "NoTokenToRead", "nothing is guessed");
        }
        for _ in 0..=ATTEMPTS_FREE {
            assert_eq!(of_file.read("192.0.2.7", Some("guess")), "Wrong");
        }
        assert_eq!(of_file.read("192.0.2.7", Some("guess")), "wait");
    }

    /// A token in a file may be guessed, one in the database cannot.
    #[test]
    fn a_token_in_the_database_neither_waits_nor_clears_wrong_ones() {
        let fixture = fixture(Some("s3cret"), |_| {});
        fixture.add(TOKEN, "anna");
        for _ in 0..=ATTEMPTS_FREE {
            assert_eq!(fixture.bearer("192.0.2.7", "guess"), "Wrong");
        }
        assert_eq!(fixture.bearer("192.0.2.7", "guess"), "wait");
        assert_eq!(fixture.bearer("192.0.2.7", "s3cret"), "wait", "not even compared");
        assert_eq!(fixture.bearer("192.0.2.8", "s3cret"), "owner", "other addresses do not wait");
        assert_eq!(fixture.bearer("192.0.2.7", TOKEN), "anna");
        assert_eq!(fixture.bearer("192.0.2.7", "s3cret"), "wait", "a token in the database clears nothing");
    }

    #[test]
    fn a_waiting_address_is_still_admitted_by_a_long_token_in_a_file() {
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
