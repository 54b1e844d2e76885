//! The table of routes: what the server answers, where, and which right it takes.
//!
//! 404, 405 with `Allow`, and OPTIONS come from the table; requests that break a rule of HTTP are refused before it is used. Rights are
//! checked here, before a handler sees the request. A request that finds no route is logged, since a phone shows only a number.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Method, Request, StatusCode};

use super::access::auth::{Caller, Refusal};
use super::access::client::{Client, may_be_web_page};
use super::answer::{Answer, without_body};
use super::api;
use super::call::Call;
use super::config::{HEALTH_PATH, METRICS_PATH};
use super::cors::CrossOrigin;
use super::docs;
use super::http::listeners::ListenerKind;
use super::http::message;
use super::monitor::metrics::UploadResult;
use super::monitor::{health, scrape};
use super::obstacles::{ObstacleKind, quoted};
use super::page;
use super::problem;
use super::route::{Right, Route, RoutePath, captured};
use super::session;
use super::state::State;
use super::upload::receive;

static ROUTES: [Route; 4] = [
    Route {
        method: Method::POST,
        path: RoutePath::Upload,
        listeners: &[ListenerKind::Everything, ListenerKind::Uploads],
        right: Right::Upload,
        handler: receive::answer,
        description: "stores an upload of the app",
        read: None,
    },
    Route {
        method: Method::GET,
        path: RoutePath::Fixed(HEALTH_PATH),
        listeners: &[ListenerKind::Everything, ListenerKind::Uploads, ListenerKind::Metrics],
        right: Right::None,
        handler: health::answer,
        description: "returns whether uploads can be stored",
        read: None,
    },
    Route {
        method: Method::GET,
        path: RoutePath::Fixed(METRICS_PATH),
        listeners: &[ListenerKind::Everything],
        right: Right::ReadMetrics,
        handler: scrape::answer,
        description: "returns metrics for Prometheus, of the token's person",
        read: None,
    },
    Route {
        method: Method::GET,
        path: RoutePath::Fixed(METRICS_PATH),
        listeners: &[ListenerKind::Metrics],
        right: Right::NoWebPage,
        handler: scrape::answer,
        description: "returns metrics for Prometheus, of everyone",
        read: None,
    },
];

/// The routes. The tests add one that streams its answer.
fn routes() -> impl Iterator<Item = &'static Route> {
    let own = ROUTES.iter().chain(page::routes()).chain(session::routes()).chain(docs::routes()).chain(api::routes());
    #[cfg(test)]
    return own.chain(&tests::STREAMED);
    #[cfg(not(test))]
    own
}

impl Route {
    fn is_at(&self, path: &str, listener: ListenerKind, state: &State) -> bool {
        let is_own = match self.path {
            // What people type into the app has a slash too many now and then.
            RoutePath::Upload => is_same_path(path, &state.upload_path),
            RoutePath::Fixed(own) => own == path,
            RoutePath::Pattern(pattern) => captured(pattern, path).is_some(),
        };
        is_own && self.listeners.contains(&listener)
    }

    fn accepts(&self, method: &Method) -> bool {
        self.method == *method || self.method == Method::GET && *method == Method::HEAD
    }
}

/// Whether the server answers something else at a path, so that uploads cannot have it. The page's path they can: it has GET only.
pub(crate) fn is_own_path(path: &str) -> bool {
    let plain = names(path).fold(String::new(), |plain, name| plain + "/" + name);
    !plain.is_empty()
        && routes().any(|route| match route.path {
            RoutePath::Upload => false,
            RoutePath::Fixed(own) => own == plain,
            RoutePath::Pattern(pattern) => captured(pattern, &plain).is_some(),
        })
}

/// The names of a path, whatever the slashes between them.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// Whether a path is that of the flag: clients write letters of other scripts as `%C3%BC`.
fn is_same_path(sent: &str, own: &str) -> bool {
    let (mut sent, mut own) = (names(sent), names(own));
    loop {
        match (sent.next(), own.next()) {
            (None, None) => return true,
            (Some(sent), Some(own)) if sent == own || unescaped(sent).eq(own.bytes()) => {}
            _ => return false,
        }
    }
}

