//! What keeps clients out. Each is one line in the log, at most one a minute for each address and kind. The last of each kind
//! is also in a file beside the database, for `healthsink status`.
//!
//! The file is written at most once in [`OBSTACLES_WRITE_INTERVAL`], however much strangers try. The first obstacle of its kind in
//! that time is written at once: somebody may be waiting to see it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::runtime::Handle;

use super::log_limit::LogLimit;
use crate::model::limits::{
    OBSTACLE_NAME_BYTES_MAX, OBSTACLE_TEXT_BYTES_MAX, OBSTACLES_MAX, OBSTACLES_WRITE_INTERVAL, SECRET_BYTES_MIN,
};
use crate::model::lock::lock;
use crate::model::obstacle::Obstacle;
use crate::store::{Database, is_token_shaped, now_ms};

/// An obstacle that keeps a client out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::serve) enum ObstacleKind {
    UnknownPath,
    WrongPath,
    WrongMethod,
    BrowserVisit,
    MalformedRequest,
    NoHeader,
    NotBearer,
    OtherHeader,
    UnknownToken,
    RevokedToken,
    ExpiredToken,
    OtherScope,
    NoTokenYet,
    UntrustedCertificate,
    EndedHandshake,
    OldTls,
    FailedHandshake,
    PlainHttp,
    HttpsToPlainPort,
    UnknownCoding,
    Form,
    TooLong,
    Busy,
    BadBody,
    SlowBody,
    Quota,
    DiskFull,
    Failed,
}

impl ObstacleKind {
    /// Its name for programs.
    pub(in crate::serve) fn name(self) -> &'static str {
        match self {
            Self::UnknownPath => "unknownPath",
            Self::WrongPath => "wrongPath",
            Self::WrongMethod => "wrongMethod",
            Self::BrowserVisit => "browserVisit",
            Self::MalformedRequest => "malformedRequest",
            Self::NoHeader => "noHeader",
            Self::NotBearer => "notBearer",
            Self::OtherHeader => "otherHeader",
            Self::UnknownToken => "unknownToken",
            Self::RevokedToken => "revokedToken",
            Self::ExpiredToken => "expiredToken",
            Self::OtherScope => "otherScope",
            Self::NoTokenYet => "noTokenYet",
            Self::UntrustedCertificate => "untrustedCertificate",
            Self::EndedHandshake => "endedHandshake",
            Self::OldTls => "oldTls",
            Self::FailedHandshake => "failedHandshake",
            Self::PlainHttp => "plainHttp",
            Self::HttpsToPlainPort => "httpsToPlainPort",
            Self::UnknownCoding => "unknownCoding",
            Self::Form => "form",
            Self::TooLong => "tooLong",
            Self::Busy => "busy",
            Self::BadBody => "badBody",
            Self::SlowBody => "slowBody",
            Self::Quota => "quota",
            Self::DiskFull => "diskFull",
            Self::Failed => "failed",
        }
    }
}

/// The last obstacle of each kind.
#[derive(Debug)]
pub(in crate::serve) struct Obstacles {
    /// The database beside the file; none if rows are kept in PostgreSQL.
    database: Option<Database>,
    log_limit: Arc<LogLimit>,
    last: Mutex<Last>,
    /// Whether a write is due, now or once the interval has passed.
    is_write_due: AtomicBool,
    /// Held by a write: two would use the same name for the new file.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Last {
    obstacles: Vec<Obstacle>,
    written: Option<Instant>,
}

impl Obstacles {
    /// Those that the database's file holds.
    pub(in crate::serve) fn of(database: impl Into<Option<Database>>, log_limit: Arc<LogLimit>) -> Arc<Self> {
        let database = database.into();
        let bytes = database.as_ref().map(Database::read_obstacles).unwrap_or_default();
        let mut obstacles: Vec<Obstacle> = serde_json::from_slice(&bytes).unwrap_or_default();
        obstacles.truncate(OBSTACLES_MAX);
        let last = Mutex::new(Last { obstacles, written: None });
        Arc::new(Self { database, log_limit, last, is_write_due: AtomicBool::new(false), writing: Mutex::default() })
    }

    /// Logs what keeps a client out, and remembers it, unless the same address had such a line lately.
    pub(in crate::serve) fn report(self: &Arc<Self>, kind: ObstacleKind, address: IpAddr, message: &str) {
        if let Some(left_out) = self.count(kind, address, message) {
            tracing::warn!(peer = %address, left_out, "refused: {message}");
        }
    }

    /// Remembers it if its line is due. Returns how many lines were left out before that line, which the caller logs.
    pub(in crate::serve) fn count(self: &Arc<Self>, kind: ObstacleKind, address: IpAddr, message: &str) -> Option<u64> {
        let left_out = self.log_limit.count(address, kind.name())?;
        self.remember(kind, address, message);
        Some(left_out)
    }

    /// Whether a line about an address is due that is no obstacle for phones. Returns how many lines were left out before it.
    pub(in crate::serve) fn count_line(&self, address: IpAddr, name: &'static str) -> Option<u64> {
        self.log_limit.count(address, name)
    }

