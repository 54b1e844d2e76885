//! The table of routes: what the server answers, where, and which right it takes.
//!
//! 404, 405 with `Allow`, and OPTIONS come from the table; requests that break a rule of HTTP are refused before it is used. Rights are checked here, before a handler sees the request.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Method, Request};

use super::access::auth::{Caller, Refusal};
use super::access::client::{Client, may_be_web_page};
use super::answer::{Answer, without_body};
use super::call::Call;
use super::config::{HEALTH_PATH, METRICS_PATH};
use super::http::listeners::ListenerKind;
use super::http::message;
use super::monitor::metrics::UploadResult;
use super::monitor::{health, scrape};
use super::problem;
use super::state::State;
use super::upload::receive;

/// One row of the table.
struct Route {
    /// A route with GET also answers HEAD.
    method: Method,
    path: RoutePath,
    listeners: &'static [ListenerKind],
    right: Right,
    handler: Handler,
    /// What the route does, in the words of the API's documentation.
    description: &'static str,
}

enum RoutePath {
    /// The path that `--path` names.
    Upload,
    Fixed(&'static str),
}

/// What a request must be allowed to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Right {
    /// Nothing: anyone may ask.
    None,
    /// Nothing, but web pages may not ask.
    NoWebPage,
    Upload,
    ReadMetrics,
}

type Handler = for<'a> fn(Call<'a>) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

const ROUTES: [Route; 4] = [
    Route {
        method: Method::POST,
        path: RoutePath::Upload,
        listeners: &[ListenerKind::Everything, ListenerKind::Uploads],
        right: Right::Upload,
        handler: receive::answer,
        description: "stores an upload of the app",
    },
    Route {
        method: Method::GET,
        path: RoutePath::Fixed(HEALTH_PATH),
        listeners: &[ListenerKind::Everything, ListenerKind::Uploads, ListenerKind::Metrics],
        right: Right::None,
        handler: health::answer,
        description: "returns whether uploads can be stored",
    },
    Route {
        method: Method::GET,
        path: RoutePath::Fixed(METRICS_PATH),
        listeners: &[ListenerKind::Everything],
        right: Right::ReadMetrics,
        handler: scrape::answer,
        description: "returns metrics for Prometheus, of the token's person",
    },
    Route {
        method: Method::GET,
        path: RoutePath::Fixed(METRICS_PATH),
        listeners: &[ListenerKind::Metrics],
        right: Right::NoWebPage,
        handler: scrape::answer,
        description: "returns metrics for Prometheus, of everyone",
    },
];

impl Route {
    fn is_at(&self, path: &str, listener: ListenerKind, state: &State) -> bool {
        let own = match self.path {
            RoutePath::Upload => &state.upload_path,
            RoutePath::Fixed(path) => path,
        };
        own == path && self.listeners.contains(&listener)
    }

    fn accepts(&self, method: &Method) -> bool {
        self.method == *method || self.method == Method::GET && *method == Method::HEAD
    }
}

/// Answers a request.
pub(super) async fn answer(
    request: &mut Request<Incoming>,
    peer: SocketAddr,
    listener: ListenerKind,
    state: Arc<State>,
) -> Answer {
    let is_head = request.method() == Method::HEAD;
    let answer = dispatch(request, peer, listener, state).await;
    // hyper leaves out the body by HTTP/1.1 only.
    if is_head { without_body(answer) } else { answer }
}

async fn dispatch(
    request: &mut Request<Incoming>,
    peer: SocketAddr,
    listener: ListenerKind,
    state: Arc<State>,
) -> Answer {
    if let Err(broken) = message::check(request) {
        return problem::malformed(broken);
    }
    let path = request.uri().path();
    let routes: Vec<&Route> = ROUTES.iter().filter(|route| route.is_at(path, listener, &state)).collect();
    let Some(first) = routes.first() else {
        return problem::not_found();
    };
    let Some(route) = routes.iter().find(|route| route.accepts(request.method())) else {
        let allow = allow(&routes);
        let is_options = request.method() == Method::OPTIONS;
        return if is_options {
            problem::options(allow)
        } else {
            problem::method_not_allowed(&allow, first.description)
        };
    };
    let client = Client::of(peer, request, &state.trusted_proxies);
    match admit(route.right, request, peer, client, &state) {
        Ok(caller) => (route.handler)(Call { request, client, caller, state }).await,
        Err(answer) => *answer,
    }
}