/// The bytes of a name, with `%C3` for one.
fn unescaped(name: &str) -> impl Iterator<Item = u8> + '_ {
    let mut bytes = name.bytes();
    std::iter::from_fn(move || {
        let byte = bytes.next()?;
        let mut ahead = bytes.clone();
        let mut digit = || char::from(ahead.next()?).to_digit(16);
        if byte == b'%'
            && let (Some(high), Some(low)) = (digit(), digit())
        {
            bytes.nth(1);
            return u8::try_from(16 * high + low).ok();
        }
        Some(byte)
    })
}

/// Answers a request.
pub(super) async fn answer(
    request: &mut Request<Incoming>,
    peer: SocketAddr,
    listener: ListenerKind,
    state: Arc<State>,
) -> Answer {
    let is_head = request.method() == Method::HEAD;
    let cross = CrossOrigin::of(&state.cors, (request.method(), request.uri().path()), request.headers());
    let token = state.authenticator.header().clone();
    let answer = problem::with_challenge_for(&token, dispatch(request, peer, listener, state).await);
    let answer = if let Some(cross) = cross { cross.describe(answer, &token) } else { answer };
    // hyper leaves out the body by HTTP/1.1 only.
    if is_head { without_body(answer) } else { answer }
}

async fn dispatch(
    request: &mut Request<Incoming>,
    peer: SocketAddr,
    listener: ListenerKind,
    state: Arc<State>,
) -> Answer {
    let client = Client::of(peer, request, &state.trusted_proxies);
    if let Err(broken) = message::check(request) {
        let answer = problem::malformed(broken);
        report_misdirected(answer.status(), broken.detail(), request, client, (listener, &state));
        return answer;
    }
    let path = request.uri().path();
    let routes: Vec<&Route> = routes().filter(|route| route.is_at(path, listener, &state)).collect();
    let Some(first) = routes.first() else {
        let remedy = remedy(request, listener, &state);
        report_misdirected(StatusCode::NOT_FOUND, &remedy, request, client, (listener, &state));
        return problem::not_found(&remedy);
    };
    let Some(route) = routes.iter().find(|route| route.accepts(request.method())) else {
        let allow = allow(&routes);
        if request.method() == Method::OPTIONS {
            return problem::options(allow);
        }
        let remedy = remedy(request, listener, &state);
        report_misdirected(StatusCode::METHOD_NOT_ALLOWED, &remedy, request, client, (listener, &state));
        return problem::method_not_allowed(&allow, first.description, &remedy);
    };
    match admit(route.right, request, peer, client, &state) {
        Ok(caller) => {
            (route.handler)(Call { request, client, caller, state, pattern: route.pattern(), read: route.read }).await
        }
        Err(answer) => *answer,
    }
}

