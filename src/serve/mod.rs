//! HTTP around the ingest: accept, authenticate, bring the body to a decoder's thread, answer.
//!
//! Tokio, hyper, rustls and bytes are used in this module alone. The runtime has one thread, which only moves bytes; each upload
//! is decoded on a thread of its own, of which there are as many as uploads may be under way.

mod access;
pub mod config;
mod http;
mod monitor;
pub mod network;
mod problem;
mod routes;
mod signals;
mod upload;

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{
    CONNECTIONS_MAX, DRAIN, METRIC_CONNECTIONS_MAX, METRIC_SCRAPES_MAX, STRAGGLERS, ZSTD_BODIES_MAX,
};
use crate::store::writer::{Writer, WriterHandle, gone};
use crate::store::{Files, TokenReader, has_tokens};
use access::auth::{Credentials, Door};
use access::client::is_private;
use config::Serve;
use http::listeners::{Inherited, Listeners};
use http::slots::{Place, Places};
use http::tls::Tls;
use monitor::metrics::Metrics;
use network::Network;
use upload::intake::Intake;

/// What the server is doing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Phase {
    /// Taking connections.
    Open,
    /// Finishing what is under way.
    Draining,
    /// Ending what is not finished.
    Cutting,
}

/// Waits until the server is in this phase, or in a later one.
async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    if phase.wait_for(|phase| *phase >= wanted).await.is_err() {
        // The server itself is gone, and with it what waits here.
        std::future::pending::<()>().await;
    }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Face {
    /// Uploads, and all that is told beside them.
    Uploads,
    /// Metrics alone.
    Metrics,
}

/// What every request needs.
struct State {
    path: String,
    door: Door,
    tls: Option<Tls>,
    trusted_proxies: Vec<Network>,
    has_warned_of_plain_http: AtomicBool,
    body_bytes_max: u64,
    writer: WriterHandle,
    database: Files,
    intake: Arc<Intake>,
    /// Places for bodies of zstd, whose windows are wide.
    zstd: Arc<Semaphore>,
    metrics: Metrics,
    has_metrics_address: bool,
    scrapes: Arc<Semaphore>,
    phase: watch::Receiver<Phase>,
}

/// What files of the configuration hold, read before anything is opened or made.
struct Prepared {
    credentials: Credentials,
    tls: Option<Tls>,
}

impl Prepared {
    fn load(config: &Serve) -> Result<Self> {
        let credentials = Credentials::load(&config.auth)?;
        Ok(Self { credentials, tls: config.tls.as_ref().map(Tls::load).transpose()? })
    }

    /// Whether uploads to this address need a token. Fails if strangers could send, or if what was said of tokens and what
    /// there is contradict each other.
    fn check(&self, config: &Serve, address: SocketAddr) -> Result<bool> {
        let usage = |message: String| Err(Error::new(ErrorKind::Usage, message));
        let has_token = self.credentials.has_file() || has_tokens(&config.db)?;
        if has_token && config.auth.is_optional {
            let db = config.db.display();
            return usage(format!("{db} has tokens, so uploads need one of them; leave out --no-auth"));
        }
        if !has_token && !config.auth.is_optional && !config.trusted_proxies.is_empty() {
            return usage(
                "--trusted-proxy is for a proxy through which others send, and there is no token: make one with \
                `healthsink token new`, give one with --token-file, or say --no-auth"
                    .to_owned(),
            );
        }
        if !has_token && !config.auth.is_optional && !address.ip().to_canonical().is_loopback() {
            return usage(format!(
                "{address} can be reached from other machines, and there is no token: make one with `healthsink token new`, \
                 give one with --token-file, or say --no-auth"
            ));
        }
        Ok(has_token)
    }
}

