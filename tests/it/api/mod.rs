//! The API for reading: rights, questions, parameters, forms.

mod answers;
mod beside;
mod charts;
mod clients;
mod cors;
mod effects;
mod events;
mod examples;
mod figures;
mod overview;
mod rights;
mod states;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use healthsink::store::{Database, NewToken, TokenDigest, TokenScope};
use healthsink_testkit::http::{Client, Response};
use healthsink_testkit::server::Server;
use healthsink_testkit::tls::Authority;
use serde_json::Value;
use tempfile::TempDir;

use crate::reading::fixture;

/// Paths of the API, as a client asks for them.
const PATHS: [&str; 29] = [
    "/api/v1/overview",
    "/api/v1/types",
    "/api/v1/days?type=steps",
    "/api/v1/nights",
    "/api/v1/nights/2026-01-06",
    "/api/v1/samples?type=steps",
    "/api/v1/workouts",
    "/api/v1/workouts/days",
    "/api/v1/workouts/30000000-0000-4000-8000-000000000001",
    "/api/v1/workouts/30000000-0000-4000-8000-000000000001/route",
    "/api/v1/workouts/30000000-0000-4000-8000-000000000001/route.gpx",
    "/api/v1/medications",
    "/api/v1/medications/days",
    "/api/v1/medications/doses",
    "/api/v1/characteristics",
    "/api/v1/correlations",
    "/api/v1/electrocardiograms",
    "/api/v1/beats",
    "/api/v1/rings",
    "/api/v1/aggregates",
    "/api/v1/sources",
    "/api/v1/zones",
    "/api/v1/uploads",
    "/api/v1/rejects",
    "/api/v1/records",
    "/api/v1/explain?type=steps&from=2026-01-05",
    "/api/v1/status",
    "/api/v1/people",
    "/chart.svg?type=steps&days=all",
];

/// A server with a few days of data of `me`, and tokens that read them.
struct Api {
    server: Server,
    token: String,
    /// A receiver with the same in PostgreSQL, which is asked the same.
    #[cfg(feature = "postgres")]
    receiver: Option<crate::postgres::beside::Receiver>,
}

/// Makes a database with a few days of data of `me`.
fn copy_fixture(to: &Path) {
    static FIXTURE: LazyLock<(TempDir, PathBuf)> = LazyLock::new(fixture::database);
    fs::copy(&FIXTURE.1, to).unwrap();
}

impl Api {
    fn start() -> Self {
        let api = Self::alone();
        #[cfg(feature = "postgres")]
        let api = Self { receiver: crate::postgres::beside::Receiver::start(&api.token), ..api };
        api
    }

    /// The same without the receiver beside it, for a test that changes the file by other means.
    fn alone() -> Self {
        Self::of(Server::with(|config| copy_fixture(&config.db)))
    }

    /// The same, with the thread that computes figures.
    fn with_figures() -> Self {
        Self::of(Server::with_figures(|config| copy_fixture(&config.db)))
    }

    /// A server without a token.
    fn over(server: Server) -> Self {
        Self {
            server,
            token: String::new(),
            #[cfg(feature = "postgres")]
            receiver: None,
        }
    }

    fn of(server: Server) -> Self {
        let mut api = Self::over(server);
        api.token = api.add_token("me", TokenScope::Read, false);
        api
    }

    /// Enters a token.
    fn add_token(&self, person: &str, scope: TokenScope, is_of_all: bool) -> String {
        let letter = char::from(b'a' + u8::try_from(self.server.count("tokens")).unwrap());
        let token = format!("hs_{}", letter.to_string().repeat(32));
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
        Database::new(self.server.database()).add_token(&new).unwrap();
        #[cfg(feature = "postgres")]
        if let Some(receiver) = &self.receiver {
            receiver.add_token(&new);
        }
        token
    }

    /// Asks with a token and further headers.
    fn ask(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let bearer = format!("Bearer {token}");
        let headers = [headers, &[("Authorization", bearer.as_str()), ("Connection", "close")]].concat();
        let mut client = Client::connect(self.server.address);
        client.head("GET", path, &headers);
        let answer = client.receive();
        #[cfg(feature = "postgres")]
        if let Some(receiver) = &self.receiver {
            receiver.assert_same(path, &headers, &answer);
        }
        answer
    }

    /// Asks for JSON by HTTP/1.1 with TLS.
    fn over_tls(&self, authority: &Authority, path: &str) -> Value {
        let bearer = format!("Bearer {}", self.token);
        let mut client = authority.connect(self.server.address).unwrap();
        client.head("GET", path, &[("Authorization", bearer.as_str()), ("Connection", "close")]);
        client.receive().json()
    }

    /// Asks for JSON that is there.
    fn json(&self, path: &str) -> Value {
        let answer = self.ask(&self.token, path, &[]);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Asks for a table in a form.
    fn text(&self, path: &str, accept: &str) -> String {
        let answer = self.ask(&self.token, path, &[("Accept", accept)]);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        assert!(answer.header("content-type").unwrap().starts_with(accept), "{answer:?}");
        String::from_utf8(answer.body).unwrap()
    }
}