    /// Remembers what another line reports.
    pub(in crate::serve) fn remember(self: &Arc<Self>, kind: ObstacleKind, address: IpAddr, message: &str) {
        let message = cut(message, OBSTACLE_TEXT_BYTES_MAX);
        let new = Obstacle { kind: kind.name().to_owned(), last_ms: now_ms(), address: address.to_string(), message };
        // The list is still valid after a panic.
        let mut last = lock(&self.last);
        let place = last.obstacles.iter().position(|obstacle| obstacle.kind == new.kind);
        let is_first = place.is_none_or(|place| {
            u128::from(new.last_ms.abs_diff(last.obstacles[place].last_ms)) >= OBSTACLES_WRITE_INTERVAL.as_millis()
        });
        // Kinds of another version may fill the list.
        match place.unwrap_or(last.obstacles.len()).min(OBSTACLES_MAX - 1) {
            place if place < last.obstacles.len() => last.obstacles[place] = new,
            _ => last.obstacles.push(new),
        }
        let wait = last.written.filter(|_| !is_first);
        let wait = wait.map(|written| OBSTACLES_WRITE_INTERVAL.saturating_sub(written.elapsed()));
        drop(last);
        let was_due = self.is_write_due.swap(true, Ordering::Relaxed);
        // Without a runtime, the end of the server writes it.
        if let Ok(runtime) = Handle::try_current()
            && (is_first || !was_due)
        {
            let this = Arc::clone(self);
            runtime.spawn(async move {
                tokio::time::sleep(wait.unwrap_or_default()).await;
                // The thread of the runtime must not wait for a disk.
                let _ = tokio::task::spawn_blocking(move || this.write()).await;
            });
        }
    }

    /// Writes what is not written yet.
    pub(in crate::serve) fn write(&self) {
        let Some(database) = &self.database else { return };
        let _writing = lock(&self.writing);
        if !self.is_write_due.swap(false, Ordering::Relaxed) {
            return;
        }
        let obstacles = {
            let mut last = lock(&self.last);
            last.written = Some(Instant::now());
            serde_json::to_vec(&last.obstacles).unwrap_or_default()
        };
        if let Err(error) = database.write_obstacles(&obstacles)
            && let Some(left_out) = self.log_limit.count_shared("obstacles")
        {
            tracing::warn!(%error, left_out, "`healthsink status` will not show what kept clients out: its file cannot be written");
        }
    }
}

/// A name that a client sent, for a message: on one line, cut, and without what may be a secret.
pub(in crate::serve) fn quoted(name: &str) -> String {
    let parts = name.split('/').map(|part| if may_be_secret(part) { "SECRET" } else { part });
    let name = parts.collect::<Vec<_>>().join("/");
    cut(&name.escape_debug().to_string(), OBSTACLE_NAME_BYTES_MAX)
}

/// Whether a part of a path looks like a token, or like the long random part of another receiver's path.
fn may_be_secret(part: &str) -> bool {
    is_token_shaped(part.as_bytes()) || part.len() >= SECRET_BYTES_MIN && part.bytes().any(|byte| byte.is_ascii_digit())
}

/// The beginning of a text, with a mark if the rest is cut off.
fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes_max);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn the_last_of_each_kind_outlives_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let kept = |obstacles: &Obstacles| -> Vec<String> {
            let show = |obstacle: &Obstacle| format!("{} {}", obstacle.kind, obstacle.message);
            lock(&obstacles.last).obstacles.iter().map(show).collect()
        };
        let obstacles = Obstacles::of(database.clone(), Arc::default());
        obstacles.remember(ObstacleKind::Busy, ADDRESS, "first");
        obstacles.remember(ObstacleKind::Form, ADDRESS, &"x".repeat(2 * OBSTACLE_TEXT_BYTES_MAX));
        obstacles.remember(ObstacleKind::Busy, ADDRESS, "second\u{1b}\"");
        obstacles.is_write_due.store(true, Ordering::Relaxed);
        obstacles.write();
        let again = Obstacles::of(database.clone(), Arc::default());
        let long = format!("form {}…", "x".repeat(OBSTACLE_TEXT_BYTES_MAX));
        assert_eq!(kept(&again), ["busy second\u{1b}\"", &long]);
        for broken in [&b"{"[..], b"[{}]", b"null"] {
            database.write_obstacles(broken).unwrap();
            assert!(kept(&Obstacles::of(database.clone(), Arc::default())).is_empty(), "{broken:?}");
        }
    }

    #[test]
    fn another_versions_kinds_do_not_grow_the_list() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let kind = |number: usize| Obstacle {
            kind: format!("later{number}"),
            last_ms: 0,
            address: String::new(),
            message: "\u{1}".repeat(OBSTACLE_TEXT_BYTES_MAX),
        };
        let many: Vec<Obstacle> = (0..OBSTACLES_MAX).map(kind).collect();
        database.write_obstacles(&serde_json::to_vec(&many).unwrap()).unwrap();
        let obstacles = Obstacles::of(database, Arc::default());
        obstacles.remember(ObstacleKind::Busy, ADDRESS, "now");
        obstacles.remember(ObstacleKind::Busy, ADDRESS, "now");
        let last = lock(&obstacles.last);
        assert_eq!((last.obstacles.len(), last.obstacles[OBSTACLES_MAX - 1].message.as_str()), (OBSTACLES_MAX, "now"));
    }

    #[test]
    fn names_that_clients_send_are_cut_and_hold_no_token() {
        let check = |name: &str, expected: &str| assert_eq!(quoted(name), expected);
        check("/api/health-data", "/api/health-data");
        check("/a\u{1b}[1m\u{202e}", "/a\\u{1b}[1m\\u{202e}");
        check("/hs_abcdefghijklmnopqrstuvwxyz234567/x", "/SECRET/x");
        check("/api/webhook/0b6b1d0e-8f0e-4c5e", "/api/webhook/SECRET");
        check("/v2/apple-health-data-receiver", "/v2/apple-health-data-receiver");
        check(&"ä".repeat(50), &format!("{}…", "ä".repeat(40)));
    }
}
