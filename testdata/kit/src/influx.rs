//! A small InfluxDB 2 for tests: it reads line protocol by itself, keeps points as the real one does, deletes, and answers as it is
//! ordered. It can also only count, or be a receiver of webhooks.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use flate2::read::GzDecoder;
use serde_json::Value;

/// What the server knows requests by.
pub const TOKEN: &str = "token-of-tests";
pub const ORG: &str = "home & co";
pub const BUCKET: &str = "health/1";

/// The words of an InfluxDB 2 that has no such bucket.
pub const MISSING: &str = r#"{"code":"not found","message":"bucket \"health/1\" not found"}"#;

/// A point.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub measurement: String,
    pub tags: BTreeMap<String, String>,
    /// As they were written: numbers, `7i`, texts in quotes.
    pub fields: BTreeMap<String, String>,
    pub at_ns: i64,
}

impl Stored {
    /// A field that is a number.
    pub fn number(&self, field: &str) -> f64 {
        self.fields.get(field).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {field}: {self:?}"))
    }

    /// A field that is a text.
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).map(|text| text.trim_matches('"')).unwrap_or_else(|| panic!("no {field}: {self:?}"))
    }

    pub fn tag(&self, name: &str) -> &str {
        self.tags.get(name).map_or("", String::as_str)
    }
}

/// A message to a webhook.
#[derive(Clone, Debug)]
pub struct Message {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// What it was answered.
    pub status: u16,
}

type Key = (String, BTreeMap<String, String>, i64);

#[derive(Default)]
struct State {
    points: BTreeMap<Key, BTreeMap<String, String>>,
    /// Answers to give before all others: status, `Retry-After`, body.
    script: VecDeque<(u16, Option<u32>, String)>,
    /// Whether deletions are unknown.
    is_without_deletions: bool,
    /// Statuses that were answered.
    answered: Vec<u16>,
    /// Bytes of a body, unpacked, from which on it is too large.
    body_max: Option<usize>,
    /// Lines with this text cannot be read.
    unreadable: Option<String>,
    /// Lines with this text conflict with the type of a field.
    conflicting: Option<String>,
    /// Requests with lines after which none can be read.
    refusing_from: Option<u64>,
    is_counting: bool,
    is_receiver: bool,
    messages: Vec<Message>,
    lines: u64,
    writes: u64,
    deletes: Vec<String>,
}

/// The server, until it is dropped.
pub struct InfluxServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl InfluxServer {
    pub fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// A server that only counts lines.
    pub fn counting() -> Self {
        let server = Self::start();
        server.lock().is_counting = true;
        server
    }

    /// A receiver of webhooks.
    pub fn receiver() -> Self {
        let server = Self::start();
        server.lock().is_receiver = true;
        server
    }

    /// The messages since the last call.
    pub fn take_messages(&self) -> Vec<Message> {
        std::mem::take(&mut self.lock().messages)
    }

