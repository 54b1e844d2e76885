//! `/api/v1/events`: reports what changes, as server-sent events, until they leave, their right ends, or the server stops.
//!
//! A client that follows holds a connection and one of a bounded number of listeners, but no place of the reads. Its connection is not
//! idle, so it is never evicted; others still are.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use hyper::header::{CACHE_CONTROL, COOKIE, HeaderMap, HeaderName, HeaderValue};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{interval_at, timeout};

use super::answer::{refused, whose};
use super::feeds::{change_event, hello};
use super::parameters::{Given, Parameter, Wrong};
use super::shares::{Full, Share};
use super::stream::Line;
use crate::model::error::Error;
use crate::model::limits::{EVENT_CHECK, EVENT_COMMENT, WRITE_WAIT};
use crate::serve::access::auth::Caller;
use crate::serve::access::client::Client;
use crate::serve::answer::{Answer, EndsWithClient, whole};
use crate::serve::call::Call;
use crate::serve::phase::{Phase, reached};
use crate::serve::problem;
use crate::serve::state::State;

/// Its path.
pub(in crate::serve) const EVENTS_PATH: &str = "/api/v1/events";

/// The last event that a client has seen, before its connection ended.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

const HEADERS: [(HeaderName, &str); 2] =
    [(CACHE_CONTROL, "private, no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];

/// Answers a client that wants to follow.
pub(super) fn events(call: Call<'_>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
    Box::pin(listen(call))
}

async fn listen(call: Call<'_>) -> Answer {
    let query = call.request.uri().query().unwrap_or_default();
    let wanted = match Given::parse(query, &[Parameter::Person]) {
        Ok(given) => given.person,
        Err(Wrong { parameter, detail }) => return problem::wrong_parameter(&parameter, &detail),
    };
    let person = match whose(&call, wanted) {
        Ok(person) => person,
        Err(answer) => return *answer,
    };
    let listener = match call.state.feeds.begin(call.caller.token()).await {
        Ok(listener) => listener,
        Err(Full::OfToken) => return problem::too_many_listeners_of_one_token(),
        Err(Full::OfAll) => return problem::too_many_listeners(),
    };
    let headers = call.request.headers();
    let since = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    let line = Line {
        peer: call.client.address,
        token: call.caller.token(),
        person: person.clone(),
        route: EVENTS_PATH,
        began: Instant::now(),
        bytes: 0,
    };
    let (events, state, feed) = match call.state.feeds.follow(&person, since).await {
        Ok(following) => following,
        Err(fault) => return refused(fault, &line, &call.state),
    };
    let mut first = vec![hello(&state)];
    if since.is_some_and(|since| since != feed.change) {
        first.push(change_event(feed.change, feed.types.as_deref(), feed.is_stale));
    }
    let right = Right::of(&call);
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(follow(Following { events, right, line, sender, first, _listener: listener }));
    let mut answer = whole("text/event-stream", Bytes::new());
    *answer.body_mut() = Events(receiver).boxed_unsync();
    answer.extensions_mut().insert(EndsWithClient);
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// By what a client may follow, to be checked again.
struct Right {
    /// Only those that can carry a right.
    headers: HeaderMap,
    client: Client,
    caller: Caller,
    state: Arc<State>,
}

impl Right {
    fn of(call: &Call<'_>) -> Self {
        let mut headers = HeaderMap::new();
        for name in [call.state.authenticator.header(), &COOKIE] {
            for value in call.request.headers().get_all(name) {
                headers.append(name.clone(), value.clone());
            }
        }
        Self { headers, client: call.client, caller: call.caller.clone(), state: Arc::clone(&call.state) }
    }

    fn holds(&self) -> bool {
        self.state.authenticator.admit_to_read(&self.headers, self.client).is_ok_and(|caller| caller == self.caller)
    }
}

/// A client that follows.
struct Following {
    events: broadcast::Receiver<Bytes>,
    right: Right,
    line: Line,
    sender: mpsc::Sender<Bytes>,
    first: Vec<Bytes>,
    _listener: Share,
}

async fn follow(mut following: Following) {
    let mut sent = 0;
    let result = following.send_all(&mut sent).await;
    following.line.log(200, sent, result);
}

impl Following {
    /// Sends events until the end, and returns why that was.
    async fn send_all(&mut self, sent: &mut u64) -> &'static str {
        for event in std::mem::take(&mut self.first) {
            if let Err(why) = self.send(event, sent).await {
                return why;
            }
        }
        let mut phase = self.right.state.phase.clone();
        let now = tokio::time::Instant::now();
        let mut checks = interval_at(now + EVENT_CHECK, EVENT_CHECK);
        let mut comments = interval_at(now + EVENT_COMMENT, EVENT_COMMENT);
        loop {
            let event = tokio::select! {
                () = reached(&mut phase, Phase::Draining) => return "stopping",
                () = self.sender.closed() => return "client left",
                _ = checks.tick() => None,
                _ = comments.tick() => Some(Bytes::from_static(b":\n\n")),
                event = self.events.recv() => match event {
                    Ok(event) => Some(event),
                    // Later events have the number.
                    Err(RecvError::Lagged(_)) => Some(Bytes::from_static(MISSED)),
                    Err(RecvError::Closed) => return "person gone",
                },
            };
            if !self.right.holds() {
                return "right ended";
            }
            if let Some(event) = event
                && let Err(why) = self.send(event, sent).await
            {
                return why;
            }
        }
    }

    async fn send(&mut self, event: Bytes, sent: &mut u64) -> Result<(), &'static str> {
        self.line.bytes += event.len();
        *sent += 1;
        match timeout(WRITE_WAIT, self.sender.send(event)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err("client left"),
            Err(_) => Err("client stalled"),
        }
    }
}

/// What a client gets instead of events that it was too slow for.
const MISSED: &[u8] = b"event: change\ndata: {\"change\":null,\"types\":null,\"stale\":null}\n\n";

/// The events as a body.
struct Events(mpsc::Receiver<Bytes>);

impl Body for Events {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.0.poll_recv(context).map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}
