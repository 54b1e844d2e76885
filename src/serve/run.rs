//! The server's life: it starts, accepts connections, and drains once it is asked to stop.

use std::fmt::Display;
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::announce::announce;
use super::config::Serve;
use super::http::connection;
use super::http::descriptors;
use super::http::listeners::{Inherited, ListenerKind, Listeners, check_listen, open};
use super::http::slots::{Slot, Slots};
use super::http::tls::Tls;
use super::log_limit::LogLimit;
use super::phase::Phase;
use super::prepare::{Prepared, check_clock};
use super::signals::stop_requested;
use super::state::State;
use super::upload::intake::Intake;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{
    ACCEPT_RETRY, DRAIN, METRIC_CONNECTIONS_MAX, METRIC_SCRAPES_MAX, QUESTION_PLACES, SESSION_CHANGES_MAX, STRAGGLERS,
};
use crate::store::Database;
use crate::store::writer::{Writer, WriterHandle, gone};

/// Runs the server as the command line says, until the program is asked to stop.
///
/// # Errors
///
/// Any reason not to start, and any that keeps the writer from finishing.
pub fn serve(config: &Serve) -> Result<()> {
    serve_with(config, |_| Ok(()), || {})
}

/// The same. Calls `listening` with the address of uploads before the first connection, and `killed` before a second signal ends
/// the program.
///
/// # Errors
///
/// Those of [`serve`], and that of `listening`.
pub fn serve_with(
    config: &Serve,
    listening: impl FnOnce(SocketAddr) -> Result<()>,
    killed: impl FnOnce() + Send + 'static,
) -> Result<()> {
    check_clock(SystemTime::now())?;
    let mut prepared = Prepared::load(config)?;
    prepared.connections = descriptors::connections(descriptors::raise_limit(), prepared.connections)?;
    let inherited = Inherited::take()?;
    let has_token = prepared.check(config, inherited.address()?.unwrap_or(config.listen))?;
    if inherited.address()?.is_none() {
        // Otherwise a port that is in use would leave a new database.
        check_listen(config.listen)?;
    }
    let writer = start_writer(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        // One more writes the file of obstacles.
        .max_blocking_threads(config.ingests + METRIC_SCRAPES_MAX + QUESTION_PLACES + SESSION_CHANGES_MAX + 1)
        .build()
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start: {error}")))?;
    let served = runtime.block_on(async {
        let listeners = open(inherited, config).await?;
        let facts = announce(config, has_token, &listeners, prepared.tls.as_ref().map(Tls::certificate))?;
        let _file = config.file().and_then(|database| facts.write(&database));
        listening(listeners.upload_address()?)?;
        run_with(listeners, config, prepared, writer.handle().clone(), stop_requested(killed)).await
    });
    // A decoder's thread that never ends must not keep the program from ending.
    runtime.shutdown_timeout(STRAGGLERS);
    let stopped = served.and(writer.stop());
    if stopped.is_ok() && config.is_temporary {
        tracing::info!("stopped; the data of this server is deleted");
    } else if stopped.is_ok() {
        tracing::info!("stopped; all that was acknowledged is in {}", config.kept_in());
    }
    stopped
}

fn start_writer(config: &Serve) -> Result<Writer> {
    let mut writer = match &config.store {
        Some(address) => Writer::to_postgres(address)?,
        None => {
            let database = Database::new(&config.db).group_readable(config.is_group_readable);
            Writer::with_wal_limit(&database, config.wal_bytes_max)?
        }
    };
    writer.keep_figures(config.home.clone())?;
    Ok(writer)
}

/// Fails for what `serve` would refuse before it opens anything: the token file, the header, the certificate.
///
/// # Errors
///
/// [`ErrorKind::Usage`].
pub fn check_settings(config: &Serve) -> Result<()> {
    Prepared::load(config).map(|_| ())
}

/// Serves connections of a listener until `shutdown` is ready, then drains. The caller stops the writer afterwards.
///
/// # Errors
///
/// [`ErrorKind::Usage`] if the token or the certificate cannot be read. [`ErrorKind::Store`] if the database cannot be read,
/// or if the writer ends too early: nothing can be stored then.
pub async fn run(
    listener: TcpListener,
    config: &Serve,
    writer: WriterHandle,
    shutdown: impl Future<Output = ()>,
) -> Result<()> {
    let listeners = Listeners { uploads: listener, metrics: None };
    run_with(listeners, config, Prepared::load(config)?, writer, shutdown).await
}

pub(super) async fn run_with(
    listeners: Listeners,
    config: &Serve,
    prepared: Prepared,
    writer: WriterHandle,
    shutdown: impl Future<Output = ()>,
) -> Result<()> {
    let upload_kind = listeners.upload_kind();
    let Listeners { uploads, metrics } = listeners;
    let slots = Slots::new(prepared.connections);
    let metrics_slots = Slots::new(METRIC_CONNECTIONS_MAX);
    let (phase, receiver) = watch::channel(Phase::Open);
    let state = State::new(config, prepared, writer, receiver);
    let mut connections = JoinSet::new();
    let (report_end, mut writer_ended) = oneshot::channel();
    state.writer.at_end(move || {
        let _ = report_end.send(());
    });
    tokio::pin!(shutdown);
    loop {
        let (accepted, kind) = tokio::select! {
            () = &mut shutdown => break,
            _ = &mut writer_ended => {
                // A restart may help; without a writer, every upload would fail.
                let _ = phase.send(Phase::Cutting);
                let _ = timeout(STRAGGLERS, async { while connections.join_next().await.is_some() {} }).await;
                return Err(gone());
            }
            accepted = accept(Some(&uploads), &slots, &slots, &state.log_limit) => (accepted, upload_kind),
            accepted = accept(metrics.as_ref(), &metrics_slots, &slots, &state.log_limit) => (accepted, ListenerKind::Metrics),
            Some(_) = connections.join_next() => continue,
        };
        if let Some((stream, peer, slot)) = accepted {
            connections.spawn(connection::serve(stream, peer, kind, Arc::clone(&state), slot));
        }
    }
    drop((uploads, metrics));
    drain(&phase, &mut connections, &state.intake).await;
    state.obstacles.write();
    Ok(())
}

/// The next connection, once there is a slot for it; never ready without a listener. If no file descriptor is left, one of
/// the `evictable` connections loses its own.
async fn accept(
    listener: Option<&TcpListener>,
    slots: &Arc<Slots>,
    evictable: &Slots,
    log_limit: &LogLimit,
) -> Option<(TcpStream, SocketAddr, Slot)> {
    let Some(listener) = listener else {
        return pending().await;
    };
    slots.available().await;
    match listener.accept().await {
        Ok((stream, peer)) => match check_clock(SystemTime::now()) {
            Ok(()) => return Some((stream, peer, slots.take(peer.ip(), Instant::now()))),
            Err(error) => report(&error, log_limit),
        },
        Err(error) if descriptors::are_used_up(&error) => {
            report(&format_args!("{error}; idle connections are closed. Raise the limit of open files"), log_limit);
            evictable.free_one(ACCEPT_RETRY).await;
        }
        Err(error) => {
            report(&error, log_limit);
            // Trying again at once would only spin.
            tokio::time::sleep(ACCEPT_RETRY).await;
        }
    }
    None
}

fn report(fault: &impl Display, log_limit: &LogLimit) {
    if let Some(left_out) = log_limit.count_shared("not accepted") {
        tracing::warn!(left_out, "could not accept a connection: {fault}");
    }
}

/// Lets uploads under way finish until the deadline, then aborts them.
async fn drain(phase: &watch::Sender<Phase>, connections: &mut JoinSet<()>, intake: &Intake) {
    let under_way = intake.under_way();
    tracing::info!(under_way, deadline_seconds = DRAIN.as_secs(), "stopping; uploads under way may finish");
    let _ = phase.send(Phase::Draining);
    let finished = async {
        while connections.join_next().await.is_some() {}
        // An upload may still be storing its last rows although its client has gone.
        intake.ended().await;
    };
    tokio::pin!(finished);
    if timeout(DRAIN, &mut finished).await.is_err() {
        tracing::warn!("the deadline has passed; uploads under way are aborted, stored records are kept");
        let _ = phase.send(Phase::Cutting);
        let _ = timeout(STRAGGLERS, finished).await;
    }
}