    pub fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let (state, is_stopping) = (Arc::<Mutex<State>>::default(), Arc::new(AtomicBool::new(false)));
        let (shared, stopping) = (Arc::clone(&state), Arc::clone(&is_stopping));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A client that was killed ends it.
                    let _ = stream.and_then(|stream| serve(stream, &shared));
                });
            }
        });
        Self { address, state, is_stopping, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next answer, whatever is asked.
    pub fn order(&self, status: u16, retry_after: Option<u32>) {
        self.order_words(status, retry_after, "{\"message\":\"ordered\"}");
    }

    /// The same, with a body.
    pub fn order_words(&self, status: u16, retry_after: Option<u32>, body: &str) {
        self.lock().script.push_back((status, retry_after, body.to_owned()));
    }

    /// From now on it answers as version 3 does: deletions have no path.
    pub fn forget_deletions(&self) {
        self.lock().is_without_deletions = true;
    }

    /// Writes a line, as another program does.
    pub fn write(&self, line: &str) {
        let point = parse(line).expect("a line");
        self.lock().points.insert((point.measurement, point.tags, point.at_ns), point.fields);
    }

    pub fn set_body_max(&self, bytes: usize) {
        self.lock().body_max = Some(bytes);
    }

    pub fn set_unreadable(&self, text: &str) {
        let mut state = self.lock();
        (state.unreadable, state.refusing_from) = (Some(text.to_owned()), None);
    }

    /// After so many further requests with lines, no line can be read.
    pub fn set_refusing_from(&self, writes: u64) {
        let mut state = self.lock();
        state.refusing_from = Some(state.writes + writes);
    }

    pub fn set_conflicting(&self, text: &str) {
        self.lock().conflicting = Some(text.to_owned());
    }

    /// The points of a measurement.
    pub fn points(&self, measurement: &str) -> Vec<Stored> {
        self.all().into_iter().filter(|point| point.measurement == measurement).collect()
    }

    /// All points.
    pub fn all(&self) -> Vec<Stored> {
        let state = self.lock();
        let points = state.points.iter().map(|((measurement, tags, at_ns), fields)| Stored {
            measurement: measurement.clone(),
            tags: tags.clone(),
            fields: fields.clone(),
            at_ns: *at_ns,
        });
        points.collect()
    }

    /// Lines that were taken, and requests with lines.
    pub fn taken(&self) -> (u64, u64) {
        let state = self.lock();
        (state.lines, state.writes)
    }

    /// Predicates of deletions.
    pub fn deletes(&self) -> Vec<String> {
        self.lock().deletes.clone()
    }

    /// The statuses of all answers since the last call.
    pub fn take_answered(&self) -> Vec<u16> {
        std::mem::take(&mut self.lock().answered)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for InfluxServer {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Request {
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        let (status, retry_after, message) = answer(&request, &mut state.lock().unwrap());
        let retry_after = retry_after.map_or(String::new(), |seconds| format!("Retry-After: {seconds}\r\n"));
        let length = message.len();
        let head = format!("HTTP/1.1 {status} Status\r\n{retry_after}Content-Length: {length}\r\n\r\n{message}");
        reader.get_mut().write_all(head.as_bytes())?;
    }
    Ok(())
}

fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    assert!(line.starts_with("POST ") || line.starts_with("GET /ping "), "{line}");
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if headers.get("content-encoding").is_some_and(|coding| coding == "gzip") {
        let mut unpacked = Vec::new();
        #[expect(clippy::disallowed_methods, reason = "a test sends it")]
        GzDecoder::new(body.as_slice()).read_to_end(&mut unpacked)?;
        body = unpacked;
    }
    Ok(Some(Request { path, headers, body }))
}

fn answer(request: &Request, state: &mut State) -> (u16, Option<u32>, String) {
    let (status, retry_after, message) = judge(request, state);
    state.answered.push(status);
    if state.is_receiver {
        let (path, headers) = (request.path.clone(), request.headers.clone());
        let body = String::from_utf8(request.body.clone()).expect("messages are text");
        state.messages.push(Message { path, headers, body, status });
    }
    (status, retry_after, message)
}

fn judge(request: &Request, state: &mut State) -> (u16, Option<u32>, String) {
    let plain = |status, message: &str| {
        let body = if status == 204 { String::new() } else { format!("{{\"message\":\"{message}\"}}") };
        (status, None, body)
    };
    if let Some(ordered) = state.script.pop_front() {
        return ordered;
    }
    if request.path == "/ping" {
        return plain(204, "");
    }
    if state.is_receiver {
        return plain(200, "");
    }
    if request.headers.get("authorization").map(String::as_str) != Some(&format!("Token {TOKEN}")) {
        return plain(401, "unauthorized access");
    }
    let query = "bucket=health%2F1&org=home%20%26%20co";
    if request.path == format!("/api/v2/delete?{query}") && state.is_without_deletions {
        return (404, None, String::new());
    }
    if request.path == format!("/api/v2/delete?{query}") {
        return delete(&request.body, state);
    }
    if request.path != format!("/api/v2/write?{query}&precision=ns") {
        return (404, None, MISSING.to_owned());
    }
    if state.body_max.is_some_and(|max| request.body.len() > max) {
        return plain(413, "too large");
    }
    state.writes += 1;
    if state.refusing_from.is_some_and(|writes| state.writes > writes) {
        return plain(400, "unable to parse a line");
    }
    let lines = request.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    if state.is_counting {
        state.lines += lines.count() as u64;
        return plain(204, "");
    }
    let lines: Vec<&str> = lines.map(|line| std::str::from_utf8(line).expect("lines are text")).collect();
    let is_in = |text: &Option<String>, line: &str| text.as_ref().is_some_and(|text| line.contains(text));
    let parsed: Option<Vec<Stored>> = lines.iter().map(|line| parse(line)).collect();
    let (Some(parsed), false) = (parsed, lines.iter().any(|line| is_in(&state.unreadable, line))) else {
        return plain(400, "unable to parse a line");
    };
    let mut dropped = 0;
    for (line, point) in lines.iter().zip(parsed) {
        if is_in(&state.conflicting, line) {
            dropped += 1;
            continue;
        }
        state.lines += 1;
        state.points.entry((point.measurement, point.tags, point.at_ns)).or_default().extend(point.fields);
    }
    if dropped > 0 {
        return plain(422, &format!("failure writing points: partial write: field type conflict dropped={dropped}"));
    }
    plain(204, "")
}

/// Deletes by the forms of predicates that the follower sends.
fn delete(body: &[u8], state: &mut State) -> (u16, Option<u32>, String) {
    let body: Value = serde_json::from_slice(body).unwrap();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    let (start, stop) = (nanoseconds(&text("start")), nanoseconds(&text("stop")));
    let predicate = text("predicate");
    let wanted: BTreeMap<String, String> = predicate
        .split(" AND ")
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap();
            (name.to_owned(), serde_json::from_str(value).expect("a value in quotes"))
        })
        .collect();
    let is_meant = |(measurement, tags, at_ns): &Key| {
        (start..=stop).contains(at_ns)
            && wanted.iter().all(|(name, value)| match name.as_str() {
                "_measurement" => measurement == value,
                name => tags.get(name) == Some(value),
            })
    };
    state.points.retain(|key, _| !is_meant(key));
    state.deletes.push(predicate);
    (204, None, String::new())
}

