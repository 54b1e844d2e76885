//! A server for two people: one sends good uploads, the other is hostile. Whatever the hostile one does, good uploads are
//! stored completely, and memory stays within the sum of `limits`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use healthsink::model::limits;
use healthsink::model::memory;
use healthsink_testdata::Payload;
use serde_json::json;
use tempfile::TempDir;

use crate::memory::{MORE_KIB_MAX, peak_kib};
use crate::program::{Program, command, run};
use healthsink_testkit::http::{Client, PATH, Response};
use healthsink_testkit::tls::Authority;
use healthsink_testkit::wait::{IS_IMITATED, PATIENCE, wait_until};

pub(crate) struct Site {
    folder: TempDir,
    /// Behind a lock, so that several threads can query it.
    program: Mutex<Program>,
    id: u32,
    address: SocketAddr,
    pub(crate) authority: Option<Authority>,
    good: String,
    bad: String,
    idle_kib: u64,
}

impl Site {
    pub(crate) fn start() -> Self {
        Self::with(&[], None)
    }

    pub(crate) fn with_https() -> Self {
        Self::with(&[], Some(Authority::new()))
    }

    pub(crate) fn with(arguments: &[&str], authority: Option<Authority>) -> Self {
        // Tests hold a thousand sockets each, and may run in one process.
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let all = rustix::process::Rlimit { current: files.maximum, ..files };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, all).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("health.db");
        let token = |person| {
            let output = run(&["token", "new", "--person", person, "--db", database.to_str().unwrap()]);
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
        };
        let (good, bad) = (token("good"), token("bad"));
        let mut serve = command();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(&database).args(arguments);
        if let Some(authority) = &authority {
            let files = authority.issue().write(folder.path());
            serve.arg("--tls-cert").arg(files.cert).arg("--tls-key").arg(files.key);
        }
        let program = Program::start(&mut serve);
        let (id, address) = (program.id(), program.address);
        let (idle_kib, program) = (peak_kib(id), Mutex::new(program));
        Self { folder, program, id, address, authority, good, bad, idle_kib }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("health.db")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A bare socket that has sent bytes. The server may close it before all are sent.
    pub(crate) fn socket(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let _ = stream.write_all(bytes);
        stream
    }

    pub(crate) fn connect(&self) -> Client {
        match &self.authority {
            Some(authority) => authority.connect(self.address()).unwrap(),
            None => Client::connect(self.address()),
        }
    }