/// Runs the server as the command line says, until the program is told to stop.
///
/// # Errors
///
/// Whatever keeps it from starting, or the writer from finishing.
pub fn serve(config: &Serve) -> Result<()> {
    let prepared = Prepared::load(config)?;
    let inherited = Inherited::take()?;
    let has_token = prepared.check(config, inherited.address()?.unwrap_or(config.listen))?;
    let writer = Writer::with_wal_limit(&config.db, config.wal_bytes_max)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(config.ingests + METRIC_SCRAPES_MAX)
        .build()
        .map_err(|error| io_error("cannot start", &error))?;
    let served = runtime.block_on(async {
        let listeners = http::listeners::open(inherited, config).await?;
        announce(config, has_token, &listeners)?;
        run_with(listeners, config, prepared, writer.handle().clone(), signals::stop_requested()).await
    });
    // A decoder's thread that does not end, whatever holds it, must not keep the program from ending.
    runtime.shutdown_timeout(STRAGGLERS);
    let stopped = served.and(writer.stop());
    if stopped.is_ok() {
        tracing::info!("stopped; all that was acknowledged is in {}", config.db.display());
    }
    stopped
}

/// Serves connections of a listener until `shutdown` is ready, then drains. The caller stops the writer afterwards.
///
/// # Errors
///
/// [`ErrorKind::Usage`] if the token or the certificate cannot be read, [`ErrorKind::Store`] if the database cannot, or if
/// the writer ends before it is told to: nothing can be stored then.
pub async fn run(
    listener: TcpListener,
    config: &Serve,
    writer: WriterHandle,
    shutdown: impl Future<Output = ()>,
) -> Result<()> {
    let listeners = Listeners { uploads: listener, metrics: None };
    run_with(listeners, config, Prepared::load(config)?, writer, shutdown).await
}

async fn run_with(
    Listeners { uploads, metrics }: Listeners,
    config: &Serve,
    Prepared { credentials, tls }: Prepared,
    writer: WriterHandle,
    shutdown: impl Future<Output = ()>,
) -> Result<()> {
    let door = Door::new(credentials, TokenReader::new(&config.db));
    let (phase, receiver) = watch::channel(Phase::Open);
    let state = Arc::new(State {
        path: config.path.clone(),
        door,
        tls,
        trusted_proxies: config.trusted_proxies.clone(),
        has_warned_of_plain_http: AtomicBool::new(false),
        body_bytes_max: config.body_bytes_max,
        writer,
        database: Files::of_open(&config.db),
        intake: Intake::new(config.ingests),
        zstd: Arc::new(Semaphore::new(ZSTD_BODIES_MAX)),
        metrics: Metrics::new(&config.db),
        has_metrics_address: metrics.is_some(),
        scrapes: Arc::new(Semaphore::new(METRIC_SCRAPES_MAX)),
        phase: receiver,
    });
    let mut connections = JoinSet::new();
    let places = Places::new(CONNECTIONS_MAX);
    let metrics_places = Places::new(METRIC_CONNECTIONS_MAX);
    let (tell_end, mut writer_ended) = oneshot::channel();
    state.writer.at_end(move || {
        let _ = tell_end.send(());
    });
    tokio::pin!(shutdown);
    loop {
        let (accepted, face) = tokio::select! {
            () = &mut shutdown => break,
            _ = &mut writer_ended => {
                // Another start may mend it; what goes on here would only pretend.
                let _ = phase.send(Phase::Cutting);
                let _ = timeout(STRAGGLERS, async { while connections.join_next().await.is_some() {} }).await;
                return Err(gone());
            }
            accepted = accept(Some(&uploads), &places) => (accepted, Face::Uploads),
            accepted = accept(metrics.as_ref(), &metrics_places) => (accepted, Face::Metrics),
            Some(_) = connections.join_next() => continue,
        };
        if let Some((stream, peer, place)) = accepted {
            connections.spawn(http::connection::serve(stream, peer, face, Arc::clone(&state), place));
        }
    }
    drop((uploads, metrics));
    drain(&phase, &mut connections, &state.intake).await;
    Ok(())
}