/// Whether a method is one that browsers use and the app does not.
fn is_of_browser(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

/// The path or the method that a request without a route should use instead.
fn remedy<B>(request: &Request<B>, listener: ListenerKind, state: &State) -> String {
    let is_of_browser = is_of_browser(request.method());
    match listener {
        ListenerKind::Metrics => format!("metrics are at {METRICS_PATH}"),
        _ if is_of_browser && is_same_path(request.uri().path(), &state.upload_path) => {
            "a browser has asked, and the app sends POST to this path: nothing is wrong with it, unless a proxy redirects to https; \
             then give the app the https URL"
                .to_owned()
        }
        _ if is_of_browser => format!("{} lists the paths of the API", docs::LIST_PATH),
        ListenerKind::Everything | ListenerKind::Uploads => {
            format!("the app posts to the endpoint path {}; correct it in the app", state.upload_path)
        }
    }
}

/// Logs a request that finds no route. Browsers ask for icons, and others for anything: only what the app might send is logged.
fn report_misdirected<B>(
    code: StatusCode,
    remedy: &str,
    request: &Request<B>,
    client: Client,
    (listener, state): (ListenerKind, &State),
) {
    if listener == ListenerKind::Metrics {
        return;
    }
    let is_endpoint = is_same_path(request.uri().path(), &state.upload_path);
    // A browser's line is of another kind than the phone's, which it may not hide.
    let kind = match (code, is_endpoint, is_of_browser(request.method())) {
        (StatusCode::METHOD_NOT_ALLOWED, true, true) => ObstacleKind::BrowserVisit,
        (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, _, true) => return,
        (StatusCode::NOT_FOUND, ..) => ObstacleKind::UnknownPath,
        (StatusCode::METHOD_NOT_ALLOWED, true, _) => ObstacleKind::WrongMethod,
        (StatusCode::METHOD_NOT_ALLOWED, false, _) => ObstacleKind::WrongPath,
        _ => ObstacleKind::MalformedRequest,
    };
    let (method, path) = (quoted(request.method().as_str()), quoted(request.uri().path()));
    state.obstacles.report(kind, client.address, &format!("{} for {method} {path}: {remedy}", code.as_u16()));
}

/// The methods of the routes at one path.
fn allow(routes: &[&Route]) -> HeaderValue {
    let mut methods: Vec<&str> = Vec::new();
    for route in routes {
        // A path may also be that of a pattern.
        if methods.contains(&route.method.as_str()) {
            continue;
        }
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
        Right::Read => state.authenticator.admit_to_read(request.headers(), client),
    };
    admitted.map_err(|refusal| {
        if let Refusal::Failed(error) = &refusal
            && let Some(left_out) = state.log_limit.count(client.address, "look-up")
        {
            tracing::error!(peer = %client.address, %error, left_out, "could not look the token up");
        }
        // The metric counts uploads, and scrapes with them.
        if right != Right::Read {
            state.metrics.count_refused(match refusal {
                Refusal::Wrong
                | Refusal::NoTokenYet
                | Refusal::NoTokenToRead
                | Refusal::NoSession
                | Refusal::OtherScope(_) => UploadResult::Unauthorized,
                Refusal::TooManyAttempts(_) => UploadResult::Throttled,
                Refusal::Failed(_) => UploadResult::Failed,
            });
        }
        Box::new(match (right, &refusal) {
            (Right::ReadMetrics, Refusal::Wrong) => problem::no_token_of_scrape(),
            _ => problem::refused(&refusal),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::{Error, ErrorKind};
    use crate::serve::config::{Serve, TlsFiles};
    use crate::serve::http::listeners::Listeners;
    use crate::serve::prepare::Prepared;
    use crate::serve::run::run_with;
    use crate::store::Database;
    use crate::store::writer::Writer;
    use bytes::Bytes;
    use healthsink_testkit::http2::Http2;
    use healthsink_testkit::tls::Authority;
    use http_body_util::BodyExt;
    use hyper::body::{Body, Frame};
    use std::pin::Pin;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::task::{Context, Poll};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc;

    #[test]
    fn the_path_of_the_flag_is_found_as_clients_write_it() {
        for (sent, own, expected) in [
            ("/api/health-data", "/api/health-data", true),
            ("//api//health-data/", "/api/health-data", true),
            ("/%C3%BC/x", "/ü/x", true),
            ("/%c3%bc", "/ü", true),
            ("/%C3%BC", "/%C3%BC", true),
            ("/api/health%2Ddata", "/api/health-data", true),
            ("/%C3", "/ü", false),
            ("/%", "/%", true),
            ("/%zz", "/zz", false),
            ("/api", "/api/health-data", false),
            ("/api/health-data/x", "/api/health-data", false),
        ] {
            assert_eq!(is_same_path(sent, own), expected, "{sent} {own}");
        }
    }

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
        for path in [config.path.as_str(), HEALTH_PATH, METRICS_PATH, "/", "/plain", "/unknown"] {
            let at_path = |route: &&Route| {
                let own = match route.path {
                    RoutePath::Upload => config.path.as_str(),
                    RoutePath::Fixed(path) | RoutePath::Pattern(path) => path,
                };
                own == path && route.listeners.contains(&kind)
            };
            let routes: Vec<&Route> = ROUTES.iter().chain(page::routes()).filter(at_path).collect();
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

    async fn bind() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").await.unwrap()
    }

    async fn check_server(has_metrics_listener: bool) {
        let folder = tempfile::tempdir().unwrap();
        let config = Serve::new(folder.path().join("health.db"));
        let writer = Writer::start(&Database::new(&config.db)).unwrap();
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

    /// What `docs/openapi.yaml` has of a route: its path, its method, its right, its parameters and its statuses.
    fn described(route: &Route) -> (String, String, &'static str, Vec<String>, Vec<String>) {
        let path = match route.path {
            RoutePath::Upload => Serve::new("unused".into()).path,
            RoutePath::Fixed(path) | RoutePath::Pattern(path) => path.to_owned(),
        };
        let right = match route.right {
            Right::None | Right::NoWebPage => "none",
            Right::Upload => "send",
            Right::ReadMetrics => "any",
            Right::Read => "read",
        };
        let names = path.split('/').filter_map(|name| name.strip_prefix('{')?.strip_suffix('}')).map(str::to_owned);
        let mut parameters: Vec<String> = names.collect();
        let mut statuses = vec!["200"];
        if let Some(read) = route.read {
            parameters.extend(read.parameter_names().map(str::to_owned));
            statuses.extend(read.statuses(matches!(route.path, RoutePath::Pattern(_))));
        }
        if path == api::EVENTS_PATH {
            parameters.extend(["person", "Last-Event-ID"].map(str::to_owned));
        }
        let of_page: &[&str] = match path.as_str() {
            "/plain" => &["type", "range", "date", "person"],
            "/plain/sleep" | "/plain/workouts" => &["range", "date", "person"],
            "/plain/workouts/{uuid}" | "/plain/data" => &["person"],
            _ => &[],
        };
        parameters.extend(of_page.iter().copied().map(str::to_owned));
        statuses.sort_unstable();
        let statuses = statuses.into_iter().map(str::to_owned).collect();
        (path, route.method.as_str().to_lowercase(), right, parameters, statuses)
    }

    #[test]
    fn the_description_has_every_route_and_no_other() {
        let api = docs::description();
        let mut operations = 0;
        for (_, methods) in api["paths"].as_object().unwrap() {
            operations += methods.as_object().unwrap().len();
        }
        let is_described = |route: &&Route| {
            !route.listeners.contains(&ListenerKind::Metrics) || route.path == RoutePath::Fixed(HEALTH_PATH)
        };
        let routes: Vec<&Route> = ROUTES
            .iter()
            .chain(page::routes())
            .chain(session::routes())
            .chain(docs::routes())
            .chain(api::routes())
            .filter(is_described)
            .collect();
        assert_eq!(operations, routes.len());
        for route in routes {
            let (path, method, right, parameters, statuses) = described(route);
            let operation = &api["paths"][&path][&method];
            assert_eq!(operation["x-scope"], right, "{method} {path}");
            assert_eq!(operation["summary"], route.description, "{method} {path}");
            let given = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            let given: Vec<&str> = given.iter().map(docs::name_of).collect();
            assert_eq!(given, parameters, "{method} {path}");
            if route.read.is_some() {
                let given: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
                assert_eq!(given, statuses.iter().collect::<Vec<_>>(), "{method} {path}");
            }
            if path.starts_with("/plain") && path != "/plain.css" {
                let given: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
                assert_eq!(given, ["200", "400", "401", "403", "404", "429", "500", "503"], "{path}");
            }
        }
    }

    #[test]
    fn slashes_too_many_make_no_other_path() {
        let check = |path: &str, expected: bool| {
            assert_eq!(names(path).eq(names("/api/health-data")), expected, "{path}");
        };
        for path in ["/api/health-data", "//api/health-data", "/api/health-data/", "/api//health-data//"] {
            check(path, true);
        }
        for path in ["/api", "/api/health-data/x", "/apihealth-data", "/", ""] {
            check(path, false);
        }
    }

    #[test]
    fn every_route_answers_as_the_table_says() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            check_server(false).await;
            check_server(true).await;
        });
    }

    /// A route as a query's would be: another thread makes rows, and a bounded channel takes them to the connection.
    pub(super) static STREAMED: [Route; 1] = [Route {
        method: Method::GET,
        path: RoutePath::Fixed("/rows"),
        listeners: &[ListenerKind::Everything],
        right: Right::None,
        handler: |call| Box::pin(stream(call)),
        description: "streams rows",
        read: None,
    }];

    const ROW: [u8; 4 << 10] = [b'r'; 4 << 10];

    /// Rows of the one stream that nobody reads to its end.
    const UNREAD: usize = (1 << 30) / ROW.len();

    /// How many of them were made, and whether the thread that makes them has ended.
    static MADE: AtomicUsize = AtomicUsize::new(0);
    static HAS_ENDED: AtomicBool = AtomicBool::new(false);

    struct Rows(mpsc::Receiver<Result<Bytes, Error>>);

    impl Body for Rows {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            self.0.poll_recv(context).map(|row| row.map(|row| row.map(Frame::data)))
        }
    }

    /// Answers with as many rows as the query says; with a `!` behind, an error follows them.
    async fn stream(call: Call<'_>) -> Answer {
        let query = call.request.uri().query().unwrap_or_default().to_owned();
        let rows: usize = query.trim_end_matches('!').parse().unwrap();
        let (sender, receiver) = mpsc::channel(2);
        tokio::task::spawn_blocking(move || {
            for _ in 0..rows {
                if sender.blocking_send(Ok(Bytes::from_static(&ROW))).is_err() {
                    break;
                }
                MADE.fetch_add(usize::from(rows == UNREAD), Ordering::Relaxed);
            }
            if query.ends_with('!') {
                let _ = sender.blocking_send(Err(Error::new(ErrorKind::Store, "as if the database failed")));
            }
            HAS_ENDED.fetch_or(rows == UNREAD, Ordering::Relaxed);
        });
        Answer::new(Rows(receiver).boxed_unsync())
    }

    /// Runs a test against a server that speaks HTTPS if it gets an authority.
    fn with_server(authority: Option<&Authority>, test: impl AsyncFnOnce(SocketAddr)) {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Serve::new(folder.path().join("health.db"));
        config.tls = authority.map(|authority| {
            let files = authority.issue().write(folder.path());
            TlsFiles { cert: files.cert, key: files.key }
        });
        let writer = Writer::start(&Database::new(&config.db)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listeners = Listeners { uploads: bind().await, metrics: None };
            let address = listeners.upload_address().unwrap();
            let prepared = Prepared::load(&config).unwrap();
            run_with(listeners, &config, prepared, writer.handle().clone(), test(address)).await.unwrap();
        });
        writer.stop().unwrap();
    }

    async fn get(address: SocketAddr, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// The rows of an HTTP/1.1 answer, and whether it has its last chunk.
    async fn rows_of(address: SocketAddr, path: &str) -> (usize, bool) {
        let mut answer = Vec::new();
        get(address, path).await.read_to_end(&mut answer).await.unwrap();
        let head = String::from_utf8_lossy(&answer[..100]).to_lowercase();
        assert!(head.contains("200 ok") && head.contains("transfer-encoding: chunked"), "{head}");
        let body = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let bytes = answer[body..].iter().filter(|byte| **byte == b'r').count();
        (bytes / ROW.len(), answer.ends_with(b"\r\n0\r\n\r\n"))
    }

    #[test]
    fn a_handler_streams_its_answer_over_http1() {
        with_server(None, async |address| {
            assert_eq!(rows_of(address, "/rows?0").await, (0, true));
            assert_eq!(rows_of(address, "/rows?3000").await, (3000, true));
            let (rows, is_whole) = rows_of(address, "/rows?100!").await;
            assert!(rows <= 100 && !is_whole, "an error in the middle leaves no end that looks right: {rows}");
            let head = ask(address, "HEAD", "/rows?3000").await;
            assert_eq!(head, (200, None));
        });
    }

    #[test]
    fn a_handler_streams_its_answer_over_http2() {
        let authority = Authority::new();
        with_server(Some(&authority), async |address| {
            let mut client = Http2::connect(address, &authority).await;
            let mut ask = async |path: &str| {
                let answer = client.begin("GET", path, None).await.unwrap().answer.await.unwrap();
                assert_eq!((answer.status().as_u16(), answer.headers().get("content-length")), (200, None));
                let (mut body, mut bytes) = (answer.into_body(), 0);
                while let Some(data) = body.data().await {
                    let Ok(data) = data else {
                        return (bytes / ROW.len(), false);
                    };
                    bytes += data.len();
                    body.flow_control().release_capacity(data.len()).unwrap();
                }
                (bytes / ROW.len(), body.trailers().await.unwrap().is_none())
            };
            assert_eq!(ask("/rows?3000").await, (3000, true));
            let (rows, is_whole) = ask("/rows?100!").await;
            assert!(rows <= 100 && !is_whole, "the stream is reset: {rows}");
            assert_eq!(ask("/rows?1").await, (1, true), "and only that stream");
        });
    }

    /// The kernel's buffers take a few megabytes. Then the thread that makes rows waits for the client, and ends with it.
    #[test]
    fn a_client_that_does_not_read_stops_the_rows() {
        with_server(None, async |address| {
            let mut client = get(address, &format!("/rows?{UNREAD}")).await;
            client.read_exact(&mut vec![0; 1 << 20]).await.unwrap();
            drop(client);
            while !HAS_ENDED.load(Ordering::Relaxed) {
                tokio::task::yield_now().await;
            }
            let made = MADE.load(Ordering::Relaxed);
            assert!(made < UNREAD / 8, "{made} of {UNREAD} rows");
        });
    }
}