    /// The header that authenticates the hostile client.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.bad)
    }

    /// An upload of the hostile client.
    pub(crate) fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let bearer = self.bearer();
        self.connect().post(&[headers, &[("Authorization", bearer.as_str())]].concat(), body)
    }

    /// Begins an upload of the hostile client.
    pub(crate) fn begin(&self) -> Client {
        let mut client = self.connect();
        client.begin_chunked(&[("Authorization", &self.bearer())]);
        client
    }

    /// The head of a hostile request, up to and including the token.
    pub(crate) fn head(&self) -> String {
        format!("POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n", self.bearer())
    }

    /// The same of a good one.
    pub(crate) fn good_head(&self) -> String {
        format!("POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n", self.good)
    }

    /// Sends a good upload once and returns the answer.
    pub(crate) fn try_good(&self, seed: u64) -> Response {
        let (body, _) = good(seed);
        self.connect().post(&[("Authorization", &format!("Bearer {}", self.good))], &body)
    }

    /// Sends a good upload until it gets a permit; panics unless it is stored completely.
    pub(crate) fn upload(&self, seed: u64) {
        let records = good(seed).1;
        let answer = wait_until("a permit", || Some(self.try_good(seed)).filter(|answer| answer.status != 503));
        assert_eq!((answer.status, answer.field("count")), (200, json!(records)), "{answer:?}");
        assert_eq!(answer.field("rejected"), json!(0));
    }

    /// Runs `act` while good uploads follow each other; panics unless each is stored completely and is there at the end.
    pub(crate) fn beside<T>(&self, act: impl FnOnce() -> T) -> T {
        let is_over = AtomicBool::new(false);
        let (acted, seeds) = std::thread::scope(|scope| {
            let uploads = scope.spawn(|| {
                let mut seeds = Vec::new();
                // At least two: one before the first check, and one that began while `act` ran.
                while seeds.len() < 2 || !is_over.load(Ordering::Relaxed) {
                    let seed = 1000 + seeds.len() as u64 % 20;
                    self.upload(seed);
                    seeds.push(seed);
                }
                seeds
            });
            // If it panics, the uploads end also.
            let acted = catch_unwind(AssertUnwindSafe(act));
            is_over.store(true, Ordering::Relaxed);
            (acted.unwrap_or_else(|panic| resume_unwind(panic)), uploads.join().unwrap())
        });
        self.check_stored(seeds);
        acted
    }

    /// Panics unless all of these uploads are stored: sending them again brings nothing new.
    pub(crate) fn check_stored(&self, seeds: impl IntoIterator<Item = u64>) {
        for seed in seeds.into_iter().collect::<std::collections::BTreeSet<u64>>() {
            let answer = wait_until("a permit", || Some(self.try_good(seed)).filter(|answer| answer.status != 503));
            assert_eq!((answer.status, answer.field("new")), (200, json!(0)), "{answer:?}");
        }
    }

    /// Asks the server to stop.
    pub(crate) fn terminate(&self) {
        self.program.lock().unwrap().terminate();
    }

    /// Stops the server and waits for its end. Returns all its log lines.
    pub(crate) fn stop(&self) -> Vec<String> {
        self.terminate();
        self.wait()
    }

    /// Waits for its end. Returns all its log lines.
    pub(crate) fn wait(&self) -> Vec<String> {
        let mut program = self.program.lock().unwrap();
        let status = program.wait();
        let lines = program.lines_so_far();
        assert!(status.success(), "{status}: {lines:?}");
        lines
    }

    /// Waits until so many log lines contain this text.
    pub(crate) fn wait_for_lines(&self, part: &str, count: usize) {
        let program = self.program.lock().unwrap();
        wait_until(part, || {
            let said = program.lines_so_far().iter().filter(|line| line.contains(part)).count();
            (said >= count).then_some(())
        });
    }

    /// Panics unless the peak is within the idle program's memory and what `limits` allows for so many uploads, so many
    /// hostile ones among them, and so many idle connections.
    pub(crate) fn check_memory(&self, uploads: usize, hostile: usize, connections: usize) {
        self.check_memory_with(uploads, hostile, connections, 0);
    }

    /// The same, with so many zstd bodies.
    pub(crate) fn check_memory_with(&self, uploads: usize, hostile: usize, connections: usize, zstd: usize) {
        let connections = match self.authority {
            Some(_) => memory::tls_connections_bytes(connections.min(limits::TLS_CONNECTIONS_MAX)),
            None => memory::connections_bytes(connections),
        };
        let allowed = uploads * memory::ingest_bytes()
            + memory::hostile_bytes(hostile)
            + limits::PAGE_CACHE_BYTES
            + connections
            + memory::zstd_bytes(zstd);
        let (peak, allowed) = (peak_kib(self.id), self.idle_kib + (allowed as u64 >> 10) + MORE_KIB_MAX);
        println!("peak {peak} KiB, idle {} KiB, allowed {allowed} KiB", self.idle_kib);
        if IS_IMITATED {
            return;
        }
        assert!(peak <= allowed, "peak {peak} KiB, allowed {allowed} KiB");
    }
}

fn good(seed: u64) -> (Vec<u8>, u64) {
    let (body, written) = Payload { seed, target_bytes: 100_000, ..Payload::default() }.to_vec();
    (body, written.samples + written.workouts + written.medication_doses + written.medications)
}

/// Reads what still arrives, until the server closes or resets the connection.
pub(crate) fn rest_of(mut stream: impl Read) -> Vec<u8> {
    let (mut all, mut buf) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buf) {
            Ok(0) => return all,
            Ok(bytes) => all.extend_from_slice(&buf[..bytes]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("neither an answer nor a close"),
            Err(_) => return all,
        }
    }
}
