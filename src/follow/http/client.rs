//! The client: sends a request, returns its answer's status and the start of its body. A connection that was closed meanwhile is opened
//! again.

use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper::{Method, Request, Response, body};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::tls::connector;
use super::url::BaseUrl;
use crate::follow::waiter::Waiter;
use crate::model::error::Result;
use crate::model::limits::{FOLLOW_ANSWER_BYTES_MAX, FOLLOW_ANSWER_WAIT, FOLLOW_CONNECT_WAIT};

/// A client of one server.
pub(in crate::follow) struct Client {
    url: BaseUrl,
    tls: Option<TlsConnector>,
    waiter: Rc<Waiter>,
    connection: Option<SendRequest<Full<Bytes>>>,
    /// How long to wait for an answer.
    pub(in crate::follow) answer_wait: Duration,
}

/// An answer.
#[derive(Debug)]
pub(in crate::follow) struct Reply {
    /// Its status.
    pub(in crate::follow) status: u16,
    /// How long it asks to wait.
    pub(in crate::follow) retry_after: Option<Duration>,
    /// The start of its body.
    pub(in crate::follow) body: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(in crate::follow) enum NoReply {
    /// The network, or the server.
    Failed(String),
    /// The program is to stop.
    Stopping,
}

impl Client {
    /// A client that is not connected yet.
    pub(in crate::follow) fn new(url: BaseUrl, ca_file: Option<&Path>, waiter: Rc<Waiter>) -> Result<Self> {
        let tls = if url.is_https { Some(connector(ca_file)?) } else { None };
        Ok(Self { url, tls, waiter, connection: None, answer_wait: FOLLOW_ANSWER_WAIT })
    }

    /// Sends a POST to a path behind the URL.
    pub(in crate::follow) fn post(
        &mut self,
        behind: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> std::result::Result<Reply, NoReply> {
        self.ask(&Method::POST, behind, headers, body)
    }

    /// Sends a GET.
    pub(in crate::follow) fn get(
        &mut self,
        behind: &str,
        headers: &[(HeaderName, HeaderValue)],
    ) -> std::result::Result<Reply, NoReply> {
        self.ask(&Method::GET, behind, headers, Bytes::new())
    }

    fn ask(
        &mut self,
        method: &Method,
        behind: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> std::result::Result<Reply, NoReply> {
        let (waiter, is_reused) = (Rc::clone(&self.waiter), self.connection.is_some());
        let to = (method, behind);
        let first = waiter.wait_for(self.send(to, headers, body.clone())).ok_or(NoReply::Stopping)?;
        let sent = match first {
            // The server may have closed it while nothing was sent.
            Err(_) if is_reused => waiter.wait_for(self.send(to, headers, body)).ok_or(NoReply::Stopping)?,
            first => first,
        };
        sent.map_err(|error| {
            // rustls only reports that the first bytes are no TLS, or that there are none.
            let text = error.to_string();
            let is_plain = text.contains("InvalidContentType") || text.contains("handshake eof");
            let hint = if is_plain { "; does this port speak HTTPS?" } else { "" };
            NoReply::Failed(format!("cannot reach {}: {error}{hint}", self.url))
        })
    }

    async fn send(
        &mut self,
        (method, behind): (&Method, &str),
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> io::Result<Reply> {
        let mut sender = match self.connection.take() {
            Some(sender) if sender.is_ready() => sender,
            _ => timeout(FOLLOW_CONNECT_WAIT, self.connect()).await??,
        };
        let mut request = Request::builder().method(method).uri(self.url.target(behind));
        request = request.header(HOST, &self.url.authority);
        request = request.header(USER_AGENT, concat!("healthsink/", env!("CARGO_PKG_VERSION")));
        if headers.iter().all(|(name, _)| name != CONTENT_TYPE) {
            request = request.header(CONTENT_TYPE, "text/plain; charset=utf-8");
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(io::Error::other)?;
        let answer = async {
            sender.ready().await.map_err(io::Error::other)?;
            let response = sender.send_request(request).await.map_err(io::Error::other)?;
            reply(response).await
        };
        let (reply, is_whole) = timeout(self.answer_wait, answer).await??;
        if is_whole {
            self.connection = Some(sender);
        }
        Ok(reply)
    }

    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect((self.url.host.as_str(), self.url.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => speak(TokioIo::new(stream)).await,
            Some(tls) => {
                let name = ServerName::try_from(self.url.host.clone()).map_err(io::Error::other)?;
                speak(TokioIo::new(tls.connect(name, stream).await?)).await
            }
        }
    }
}

/// Begins HTTP on a stream.
async fn speak(stream: impl Read + Write + Unpin + Send + 'static) -> io::Result<SendRequest<Full<Bytes>>> {
    let (sender, connection) = handshake(stream).await.map_err(io::Error::other)?;
    // It ends with its sender, and its errors are those of the request.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(sender)
}

/// Reads an answer. Returns whether it was read to its end, so that its connection can be used again.
async fn reply(response: Response<body::Incoming>) -> io::Result<(Reply, bool)> {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(seconds);
    let (mut body, mut text, mut is_whole) = (response.into_body(), Vec::new(), true);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(io::Error::other)?;
        let Some(data) = frame.data_ref() else { continue };
        let fits = FOLLOW_ANSWER_BYTES_MAX.saturating_sub(text.len()).min(data.len());
        text.extend_from_slice(&data[..fits]);
        if fits < data.len() {
            is_whole = false;
            break;
        }
    }
    Ok((Reply { status, retry_after, body: String::from_utf8_lossy(&text).into_owned() }, is_whole))
}

/// A time in seconds. A date is rare, and costs only a guess.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}
