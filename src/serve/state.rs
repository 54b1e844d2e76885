//! The state that every request needs, built in one place.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{Semaphore, watch};

use super::access::auth::Authenticator;
use super::api::{Feeds, Reads};
use super::app::AppSettings;
use super::config::Serve;
use super::cors::WebOrigin;
use super::http::tls::Tls;
use super::log_limit::LogLimit;
use super::monitor::metrics::Metrics;
use super::network::Network;
use super::obstacles::Obstacles;
use super::page::Permits;
use super::phase::Phase;
use super::prepare::Prepared;
use super::tiles::Tiles;
use super::upload::intake::Intake;
use crate::model::limits::{METRIC_SCRAPES_MAX, PAGE_INFLATIONS_MAX, SESSION_CHANGES_MAX, SIGN_INS_MAX};
use crate::model::quota::Accounts;
use crate::store::writer::WriterHandle;
use crate::store::{Database, OpenFiles};

/// The state that every request needs.
pub(super) struct State {
    pub(super) upload_path: String,
    pub(super) app: AppSettings,
    /// Whether there is a token in a file.
    pub(super) has_token_file: bool,
    /// Whether uploads need no token as long as none exists.
    pub(super) is_optional: bool,
    pub(super) authenticator: Authenticator,
    pub(super) tls: Option<Tls>,
    pub(super) trusted_proxies: Vec<Network>,
    pub(super) cors: Vec<WebOrigin>,
    pub(super) has_warned_of_plain_http: AtomicBool,
    pub(super) is_reported_unhealthy: AtomicBool,
    pub(super) body_bytes_max: u64,
    pub(super) writer: WriterHandle,
    /// The database and its files, for the space on its disk; none if rows are kept in PostgreSQL.
    pub(super) file: Option<(Database, OpenFiles)>,
    pub(super) intake: Arc<Intake>,
    /// The use of quotas by uploads under way.
    pub(super) accounts: Accounts,
    pub(super) metrics: Metrics,
    pub(super) log_limit: Arc<LogLimit>,
    pub(super) obstacles: Arc<Obstacles>,
    pub(super) scrapes: Arc<Semaphore>,
    pub(super) sign_ins: Semaphore,
    /// Files of the page that are decompressed for clients that take no gzip.
    pub(super) inflations: Arc<Semaphore>,
    /// Pages without a script.
    pub(super) plain_pages: Permits,
    /// Where the page gets maps from.
    pub(super) tiles: Option<Tiles>,
    /// Sign-ins and sign-outs that the writer is asked for.
    pub(super) session_changes: Arc<Semaphore>,
    pub(super) reads: Reads,
    pub(super) feeds: Feeds,
    pub(super) phase: watch::Receiver<Phase>,
}

impl State {
    pub(super) fn new(
        config: &Serve,
        Prepared { credentials, tls, connections, tokens }: Prepared,
        writer: WriterHandle,
        phase: watch::Receiver<Phase>,
    ) -> Arc<Self> {
        let log_limit = Arc::<LogLimit>::default();
        let intake = Intake::new(config.ingests);
        let reads = Reads::new(config.kept(), Arc::clone(&intake));
        let feeds = Feeds::new(reads.clone(), &writer, connections);
        let obstacles = Obstacles::of(config.file(), Arc::clone(&log_limit));
        Arc::new(Self {
            upload_path: config.path.clone(),
            app: config.app(),
            has_token_file: credentials.has_file(),
            is_optional: config.auth.is_optional,
            authenticator: Authenticator::new(credentials, tokens, Arc::clone(&obstacles)).with_writer(writer.clone()),
            tls,
            trusted_proxies: config.trusted_proxies.clone(),
            cors: config.cors.clone(),
            has_warned_of_plain_http: AtomicBool::new(false),
            is_reported_unhealthy: AtomicBool::new(false),
            body_bytes_max: config.body_bytes_max,
            writer,
            file: config.file().map(|database| {
                let files = database.open_files();
                (database, files)
            }),
            intake,
            accounts: Accounts::default(),
            metrics: Metrics::new(config.kept()),
            log_limit,
            obstacles,
            scrapes: Arc::new(Semaphore::new(METRIC_SCRAPES_MAX)),
            sign_ins: Semaphore::new(SIGN_INS_MAX),
            inflations: Arc::new(Semaphore::new(PAGE_INFLATIONS_MAX)),
            plain_pages: Permits::new(),
            tiles: config.tiles.clone(),
            session_changes: Arc::new(Semaphore::new(SESSION_CHANGES_MAX)),
            reads,
            feeds,
            phase,
        })
    }
}