/// The methods of the routes at one path.
fn allow(routes: &[&Route]) -> HeaderValue {
    let mut methods: Vec<&str> = Vec::new();
    for route in routes {
        methods.push(route.method.as_str());
        if route.method == Method::GET {
            methods.push(Method::HEAD.as_str());
        }
    }
    methods.push(Method::OPTIONS.as_str());
    // Names of methods are valid in a header.
    HeaderValue::try_from(methods.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

/// Checks the right that a route takes. Returns as whom the request is admitted, or the answer that refuses it.
fn admit<B>(
    right: Right,
    request: &Request<B>,
    peer: SocketAddr,
    client: Client,
    state: &State,
) -> Result<Caller, Box<Answer>> {
    let admitted = match right {
        Right::None => return Ok(Caller::default()),
        Right::NoWebPage if may_be_web_page(peer, request) => return Err(Box::new(problem::not_for_web_pages())),
        Right::NoWebPage => return Ok(Caller::default()),
        Right::Upload => state.authenticator.admit(request.headers(), client),
        Right::ReadMetrics => state.authenticator.admit_reader(request.headers(), client),
    };
    admitted.map_err(|refusal| {
        if let Refusal::Failed(error) = &refusal {
            tracing::error!(peer = %client.address, %error, "could not look the token up");
        }
        state.metrics.count_refused(match refusal {
            Refusal::Wrong | Refusal::NoTokenYet => UploadResult::Unauthorized,
            Refusal::TooManyAttempts(_) => UploadResult::Throttled,
            Refusal::Failed(_) => UploadResult::Failed,
        });
        Box::new(problem::refused(&refusal))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::config::Serve;
    use crate::serve::http::listeners::Listeners;
    use crate::serve::prepare::Prepared;
    use crate::serve::run::run_with;
    use crate::store::writer::Writer;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    /// The status and the `Allow` of an answer.
    async fn ask(address: SocketAddr, method: &str, path: &str) -> (u16, Option<String>) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let body = if method == "POST" { r#"{"data":{}}"# } else { "" };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let allow = answer.lines().find_map(|line| line.strip_prefix("allow: ")).map(str::to_owned);
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), allow)
    }

    async fn check_listener(address: SocketAddr, kind: ListenerKind) {
        let config = Serve::new("unused".into());
        for path in [config.path.as_str(), HEALTH_PATH, METRICS_PATH, "/", "/unknown"] {
            let at_path = |route: &&Route| {
                let own = match route.path {
                    RoutePath::Upload => config.path.as_str(),
                    RoutePath::Fixed(path) => path,
                };
                own == path && route.listeners.contains(&kind)
            };
            let routes: Vec<&Route> = ROUTES.iter().filter(at_path).collect();
            let expected_allow = (!routes.is_empty()).then(|| allow(&routes).to_str().unwrap().to_owned());
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                let is_accepted = routes.iter().any(|route| route.accepts(&method.parse().unwrap()));
                let expected = match method {
                    _ if routes.is_empty() => (404, None),
                    _ if is_accepted => (200, None),
                    "OPTIONS" => (204, expected_allow.clone()),
                    _ => (405, expected_allow.clone()),
                };
                assert_eq!(ask(address, method, path).await, expected, "{kind:?}: {method} {path}");
            }
        }
    }

    async fn check_server(has_metrics_listener: bool) {
        let folder = tempfile::tempdir().unwrap();
        let config = Serve::new(folder.path().join("health.db"));
        let writer = Writer::start(&config.db).unwrap();
        let bind = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
        let metrics = if has_metrics_listener { Some(bind().await) } else { None };
        let listeners = Listeners { uploads: bind().await, metrics };
        let (uploads, metrics) = (listeners.upload_address().unwrap(), listeners.metrics_address().unwrap());
        let kind = listeners.upload_kind();
        let checked = async {
            check_listener(uploads, kind).await;
            if let Some(metrics) = metrics {
                check_listener(metrics, ListenerKind::Metrics).await;
            }
        };
        let prepared = Prepared::load(&config).unwrap();
        run_with(listeners, &config, prepared, writer.handle().clone(), checked).await.unwrap();
        writer.stop().unwrap();
    }

    #[test]
    fn every_route_answers_as_the_table_says() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            check_server(false).await;
            check_server(true).await;
        });
    }
}