/// The next connection, once there is a place for it; never without a listener.
async fn accept(listener: Option<&TcpListener>, places: &Arc<Places>) -> Option<(TcpStream, SocketAddr, Place)> {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    places.room().await;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, places.take(peer.ip(), Instant::now()))),
        Err(error) => {
            // Out of file descriptors, mostly: trying again at once would only spin.
            tracing::warn!(%error, "could not accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// Lets uploads under way finish until the deadline, then ends them.
async fn drain(phase: &watch::Sender<Phase>, connections: &mut JoinSet<()>, intake: &Intake) {
    let under_way = intake.under_way();
    tracing::info!(under_way, deadline_seconds = DRAIN.as_secs(), "stopping; uploads under way may finish");
    let _ = phase.send(Phase::Draining);
    let finished = async {
        while connections.join_next().await.is_some() {}
        // An upload whose client has gone may still be at its last rows.
        intake.ended().await;
    };
    tokio::pin!(finished);
    if timeout(DRAIN, &mut finished).await.is_err() {
        tracing::warn!("the deadline has passed; uploads under way are aborted, what they stored is kept");
        let _ = phase.send(Phase::Cutting);
        let _ = timeout(STRAGGLERS, finished).await;
    }
}

/// Says where it listens, what it writes and how clients authenticate; and what to type into the app.
fn announce(config: &Serve, has_token: bool, listeners: &Listeners) -> Result<()> {
    let local = |listener: &TcpListener| listener.local_addr().map_err(|error| io_error("cannot listen", &error));
    let address = local(&listeners.uploads)?;
    let auth = match (has_token, &config.auth.header) {
        (false, _) if config.auth.is_optional => "from anyone, without authentication".to_owned(),
        (false, _) => "from this machine, without authentication".to_owned(),
        (true, None) => "with a bearer token".to_owned(),
        (true, Some(name)) => format!("with a token in the header {name}"),
    };
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let Serve { path, db, .. } = config;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!("healthsink {version} listens on {scheme}://{address}{path}, writes {}, {auth}", db.display());
    let ips = if address.ip().is_unspecified() { own_addresses(address.ip()) } else { vec![address.ip()] };
    let host = match ips.first() {
        _ if config.tls.is_some() => "THE-CERTIFICATE'S-NAME".to_owned(),
        None => "THIS-MACHINE'S-ADDRESS".to_owned(),
        Some(IpAddr::V6(ip)) => format!("[{ip}]"),
        Some(IpAddr::V4(ip)) => ip.to_string(),
    };
    tracing::info!("in the app: base URL {scheme}://{host}:{}, endpoint path {path}", address.port());
    if address.ip().to_canonical().is_loopback() {
        tracing::info!(
            "only this machine reaches that address; for others make a token first (`healthsink token new`), then see --listen, or \
            put a reverse proxy with HTTPS in front"
        );
    }
    if let Some(listener) = &listeners.metrics {
        let address = local(listener)?;
        tracing::info!("metrics are told on http://{address}/metrics");
        if !address.ip().to_canonical().is_loopback() {
            tracing::warn!(
                "who reaches {address} sees which kinds of data each person has; let only Prometheus reach it"
            );
        }
    }
    if config.tls.is_none() && ips.iter().any(|ip| !is_private(*ip)) {
        tracing::warn!("{PLAIN_HTTP_WARNING}");
    }
    Ok(())
}

/// What is wrong with plain HTTP beyond networks that are the owner's, and the remedy.
const PLAIN_HTTP_WARNING: &str = "plain HTTP beyond private networks shows the token and all data to everyone on the way: give \
    --tls-cert and --tls-key, or put a reverse proxy with HTTPS in front";

/// The addresses that other machines most likely reach this one by: those of its ways out. Who listens on all of IPv6 listens on
/// all of IPv4, too. Nothing is sent for the answer.
fn own_addresses(listened: IpAddr) -> Vec<IpAddr> {
    // Addresses of the ranges for documentation: any that are not this machine's own would do.
    let of_v4 = way_out(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
    let to_v6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into();
    let of_v6 = listened.is_ipv6().then(|| way_out(Ipv6Addr::UNSPECIFIED.into(), to_v6)).flatten();
    of_v4.into_iter().chain(of_v6).collect()
}

fn way_out(any: IpAddr, to: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn io_error(what: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what}: {error}"))
}
