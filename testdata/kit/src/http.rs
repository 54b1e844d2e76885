//! HTTP/1.1 over a bare socket: the test controls every byte that is sent, and when.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use serde_json::Value;

use crate::wait::PATIENCE;

/// The default path of uploads.
pub const PATH: &str = "/api/health-data";

/// A socket, or TLS on one.
pub trait Transport: Read + Write + Send {
    /// Closes the sending side.
    fn stop_sending(&mut self) -> io::Result<()>;
}

impl Transport for TcpStream {
    fn stop_sending(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// A connection.
pub struct Client {
    stream: BufReader<Box<dyn Transport>>,
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns a field of a JSON answer; null if it is missing.
    pub fn field(&self, name: &str) -> Value {
        self.json().get(name).cloned().unwrap_or_default()
    }
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    pub fn over(transport: impl Transport + 'static) -> Self {
        Self { stream: BufReader::new(Box::new(transport)) }
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes).and_then(|()| stream.flush())
    }

    /// A request's line and headers.
    pub fn head(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) {
        let mut head = format!("{method} {path} HTTP/1.1\r\nContent-Type: application/json\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str("Host: localhost\r\n");
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.send(head.as_bytes()).expect("the server reads the head");
    }

    /// Sends a whole upload. A server that has seen enough may close early, so only its answer counts.
    pub fn post(&mut self, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let length = body.len().to_string();
        self.head("POST", PATH, &[headers, &[("Content-Length", length.as_str())]].concat());
        let _ = self.send(body);
        self.receive()
    }

    /// Begins a chunked upload.
    pub fn begin_chunked(&mut self, headers: &[(&str, &str)]) {
        self.head("POST", PATH, &[headers, &[("Transfer-Encoding", "chunked")]].concat());
    }

    pub fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.send(format!("{:x}\r\n", bytes.len()).as_bytes())?;
        self.send(bytes)?;
        self.send(b"\r\n")
    }

    /// Ends a chunked upload.
    pub fn end_chunked(&mut self) -> Response {
        let _ = self.send(b"0\r\n\r\n");
        self.receive()
    }

    /// Returns the next answer, also an interim one.
    pub fn receive(&mut self) -> Response {
        let mut response = self.receive_head();
        if response.header("transfer-encoding").is_some() {
            response.body = self.chunks();
            return response;
        }
        let length = response.header("content-length").map_or(0, |length| length.parse().unwrap());
        response.body.resize(length, 0);
        self.stream.read_exact(&mut response.body).expect("the body is as long as its header says");
        response
    }

    fn receive_head(&mut self) -> Response {
        let line = self.line();
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else {
                assert_eq!(line, "");
                break;
            };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Response { status, headers, body: Vec::new() }
    }

    /// Returns the answer to HEAD, or one that has no body. The server closes behind it.
    pub fn receive_without_body(&mut self) -> Response {
        let response = self.receive_head();
        assert!(self.is_closed(), "a body follows: {response:?}");
        response
    }

    /// Returns the status and the headers of an answer whose chunks [`Client::next_chunk`] returns.
    pub fn receive_head_only(&mut self) -> Response {
        self.receive_head()
    }

    /// Returns the next chunk of an answer; nothing at its end.
    pub fn next_chunk(&mut self) -> Option<Vec<u8>> {
        let length = self.line();
        let length = usize::from_str_radix(&length, 16).unwrap_or_else(|_| panic!("no chunk: {length:?}"));
        let mut chunk = vec![0; length];
        self.stream.read_exact(&mut chunk).expect("the chunk is as long as it says");
        assert_eq!(self.line(), "");
        (length > 0).then_some(chunk)
    }

    /// The body of a chunked answer.
    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next_chunk() {
            body.extend_from_slice(&chunk);
        }
        body
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the server answers");
        line.trim_end_matches(['\r', '\n']).to_owned()
    }

    /// Closes the sending side, as a client does that disconnects.
    pub fn stop_sending(&mut self) {
        self.stream.get_mut().stop_sending().unwrap();
    }

    /// Reads and drops what has arrived. Returns whether that was all.
    pub fn skip_to_end(&mut self) -> bool {
        let bytes = self.stream.fill_buf().map_or(0, <[u8]>::len);
        self.stream.consume(bytes);
        bytes == 0
    }

    /// Whether the server has closed its side and nothing is left to read.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.stream.fill_buf(), Ok([]))
    }
}

/// Sends a request without a body.
pub fn get(address: SocketAddr, path: &str) -> Response {
    get_over(Client::connect(address), path)
}

pub fn get_over(mut client: Client, path: &str) -> Response {
    client.head("GET", path, &[("Connection", "close")]);
    client.receive()
}
