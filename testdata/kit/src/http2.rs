//! HTTP/2 over TLS, frame by frame where a test wants it.

use std::net::SocketAddr;

use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::http::PATH;
use crate::tls::{Authority, HTTP2, NAME};
use crate::wait::PATIENCE;

/// A connection.
pub struct Http2 {
    requests: SendRequest<Bytes>,
    /// Ready once the connection has ended, with the reason.
    pub ended: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

/// An upload under way.
pub struct Upload {
    pub answer: ResponseFuture,
    pub body: SendStream<Bytes>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub head: Response<()>,
    pub body: Value,
}

/// Runs a test of several requests at once.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(2 * PATIENCE, test).await.expect("the server answers") })
}

impl Http2 {
    pub async fn connect(address: SocketAddr, authority: &Authority) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let connector = TlsConnector::from(authority.client(HTTP2));
        let stream = connector.connect(ServerName::try_from(NAME).unwrap(), stream).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        Self { requests, ended: tokio::spawn(connection) }
    }

    /// Begins a request, once another stream is allowed.
    pub async fn begin(&mut self, method: &str, path: &str, token: Option<&str>) -> Result<Upload, h2::Error> {
        // `localhost`, as from this machine: without a token only this machine may send.
        let mut request = Request::builder().method(method).uri(format!("https://localhost{path}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        std::future::poll_fn(|context| self.requests.poll_ready(context)).await?;
        let (answer, body) = self.requests.send_request(request.body(()).unwrap(), method == "GET")?;
        Ok(Upload { answer, body })
    }

    /// Waits until the server has sent GOAWAY.
    pub async fn left(self) {
        if let Err(error) = self.ended.await.unwrap() {
            // The client's own GOAWAY may find the connection closed.
            assert!(error.is_io(), "it is ended in good form: {error:?}");
        }
    }

    pub async fn post(&mut self, token: Option<&str>, body: &[u8]) -> Answer {
        let mut upload = self.begin("POST", PATH, token).await.unwrap();
        upload.send(body).await.unwrap();
        upload.end().await
    }
}

impl Upload {
    /// Sends as the server's windows allow. Returns whether the stream is still open.
    pub async fn send(&mut self, mut bytes: &[u8]) -> Result<bool, h2::Error> {
        while !bytes.is_empty() {
            self.body.reserve_capacity(bytes.len());
            let room = std::future::poll_fn(|context| self.body.poll_capacity(context)).await;
            let Some(room) = room.transpose()? else {
                return Ok(false);
            };
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.body.send_data(Bytes::copy_from_slice(now), false)?;
            bytes = later;
        }
        Ok(true)
    }

    pub async fn end(mut self) -> Answer {
        // A server that has seen enough has already ended it.
        let _ = self.body.send_data(Bytes::new(), true);
        self.answer().await
    }

    pub async fn answer(self) -> Answer {
        let (head, mut body) = self.answer.await.expect("an answer").into_parts();
        let body = read(&mut body).await;
        Answer { head: Response::from_parts(head, ()), body: serde_json::from_slice(&body).unwrap() }
    }
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head.status().as_u16()
    }
}

async fn read(body: &mut RecvStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        bytes.extend_from_slice(&data.expect("the answer comes whole"));
    }
    bytes
}
