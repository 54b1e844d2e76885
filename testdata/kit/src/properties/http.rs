//! A server answers 200 only for a complete and valid upload. It always answers or closes, and continues to serve.
//!
//! The first byte of an input says how a request is made of the rest. Bits 0 and 1: framing. Bits 2 and 3: coding. Bit 4:
//! one bit of the compressed body is flipped. Bit 5: all bytes go raw onto the socket. The second byte is the length of
//! chunks and the place of the flipped bit. One server serves all inputs, on loopback, with a real database.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use healthsink::formats::encoding::Coding;
use healthsink::formats::payload::Options;
use healthsink::serve::config::Serve;
use healthsink::store::Database;
use healthsink::store::writer::Writer;

use crate::compression::{gzip, zlib, zstd};
use crate::http::PATH;
use crate::server::config;
use crate::transcript::{OTHERS_OF_DATA, Transcript};

const BODY_BYTES_MAX: u64 = 1 << 20;
/// Far below the server's own timeouts: no input makes it wait for one.
const PATIENCE: Duration = Duration::from_secs(8);

/// Asserts the property.
pub fn check(input: &[u8]) {
    let [control, detail, body @ ..] = input else {
        return;
    };
    if control & 0x20 != 0 {
        raw(body);
    } else {
        upload(*control, *detail, body);
    }
    static INPUTS: AtomicU32 = AtomicU32::new(0);
    if INPUTS.fetch_add(1, Ordering::Relaxed).is_multiple_of(16) {
        assert_healthy();
    }
}

/// Any bytes: the server answers or closes.
fn raw(bytes: &[u8]) {
    let answer = exchange(bytes, true);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{:?}", String::from_utf8_lossy(&answer));
}

/// A request in good form around a body in any state.
fn upload(control: u8, detail: u8, body: &[u8]) {
    let coding = [Coding::Identity, Coding::Gzip, Coding::Deflate, Coding::Zstd][usize::from(control >> 2 & 3)];
    let mut sent = compressed(coding, body);
    if control & 0x10 != 0 && !sent.is_empty() {
        let place = usize::from(detail) % sent.len();
        sent[place] ^= 1 << (detail & 7);
    }
    let is_chunked = control & 2 != 0;
    let is_cut = control & 1 != 0;
    let name = ["identity", "gzip", "deflate", "zstd"][usize::from(control >> 2 & 3)];
    let mut request =
        format!("POST {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Encoding: {name}\r\n")
            .into_bytes();
    if is_chunked {
        request.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
        for chunk in sent.chunks(usize::from(detail).max(1)) {
            request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            request.extend_from_slice(chunk);
            request.extend_from_slice(b"\r\n");
        }
        if !is_cut {
            request.extend_from_slice(b"0\r\n\r\n");
        }
    } else {
        let length = sent.len() + if is_cut { usize::from(detail) + 1 } else { 0 };
        request.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
        request.extend_from_slice(&sent);
    }
    // The server may still be busy with the ends of truncated uploads.
    let answer = (0..1000).map(|_| exchange(&request, is_cut)).find(|answer| status(answer) != Some(503));
    let answer = answer.expect("a place becomes free");
    judge(&answer, expected_count(coding, &sent), is_cut);
}

/// Returns the count of records in the answer to a complete upload of these bytes; `None` if it is not valid.
fn expected_count(coding: Coding, sent: &[u8]) -> Option<usize> {
    let source = coding.decode(BufReader::new(sent), BODY_BYTES_MAX).ok()?;
    let transcript = Transcript::of(source, Options::default());
    transcript.outcome.as_ref().ok()?;
    let others = ["workouts", "doses", "medications", OTHERS_OF_DATA].map(|kind| transcript.count(kind));
    Some(transcript.samples.len() + others.iter().sum::<usize>())
}

fn judge(answer: &[u8], expected: Option<usize>, is_cut: bool) {
    let text = String::from_utf8_lossy(answer);
    match (status(answer), expected) {
        (Some(200), Some(count)) => {
            assert!(!is_cut, "200 for a body whose end was never seen");
            let body: serde_json::Value = text
                .split_once("\r\n\r\n")
                .and_then(|(_, body)| serde_json::from_str(body).ok())
                .expect("a JSON answer");
            assert_eq!(body["ok"], true);
            assert_eq!(body["count"], count);
        }
        (Some(400), None) => {}
        (Some(400) | None, _) if is_cut => {}
        (status, expected) => panic!("{status:?}, where the count is {expected:?}, cut {is_cut}: {text}"),
    }
}

fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.strip_prefix(b"HTTP/1.1 ")?;
    std::str::from_utf8(line.get(..3)?).ok()?.parse().ok()
}

/// Sends bytes and reads until the server closes.
fn exchange(bytes: &[u8], ends: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(server()).expect("the server takes connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.set_nodelay(true).expect("a socket");
    // The answer may arrive, and the connection end, before everything is sent.
    let sent = stream.write_all(bytes);
    if ends && sent.is_ok() {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    let mut buf = [0; 4096];
    loop {
        match stream.read(&mut buf) {
            Ok(0) => return answer,
            Ok(bytes) => answer.extend_from_slice(&buf[..bytes]),
            // libFuzzer reads the clock in a signal handler.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                panic!("neither an answer nor a close: {:?}", String::from_utf8_lossy(&answer))
            }
            Err(_) => return answer,
        }
    }
}

fn assert_healthy() {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = exchange(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false);
        assert_eq!(status(&answer), Some(200), "{:?}", String::from_utf8_lossy(&answer));
        if String::from_utf8_lossy(&answer).contains("\"uploadsUnderWay\":0") {
            return;
        }
        assert!(Instant::now() < deadline, "an upload does not end");
        std::thread::yield_now();
    }
}

fn compressed(coding: Coding, body: &[u8]) -> Vec<u8> {
    match coding {
        Coding::Identity => body.to_vec(),
        Coding::Gzip => gzip(body),
        Coding::Deflate => zlib(body),
        Coding::Zstd => zstd(body),
    }
}

/// The one server, started at first use.
fn server() -> SocketAddr {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    *SERVER.get_or_init(|| {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        std::thread::spawn(move || run(&sender));
        receiver.recv().expect("the server starts")
    })
}

/// The folder of this process. A fuzzer is killed without notice and leaves its folder, so a later one deletes it.
fn scratch_folder() -> PathBuf {
    let all = std::env::temp_dir().join("healthsink-http");
    for entry in std::fs::read_dir(&all).into_iter().flatten().flatten() {
        let is_running = Path::new("/proc").join(entry.file_name()).exists();
        if Path::new("/proc/self").exists() && !is_running {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let own = all.join(std::process::id().to_string());
    let _ = std::fs::remove_dir_all(&own);
    std::fs::create_dir_all(&own).expect("a scratch folder");
    own
}

fn run(started: &std::sync::mpsc::SyncSender<SocketAddr>) {
    let folder = scratch_folder();
    let db = folder.join("health.db");
    let writer = Writer::start(&Database::new(&db)).expect("a database");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _ = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let config = Serve { body_bytes_max: BODY_BYTES_MAX, ..config(db, address) };
        started.send(address).expect("someone waits");
        healthsink::serve::run(listener, &config, writer.handle().clone(), std::future::pending()).await
    });
}
