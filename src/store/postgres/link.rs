//! A connection, for one thread: it waits for each answer, at most so long.
//!
//! A connection is driven only while its thread waits. What it was sent before stays with the system until then.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::time::{timeout, timeout_at};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use super::address::{Address, Encryption, Host};
use super::fault::{away, fault};
use super::tls::Tls;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{
    INGESTS_MAX, STORE_ANSWER_WAIT, STORE_CONNECT_WAIT, STORE_LONG_ANSWER_WAIT, STORE_PUSH_TURNS, STORE_STATEMENTS_MAX,
};
use crate::model::lock::lock;

/// The settings of each connection. A statement that waits for long gives its locks back.
const SETTINGS: &str = "SET application_name = 'healthsink'; SET statement_timeout = '60s'; SET lock_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning; SET temp_buffers = '32MB'";

/// Parameters of a statement.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// An open connection.
pub(in crate::store) struct Link {
    runtime: Runtime,
    client: Client,
    answer_wait: Cell<Duration>,
    statements: RefCell<HashMap<String, Statement>>,
}

impl Link {
    /// Connects to a database of any version, or without our tables.
    pub(super) fn open_any(address: &Address) -> Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot connect: {error}")))?;
        let connected = runtime.block_on(async { timeout(STORE_CONNECT_WAIT, connect(address, &runtime)).await });
        let client = connected.unwrap_or_else(|_| Err(away(&format!("{address} does not answer"))))?;
        let link = Self { runtime, client, answer_wait: Cell::new(STORE_ANSWER_WAIT), statements: RefCell::default() };
        link.run(SETTINGS)?;
        Ok(link)
    }

    /// Waits longer for answers from now on: for statements that read or change all rows.
    pub(super) fn be_patient(&self) -> Result<()> {
        self.answer_wait.set(STORE_LONG_ANSWER_WAIT);
        self.run("SET statement_timeout = 0")
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether the connection has not been seen to end.
    pub(super) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// Waits for an answer. Without one the connection cannot be used any more.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T> {
        self.wait_for(answer)?.map_err(|error| fault(&error))
    }

    /// The same, with PostgreSQL's own error inside.
    pub(super) fn wait_for<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<Result<T, tokio_postgres::Error>> {
        let answered = self.runtime.block_on(async { timeout(self.answer_wait.get(), answer).await });
        answered.map_err(|_| away("it does not answer"))
    }

    /// The same, until a deadline.
    pub(super) fn wait_until<T>(
        &self,
        deadline: Instant,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<Result<T, tokio_postgres::Error>> {
        let deadline = deadline.min(Instant::now() + STORE_ANSWER_WAIT);
        let answered = self.runtime.block_on(async { timeout_at(deadline.into(), answer).await });
        answered.map_err(|_| away("it does not answer"))
    }

    /// Sends what an answer needs, as far as the system takes it at once. Something else waits for the answer.
    pub(super) fn push(&self, mut answer: Pin<&mut impl Future>) {
        self.runtime.block_on(async {
            for _ in 0..STORE_PUSH_TURNS {
                if poll_fn(|context| Poll::Ready(answer.as_mut().poll(context).is_ready())).await {
                    return;
                }
                // The connection's own task has its turn.
                tokio::task::yield_now().await;
            }
        });
    }

    /// Runs statements without parameters.
    pub(super) fn run(&self, sql: &str) -> Result<()> {
        self.wait(self.client.batch_execute(sql))
    }

    /// Asks for one row.
    pub(super) fn one(&self, sql: &str, values: Values<'_>) -> Result<Row> {
        let statement = self.prepared(sql)?;
        self.wait(self.client.query_one(&statement, values))
    }

    /// Waits for a moment.
    pub(super) fn pause(&self, time: Duration) -> Result<()> {
        self.one("SELECT pg_sleep($1)", &[&time.as_secs_f64()]).map(|_| ())
    }

    /// Asks for a row that may be missing.
    pub(super) fn optional(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>> {
        let statement = self.prepared(sql)?;
        self.wait(self.client.query_opt(&statement, values))
    }

    /// Asks for rows, all of which are in memory then.
    pub(super) fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>> {
        let statement = self.prepared(sql)?;
        self.wait(self.client.query(&statement, values))
    }

    /// Runs a statement. Returns how many rows it has changed.
    pub(super) fn change(&self, sql: &str, values: Values<'_>) -> Result<u64> {
        let statement = self.prepared(sql)?;
        self.wait(self.client.execute(&statement, values))
    }

    /// Whether a statement is prepared.
    pub(super) fn has_prepared(&self, sql: &str) -> bool {
        self.statements.borrow().contains_key(sql)
    }

    /// Prepares a statement for this connection, once.
    pub(super) fn prepared(&self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(sql))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STORE_STATEMENTS_MAX {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

async fn connect(address: &Address, runtime: &Runtime) -> Result<Client> {
    let mut config = Config::new();
    config.user(&address.user).dbname(&address.database).port(address.port).connect_timeout(STORE_CONNECT_WAIT);
    match &address.host {
        Host::Network(name) => config.host(name),
        Host::Socket(folder) => config.host_path(folder),
    };
    if let Some(password) = &address.password {
        config.password(password);
    }
    let failed = |error: tokio_postgres::Error| refused(address, &error);
    match &address.encryption {
        Encryption::Off => {
            let (client, connection) = config.ssl_mode(SslMode::Disable).connect(NoTls).await.map_err(failed)?;
            runtime.spawn(connection);
            Ok(client)
        }
        Encryption::Verified(roots) => {
            let tls = Tls::load(roots.as_deref())?;
            let (client, connection) = config.ssl_mode(SslMode::Require).connect(tls).await.map_err(failed)?;
            runtime.spawn(connection);
            Ok(client)
        }
    }
}

/// Why there is no connection. A wrong password does not pass by itself.
fn refused(address: &Address, error: &tokio_postgres::Error) -> Error {
    let fault = fault(error);
    let message = format!("cannot connect to {address}: {}", fault.message());
    Error::new(fault.kind(), message).with_message_for_clients("the database cannot be reached now; send again later")
}

/// Connections that wait for work.
#[derive(Debug)]
pub(in crate::store) struct Pool {
    address: Address,
    idle: Mutex<Vec<Link>>,
}

impl Pool {
    pub(in crate::store) fn new(address: Address) -> Self {
        Self { address, idle: Mutex::default() }
    }

    /// A connection that works, as far as one question shows.
    pub(in crate::store) fn take(&self) -> Result<Link> {
        loop {
            let idle = lock(&self.idle).pop();
            match idle {
                Some(link) if link.is_open() && link.run("").is_ok() => return Ok(link),
                // The server may have been started again since.
                Some(_) => {}
                None => return Link::open(&self.address),
            }
        }
    }

    /// Takes a connection back outside of a transaction. One that is in doubt is dropped by its owner instead.
    pub(in crate::store) fn give_back(&self, link: Link) {
        let mut idle = lock(&self.idle);
        if idle.len() < INGESTS_MAX && link.is_open() {
            idle.push(link);
        }
    }
}
