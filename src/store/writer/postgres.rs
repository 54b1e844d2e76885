//! The writer of a database in PostgreSQL: each upload has a thread and a connection, and this one passes requests on.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::figures::Signal;
use super::inbox::Inbox;
use super::postgres_figures::Receiving;
use super::request::{Finished, Request, SessionRequest, Start};
use super::session::Writer;
use crate::model::envelope::Envelope;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BATCHES_PER_INGEST, BATCHES_SPARE_ELSEWHERE, COMMIT_IDLE};
use crate::model::lock::lock;
use crate::store::clock::now_ms;
use crate::store::postgres::{Address, Postgres, Upload};
use crate::store::{Database, UploadEnd, UploadState};

/// Where the requests of each upload go.
type Routes = Arc<Mutex<HashMap<i64, Sender<Request>>>>;

impl Writer {
    /// Writes to PostgreSQL. No file is written, except for elements that are too long for memory: these have no name.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Busy`] if the server cannot be reached,
    /// - [`ErrorKind::Store`] if its schema is missing or of another version,
    /// - [`ErrorKind::Io`] if a thread cannot be started.
    pub fn to_postgres(address: &Address) -> Result<Self> {
        let receiving = Arc::new(Receiving { postgres: Postgres::open(address)?, behind: Mutex::default() });
        receiving.postgres.warm()?;
        let spools = Database::new(std::env::temp_dir().join("healthsink"));
        let elsewhere = Arc::clone(&receiving);
        let mut writer = Self::spawn(&spools, move |inbox| {
            let uploads = Uploads { receiving, routes: Routes::default(), signal: Arc::clone(&inbox.signal) };
            Dispatcher { uploads, threads: Vec::new() }.run(&inbox)
        })?;
        writer.elsewhere = Some(elsewhere);
        writer.handle.batches = 1;
        writer.handle.spare_batches = Arc::new(AtomicUsize::new(BATCHES_SPARE_ELSEWHERE));
        Ok(writer)
    }
}

struct Dispatcher {
    uploads: Uploads,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads of uploads share.
#[derive(Clone)]
struct Uploads {
    receiving: Arc<Receiving>,
    routes: Routes,
    signal: Arc<Signal>,
}

impl Dispatcher {
    fn run(mut self, inbox: &Inbox) -> Result<()> {
        for request in &inbox.requests {
            match request {
                Request::Start(start) => self.start(start),
                Request::Write { upload, .. } | Request::Finish { upload, .. } | Request::Abandon { upload } => {
                    let route = lock(&self.uploads.routes).get(&upload).cloned();
                    if let Some(route) = route {
                        // There is a place for each batch of an ingest and for its end, so this never waits.
                        let _ = route.send(request);
                    }
                }
                Request::Session(request) => self.change_session(request),
                Request::BeginLarge { freed } => {
                    let _ = freed.try_send(());
                }
                Request::EndLarge | Request::Figures(_) => {}
                Request::Stop => break,
            }
        }
        lock(&self.uploads.routes).clear();
        self.threads.into_iter().for_each(|thread| _ = thread.join());
        Ok(())
    }

    fn start(&mut self, start: Start) {
        let (uploads, refused) = (self.uploads.clone(), start.started.clone());
        if let Err(error) = self.spawn("upload", move || uploads.receive(&start)) {
            let _ = refused.try_send(Err(error));
        }
    }

    /// Makes a change of a session on a separate thread: PostgreSQL may be away.
    fn change_session(&mut self, SessionRequest { change, changed }: SessionRequest) {
        let (receiving, refused) = (Arc::clone(&self.uploads.receiving), changed.clone());
        let work = move || {
            let outcome = receiving.postgres.change_session(&change);
            // A request that has ended needs no answer.
            changed.map(|changed| changed.try_send(outcome));
        };
        if let (Err(error), Some(refused)) = (self.spawn("session", work), refused) {
            let _ = refused.try_send(Err(error));
        }
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
        self.threads.retain(|thread| !thread.is_finished());
        let started = thread::Builder::new().name(name.to_owned()).spawn(work);
        let failed = |error| Error::new(ErrorKind::Busy, format!("cannot start a thread: {error}; send again"));
        self.threads.push(started.map_err(failed)?);
        Ok(())
    }
}

impl Uploads {
    /// Serves one upload from its start to its end.
    fn receive(&self, start: &Start) {
        let upload = match Upload::begin(&self.receiving.postgres, &start.origin, start.started_ms) {
            Ok(upload) => upload,
            Err(error) => {
                let _ = start.started.try_send(Err(error));
                return;
            }
        };
        let (number, person) = (upload.number(), upload.person());
        let (sender, requests) = bounded(BATCHES_PER_INGEST + 1);
        lock(&self.routes).insert(number, sender);
        lock(&self.receiving.behind).begin_upload(person, Instant::now());
        // The client of its end may ask for figures at once, so this is noted before it is answered.
        let ended = || {
            lock(&self.receiving.behind).end_upload(person, Instant::now());
            self.signal.note_rows();
        };
        let _ = start.started.try_send(Ok(number));
        serve(upload, start, &requests, ended);
        lock(&self.routes).remove(&number);
    }
}

fn serve(mut upload: Upload, start: &Start, requests: &Receiver<Request>, ended: impl FnOnce()) {
    // Why further rows are refused.
    let mut lost: Option<Error> = None;
    loop {
        let request = if upload.is_in_transaction() {
            requests.recv_timeout(COMMIT_IDLE)
        } else {
            requests.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match request {
            Ok(Request::Write { mut batch, .. }) => {
                if lost.is_none() {
                    lost = upload.write(&mut batch).err();
                }
                let answer = match &lost {
                    Some(error) => Err(error.clone()),
                    None => {
                        batch.clear();
                        Ok(batch)
                    }
                };
                // An ingest that has ended needs no answer.
                let _ = start.written.try_send(answer);
            }
            Ok(Request::Finish { mut end, finished, .. }) => {
                note_loss(&mut end, lost.as_ref());
                let (stored, outcome) = upload.finish(&end);
                ended();
                let error = lost.or(outcome.err());
                let _ = finished.try_send(Finished { stored, error });
                return;
            }
            Ok(Request::Abandon { .. }) => {
                let end = UploadEnd {
                    state: UploadState::Aborted,
                    finished_ms: Some(now_ms()),
                    body_bytes: 0,
                    envelope: Envelope::default(),
                    error: Some("the program failed while reading it".to_owned()),
                };
                let _ = upload.finish(&end);
                return ended();
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => lost = lost.or(upload.commit().err()),
            // The program ends: what it has not committed was not acknowledged.
            Err(RecvTimeoutError::Disconnected) => return ended(),
        }
    }
}

/// Notes in the ledger why an upload is not whole.
fn note_loss(end: &mut UploadEnd, lost: Option<&Error>) {
    if let Some(error) = lost {
        end.state = UploadState::Aborted;
        end.error = Some(error.to_string());
    }
}