fn nanoseconds(time: &str) -> i64 {
    let (seconds, fraction) = time.trim_end_matches('Z').split_once('.').unwrap_or((time.trim_end_matches('Z'), "0"));
    let ms = healthsink::model::time::parse(&format!("{seconds}Z")).unwrap_or_else(|| panic!("no time: {time}"));
    ms * 1_000_000 + fraction.parse::<i64>().unwrap()
}

/// Splits a line at a byte that is neither escaped nor within quotes.
fn split(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut part, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                part.push(letter);
                part.extend(letters.next());
            }
            '"' => {
                is_quoted = !is_quoted;
                part.push(letter);
            }
            letter if letter == at && !is_quoted => parts.push(std::mem::take(&mut part)),
            letter => part.push(letter),
        }
    }
    parts.push(part);
    parts
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\\' && letters.peek().is_some_and(|next| ",= ".contains(*next)) {
            continue;
        }
        out.push(letter);
    }
    out
}

/// Reads a line as InfluxDB does, or not at all.
fn parse(line: &str) -> Option<Stored> {
    // A quote in a name is a letter like others.
    let at = unescaped_space(line)?;
    let (series, rest) = (&line[..at], &line[at + 1..]);
    let [fields, at_ns] = <[String; 2]>::try_from(split(rest, ' ')).ok()?;
    let mut names = series_parts(series).into_iter();
    let measurement = unescaped(&names.next()?);
    let tags = names.map(|tag| {
        let at = tag_equals(&tag)?;
        let (name, value) = (unescaped(&tag[..at]), unescaped(&tag[at + 1..]));
        (!name.is_empty() && !value.is_empty() && !value.ends_with('\\')).then_some((name, value))
    });
    let tags = tags.collect::<Option<BTreeMap<_, _>>>()?;
    let fields = split(&fields, ',').into_iter().map(|field| {
        let (name, value) = field.split_once('=')?;
        let is_text = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
        let is_number = value.trim_end_matches('i').parse::<f64>().is_ok_and(f64::is_finite);
        (is_text || is_number).then(|| (name.to_owned(), value.to_owned()))
    });
    let fields = fields.collect::<Option<BTreeMap<_, _>>>()?;
    Some(Stored { measurement, tags, fields, at_ns: at_ns.parse().ok()? })
}

fn find_unescaped(text: &str, wanted: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == wanted => return Some(at),
            _ => at += 1,
        }
    }
    None
}

fn unescaped_space(text: &str) -> Option<usize> {
    find_unescaped(text, b' ')
}

fn tag_equals(text: &str) -> Option<usize> {
    find_unescaped(text, b'=')
}

fn series_parts(series: &str) -> Vec<String> {
    let (mut parts, mut rest) = (Vec::new(), series);
    while let Some(at) = find_unescaped(rest, b',') {
        parts.push(rest[..at].to_owned());
        rest = &rest[at + 1..];
    }
    parts.push(rest.to_owned());
    parts
}
