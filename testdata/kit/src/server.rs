//! The server in this process: `serve::run` on a free port, with a database in a new folder.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use healthsink::model::limits::INGESTS_MAX;
use healthsink::serve::config::Serve;
use healthsink::store::Database;
use healthsink::store::writer::Writer;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::database;
use crate::http::{Client, Response, get};
use crate::wait::wait_until;

/// The configuration of a server without flags.
pub fn config(db: PathBuf, listen: SocketAddr) -> Serve {
    Serve { listen, ..Serve::new(db) }
}

pub struct Server {
    pub address: SocketAddr,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// Starts a server whose configuration differs from the default.
    pub fn with(change: impl FnOnce(&mut Serve)) -> Self {
        Self::launch(change, false)
    }

    /// The same, with the thread that computes figures after uploads.
    pub fn with_figures(change: impl FnOnce(&mut Serve)) -> Self {
        Self::launch(change, true)
    }

    fn launch(change: impl FnOnce(&mut Serve), keeps_figures: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut config = config(folder.path().join("health.db"), address);
        change(&mut config);
        let (stop, stopped) = oneshot::channel();
        let mut writer = Writer::with_wal_limit(&Database::new(&config.db), config.wal_bytes_max).unwrap();
        if keeps_figures {
            writer.keep_figures(None).unwrap();
        }
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime
                .block_on(async {
                    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                    let shutdown = async {
                        let _ = stopped.await;
                    };
                    healthsink::serve::run(listener, &config, writer.handle().clone(), shutdown).await
                })
                .unwrap();
            drop(runtime);
            writer.stop().unwrap();
        });
        Self { address, folder, stop: Some(stop), thread: Some(thread) }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("health.db")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends an upload on a new connection.
    pub fn post(&self, body: impl AsRef<[u8]>) -> Response {
        self.connect().post(&[], body.as_ref())
    }

    /// Begins an upload for each permit with the start of its body, and waits until each has one.
    pub fn take_all_permits(&self, start: &[u8]) -> Vec<Client> {
        let mut clients: Vec<Client> = (0..INGESTS_MAX).map(|_| self.connect()).collect();
        for client in &mut clients {
            client.begin_chunked(&[]);
            client.chunk(start).unwrap();
        }
        wait_until("uploads with all permits", || (self.under_way() == INGESTS_MAX as u64).then_some(()));
        clients
    }

    pub fn rows(&self, sql: &str) -> Vec<Value> {
        database::rows(&self.database(), sql)
    }

    pub fn one(&self, sql: &str) -> Value {
        database::one(&self.database(), sql)
    }

    pub fn count(&self, table: &str) -> u64 {
        database::count(&self.database(), table)
    }

    /// The number of running uploads, as `/healthz` reports it.
    pub fn under_way(&self) -> u64 {
        get(self.address, "/healthz").field("uploadsUnderWay").as_u64().unwrap()
    }

    /// Stops the server, and lets it finish its uploads.
    pub fn request_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until it has stopped.
    pub fn stop(&mut self) {
        self.request_stop();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.request_stop();
        if let Some(thread) = self.thread.take() {
            // A test that has failed already should not hide the reason.
            let joined = thread.join();
            assert!(joined.is_ok() || std::thread::panicking(), "the server does not panic");
        }
    }
}
